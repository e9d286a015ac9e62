package rules

import (
	"encoding/json"
	"strings"
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
	Example string // an input that is answered
	eval    func(Evaluator, *input, *object) error
}

// Kinds lists the sorts of cases in the order in which they are documented.
func Kinds() []Kind {
	return []Kind{
		{
			"request_deadline", "The time limit of a request under the EU or UK GDPR.",
			`{"regime":"EU_GDPR","received_at":"2026-03-31T22:30:00Z","timezone":"Europe/Berlin","country":"DE","subdivision":"BE",` +
				`"pauses":[{"asked_on":"2026-04-02","answered_on":"2026-04-09"}],"extension":{"notified_at":"2026-04-20","reason":"complex"}}`,
			evalRequest,
		},
		{
			"regime_deadline", "The limits of another regime.",
			`{"regime":"US_CA_CCPA","received_on":"2026-01-02","holidays":["2026-01-19"]}`, evalRegime,
		},
		{
			"breach_deadline", "The 72-hour clock of a breach.",
			`{"regime":"EU_GDPR","aware_at":"2026-10-23T10:00:00+02:00","notified_at":"2026-10-26T09:30:00+01:00","timezone":"Europe/Berlin"}`, evalBreach,
		},
		{
			"breach_content", "What a breach notification lacks.",
			`{"to":"authority","nature":"a laptop was stolen","person_count":120,"contact":"dpo@example.org","late":false}`, evalContent,
		},
		{
			"breach_severity", "The severity score of a breach, as advice.",
			`{"data":[{"context":"financial","adjust":-1,"reason":"expired cards"}],"identification":"maximum","confidentiality":"some","persons":120}`, evalSeverity,
		},
		{
			"retention", "Until when a retention rule holds a record.",
			`{"rule":"MULTIPLE_HOLDS_MAX","holds":["EU_UCC_51","DE_AO_147_BELEG"],"declaration_accepted":"2026-03-05","document_date":"2026-03-04"}`, evalRetention,
		},
	}
}

var kinds = Kinds()

// Eval answers one line: a JSON object with id, kind and input; other keys beside them are left alone. The answer is one JSON object
// without a line break: {"id", "kind", "result"} or {"id", "error": {"code", "message", "field"}}. It never panics.
func (e Evaluator) Eval(line []byte) []byte { return e.Append(nil, line) }

// Append appends the answer to dst, so that a stream of cases needs one buffer; see Eval.
func (e Evaluator) Append(dst, line []byte) []byte {
	c, err := parseCase(line)
	if err != nil {
		return appendFailure(dst, c.id, err)
	}
	for i := range kinds {
		if kinds[i].Name != c.kind {
			continue
		}
		r := rooms.Get().(*room) //nolint:errcheck,forcetypeassert // it makes nothing else
		defer r.leave()
		in := newInput(r, c.input, e.Zones)
		if in.err != nil {
			return appendFailure(dst, c.id, in.err)
		}
		out := object{b: dst}
		out.raw("id", c.id)
		out.text("kind", c.kind)
		out.name("result")
		result := object{b: out.b}
		if err := kinds[i].eval(e, in, &result); err != nil {
			return appendFailure(dst, c.id, err)
		}
		return append(result.bytes(), '}')
	}
	return appendFailure(dst, c.id, failAt("unknown_kind", "The kind is not one that this command knows.", "kind"))
}

func appendFailure(dst []byte, id string, err error) []byte {
	e := asError(err)
	var body object
	out := object{b: dst}
	out.raw("id", id)
	body.text("code", e.Code)
	body.text("message", e.Message)
	if e.Field != "" {
		body.text("field", e.Field)
	}
	out.raw("error", string(body.bytes()))
	return out.bytes()
}

// Failure is the answer to a line that could not even be read, e.g. line_too_long.
func Failure(code, message string) []byte { return appendFailure(nil, "null", fail(code, message)) }

// inputCase is a line taken apart; id is raw JSON and always set.
type inputCase struct {
	id, input, kind string
}

var errBadJSON = fail("bad_json", "The line is not one JSON object in UTF-8.")

func parseCase(line []byte) (inputCase, error) {
	c := inputCase{id: "null"}
	if !utf8.Valid(line) || !json.Valid(line) {
		return c, errBadJSON
	}
	var space [8]member
	list, ok := members(space[:0], string(line))
	if !ok {
		return c, errBadJSON
	}
	kind := ""
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
		if at >= 0 && seen[at] { //nolint:gosec // the length was compared
			return c, failAt("duplicate_field", "The field is given twice.", m.name)
		}
		if at >= 0 {
			seen[at] = true //nolint:gosec // the length was compared
		}
	}
	return c, c.check(kind)
}

func (c *inputCase) check(kind string) error {
	switch {
	case c.id == "null":
		return failAt("missing_field", "The case needs an id.", "id")
	case !strings.Contains(`"-0123456789`, c.id[:1]):
		c.id = "null"
		return failAt("bad_value", "The id is a text or a number.", "id")
	case kind == "":
		return failAt("missing_field", "The case needs a kind.", "kind")
	case c.input == "":
		return failAt("missing_field", "The case needs an input.", "input")
	}
	var ok bool
	if c.kind, ok = text(kind); !ok {
		return failAt("bad_value", "The kind is a text.", "kind")
	}
	return nil
}
