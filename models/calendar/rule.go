package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"habeas/models"
)

// rule says on which date of a year a day falls. The text that makes one is explained in data/README.md.
type rule struct {
	kind    ruleKind
	year    int // once only
	month   time.Month
	day     int
	weekday time.Weekday
	nth     int // 1 to 4, or -1 for the last
	plus    int // days added at the end
}

type ruleKind int

const (
	fixed      ruleKind = iota // 12-25
	once                       // 2022-06-03
	western                    // easter-2
	julian                     // orthodox+50
	nthWeekday                 // 1st mon 05
	weekdayOn                  // sat from 06-20: the first one on or after the date
	weekdayBy                  // wed before 11-23: the last one before the date
)

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

var ordinals = map[string]int{"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": -1}

func badRule(text string) error {
	return models.Errorf(models.Invalid, "bad_rule", "The rule of the day is not one of the known forms.").
		Because(fmt.Errorf("rule %q", text))
}

// parseRule reads a rule; it fails with code bad_rule.
func parseRule(text string) (rule, error) {
	words := strings.Fields(text)
	var r rule
	if n := len(words); n > 1 && words[n-1][0] == '+' {
		plus, err := strconv.Atoi(words[n-1])
		if err != nil || plus < 1 || plus > 30 {
			return rule{}, badRule(text)
		}
		r.plus, words = plus, words[:n-1]
	}
	ok := false
	switch len(words) {
	case 1:
		ok = r.parseDate(words[0]) || r.parseFeast(words[0])
	case 3:
		ok = r.parseWeekday(words)
	}
	if !ok {
		return rule{}, badRule(text)
	}
	return r, nil
}

func (r *rule) parseDate(s string) bool {
	if len(s) == len(time.DateOnly) {
		d, err := ParseDate(s)
		r.kind, r.year, r.month, r.day = once, d.Year, d.Month, d.Day
		return err == nil
	}
	m, d, ok := parseMonthDay(s)
	r.kind, r.month, r.day = fixed, m, d
	return ok
}

// parseMonthDay reads MM-DD. There is no 29 February: what such a day would be in other years nobody can guess.
func parseMonthDay(s string) (time.Month, int, bool) {
	if len(s) != len("12-25") {
		return 0, 0, false
	}
	d, err := ParseDate("2001-" + s)
	return d.Month, d.Day, err == nil
}

func (r *rule) parseFeast(s string) bool {
	name, kind := "easter", western
	if strings.HasPrefix(s, "orthodox") {
		name, kind = "orthodox", julian
	}
	rest, ok := strings.CutPrefix(s, name)
	if !ok {
		return false
	}
	r.kind = kind
	if rest == "" {
		return true
	}
	n, err := strconv.Atoi(rest)
	r.plus += n
	return err == nil && (rest[0] == '+' || rest[0] == '-') && n >= -70 && n <= 70
}

func (r *rule) parseWeekday(words []string) bool {
	if nth, ok := ordinals[words[0]]; ok {
		month, err := strconv.Atoi(words[2])
		wd, known := weekdays[words[1]]
		r.kind, r.nth, r.weekday, r.month = nthWeekday, nth, wd, time.Month(month)
		return known && err == nil && len(words[2]) == 2 && month >= 1 && month <= 12
	}
	wd, known := weekdays[words[0]]
	m, d, ok := parseMonthDay(words[2])
	r.weekday, r.month, r.day = wd, m, d
	switch words[1] {
	case "from":
		r.kind = weekdayOn
	case "before":
		r.kind = weekdayBy
	default:
		return false
	}
	return known && ok
}

// in is the day's date in a year; false when it has none there.
func (r rule) in(year int) (Date, bool) {
	d := Date{year, r.month, r.day}
	switch r.kind {
	case fixed:
	case once:
		if year != r.year {
			return Date{}, false
		}
	case western:
		d = easter(year)
	case julian:
		d = orthodoxEaster(year)
	case nthWeekday:
		d = r.nthIn(year)
	case weekdayOn:
		d = d.AddDays(int(r.weekday-d.Weekday()+7) % 7)
	case weekdayBy:
		d = d.AddDays(-1 - int(d.Weekday()-1-r.weekday+14)%7)
	}
	d = d.AddDays(r.plus)
	return d, d.Year == year
}

func (r rule) nthIn(year int) Date {
	if r.nth < 0 {
		last := Date{year, r.month, daysIn(year, r.month)}
		return last.AddDays(-(int(last.Weekday()-r.weekday+7) % 7))
	}
	first := Date{year, r.month, 1}
	return first.AddDays(int(r.weekday-first.Weekday()+7)%7 + 7*(r.nth-1))
}
