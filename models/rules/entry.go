package rules

import (
	"slices"
	"strings"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/calendar"
	"habeas/models/deadline"
	"habeas/models/hold"
)

// Entry is one rule as `habeas rules list` shows it and the console offers it.
type Entry struct {
	Code         string        `json:"code"`
	Kind         string        `json:"kind"` // of the case that applies it
	Name         string        `json:"name"`
	Jurisdiction string        `json:"jurisdiction"`
	Citation     string        `json:"citation"`
	ValidFrom    calendar.Date `json:"valid_from,omitzero"`
	ValidTo      calendar.Date `json:"valid_to,omitzero"`
	Certainty    string        `json:"certainty,omitempty"`
	Needs        []string      `json:"needs"`   // fields of the case
	Answers      []string      `json:"answers"` // fields of the result
	Rule         []string      `json:"rule"`    // what it says, in plain words
	Note         string        `json:"note,omitempty"`
}

// Entries lists every rule: request limits, other regimes, the breach clock, retention.
func Entries(cat hold.Catalogue) []Entry {
	var list []Entry
	for _, p := range deadline.Monthly() {
		list = append(list, monthlyEntry(p))
	}
	for _, r := range deadline.Regimes() {
		list = append(list, regimeEntry(r))
	}
	list = append(list, breachEntry())
	for _, r := range cat.Rules() {
		list = append(list, holdEntry(r))
	}
	return append(list, combinedEntries()...)
}

// Find lists the entries of a code: a regime may have several versions.
func Find(cat hold.Catalogue, code string) []Entry {
	return slices.DeleteFunc(Entries(cat), func(e Entry) bool { return e.Code != code })
}

// Standing says between which dates the rule holds, how certain its reading is and which fields it needs and answers.
func (e Entry) Standing() string {
	var facts []string
	switch {
	case !e.ValidTo.IsZero():
		facts = append(facts, "in force "+e.ValidFrom.String()+" to "+e.ValidTo.String())
	case !e.ValidFrom.IsZero():
		facts = append(facts, "in force since "+e.ValidFrom.String())
	}
	if e.Certainty != "" {
		facts = append(facts, "certainty "+e.Certainty)
	}
	facts = append(facts, "needs `"+strings.Join(e.Needs, "`, `")+"`", "answers `"+strings.Join(e.Answers, "`, `")+"`")
	line := strings.Join(facts, "; ")
	return strings.ToUpper(line[:1]) + line[1:]
}

func monthlyEntry(p deadline.Parameters) Entry {
	e := Entry{
		Code: p.Regime, Kind: "request_deadline", Name: p.Law, Jurisdiction: "EU", Citation: p.Start,
		ValidFrom: p.ValidFrom, ValidTo: p.ValidTo, Certainty: p.Certainty, Note: p.Note,
		Needs:   []string{"received_at", "timezone", "country", "subdivision", "pauses", "extension"},
		Answers: []string{"clock_start_on", "unrolled_due_on", "due_on", "due_before", "paused_days", "extended_due_on", "extension_valid"},
	}
	start := "The clock starts on the day of receipt in the controller's time zone; that day does not count (" + p.Start + ")."
	if p.StartsLate {
		e.Jurisdiction = "GB"
		e.Needs = append(e.Needs, "identity_received_on", "fee_received_on")
		start = "The clock starts on the latest of receipt, identity information and fee; that day does not count (" + p.Start + ")."
	}
	e.Rule = []string{
		start,
		models.Count(p.Months, "month") + ", to the last hour of the same day number, or of the month's last day where there is none (" + p.End + ").",
		"A last day that is a Saturday, Sunday or public holiday moves to the following working day (" + p.Roll + ").",
		"Extended: " + models.Count(p.ExtendedMonths, "month") + " from the clock's start, if the person was told with reasons within the first month (" + p.Extension + ").",
		"Refusals and notices of no action are due within the first month (" + p.Refusal + ").",
		pauseWords(p),
	}
	return e
}

func pauseWords(p deadline.Parameters) string {
	s := "A question pauses the clock until the answer; the days are the difference of the dates"
	if p.Inclusive {
		s = "A question pauses the clock until the answer; the asking and the answering day are both left out of the period"
	}
	s += ", overlaps count once, and an unanswered question leaves no due date"
	if p.PromptDays > 0 {
		s += "; asked more than " + models.Count(p.PromptDays, "day") + " after receipt or the last answer it counts as late and does not pause, unless found otherwise"
	}
	return s + " (" + p.Pause + ")."
}

