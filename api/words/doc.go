// Package words owns how the facts of a request become what a page shows: its clock as a due date, a ledger kind as a line of the timeline. It
// must not render anything or read a clock; the instant is an argument.
package words
