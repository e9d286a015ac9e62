package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/models"
)

// Record is one rule for one holiday, as data/XX.json and a deployment's own file write it. data/README.md explains each field.
type Record struct {
	Name       string   `json:"name"`
	Local      string   `json:"local,omitempty"`
	Rule       string   `json:"rule"`
	In         []string `json:"in,omitempty"`         // subdivisions; none means the whole country
	When       string   `json:"when,omitempty"`       // weekdays on which alone it counts: "fri", "mon tue"
	If         string   `json:"if,omitempty"`         // it counts only on the date that this other rule gives
	Unless     string   `json:"unless,omitempty"`     // it does not count on the date that this other rule gives
	Except     []int    `json:"except,omitempty"`     // years without it
	From       string   `json:"from,omitempty"`       // first year or date
	To         string   `json:"to,omitempty"`         // last year or date
	Substitute string   `json:"substitute,omitempty"` // what happens on a weekend: "weekday", "sunday" or "saturday before"
	Source     string   `json:"source"`
	Note       string   `json:"note,omitempty"`
	Certainty  string   `json:"certainty,omitempty"` // "medium" where a doubt remains; empty is high
}

// entry is a record that was read and checked.
type entry struct {
	Record
	rule       rule
	when       [7]bool
	only, not  *rule // nil for none
	from, to   Date
	substitute substitute
}

type substitute int

const (
	noSubstitute  substitute = iota
	nextWeekday              // from Saturday or Sunday to the next weekday that is no holiday
	sundayForward            // from Sunday only, likewise
	sundayBack               // from Sunday to the Saturday before
)

var substitutes = map[string]substitute{
	"": noSubstitute, "weekday": nextWeekday, "sunday": sundayForward, "saturday before": sundayBack,
}

func badRecord(r Record, what string) error {
	return models.Errorf(models.Invalid, "bad_holiday", "A holiday record is not valid: %s.", what).
		Because(fmt.Errorf("record %q, rule %q", r.Name, r.Rule))
}

// parse checks r; it fails with code bad_rule or bad_holiday.
func (r Record) parse() (entry, error) {
	e := entry{Record: r, from: Date{1, time.January, 1}, to: Date{9999, time.December, 31}}
	var err error
	if e.rule, err = parseRule(r.Rule); err != nil {
		return entry{}, err
	}
	if r.Name == "" || r.Source == "" {
		return entry{}, badRecord(r, "it needs a name and a source")
	}
	if e.when, err = parseWhen(r.When); err != nil {
		return entry{}, badRecord(r, "its weekdays are not sun, mon, tue, wed, thu, fri or sat")
	}
	if e.only, err = parseCondition(r.If); err != nil {
		return entry{}, err
	}
	if e.not, err = parseCondition(r.Unless); err != nil {
		return entry{}, err
	}
	if !parseBound(r.From, "-01-01", &e.from) || !parseBound(r.To, "-12-31", &e.to) || e.to.Before(e.from) {
		return entry{}, badRecord(r, "its validity is not a year or a date, or ends before it begins")
	}
	known := false
	if e.substitute, known = substitutes[r.Substitute]; !known {
		return entry{}, badRecord(r, "its substitute rule is not known")
	}
	if r.Certainty != "" && r.Certainty != "medium" {
		return entry{}, badRecord(r, "its certainty is not medium")
	}
	return e, nil
}

func parseWhen(text string) (days [7]bool, err error) {
	if text == "" {
		return [7]bool{true, true, true, true, true, true, true}, nil
	}
	for _, w := range strings.Fields(text) {
		wd, ok := weekdays[w]
		if !ok {
			return days, badRule(text)
		}
		days[wd] = true
	}
	return days, nil
}

func parseCondition(text string) (*rule, error) {
	if text == "" {
		return nil, nil
	}
	r, err := parseRule(text)
	return &r, err
}

// gives reports whether r falls on d.
func (r *rule) gives(d Date) bool {
	on, ok := r.in(d.Year)
	return ok && on == d
}

// parseBound reads a year or a date into d, and leaves d alone when there is none.
func parseBound(text, ofYear string, d *Date) bool {
	if text == "" {
		return true
	}
	if len(text) == len("2025") {
		text += ofYear
	}
	v, err := ParseDate(text)
	*d = v
	return err == nil
}

// on is the date of e in a year before any substitution; false when it does not count in that year.
func (e *entry) on(year int) (Date, bool) {
	d, ok := e.rule.in(year)
	if !ok || d.Before(e.from) || d.After(e.to) || !e.when[d.Weekday()] || slices.Contains(e.Except, year) {
		return Date{}, false
	}
	if e.only != nil && !e.only.gives(d) || e.not != nil && e.not.gives(d) {
		return Date{}, false
	}
	return d, true
}

func (e *entry) holiday(d Date) Holiday {
	h := Holiday{Date: d, Name: e.Name, LocalName: e.Local, Source: e.Source, Note: e.Note, Certainty: e.Certainty}
	if h.LocalName == "" {
		h.LocalName = h.Name
	}
	if h.Certainty == "" {
		h.Certainty = "high"
	}
	return h
}