func regimeEntry(r deadline.Regime) Entry {
	e := Entry{
		Code: r.Code, Kind: "regime_deadline", Name: r.Name, Jurisdiction: r.Jurisdiction, Citation: r.Citation,
		ValidFrom: r.ValidFrom, ValidTo: r.ValidTo, Certainty: r.Certainty, Note: r.Note, Needs: r.Needs(),
	}
	for _, t := range r.Terms {
		if !slices.Contains(e.Answers, t.Field) {
			e.Answers = append(e.Answers, t.Field)
		}
		e.Rule = append(e.Rule, t.Words())
	}
	return e
}

func breachEntry() Entry {
	return Entry{
		Code: "GDPR_33", Kind: "breach_deadline", Name: "GDPR and UK GDPR: notification of a breach to the authority", Jurisdiction: "EU, GB",
		Citation: "GDPR Art. 33(1), (2)", ValidFrom: calendar.Date{Year: 2018, Month: 5, Day: 25}, Certainty: "high",
		Needs:   []string{"aware_at", "processor_aware_at", "controller_told_at", "notified_at", "timezone"},
		Answers: []string{"clock_starts_at", "due_at", "lenient_due_at", "timely", "reasons_for_delay_required"},
		Rule: []string{
			"72 elapsed hours from the instant of awareness; weekends, holidays and changes of the clocks do not move it (GDPR Art. 33(1)).",
			"A controller whose processor is breached is aware when it is told (GDPR Art. 33(2); EDPB Guidelines 9/2022).",
			"One second late is late: the reasons for the delay become mandatory content (GDPR Art. 33(1)).",
			"The reading that leaves out the hour of the event is computed beside it and never replaces it (Reg. 1182/71 Art. 3(1)).",
		},
		Note: "Severity, as advice only: " + breach.MethodCitation + ".",
	}
}

func holdEntry(r hold.Rule) Entry {
	e := Entry{
		Code: r.Code, Kind: "retention", Name: r.Law, Jurisdiction: r.Jurisdiction, Citation: r.Citation,
		ValidFrom: r.ValidFrom, ValidTo: r.ValidTo, Certainty: r.Certainty, Note: r.Note,
		Answers: []string{"hold_through", "erasable_from", "erasure_exemption"},
	}
	for _, s := range r.Starts {
		e.Needs = append(e.Needs, s.Field)
		e.Rule = append(e.Rule, "Kept until "+r.Period.Words()+" after "+r.From(s)+" ("+s.Field+").")
	}
	if len(r.Starts) > 1 {
		e.Rule = append(e.Rule, "The latest of the dates that are known counts.")
	}
	for _, t := range r.Transitions {
		e.Rule = append(e.Rule, "Until "+t.Until.String()+" (date of the record): "+t.Period.Words()+" ("+t.Citation+").")
	}
	switch {
	case r.MustDelete:
		e.Rule = append(e.Rule, "Must be deleted at the end.")
	case r.Exemption == hold.ThirdCountry:
		e.Rule = append(e.Rule, "The law of a third country: no exemption under Art. 17(3)(b); the DPO needs another ground.")
	}
	return e
}

func combinedEntries() []Entry {
	answers := []string{"hold_through", "erasable_from", "erasure_exemption"}
	return []Entry{
		{
			Code: legalHoldOverrides, Kind: "retention", Name: "Legal hold", Jurisdiction: "EU, GB", Citation: hold.LegalHoldCitation, Certainty: "high",
			Needs: []string{"base_rule", "litigation_hold_released"}, Answers: answers,
			Rule: []string{"The later of the base rule's end and the release of the legal hold; without a release there is no end."},
		},
		{
			Code: multipleHoldsMax, Kind: "retention", Name: "Several holds", Jurisdiction: "EU, GB", Citation: "GDPR Art. 17(3)(b)", Certainty: "high",
			Needs: []string{"holds"}, Answers: answers,
			Rule: []string{"The hold that ends last counts."},
		},
	}
}
