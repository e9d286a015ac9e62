// Package calendar owns civil dates, month arithmetic as in Regulation 1182/71 and public holidays: one record a day under data/, each
// with its law and its validity. It must not read a clock, look up a time zone by name or know what a deadline is for.
//
// A day counts as a public holiday when the law of the state or subdivision designates it as one for everybody (Reg. 1182/71
// Art. 2(1)), or when its law on time limits equates it with one and the record says so. Days off of the public service, of banks
// or by collective agreement, half days, and weekly rest days that a government exchanges for a Saturday do not count. In doubt a
// day is a working day: a date that is a day too early harms nobody, one that is a day too late breaks the law.
package calendar
