package deadline

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Unit is what a Term counts.
type Unit string

// Units. Days and months end with the last day's last hour and do not roll over; business days leave out Saturdays, Sundays and
// the holidays given; hours are elapsed hours on the UTC line.
const (
	Hours        Unit = "hours"
	Days         Unit = "days"
	BusinessDays Unit = "business_days"
	Months       Unit = "months"
)

// Regime is a set of dated limits that are simple counts from a fact.
type Regime struct {
	Code         string
	Name         string
	Jurisdiction string // ISO 3166
	Citation     string
	ValidFrom    calendar.Date
	ValidTo      calendar.Date // zero when still in force
	Certainty    string        // "high", "medium", "convention"
	Note         string
	Terms        []Term
}

// Term is one limit. Where two terms have the same Field the earlier date counts.
type Term struct {
	Field     string // of the answer, e.g. "respond_by"
	From      string // the fact it is counted from, e.g. "received_on"; names that end in _at are instants
	Else      string // an earlier term that stands in for From while that has not happened: the latest possible date
	Count     int
	Unit      Unit
	Inclusive bool // the day of From is the first day
	Citation  string
}

// Facts are what a regime counts from.
type Facts struct {
	Days     map[string]calendar.Date
	Instants map[string]time.Time
	Calendar *calendar.Calendar // for business days; calendar.Weekends() where the holidays come with the case
	Holidays []calendar.Date
	Zone     *time.Location // needed for hours and for months from an instant
}

// Due is one answer: a day, or for terms in hours an instant in the zone.
type Due struct {
	Field    string
	On       calendar.Date
	At       time.Time
	Citation string
	Step     string
}

// RegimeResult holds the answers in the order of the regime's terms.
type RegimeResult struct {
	Regime  string
	InForce bool // the facts lie within ValidFrom and ValidTo
	Due     []Due
	RuleSet string
}

// Lookup finds a regime by code; it fails with unknown_regime.
func Lookup(code string) (Regime, error) {
	for i := range regimes {
		if regimes[i].Code == code {
			return regimes[i], nil
		}
	}
	return Regime{}, models.Errorf(models.Invalid, "unknown_regime", "The regime is not known; see `habeas rules list`.").At("regime")
}

// Needs lists the facts that the regime counts from, in order.
func (r Regime) Needs() []string {
	var names []string
	for _, t := range r.Terms {
		if !slices.Contains(names, t.From) {
			names = append(names, t.From)
		}
	}
	return names
}

// Compute gives every limit whose fact is known. It fails with missing_field when there is none, with date_out_of_range, and with
// appeal_before_request.
func (r Regime) Compute(f Facts) (RegimeResult, error) {
	res := RegimeResult{Regime: r.Code, InForce: true, RuleSet: RuleSet()}
	if a, b := f.Days["received_on"], f.Days["appeal_received_on"]; !a.IsZero() && !b.IsZero() && b.Before(a) {
		return RegimeResult{}, models.Errorf(models.Invalid, "appeal_before_request", "The appeal is dated before the request.").At("appeal_received_on")
	}
	for _, t := range r.Terms {
		d, ok, err := t.due(f, res.Due)
		if err != nil {
			return RegimeResult{}, err
		}
		if !ok {
			continue
		}
		if !r.inForce(f, t.From) {
			res.InForce = false
		}
		res.Due = earliest(res.Due, d)
	}
	if len(res.Due) == 0 {
		return RegimeResult{}, models.Errorf(models.Invalid, "missing_field", "The regime counts from a fact that is not given.").At(r.Terms[0].From)
	}
	return res, nil
}

func (r Regime) inForce(f Facts, from string) bool {
	d := f.Days[from]
	if at, ok := f.Instants[from]; ok && f.Zone != nil {
		d = calendar.DateOf(at.In(f.Zone))
	}
	return d.IsZero() || !d.Before(r.ValidFrom) && (r.ValidTo.IsZero() || !d.After(r.ValidTo))
}

// earliest keeps the earlier of two answers for one field.
func earliest(all []Due, d Due) []Due {
	for i := range all {
		if all[i].Field != d.Field {
			continue
		}
		if d.At.Before(all[i].At) || d.At.IsZero() && d.On.Before(all[i].On) {
			all[i] = d
		}
		return all
	}
	return append(all, d)
}

// due computes one term; ok is false when its fact is not known.
func (t Term) due(f Facts, earlier []Due) (d Due, ok bool, err error) {
	day, at := f.Days[t.From], f.Instants[t.From]
	from := t.From
	if day.IsZero() && at.IsZero() {
		for _, e := range earlier {
			if e.Field == t.Else {
				day, at, from = e.On, e.At, e.Field
			}
		}
	}
	if day.IsZero() && at.IsZero() {
		return Due{}, false, nil
	}
	if !at.IsZero() && f.Zone == nil {
		return Due{}, false, models.Errorf(models.Invalid, "missing_field", "The time zone is needed.").At("timezone")
	}
	d = Due{Field: t.Field, Citation: t.Citation}
	if t.Unit == Hours {
		if at.IsZero() {
			return Due{}, false, models.Errorf(models.Invalid, "bad_instant", "The limit is counted in hours and needs an instant, not a day.").At(from)
		}
		d.At = at.Add(time.Duration(t.Count) * time.Hour).In(f.Zone)
		d.Step = t.step(from, at.In(f.Zone).Format(time.RFC3339), d.At.Format(time.RFC3339))
		return d, true, nil
	}
	if day.IsZero() {
		day = calendar.DateOf(at.In(f.Zone))
	}
	d.On = t.count(day, f)
	if d.On.Year > 9999 {
		return Due{}, false, models.Errorf(models.Invalid, "date_out_of_range", "The computed date is after the year 9999.").At(from)
	}
	d.Step = t.step(from, inWords(day), inWords(d.On))
	return d, true, nil
}

func (t Term) count(day calendar.Date, f Facts) calendar.Date {
	n := t.Count
	switch t.Unit {
	case Months:
		return day.AddMonths(n)
	case BusinessDays:
		if t.Inclusive && f.isBusinessDay(day) {
			n--
		}
		for n > 0 {
			if day = day.AddDays(1); f.isBusinessDay(day) {
				n--
			}
		}
		return day
	case Hours, Days:
	}
	if t.Inclusive {
		n--
	}
	return day.AddDays(n)
}

func (f Facts) isBusinessDay(d calendar.Date) bool {
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	return !slices.Contains(f.Holidays, d) && (f.Calendar == nil || f.Calendar.IsWorkingDay(d))
}

// Words says the term in English, e.g. "respond_by: 45 days from received_on (…)."
func (t Term) Words() string { return t.words(t.From, "", "") }

func (t Term) step(from, start, end string) string { return t.words(from, " ("+start+")", " is "+end) }

func (t Term) words(from, start, end string) string {
	unit := map[Unit]string{Hours: "hour", Days: "day", BusinessDays: "business day", Months: "month"}[t.Unit]
	s := t.Field + ": " + models.Count(t.Count, unit) + " from " + from + start
	if t.Inclusive {
		s += ", that day being the first,"
	}
	return s + end + " (" + t.Citation + ")."
}
