package rules

import (
	"strings"
	"time"

	"habeas/models/calendar"
	"habeas/models/deadline"
)

// evalRegime answers regime_deadline. A fact whose name ends in _on may be given as an instant with _at and a zone.
func evalRegime(_ Evaluator, in *input, out *object) error {
	code := in.required("regime")
	if in.err != nil {
		return in.err
	}
	regime, err := deadline.Lookup(code)
	if err != nil {
		return err
	}
	facts := deadline.Facts{Days: map[string]calendar.Date{}, Instants: map[string]time.Time{}, Holidays: in.dates("holidays")}
	readFacts(in, regime, &facts)
	if err := businessDays(in, &facts); err != nil {
		return err
	}
	switch {
	case in.has("timezone", "zone"):
		facts.Zone = in.zone()
	case len(facts.Instants) > 0:
		facts.Zone = sameOffset(regime, facts.Instants)
	}
	if err := in.done(); err != nil {
		return err
	}
	res, err := regime.Compute(facts)
	if err != nil {
		return err
	}
	writeRegime(out, res)
	return nil
}

// sameOffset is the offset in which the first fact was written: without a zone the answers keep it.
func sameOffset(regime deadline.Regime, instants map[string]time.Time) *time.Location {
	for _, name := range regime.Needs() {
		if t, ok := instants[name]; ok {
			_, offset := t.Zone()
			return time.FixedZone("", offset)
		}
	}
	return time.UTC
}

// readFacts reads what the regime counts from, and what any regime counts from: a case may hold more facts than one regime needs.
func readFacts(in *input, regime deadline.Regime, facts *deadline.Facts) {
	for _, name := range append(regime.Needs(), "received_on", "appeal_received_on") {
		if base, ok := strings.CutSuffix(name, "_on"); ok {
			if d := in.day(name, base+"_at"); !d.IsZero() {
				facts.Days[name] = d
			}
			continue
		}
		if t := in.instant(name); !t.IsZero() {
			facts.Instants[name] = t
		}
	}
}

// businessDays takes the holidays of a country that is known; for others the case must list them.
func businessDays(in *input, facts *deadline.Facts) error {
	country, subdivision := in.string("country"), in.string("subdivision")
	facts.Calendar = calendar.Weekends()
	if country == "" {
		return nil
	}
	c, err := calendar.For(country, subdivision)
	if err != nil {
		if facts.Holidays != nil {
			return nil
		}
		return err
	}
	facts.Calendar = c
	return nil
}

func writeRegime(out *object, res deadline.RegimeResult) {
	steps := make([]string, 0, len(res.Due))
	for _, d := range res.Due {
		if d.At.IsZero() {
			out.date(d.Field, d.On)
		} else {
			out.local(d.Field, d.At)
		}
		steps = append(steps, d.Step)
	}
	out.bool("in_force", res.InForce)
	if !res.InForce {
		writeFindings(out, []deadline.Finding{{
			Code: "regime_not_in_force", Message: "The facts lie outside the dates between which the regime is in force.",
		}})
	}
	out.texts("steps", steps)
	out.text("rule_set", res.RuleSet)
}
