package hold

import (
	"strconv"
	"strings"

	"habeas/models"
	"habeas/models/calendar"
)

// Result is one computed hold. ErasableFrom is the day after HoldThrough; both are zero while Open.
type Result struct {
	RuleCode       string
	HoldThrough    calendar.Date // last day held, inclusive
	ErasableFrom   calendar.Date
	Open           bool // a legal hold that has not been released
	Exemption      Exemption
	ThirdCountry   bool          // a foreign law: the DPO needs another ground
	ExemptThrough  calendar.Date // last day on which an exemption of Art. 17(3) holds the record; zero when none does, or while Open
	MustDelete     bool          // the law orders deletion at the end
	AnchorField    string
	AnchorOn       calendar.Date
	Period         Period
	Events         map[string]string // what happened on the day of the anchor, by language, where the rule says it
	Citation       string
	Explanation    string   // "kept until 31 December 2030: Art. 51(1) …, three years after the end of the year in which …"
	Steps          []string // how the date came about
	RuleSetVersion string   // RuleSet, or the digest of a deployment's own rule
}

// Compute applies one rule to the facts of a record. Facts that the rule does not count from are left alone. It fails with
// missing_field when none of the rule's start fields is given and with date_out_of_range.
func Compute(rule Rule, anchors map[string]calendar.Date) (Result, error) {
	start, on := rule.latest(anchors)
	if on.IsZero() {
		return Result{}, models.Errorf(models.Invalid, "missing_field", "The record has none of the dates that the rule counts from.").At(rule.startFields())
	}
	period, citation := rule.periodFor(on)
	base := on
	if rule.Computation == EndOfYear {
		base = calendar.Date{Year: on.Year, Month: 12, Day: 31}
	}
	through := period.add(base)
	if through.Year > 9998 {
		return Result{}, models.Errorf(models.Invalid, "date_out_of_range", "The hold would end after the year 9998.").At(start.Field)
	}
	r := Result{
		RuleCode: rule.Code, HoldThrough: through, ErasableFrom: through.AddDays(1),
		Exemption: rule.Exemption, ThirdCountry: rule.Exemption == ThirdCountry, MustDelete: rule.MustDelete,
		AnchorField: start.Field, AnchorOn: on, Period: period, Events: start.Events, Citation: citation, RuleSetVersion: rule.ruleSet(),
	}
	if !r.ThirdCountry {
		r.ExemptThrough = through
	}
	reckoning := period.Words() + " after " + rule.From(start)
	r.Explanation = "kept until " + inWords(through) + ": " + citation + ", " + reckoning
	r.Steps = rule.steps(r, base, reckoning)
	return r, nil
}

// latest is the latest of the rule's start fields among the facts.
func (r *Rule) latest(anchors map[string]calendar.Date) (s Start, on calendar.Date) {
	for _, c := range r.Starts {
		if d := anchors[c.Field]; !d.IsZero() && (on.IsZero() || d.After(on)) {
			s, on = c, d
		}
	}
	return s, on
}

func (r *Rule) periodFor(on calendar.Date) (Period, string) {
	for _, t := range r.Transitions {
		if !on.After(t.Until) {
			return t.Period, t.Citation
		}
	}
	return r.Period, r.Citation
}

func (r *Rule) startFields() string {
	names := make([]string, len(r.Starts))
	for i, s := range r.Starts {
		names[i] = s.Field
	}
	return strings.Join(names, " or ")
}

// From says in words what the period runs from, e.g. "the end of the year in which the document was made".
func (r *Rule) From(s Start) string {
	event := s.Event
	if event == "" {
		event = "the date “" + strings.ReplaceAll(s.Field, "_", " ") + "” falls"
	}
	if r.Computation == EndOfYear {
		return "the end of the year in which " + event
	}
	return "the day on which " + event
}

