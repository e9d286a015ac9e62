// Package calendar owns civil dates, month arithmetic as in Regulation 1182/71 and public holidays, each holiday with its source and
// validity. It must not read a clock, look up a time zone or know what a deadline is for.
package calendar
