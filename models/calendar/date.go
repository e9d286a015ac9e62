package calendar

import (
	"cmp"
	"fmt"
	"time"

	"habeas/models"
)

// Date is a day in the civil (proleptic Gregorian) calendar, without time or zone. Its zero value is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NewDate makes a date; it fails with code bad_date when the day does not exist.
func NewDate(year int, month time.Month, day int) (Date, error) {
	d := Date{year, month, day}
	if year < 1 || year > 9999 || month < time.January || month > time.December || day < 1 || day > daysIn(year, month) {
		return Date{}, models.Errorf(models.Invalid, "bad_date", "The date does not exist.")
	}
	return d, nil
}

// ParseDate reads YYYY-MM-DD; it fails with code bad_date.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || len(s) != len(time.DateOnly) {
		return Date{}, models.Errorf(models.Invalid, "bad_date", "The date does not exist; write it as YYYY-MM-DD.")
	}
	return NewDate(t.Year(), t.Month(), t.Day())
}

// DateOf is the calendar day of instant t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; an empty text is no date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(b))
	*d = v
	return err
}

// AddDays is the date n days later (earlier when n is negative).
func (d Date) AddDays(n int) Date {
	if day := d.Day + n; day >= 1 && day <= 28 {
		return Date{d.Year, d.Month, day} // every month has it
	}
	return DateOf(d.utc().AddDate(0, 0, n))
}

// AddMonths is the same day number n months later, or the last day of that month where the day does not exist
// (Reg. 1182/71 Art. 3(2)(c)).
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month, 1, 0, 0, 0, 0, time.UTC).AddDate(0, n, 0)
	return Date{first.Year(), first.Month(), min(d.Day, daysIn(first.Year(), first.Month()))}
}

// DaysUntil is the number of days from d to e; negative when e is earlier. It counts seconds, since a Duration ends at 292 years.
func (d Date) DaysUntil(e Date) int { return int((e.utc().Unix() - d.utc().Unix()) / secondsADay) }

const secondsADay = 24 * 60 * 60

// Compare is -1, 0 or +1 as d is before, equal to or after e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// EndIn is the instant at which d is over in loc: the first one at which the calendar there shows a later day. time.Date does not
// tell it, since midnight does not exist where clocks go forward then (the Azores in March) and exists twice where they go back.
func (d Date) EndIn(loc *time.Location) time.Time {
	midnight := time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, time.UTC)
	t := midnight.Add(-maxOffset).In(loc) // still d or earlier everywhere
	for {
		_, offset := t.Zone()
		over := midnight.Add(-time.Duration(offset) * time.Second)
		if over.Before(t) {
			over = t // the change of the clock jumped over midnight
		}
		_, end := t.ZoneBounds()
		if over.Before(end) || !end.After(t) { // no end: the zone is at rest, or time knows no more (31 December of a leap year)
			return over.In(loc)
		}
		t = end
	}
}

// maxOffset is more than any zone is ahead of UTC, or has been.
const maxOffset = 16 * time.Hour

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