func (r *Rule) steps(res Result, base calendar.Date, reckoning string) []string {
	steps := make([]string, 0, 4)
	steps = append(steps, res.AnchorField+" is "+inWords(res.AnchorOn)+".")
	if base != res.AnchorOn {
		steps = append(steps, "The period runs from the end of that year, "+inWords(base)+".")
	}
	steps = append(steps, upperFirst(reckoning)+": the last day held is "+inWords(res.HoldThrough)+" ("+res.Citation+").")
	last := "Erasable from " + inWords(res.ErasableFrom) + "."
	if res.MustDelete {
		last = "Must be deleted from " + inWords(res.ErasableFrom) + " on."
	}
	if res.ThirdCountry {
		last += " The law of a third country is no exemption under Art. 17(3)(b): the DPO needs another ground."
	}
	return append(steps, last)
}

// Latest is the hold that ends last (an open one before all others); with equal ends an exemption that counts is preferred to a
// third country's law. It fails with missing_field when there is none.
func Latest(results ...Result) (Result, error) {
	if len(results) == 0 {
		return Result{}, models.Errorf(models.Invalid, "missing_field", "At least one hold is needed.").At("holds")
	}
	best := results[0]
	exempt := best.ExemptThrough
	for _, r := range results[1:] {
		if r.outlasts(best) {
			best = r
		}
		if r.ExemptThrough.After(exempt) {
			exempt = r.ExemptThrough
		}
	}
	if !best.Open {
		best.ExemptThrough = exempt
	}
	if len(results) == 1 {
		return best, nil
	}
	steps := make([]string, 0, len(results)+len(best.Steps)+1)
	for _, r := range results {
		steps = append(steps, r.RuleCode+": "+r.Explanation+".")
	}
	best.Steps = append(append(steps, "The latest wins: "+best.RuleCode+"."), best.Steps...)
	return best, nil
}

func (r Result) outlasts(other Result) bool {
	if r.Open != other.Open {
		return r.Open
	}
	if c := r.HoldThrough.Compare(other.HoldThrough); c != 0 {
		return c > 0
	}
	return other.ThirdCountry && !r.ThirdCountry
}

// LegalHoldCitation is the ground of a legal hold.
const LegalHoldCitation = "GDPR Art. 17(3)(e)"

// WithLegalHold is base under a legal hold released on a day, or not yet (zero): the later of both. Without a release the result
// is Open.
func WithLegalHold(base Result, releasedOn calendar.Date) Result {
	r := base
	r.Steps = append([]string{}, base.Steps...)
	if releasedOn.IsZero() {
		r.Open, r.HoldThrough, r.ErasableFrom, r.ExemptThrough = true, calendar.Date{}, calendar.Date{}, calendar.Date{}
		r.legalClaims("kept until the legal hold is released: " + LegalHoldCitation)
		r.Steps = append(r.Steps, "A legal hold outlasts every other hold until it is released ("+LegalHoldCitation+").")
		return r
	}
	if !base.Open && releasedOn.After(base.ExemptThrough) {
		r.ExemptThrough = releasedOn
	}
	if base.Open || !releasedOn.After(base.HoldThrough) {
		r.Steps = append(r.Steps, "The legal hold was released on "+inWords(releasedOn)+", not later than the hold itself: the hold counts.")
		return r
	}
	r.HoldThrough, r.ErasableFrom = releasedOn, releasedOn.AddDays(1)
	r.legalClaims("kept until " + inWords(releasedOn) + ": " + LegalHoldCitation + ", the day on which the legal hold was released")
	r.Steps = append(r.Steps, "The legal hold was released on "+inWords(releasedOn)+", later than the hold: erasable from "+
		inWords(r.ErasableFrom)+" ("+LegalHoldCitation+").")
	return r
}

func (r *Result) legalClaims(explanation string) {
	r.Exemption, r.ThirdCountry, r.MustDelete = LegalClaims, false, false
	r.Citation, r.Explanation = LegalHoldCitation, explanation
}

func inWords(d calendar.Date) string {
	return strconv.Itoa(d.Day) + " " + d.Month.String() + " " + strconv.Itoa(d.Year)
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
