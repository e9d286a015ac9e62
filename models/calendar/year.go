package calendar

import (
	"slices"
	"time"
)

// year holds the holidays of one place in one year: a bit a day for the look-up, and the list for the names.
type year struct {
	off  [366/64 + 1]uint64
	days []Holiday
}

func (y *year) has(dayOfYear int) bool { return y.off[dayOfYear/64]&(1<<(dayOfYear%64)) != 0 }

func (y *year) add(h Holiday) {
	n := dayOfYear(h.Date)
	y.off[n/64] |= 1 << (n % 64)
	y.days = append(y.days, h)
}

// compute lays out entries in a year: first each on its own date, then the substitutes, in the order of the dates that they replace,
// since a substitute moves on past any other holiday.
func compute(entries []*entry, n int) *year {
	y := &year{}
	var moved []moving
	for _, e := range entries {
		d, ok := e.on(n)
		if !ok {
			continue
		}
		if e.substitute == sundayBack && d.Weekday() == time.Sunday {
			d = d.AddDays(-1)
		}
		y.add(e.holiday(d))
		if e.moves(d) {
			moved = append(moved, moving{e, d})
		}
	}
	slices.SortStableFunc(moved, func(a, b moving) int { return a.from.Compare(b.from) })
	for _, m := range moved {
		y.substitute(m)
	}
	slices.SortStableFunc(y.days, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return y
}

type moving struct {
	entry *entry
	from  Date
}

// moves reports whether e, on d, has a substitute later.
func (e *entry) moves(d Date) bool {
	switch d.Weekday() {
	case time.Saturday:
		return e.substitute == nextWeekday
	case time.Sunday:
		return e.substitute == nextWeekday || e.substitute == sundayForward
	default:
		return false
	}
}

func (y *year) substitute(m moving) {
	d := m.from
	for isWeekend(d) || y.has(dayOfYear(d)) {
		d = d.AddDays(1)
		if d.Year != m.from.Year {
			return // the data has no day this close to the end of a year; a test holds it so
		}
	}
	h := m.entry.holiday(d)
	h.Substitute = true
	y.add(h)
}

func isWeekend(d Date) bool {
	wd := d.Weekday()
	return wd == time.Saturday || wd == time.Sunday
}

// beforeMonth is the number of days in a common year before each month.
var beforeMonth = [13]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

// dayOfYear is 0 for 1 January.
func dayOfYear(d Date) int {
	n := beforeMonth[d.Month] + d.Day - 1
	if d.Month > time.February && isLeap(d.Year) {
		n++
	}
	return n
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }
