package calendar

import (
	"sync/atomic"

	"habeas/models"
)

// Calendar tells working days from others in one place: Saturdays, Sundays and the public holidays of its country and
// subdivision never are working days. It is immutable and safe for concurrent use.
type Calendar struct {
	country     string
	subdivision string
	chain       []string // the subdivision and those around it
	entries     []*entry
	years       []atomic.Pointer[chunk] // computed when first asked for, each year once or more with the same result
}

const (
	firstYear = 2018 // the year the GDPR began to apply; older holidays are nobody's business here
	lastYear  = 9999 // the last year a date can be written in
	chunkSize = 128
)

// chunk keeps neighbouring years together, so that a calendar is small until it is used and a look-up allocates nothing.
type chunk [chunkSize]atomic.Pointer[year]

func newCalendar(country, subdivision string, entries []*entry) *Calendar {
	return &Calendar{
		country: country, subdivision: subdivision, entries: entries,
		years: make([]atomic.Pointer[chunk], (lastYear-firstYear)/chunkSize+1),
	}
}

// Holiday is one public holiday in one year.
type Holiday struct {
	Date       Date
	Name       string // in English
	LocalName  string // in the place's language
	Source     string // the law, with its article
	Note       string
	Certainty  string // "high", or "medium" where the day rests on secondary sources or its law leaves a doubt
	Substitute bool   // the day is kept instead of one that falls on a weekend
}

// For is the calendar of a country (ISO 3166-1) and a subdivision (ISO 3166-2, the country's prefix may stand before it). With no
// subdivision only the days count that are public holidays in the whole country. It fails with unknown_country or unknown_subdivision.
func For(country, subdivision string) (*Calendar, error) { return known().find(country, subdivision) }

// Weekends is a calendar without holidays, for regimes whose holidays come with the case.
func Weekends() *Calendar { return weekends }

var weekends = newCalendar("", "", nil)

// Country is the ISO 3166-1 code of the calendar's state; empty for Weekends.
func (c *Calendar) Country() string { return c.country }

// Subdivision is the ISO 3166-2 code, without prefix, of the calendar's part of the state; empty for the whole.
func (c *Calendar) Subdivision() string { return c.subdivision }

// Covers fails with year_not_covered when d is before 2018 or after 9999: there only Saturdays and Sundays are known.
func (c *Calendar) Covers(d Date) error {
	if d.Year < firstYear || d.Year > lastYear {
		return models.Errorf(models.Invalid, "year_not_covered", "Public holidays are known from 2018 on; the date is outside.")
	}
	return nil
}

// in is the computed year, or nil outside those covered.
func (c *Calendar) in(n int) *year {
	if n < firstYear || n > lastYear {
		return nil
	}
	slot := &c.years[(n-firstYear)/chunkSize]
	block := slot.Load()
	if block == nil {
		slot.CompareAndSwap(nil, &chunk{})
		block = slot.Load()
	}
	cell := &block[(n-firstYear)%chunkSize]
	y := cell.Load()
	if y == nil {
		y = compute(c.entries, n)
		cell.Store(y)
	}
	return y
}

// IsWorkingDay reports whether d is neither Saturday, Sunday nor a public holiday. Outside the years covered only weekends are known.
func (c *Calendar) IsWorkingDay(d Date) bool {
	if isWeekend(d) {
		return false
	}
	y := c.in(d.Year)
	return y == nil || !y.has(dayOfYear(d))
}

// NextWorkingDay is d itself when it is a working day, else the first one after it.
func (c *Calendar) NextWorkingDay(d Date) Date {
	for !c.IsWorkingDay(d) {
		d = d.AddDays(1)
	}
	return d
}

// AddWorkingDays is the n-th working day after d (before d when n is negative); d itself when n is zero.
func (c *Calendar) AddWorkingDays(d Date, n int) Date {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		if d = d.AddDays(step); c.IsWorkingDay(d) {
			n--
		}
	}
	return d
}

// Holiday is the public holiday on d, if there is one; weekends alone are none.
func (c *Calendar) Holiday(d Date) (Holiday, bool) {
	y := c.in(d.Year)
	if y == nil || !y.has(dayOfYear(d)) {
		return Holiday{}, false
	}
	for _, h := range y.days {
		if h.Date == d {
			return h, true
		}
	}
	return Holiday{}, false
}

// Holidays lists the public holidays of a year by date, those that fall on a weekend included; empty outside the years covered. The
// slice is the caller's own.
func (c *Calendar) Holidays(n int) []Holiday {
	y := c.in(n)
	if y == nil {
		return nil
	}
	return append([]Holiday(nil), y.days...)
}
