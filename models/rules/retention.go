package rules

import (
	"habeas/models/calendar"
	"habeas/models/hold"
)

// Codes of a case that combine rules instead of naming one.
const (
	legalHoldOverrides = "LEGAL_HOLD_OVERRIDES"
	multipleHoldsMax   = "MULTIPLE_HOLDS_MAX"
)

// retentionCase is the input of retention, read but not yet computed.
type retentionCase struct {
	rule, base string
	holds      []string
	anchors    map[string]calendar.Date
	released   calendar.Date // of a legal hold; zero: none, or not yet
}

// evalRetention answers retention.
func evalRetention(e Evaluator, in *input, out *object) error {
	c := retentionCase{
		rule: in.required("rule"), base: in.string("base_rule"), holds: in.strings("holds"),
		released: in.day("litigation_hold_released"), anchors: map[string]calendar.Date{},
	}
	if in.has("timezone") {
		in.zone()
	}
	for _, f := range in.fields {
		if e.Catalogue.Knows(f.name) {
			if d := in.day(f.name); !d.IsZero() {
				c.anchors[f.name] = d
			}
		}
	}
	if err := in.done(); err != nil {
		return err
	}
	res, err := c.resolve(e.Catalogue)
	if err != nil {
		return err
	}
	writeRetention(out, res)
	return nil
}

func (c retentionCase) resolve(cat hold.Catalogue) (hold.Result, error) {
	res, err := c.withoutLegalHold(cat)
	if err != nil {
		return hold.Result{}, err
	}
	if !c.released.IsZero() || c.rule == legalHoldOverrides {
		res = hold.WithLegalHold(res, c.released)
		if c.rule == legalHoldOverrides {
			res.RuleCode = c.rule
		}
	}
	return res, nil
}

func (c retentionCase) withoutLegalHold(cat hold.Catalogue) (hold.Result, error) {
	rule := c.rule
	if rule == legalHoldOverrides {
		if rule = c.base; rule == "" && len(c.holds) > 0 {
			rule = multipleHoldsMax
		}
		if rule == "" {
			return hold.Result{}, failAt("missing_field", "The rule that the legal hold overrides is needed.", "base_rule")
		}
	} else if c.base != "" {
		return hold.Result{}, failAt("not_applicable", "Only a legal hold has a base rule.", "base_rule")
	}
	if rule == multipleHoldsMax {
		return c.latest(cat)
	}
	if len(c.holds) > 0 {
		return hold.Result{}, failAt("not_applicable", "Only MULTIPLE_HOLDS_MAX has a list of holds.", "holds")
	}
	return compute(cat, rule, c.anchors)
}

func (c retentionCase) latest(cat hold.Catalogue) (hold.Result, error) {
	results := make([]hold.Result, 0, len(c.holds))
	for _, code := range c.holds {
		r, err := compute(cat, code, c.anchors)
		if err != nil {
			return hold.Result{}, err
		}
		results = append(results, r)
	}
	return hold.Latest(results...)
}

func compute(cat hold.Catalogue, code string, anchors map[string]calendar.Date) (hold.Result, error) {
	rule, err := cat.Rule(code)
	if err != nil {
		return hold.Result{}, err
	}
	return hold.Compute(rule, anchors)
}

func writeRetention(out *object, r hold.Result) {
	out.text("rule", r.RuleCode)
	out.date("hold_through", r.HoldThrough)
	out.date("erasable_from", r.ErasableFrom)
	out.bool("open", r.Open)
	out.text("erasure_exemption", string(r.Exemption))
	out.bool("third_country", r.ThirdCountry)
	out.date("exempt_through", r.ExemptThrough)
	out.bool("must_delete", r.MustDelete)
	out.text("citation", r.Citation)
	out.text("explanation", r.Explanation)
	out.texts("steps", r.Steps)
	out.text("rule_set", r.RuleSetVersion)
}
