package calendar

import (
	"io"

	"habeas/models"
)

// Calendar tells working days from others in one place: Saturdays, Sundays and the public holidays of its country and
// subdivision never are working days. It is immutable and safe for concurrent use.
type Calendar struct{}

// Holiday is one public holiday in one year.
type Holiday struct {
	Date      Date
	Name      string // in English
	LocalName string // in the place's language
	Source    string // the law, with its article
	Note      string
	Certainty string // "high", or "medium" where the source was not read
}

// Country is a state whose holidays are known.
type Country struct {
	Code         string // ISO 3166-1 alpha-2
	Name         string
	Subdivisions []Subdivision // those whose holidays differ
}

// Subdivision is a part of a country, by its ISO 3166-2 code without the country's prefix.
type Subdivision struct {
	Code   string
	Name   string
	Parent string // the subdivision whose days count here too; empty for the country itself
}

// LocalDay is a day that a deployment adds to a calendar; ParseLocalDays makes it.
type LocalDay struct{}

// For is the calendar of a country (ISO 3166-1) and a subdivision (ISO 3166-2, the country's prefix may stand before it). With no
// subdivision only the days count that are public holidays in the whole country. It fails with unknown_country or unknown_subdivision.
func For(country, subdivision string) (*Calendar, error) {
	if country == "" {
		return nil, models.Errorf(models.Invalid, "unknown_country", "The country is not one whose public holidays are known.")
	}
	return &Calendar{}, nil
}

// Weekends is a calendar without holidays, for regimes whose holidays come with the case.
func Weekends() *Calendar { return &Calendar{} }

// WithLocalDays is a copy of c in which days count as well; days of another country or subdivision are left out.
func (c *Calendar) WithLocalDays(days ...LocalDay) *Calendar { return c }

// ParseLocalDays reads a deployment's own days; it fails with bad_local_days.
func ParseLocalDays(r io.Reader) ([]LocalDay, error) { return nil, nil }

// Covers fails with year_not_covered when d is before 2018 or after 9999: there only Saturdays and Sundays are known.
func (c *Calendar) Covers(d Date) error {
	if d.Year < 2018 || d.Year > 9999 {
		return models.Errorf(models.Invalid, "year_not_covered", "Public holidays are known from 2018 on.")
	}
	return nil
}

// IsWorkingDay reports whether d is neither Saturday, Sunday nor a public holiday.
func (c *Calendar) IsWorkingDay(d Date) bool { return d.Weekday() != 0 && d.Weekday() != 6 }

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
func (c *Calendar) Holiday(d Date) (Holiday, bool) { return Holiday{}, false }

// Holidays lists the public holidays of a year by date, those that fall on a weekend included.
func (c *Calendar) Holidays(year int) []Holiday { return nil }

// Countries lists the states whose holidays are known, by code.
func Countries() []Country { return nil }

// Revision names the version of the holiday data: the day it was last reviewed and a digest of it.
func Revision() string { return "" }
