package staff

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/rules"
	"habeas/templates"
)

// asJSON is the form for a case that is written out: kinds that ask for texts, and what no form asks for. It is posted, since texts do
// not belong into an address.
const asJSON = "json"

// caseKind is a known kind of case; breach_content, which has no form of its own, for anything else.
func caseKind(name string) string {
	for _, kind := range rules.Kinds() {
		if kind.Name == name {
			return name
		}
	}
	return "breach_content"
}

func (k *Console) showCase(c echo.Context, status int, kind, input string, with func(*templates.RulesView)) error {
	j := &templates.RuleJSON{Kind: kind, Input: input}
	for _, one := range rules.Kinds() {
		j.Kinds = append(j.Kinds, templates.Option{Value: one.Name, Label: one.Name + ": " + one.Purpose, Selected: one.Name == kind})
		if one.Name == kind && input == "" {
			j.Input = indented(one.Example)
		}
	}
	view := templates.RulesView{Kind: asJSON, Tabs: tabs(asJSON), JSON: j}
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

// tryRules computes one case that was written out; nothing is saved.
func (k *Console) tryRules(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	kind, input := caseKind(form.Get("kind")), strings.TrimSpace(form.Get("input"))
	if len(input) > 8000 {
		return models.Errorf(models.Invalid, "too_long", "The case is too long.")
	}
	refuse := func(message, code string) error {
		return k.showCase(c, http.StatusBadRequest, kind, input, func(v *templates.RulesView) {
			v.Errors = []templates.RuleError{{Field: "input", Message: message, Code: code}}
		})
	}
	if !json.Valid([]byte(input)) {
		return refuse("The input is not JSON.", "bad_json")
	}
	line, raw, a, err := ask(k.Eval, kind, json.RawMessage(input))
	if err != nil {
		return err
	}
	if a.Error != nil {
		return refuse(strings.TrimPrefix(a.Error.Field+": ", ": ")+a.Error.Message, a.Error.Code)
	}
	return k.showCase(c, http.StatusOK, kind, input, func(v *templates.RulesView) {
		v.Result = resultView(kind, a.Result, zoneOf(input))
		v.Result.Case, v.Result.Answer = string(line), string(raw)
	})
}

// zoneOf is the zone that a case names, so that its instants are shown in it.
func zoneOf(input string) *time.Location {
	loc, err := loadZone(textOf(json.RawMessage(input), "timezone"))
	if err != nil {
		return nil
	}
	return loc
}
