package rules

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"habeas/models/hold"
)

// Zones finds a time zone by its IANA name. It is passed in, since rules look nothing up; time.LoadLocation with a cache serves.
type Zones func(name string) (*time.Location, error)

// Evaluator answers cases with a catalogue that may hold a deployment's retention rules. It is safe for concurrent use if Zones is.
type Evaluator struct {
	Zones     Zones
	Catalogue hold.Catalogue
}

// Eval answers one case with the built-in rules; see Evaluator.Eval.
func Eval(line []byte, zones func(name string) (*time.Location, error)) []byte {
	return Evaluator{Zones: zones, Catalogue: hold.Builtin()}.Eval(line)
}

// Kind is one sort of case.
type Kind struct {
	Name    string
	Purpose string
	eval    func(Evaluator, *input, *object) error
}

// Kinds lists the sorts of cases in the order in which they are documented.
func Kinds() []Kind {
	return []Kind{
		{"request_deadline", "The time limit of a request under the EU or UK GDPR.", evalRequest},
		{"regime_deadline", "The limits of another regime.", evalRegime},
		{"breach_deadline", "The 72-hour clock of a breach.", evalBreach},
		{"breach_content", "What a breach notification lacks.", evalContent},
		{"breach_severity", "The severity score of a breach, as advice.", evalSeverity},
		{"retention", "Until when a retention rule holds a record.", evalRetention},
	}
}

var kinds = Kinds()

// Eval answers one line: a JSON object with id, kind and input; other keys beside them are left alone. The answer is one JSON object
// without a line break: {"id", "kind", "result"} or {"id", "error": {"code", "message", "field"}}. It never panics.
func (e Evaluator) Eval(line []byte) []byte {
	c, err := parseCase(line)
	if err != nil {
		return failure(c.id, err)
	}
	for i := range kinds {
		if kinds[i].Name != c.kind {
			continue
		}
		in := newInput(c.input, "", e.Zones, nil)
		result := object{b: make([]byte, 0, 1024)}
		if in.err != nil {
			return failure(c.id, in.err)
		}
		if err := kinds[i].eval(e, in, &result); err != nil {
			return failure(c.id, err)
		}
		return success(c, result.bytes())
	}
	return failure(c.id, failAt("unknown_kind", "The kind is not one that this command knows.", "kind"))
}

func success(c inputCase, result []byte) []byte {
	out := object{b: make([]byte, 0, len(result)+96)}
	out.raw("id", c.id)
	out.text("kind", c.kind)
	out.raw("result", result)
	return out.bytes()
}

func failure(id []byte, err error) []byte {
	e := asError(err)
	var out, body object
	out.raw("id", id)
	body.text("code", e.Code)
	body.text("message", e.Message)
	if e.Field != "" {
		body.text("field", e.Field)
	}
	out.raw("error", body.bytes())
	return out.bytes()
}

// Failure is the answer to a line that could not even be read, e.g. line_too_long.
func Failure(code, message string) []byte { return failure([]byte("null"), fail(code, message)) }

// inputCase is a line taken apart; id is raw JSON and always set.
type inputCase struct {
	id, input []byte
	kind      string
}

func parseCase(line []byte) (inputCase, error) {
	c := inputCase{id: []byte("null")}
	bad := fail("bad_json", "The line is not one JSON object in UTF-8.")
	if !utf8.Valid(line) || !json.Valid(line) {
		return c, bad
	}
	list, ok := members(line)
	if !ok {
		return c, bad
	}
	var kind []byte
	seen := [3]bool{}
	for _, m := range list {
		at := -1
		switch m.name {
		case "id":
			at, c.id = 0, m.raw
		case "kind":
			at, kind = 1, m.raw
		case "input":
			at, c.input = 2, m.raw
		}
		if at >= 0 && seen[at] {
			return c, failAt("duplicate_field", "The field is given twice.", m.name)
		}
		if at >= 0 {
			seen[at] = true
		}
	}
	return c, c.check(kind)
}

func (c *inputCase) check(kind []byte) error {
	switch {
	case c.id[0] == '{' || c.id[0] == '[':
		c.id = []byte("null")
		return failAt("bad_value", "The id is a text or a number.", "id")
	case string(c.id) == "null":
		return failAt("missing_field", "The case needs an id.", "id")
	case kind == nil:
		return failAt("missing_field", "The case needs a kind.", "kind")
	case c.input == nil:
		return failAt("missing_field", "The case needs an input.", "input")
	}
	var ok bool
	if c.kind, ok = text(kind); !ok {
		return failAt("bad_value", "The kind is a text.", "kind")
	}
	return nil
}
