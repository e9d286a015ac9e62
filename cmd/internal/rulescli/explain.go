package rulescli

import (
	"encoding/json"
	"fmt"
	"strings"

	"habeas/models/rules"
)

// ExplainCmd is `habeas rules explain CODE [FIELD=VALUE…]`.
type ExplainCmd struct {
	JSON  bool     `name:"json" help:"Print JSON."`
	Rules string   `help:"JSON file with a deployment's own retention rules." type:"path" placeholder:"FILE"`
	Code  string   `arg:"" help:"Code of a rule or regime; see habeas rules list."`
	Facts []string `arg:"" optional:"" help:"Facts such as declaration_accepted=2027-03-01, to see the computed dates." placeholder:"FIELD=VALUE"`
}

// explanation is what --json prints.
type explanation struct {
	Rules  []rules.Entry   `json:"rules"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

// evalAnswer is the part of an answer that is shown as text.
type evalAnswer struct {
	Result struct {
		Explanation string
		Steps       []string
		RuleSet     string `json:"rule_set"`
	}
	Error *struct{ Code, Message, Field string }
}

// Run prints the rule, and with facts the dates it gives with their steps.
func (c *ExplainCmd) Run(s *Streams) error {
	cat, err := catalogue(c.Rules)
	if err != nil {
		return err
	}
	x := explanation{Rules: rules.Find(cat, c.Code)}
	if len(x.Rules) == 0 {
		return usage("unknown_rule", "No rule or regime has this code; see `habeas rules list`.")
	}
	if len(c.Facts) > 0 {
		line, err := caseLine(x.Rules[0], c.Facts)
		if err != nil {
			return err
		}
		x.Answer = rules.Evaluator{Zones: Zones(), Catalogue: cat}.Eval(line)
	}
	if c.JSON {
		if err := printJSON(s.Out, x); err != nil {
			return err
		}
		return x.failed()
	}
	if _, err := fmt.Fprint(s.Out, x.text()); err != nil {
		return err
	}
	return x.failed()
}

// caseLine makes a case from FIELD=VALUE facts; a value that is JSON (a list, an object, a number) is taken as it is.
func caseLine(e rules.Entry, facts []string) ([]byte, error) {
	input := map[string]any{}
	switch e.Kind {
	case "retention":
		input["rule"] = e.Code
	case "breach_deadline":
		input["regime"] = "EU_GDPR"
	default:
		input["regime"] = e.Code
	}
	for _, f := range facts {
		name, value, ok := strings.Cut(f, "=")
		if !ok || name == "" {
			return nil, usage("bad_value", "Facts are written FIELD=VALUE.")
		}
		if strings.HasPrefix(value, "[") || strings.HasPrefix(value, "{") || value == "true" || value == "false" || value == "null" {
			if !json.Valid([]byte(value)) {
				return nil, usage("bad_value", "A fact is not valid JSON.")
			}
			input[name] = json.RawMessage(value)
			continue
		}
		input[name] = value
	}
	return json.Marshal(map[string]any{"id": e.Code, "kind": e.Kind, "input": input})
}

func (x explanation) text() string {
	var b strings.Builder
	for i, e := range x.Rules {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s: %s\n%s (%s)\n", e.Code, e.Name, e.Citation, e.Jurisdiction)
		for _, r := range e.Rule {
			b.WriteString("  - " + r + "\n")
		}
		if e.Note != "" {
			b.WriteString("  Note: " + e.Note + "\n")
		}
		b.WriteString("  " + e.Standing() + ".\n")
	}
	if x.Answer == nil {
		return b.String()
	}
	a := x.answer()
	if a.Error != nil {
		return b.String()
	}
	b.WriteString("\n")
	if a.Result.Explanation != "" {
		b.WriteString(strings.ToUpper(a.Result.Explanation[:1]) + a.Result.Explanation[1:] + ".\n")
	}
	for _, s := range a.Result.Steps {
		b.WriteString("  " + s + "\n")
	}
	b.WriteString("  Rule set " + a.Result.RuleSet + "\n")
	return b.String()
}

func (x explanation) answer() evalAnswer {
	var a evalAnswer
	if err := json.Unmarshal(x.Answer, &a); err != nil {
		panic(err) // Eval writes valid JSON
	}
	return a
}

// failed makes the answer's error the command's own.
func (x explanation) failed() error {
	if x.Answer == nil {
		return nil
	}
	if e := x.answer().Error; e != nil {
		return usage(e.Code, strings.TrimSpace(e.Message+" "+e.Field))
	}
	return nil
}
