package hold

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sync"

	"habeas/models"
)

// Reviewed is the day on which the built-in rules were last compared with the law.
const Reviewed = "2026-11-22"

// Catalogue is an immutable set of rules by code; its zero value is empty.
type Catalogue struct {
	rules  []Rule
	byCode map[string]int
}

var builtinCatalogue = sync.OnceValue(func() Catalogue {
	rules := builtin()
	for i := range rules {
		rules[i].version = RuleSet()
	}
	c, err := Catalogue{}.With(rules...)
	if err != nil {
		panic(err) // a test checks every built-in rule
	}
	return c
})

// Builtin holds the rules that come with the product.
func Builtin() Catalogue { return builtinCatalogue() }

// With is c with a deployment's rules added. It fails with bad_rule when a rule is incomplete and with duplicate_rule when its code
// is taken: a rule of the law is not replaced under its own name.
func (c Catalogue) With(rules ...Rule) (Catalogue, error) {
	n := Catalogue{rules: slices.Clone(c.rules), byCode: make(map[string]int, len(c.rules)+len(rules))}
	for i, r := range n.rules {
		n.byCode[r.Code] = i
	}
	for _, r := range rules {
		if err := r.check(); err != nil {
			return Catalogue{}, err
		}
		if _, taken := n.byCode[r.Code]; taken {
			return Catalogue{}, models.Errorf(models.Invalid, "duplicate_rule", "The retention rule %s exists already.", r.Code).At("code")
		}
		r.version = r.ruleSet()
		n.byCode[r.Code] = len(n.rules)
		n.rules = append(n.rules, r)
	}
	return n, nil
}

// Rule finds a rule by code; it fails with unknown_rule.
func (c Catalogue) Rule(code string) (Rule, error) {
	i, ok := c.byCode[code]
	if !ok {
		return Rule{}, models.Errorf(models.Invalid, "unknown_rule", "The retention rule is not in the catalogue; see `habeas rules list`.").At("rule")
	}
	return c.rules[i], nil
}

// Rules lists the rules: the built-in ones, then the deployment's, each in its own order.
func (c Catalogue) Rules() []Rule { return slices.Clone(c.rules) }

// Knows reports whether any rule counts from the field.
func (c Catalogue) Knows(field string) bool {
	for i := range c.rules {
		for _, s := range c.rules[i].Starts {
			if s.Field == field {
				return true
			}
		}
	}
	return false
}

// check refuses a rule that could not be computed or cited.
func (r Rule) check() error {
	bad := func(field, message string) error {
		return models.Errorf(models.Invalid, "bad_rule", "The retention rule %q %s.", r.Code, message).At(field)
	}
	switch {
	case !validCode(r.Code):
		return bad("code", "needs a code of capital letters, digits and underscores")
	case r.Citation == "":
		return bad("citation", "needs a citation")
	case r.Jurisdiction == "":
		return bad("jurisdiction", "needs a jurisdiction")
	case len(r.Starts) == 0:
		return bad("start", "needs a start field")
	case r.Period.Years < 0 || r.Period.Months < 0 || r.Period.Days < 0 || r.Period == Period{}:
		return bad("period", "needs a period")
	case r.Computation != EndOfYear && r.Computation != FromDay:
		return bad("computation", "needs a computation: end_of_calendar_year or from_the_day")
	case r.Exemption != LegalObligation && r.Exemption != ThirdCountry && r.Exemption != LegalClaims:
		return bad("exemption", "needs an exemption: art_17_3_b, third_country or art_17_3_e")
	}
	for _, s := range r.Starts {
		if !validField(s.Field) {
			return bad("start", "has a start field that is not lower-case letters, digits and underscores")
		}
	}
	return nil
}

func validCode(s string) bool {
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 80
}

func validField(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 80
}

// RuleSet names the version of the built-in rules: the day of review and a digest. A deployment's own rules have Digest.
func RuleSet() string { return ruleSet() }

var ruleSet = sync.OnceValue(func() string { return "retention-" + Reviewed + "-" + digest(builtin()) })

// ruleSet is the version under which the rule came, or of the rule itself when it came alone.
func (r Rule) ruleSet() string {
	if r.version != "" {
		return r.version
	}
	return "rule-" + r.Code + "-" + digest([]Rule{r})
}

// Digest identifies the rules of c, a deployment's included.
func (c Catalogue) Digest() string { return digest(c.rules) }

func digest(rules []Rule) string {
	data, err := json.Marshal(rules)
	if err != nil {
		panic(err) // rules hold only strings, numbers and dates
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:4])
}
