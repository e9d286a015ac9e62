package templates

import (
	"time"

	"habeas/models/calendar"
)

// RulesView tries dates: one form for each kind of case, and its result.
type RulesView struct {
	Kind   string // of the case, or "json" for a case that is written out
	Tabs   []RuleTab
	Parts  []RulePart
	Errors []RuleError
	Result *RuleResult
	JSON   *RuleJSON // for the kind "json"
}

// RuleTab leads to the form of a kind: rules.tab.<Kind> of the catalogue.
type RuleTab struct {
	Kind    string
	Current bool
}

// RulePart is a group of fields: rules.part.<Key> is its legend. A folded one is optional, and opened once something is typed in it.
type RulePart struct {
	Key    string
	Fields []RuleField
	Folded bool
	Open   bool
	Choose string // key of a button that loads the form again, e.g. with the fields of the rule that was chosen
}

// RuleField is one input. ID is its name too.
type RuleField struct {
	ID      string
	Key     string // rules.field.<Key> is the label, rules.field.<Key>.hint says more; a key without a label is shown as Label
	Label   string
	Type    string // of the input, or "select", "check", "lines"
	Value   string
	Min     string
	Max     string
	Options []RuleGroup
	Checked bool
	Half    bool // stands beside another field where there is room
	Error   *RuleError
}

// RuleGroup is a group of choices; one without a label stands by itself.
type RuleGroup struct {
	Label   string
	Options []Option
}

// RuleError is a mistake beside a field: the safe sentence and the stable code. Field is empty when it belongs to none.
type RuleError struct{ Field, Message, Code string }

// RuleWhen is a day, or an instant when Clock is set: "Tuesday 7 April 2026, 24:00 Europe/Berlin".
type RuleWhen struct {
	On      calendar.Date
	Weekday string // key
	Clock   string
	Zone    string
}

// RuleVerdict is an answer in large: rules.says.<Key>, and when.
type RuleVerdict struct {
	Key  string
	When RuleWhen // zero when the key says it all
	Tone string   // "", "late" or "open"
}

// RuleRow is one field of the result: a date, a key of the catalogue or a text.
type RuleRow struct {
	Field string // rules.result.<Field> is its name
	When  RuleWhen
	Key   string
	Text  string
}

// RuleFinding is a fact that changed the outcome.
type RuleFinding struct{ Code, Message string }

// RuleLaw is the law that was applied.
type RuleLaw struct {
	Code, Name, Citation string
	From, To             calendar.Date // in force; zero: not dated
	Says                 []string      // what the rule says
	Note                 string
}

// RuleResult is the answer to a case.
type RuleResult struct {
	Verdicts []RuleVerdict
	Findings []RuleFinding
	Rows     []RuleRow
	Steps    []string
	Laws     []RuleLaw
	Link     string // path and query that show this result again; empty when it cannot be linked
	Case     string // as `habeas rules eval` reads it
	Answer   string // as `habeas rules eval` writes it
}

// RuleJSON is the form for a case that is written out.
type RuleJSON struct {
	Kind  string
	Kinds []Option
	Input string
}

// Rules is the page to try dates.
var Rules = &Page[RulesView]{"staff/rules", rulesExamples()}

func ruleTabs(current string) (tabs []RuleTab) {
	for _, kind := range []string{"request_deadline", "regime_deadline", "breach_deadline", "retention", "json"} {
		tabs = append(tabs, RuleTab{Kind: kind, Current: kind == current})
	}
	return tabs
}

func rulesExamples() []RulesView {
	place := []RuleGroup{{Options: []Option{{Value: "DE", Label: "Germany", Selected: true}}}}
	late := RuleError{Field: "asked1", Message: "A question was asked before the request was received.", Code: "question_before_request"}
	parts := func(wrong *RuleError) []RulePart {
		return []RulePart{
			{Key: "request", Choose: "rules.choose.country", Fields: []RuleField{
				{ID: "received_on", Key: "received_on", Type: "date", Value: "2026-03-05", Min: "2018-01-01", Max: "2200-12-31", Half: true},
				{ID: "country", Key: "country", Type: "select", Options: place},
			}},
			{Key: "pauses", Folded: true, Open: wrong != nil, Fields: []RuleField{
				{ID: "asked1", Key: "asked1", Type: "date", Value: "2026-03-01", Half: true, Error: wrong},
				{ID: "answered1", Key: "answered1", Type: "date", Half: true},
			}},
			{Key: "extension", Folded: true, Fields: []RuleField{{ID: "reasons", Key: "reasons", Type: "check", Checked: true}}},
		}
	}
	day := RuleWhen{On: calendar.Date{Year: 2026, Month: time.April, Day: 7}, Weekday: "weekday.2", Clock: "24:00", Zone: "Europe/Berlin"}
	result := &RuleResult{
		Verdicts: []RuleVerdict{{Key: "due_on", When: day}},
		Findings: []RuleFinding{{Code: "extension_without_reasons", Message: "The extension is not valid: the person was not given the reasons (GDPR Art. 12(3))."}},
		Rows: []RuleRow{
			{Field: "due_on", When: RuleWhen{On: day.On, Weekday: day.Weekday}},
			{Field: "paused", Key: "rules.no"},
			{Field: "paused_days", Text: "0"},
			{Field: "extended_due_on", Key: "rules.none"},
		},
		Steps: []string{"Received on 5 March 2026 in the controller's time zone (GDPR Art. 12(3)).", "That day does not count; 1 month later is 5 April 2026."},
		Laws:  []RuleLaw{{Code: "EU_GDPR", Name: "Regulation (EU) 2016/679 Art. 12", Citation: "GDPR Art. 12(3)", From: calendar.Date{Year: 2018, Month: time.May, Day: 25}, Says: []string{"One month."}, Note: "A convention."}},
		Link:  "/staff/rules?kind=request_deadline", Case: `{"id":"1"}`, Answer: `{"id":"1"}`,
	}
	open := &RuleResult{Verdicts: []RuleVerdict{{Key: "paused", Tone: "open"}}}
	return []RulesView{
		{Kind: "request_deadline", Tabs: ruleTabs("request_deadline"), Parts: parts(nil)},
		{Kind: "request_deadline", Tabs: ruleTabs("request_deadline"), Parts: parts(nil), Result: result},
		{Kind: "request_deadline", Tabs: ruleTabs("request_deadline"), Parts: parts(&late), Errors: []RuleError{late, {Message: "The case could not be computed.", Code: "internal"}}},
		{Kind: "json", Tabs: ruleTabs("json"), Result: open, JSON: &RuleJSON{
			Kind: "breach_content", Kinds: []Option{{Value: "breach_content", Label: "breach_content", Selected: true}}, Input: `{"to": "authority"}`,
		}},
	}
}
