package staff

import (
	"slices"
	"strings"
	"sync"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/hold"
	"habeas/models/request"
	"habeas/models/rules"
	"habeas/templates"
)

// entries are the rules as `habeas rules list` shows them.
var entries = sync.OnceValue(func() []rules.Entry { return rules.Entries(hold.Builtin()) })

// Codes of a case that combine rules; the form makes them of what was chosen.
const legalHold, severalHolds = "LEGAL_HOLD_OVERRIDES", "MULTIPLE_HOLDS_MAX"

// retentionForm asks for one rule or several, what they count from and whether a legal hold applies.
func retentionForm(s *sheet, _ request.Controller) {
	s.oldest = oldestDocument
	chosen := s.rules()
	s.part("facts")
	for _, start := range s.starts(chosen) {
		id := "from-" + start.Field // a deployment's field may have any name
		s.set(start.Field, id, s.date(id, "start."+start.Field, orElse(upper(start.Event), spoken(start.Field))))
	}
	s.folded("legal")
	held, released := s.check("held"), s.date("released", "released", "")
	s.set("litigation_hold_released", "released", released)
	s.codes = slices.Clone(chosen)
	s.input = append(combined(chosen, held || released != ""), s.input...)
	for _, name := range []string{"rule", "base_rule", "holds"} {
		s.fields[name] = "rule1"
	}
	s.typed = s.typed || held
	s.parts = slices.DeleteFunc(s.parts, func(p templates.RulePart) bool { return len(p.Fields) == 0 }) // nothing to count from is known
}

// rules adds the lists of rules and lists those that were chosen.
func (s *sheet) rules() (chosen []string) {
	for i, id := range []string{"rule1", "rule2", "rule3"} {
		usual, groups := "", ruleGroups()
		none := labelled(templates.Option{Label: "–"})
		switch i {
		case 0:
			s.part("rule")
			usual, none[0].Options[0].Value = groups[0].Options[0].Value, "own"
		case 1:
			s.choose("rules.choose.rule")
			s.folded("more")
		}
		if code := s.choice(id, usual, append(none, groups...)); code != "" && code != "own" && !slices.Contains(chosen, code) {
			chosen = append(chosen, code)
		}
	}
	own := s.typedText("own")
	s.add(templates.RuleField{ID: "own", Key: "own", Type: "text", Value: own})
	s.choose("rules.choose.rules")
	if own != "" && !slices.Contains(chosen, own) {
		chosen = append(chosen, own)
	}
	return chosen
}

// ruleGroups lists the rules by the place whose law they are.
func ruleGroups() (groups []templates.RuleGroup) {
	for _, e := range entries() {
		if e.Kind != "retention" || e.Code == legalHold || e.Code == severalHolds {
			continue
		}
		i := slices.IndexFunc(groups, func(g templates.RuleGroup) bool { return g.Label == e.Jurisdiction })
		if i < 0 {
			i = len(groups)
			groups = append(groups, templates.RuleGroup{Label: e.Jurisdiction})
		}
		groups[i].Options = append(groups[i].Options, templates.Option{Value: e.Code, Label: e.Citation + " · " + e.Name + " (" + e.Code + ")"})
	}
	return groups
}

// combined begins the case: one rule, the latest of several, or what a legal hold outlasts.
func combined(chosen []string, held bool) members {
	switch {
	case len(chosen) == 0:
		return nil // the rules say that one is needed
	case len(chosen) == 1 && held:
		return members{{"rule", legalHold}, {"base_rule", chosen[0]}}
	case len(chosen) == 1:
		return members{{"rule", chosen[0]}}
	case held:
		return members{{"rule", legalHold}, {"holds", chosen}}
	}
	return members{{"rule", severalHolds}, {"holds", chosen}}
}

// starts lists what the rules count from, each once.
func (s *sheet) starts(codes []string) (starts []hold.Start) {
	for _, code := range codes {
		rule, err := hold.Builtin().Rule(code)
		if err != nil {
			rule.Starts = s.ownStarts(code)
		}
		for _, start := range rule.Starts {
			if !slices.ContainsFunc(starts, func(o hold.Start) bool { return o.Field == start.Field }) {
				starts = append(starts, start)
			}
		}
	}
	return starts
}

// ownStarts asks for a rule of the deployment without any date: the answer names the dates that the rule counts from.
func (s *sheet) ownStarts(code string) (starts []hold.Start) {
	_, _, a, err := ask(s.eval, "retention", members{{"rule", code}})
	if err != nil || a.Error == nil {
		return nil
	}
	if a.Error.Code != "missing_field" {
		id := "own"
		if s.typedText("own") != code {
			id = "rule1"
		}
		s.fail(id, models.Errorf(models.Invalid, a.Error.Code, "%s", a.Error.Message))
		s.typed = true // an unknown code is told at once
		return nil
	}
	for field := range strings.SplitSeq(a.Error.Field, " or ") {
		starts = append(starts, hold.Start{Field: field})
	}
	return starts
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// lawsOf tells what the rules say; law picks the version of a regime that was applied.
func lawsOf(codes []string, law string) (out []templates.RuleLaw) {
	for _, e := range entries() {
		if !slices.Contains(codes, e.Code) || law != "" && e.Kind == "request_deadline" && e.Name != law {
			continue
		}
		out = append(out, templates.RuleLaw{
			Code: e.Code, Name: e.Name, Citation: e.Citation, From: dated(e.ValidFrom), To: e.ValidTo, Says: e.Rule, Note: e.Note,
		})
	}
	return out
}

// dated leaves out a day that stands for "since ever".
func dated(d calendar.Date) calendar.Date {
	if d.Year < oldestDocument {
		return calendar.Date{}
	}
	return d
}
