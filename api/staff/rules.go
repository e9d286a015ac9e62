package staff

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/request"
	"habeas/templates"
)

// forms are the forms of the page by the kind of case that they make; any other kind is written out as JSON.
var forms = map[string]func(*sheet, request.Controller){
	"request_deadline": requestForm, "regime_deadline": regimeForm, "breach_deadline": breachForm, "retention": retentionForm,
}

// formKinds are the page's forms in their order.
var formKinds = []string{"request_deadline", "regime_deadline", "breach_deadline", "retention", asJSON}

// rulesPage shows the form of a kind and, once dates are given, what the rules that run in the product say. The query holds dates and
// codes only, so that a result can be linked; nothing is saved.
func (k *Console) rulesPage(c echo.Context) error {
	q := c.QueryParams()
	kind := q.Get("kind")
	if kind == asJSON {
		return k.showCase(c, http.StatusOK, caseKind(q.Get("case")), "", func(*templates.RulesView) {})
	}
	form, ok := forms[kind]
	if !ok {
		kind = formKinds[0]
		form = forms[kind]
	}
	own, err := k.Store.Operator(c.Request().Context())
	if err != nil && models.KindOf(err) != models.NotFound {
		return err
	}
	s := &sheet{q: q, kind: kind, fields: map[string]string{}, eval: k.Eval, oldest: firstYear}
	form(s, own)
	view := templates.RulesView{Kind: kind, Tabs: tabs(kind)}
	status := http.StatusOK
	if s.typed || q.Get("do") == "compute" {
		if view.Result = s.result(); view.Result != nil {
			view.Result.Link = link(q)
		}
	}
	view.Parts, view.Errors = s.parts, s.marked()
	if len(view.Errors) > 0 {
		status = http.StatusBadRequest
	}
	return show(k, c, status, "rules", templates.Rules, view)
}

func tabs(current string) (out []templates.RuleTab) {
	for _, kind := range formKinds {
		out = append(out, templates.RuleTab{Kind: kind, Current: kind == current})
	}
	return out
}

// link shows the same result again; what is empty is left out.
func link(q url.Values) string {
	kept := url.Values{}
	for name := range q {
		if v := q.Get(name); v != "" && name != "do" {
			kept.Set(name, v)
		}
	}
	return "/staff/rules?" + kept.Encode()
}

// answer is a line of `habeas rules eval`.
type answer struct {
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Field   string `json:"field"`
	} `json:"error"`
}

// ask has one case answered; line and raw are the case and its answer as the command reads and writes them.
func ask(eval func([]byte) []byte, kind string, input any) (line, raw []byte, a answer, err error) {
	line, err = json.Marshal(struct {
		ID    string `json:"id"`
		Kind  string `json:"kind"`
		Input any    `json:"input"`
	}{"1", kind, input})
	if err != nil {
		return nil, nil, answer{}, err
	}
	raw = eval(line)
	return line, raw, a, json.Unmarshal(raw, &a)
}

// result has the case of the form answered; nil when something in it is wrong.
func (s *sheet) result() *templates.RuleResult {
	if len(s.errors) > 0 {
		return nil
	}
	line, raw, a, err := ask(s.eval, s.kind, s.input)
	if err != nil {
		s.fail("", err)
		return nil
	}
	if a.Error != nil {
		s.fail(s.fieldOf(orElse(a.Error.Field, about[a.Error.Code])), models.Errorf(models.Invalid, a.Error.Code, "%s", a.Error.Message))
		return nil
	}
	r := resultView(s.kind, a.Result, s.zone)
	r.Laws, r.Case, r.Answer = lawsOf(s.codes, textOf(a.Result, "law")), string(line), string(raw)
	return r
}

// about is the field of errors that name none.
var about = map[string]string{"unknown_country": "country", "unknown_subdivision": "subdivision", "year_not_covered": "received_at"}

// fieldOf is the input that an error of the case is about: "pauses/0/asked_on" leads to the first question's date.
func (s *sheet) fieldOf(name string) string {
	if id, ok := s.fields[name]; ok {
		return id
	}
	first, _, _ := strings.Cut(name, " or ") // a rule may count from one of several dates
	if id, ok := s.fields[first]; ok {
		return id
	}
	group, _, _ := strings.Cut(name, "/")
	return s.fields[group]
}
