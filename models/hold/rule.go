package hold

import (
	"strconv"
	"strings"

	"habeas/models"
	"habeas/models/calendar"
)

// Exemption is what a hold means for an erasure under GDPR Art. 17.
type Exemption string

const (
	// LegalObligation is Art. 17(3)(b): Union or Member State law (for the UK GDPR: domestic law) requires the record.
	LegalObligation Exemption = "art_17_3_b"
	// ThirdCountry is a foreign law: no exemption by itself; the DPO needs another ground.
	ThirdCountry Exemption = "third_country"
	// LegalClaims is Art. 17(3)(e): the record is needed for legal claims.
	LegalClaims Exemption = "art_17_3_e"
)

// Computation says from where the period runs.
type Computation string

const (
	// EndOfYear runs from 31 December of the start day's year.
	EndOfYear Computation = "end_of_calendar_year"
	// FromDay runs from the start day itself: an anniversary, or a number of days.
	FromDay Computation = "from_the_day"
)

// Period is a length of calendar time: years, then months, then days.
type Period struct{ Years, Months, Days int }

// Start is a fact from which a rule may count.
type Start struct {
	Field string // e.g. "declaration_accepted"; an anchor of the data map
	Event string // in English, e.g. "the customs declaration was accepted"
	// Events are the same in the languages of persons; pages and mails know those of the built-in rules themselves.
	Events map[string]string `json:",omitempty"`
}

// Transition gives start days up to Until another period: how a change of the law treats older records.
type Transition struct {
	Until    calendar.Date
	Period   Period
	Citation string
}

// Rule is one retention duty. With several start fields the latest of those given counts.
type Rule struct {
	Code         string
	Law          string // name, e.g. "Regulation (EU) No 952/2013"
	Citation     string // e.g. "Art. 51(1) Regulation (EU) No 952/2013"
	Jurisdiction string // ISO 3166, or EU
	Starts       []Start
	Period       Period
	Computation  Computation
	Exemption    Exemption
	MustDelete   bool // the law orders deletion at the end
	ValidFrom    calendar.Date
	ValidTo      calendar.Date // zero when still in force
	Certainty    string        // "high", "medium", "convention"
	Note         string
	Transitions  []Transition // in order of Until

	version string // of the rule set that it came with; a catalogue sets it
}

// add is the day a period after d. A 29 February anniversary is 1 March in a year without one; months end as in Reg. 1182/71.
func (p Period) add(d calendar.Date) calendar.Date {
	if p.Years != 0 {
		y := d.Year + p.Years
		if d.Month == 2 && d.Day == 29 && !leap(y) {
			d = calendar.Date{Year: y, Month: 3, Day: 1}
		} else {
			d.Year = y
		}
	}
	if p.Months != 0 {
		d = d.AddMonths(p.Months)
	}
	if p.Days != 0 {
		d = d.AddDays(p.Days)
	}
	return d
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// String is the period as an ISO 8601 duration, e.g. P3Y.
func (p Period) String() string {
	s := "P"
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "Y"}, {p.Months, "M"}, {p.Days, "D"}} {
		if part.n != 0 {
			s += strconv.Itoa(part.n) + part.unit
		}
	}
	if s == "P" {
		return "P0D"
	}
	return s
}

// Words is the period in English, e.g. "three years".
func (p Period) Words() string {
	var parts []string
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}} {
		switch {
		case part.n == 1:
			parts = append(parts, "one "+part.unit)
		case part.n > 1:
			parts = append(parts, number(part.n)+" "+part.unit+"s")
		}
	}
	return strings.Join(parts, " and ")
}

func number(n int) string {
	words := [...]string{"", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

var errPeriod = models.Errorf(models.Invalid, "bad_period", "The period is not an ISO 8601 duration of years, months and days such as P3Y or P60D.")

// ParsePeriod reads an ISO 8601 duration of years, months, weeks and days, e.g. P1Y6M; it fails with bad_period.
func ParsePeriod(s string) (Period, error) {
	var p Period
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return Period{}, errPeriod
	}
	order := "YMWD"
	for rest != "" {
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		if i == 0 || i > 5 || i == len(rest) {
			return Period{}, errPeriod
		}
		n, err := strconv.Atoi(rest[:i])
		at := strings.IndexByte(order, rest[i])
		if err != nil || at < 0 {
			return Period{}, errPeriod
		}
		switch rest[i] {
		case 'Y':
			p.Years = n
		case 'M':
			p.Months = n
		case 'W':
			p.Days = 7 * n
		case 'D':
			p.Days += n
		}
		order, rest = order[at+1:], rest[i+1:]
	}
	if p == (Period{}) {
		return Period{}, errPeriod
	}
	return p, nil
}
