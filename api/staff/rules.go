package staff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/rules"
	"habeas/templates"
)

// examples are the inputs that the page offers for each kind of case.
var examples = map[string]string{
	"request_deadline": `{"regime": "EU_GDPR", "received_at": "2027-02-01T09:00:00Z", "timezone": "Europe/Berlin", "country": "DE", "subdivision": "BE"}`,
	"regime_deadline":  `{"regime": "US_CA_CCPA", "received_on": "2027-02-01", "holidays": []}`,
	"breach_deadline":  `{"regime": "EU_GDPR", "aware_at": "2027-03-26T10:00:00+01:00", "timezone": "Europe/Berlin"}`,
	"breach_content":   `{"to": "authority", "nature": "A laptop was stolen.", "contact": "dpo@example.com", "late": false}`,
	"breach_severity":  `{"data": [{"context": "financial", "adjust": 1, "reason": "a year of invoices"}], "identification": "maximum", "confidentiality": "full", "persons": 500}`,
	"retention":        `{"rule": "EU_UCC_51", "declaration_accepted": "2027-02-01"}`,
}

func (k *Console) rulesPage(c echo.Context) error {
	return k.showRules(c, http.StatusOK, kindOf(c.QueryParam("kind")), "", func(*templates.RulesView) {})
}

// kindOf is a known kind; the first one for anything else.
func kindOf(name string) string {
	kinds := rules.Kinds()
	for _, kind := range kinds {
		if kind.Name == name {
			return name
		}
	}
	return kinds[0].Name
}

func (k *Console) showRules(c echo.Context, status int, kind, input string, with func(*templates.RulesView)) error {
	view := templates.RulesView{Kind: kind, Input: input, Template: indented(examples[kind])}
	for _, one := range rules.Kinds() {
		view.Kinds = append(view.Kinds, templates.Option{Value: one.Name, Label: one.Name + ": " + one.Purpose, Selected: one.Name == kind})
	}
	with(&view)
	return show(k, c, status, "rules", templates.Rules, view)
}

func indented(s string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s), "", "  ") != nil {
		return s
	}
	return b.String()
}

// tryRules computes one case with the rules that run in the product; nothing is saved.
func (k *Console) tryRules(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	kind, input := kindOf(form.Get("kind")), strings.TrimSpace(form.Get("input"))
	if len(input) > 8000 {
		return models.Errorf(models.Invalid, "too_long", "The case is too long.")
	}
	if !json.Valid([]byte(input)) {
		return k.showRules(c, http.StatusBadRequest, kind, input, func(v *templates.RulesView) { v.Failure = "The input is not JSON." })
	}
	line, err := json.Marshal(map[string]any{"id": "1", "kind": kind, "input": json.RawMessage(input)})
	if err != nil {
		return err
	}
	answer := k.Eval(line)
	status := http.StatusOK
	var got struct {
		Result json.RawMessage `json:"result"`
		Error  *struct{ Code, Message, Field string }
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return err
	}
	if got.Error != nil {
		status = http.StatusBadRequest
	}
	return k.showRules(c, status, kind, input, func(v *templates.RulesView) {
		if got.Error != nil {
			v.Failure = got.Error.Message + " (" + strings.TrimPrefix(got.Error.Field+", ", ", ") + got.Error.Code + ")"
			return
		}
		v.Line = string(answer)
		v.Result, v.Steps = members(got.Result)
	})
}

// members lists a result's members in the order in which they were written, and its steps apart.
func members(result json.RawMessage) (out []templates.Fact, steps []string) {
	dec := json.NewDecoder(bytes.NewReader(result))
	if _, err := dec.Token(); err != nil {
		return nil, nil
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return out, steps
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return out, steps
		}
		if name == "steps" && json.Unmarshal(value, &steps) == nil {
			continue
		}
		text := string(value)
		var plain string
		if json.Unmarshal(value, &plain) == nil {
			text = plain
		}
		out = append(out, templates.Fact{Name: fmt.Sprint(name), Value: text})
	}
	return out, steps
}
