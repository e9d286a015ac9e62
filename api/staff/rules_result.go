package staff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"habeas/models/calendar"
	"habeas/templates"
)

// resultView lists an answer's fields in their order, its findings and steps apart, and says what counts most in large.
func resultView(kind string, result json.RawMessage, zone *time.Location) *templates.RuleResult {
	r := &templates.RuleResult{}
	for _, m := range fieldsOf(result) {
		switch m.name {
		case "steps":
			r.Steps = listOf[string](m.raw)
		case "findings":
			r.Findings = listOf[templates.RuleFinding](m.raw)
		case "missing":
			r.Findings = append(r.Findings, listOf[templates.RuleFinding](m.raw)...)
		default:
			r.Rows = append(r.Rows, rowOf(m, zone))
		}
	}
	r.Verdicts = verdicts(kind, r.Rows, zone)
	return r
}

type field struct {
	name string
	raw  json.RawMessage
}

// fieldsOf takes an object apart in the order in which it was written.
func fieldsOf(object json.RawMessage) (out []field) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		return nil
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return out
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return out
		}
		out = append(out, field{fmt.Sprint(name), value})
	}
	return out
}

// listOf is nil when the value is another sort of list.
func listOf[T any](raw json.RawMessage) (list []T) {
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// textOf is one text of an object; empty when it has none.
func textOf(object json.RawMessage, name string) string {
	for _, m := range fieldsOf(object) {
		var s string
		if m.name == name && json.Unmarshal(m.raw, &s) == nil {
			return s
		}
	}
	return ""
}

// named are the fields whose values are words of the catalogue.
var named = []string{"status", "erasure_exemption", "level"}

func rowOf(m field, zone *time.Location) templates.RuleRow {
	row := templates.RuleRow{Field: m.name, Text: string(m.raw)}
	var s string
	switch {
	case string(m.raw) == "null" || string(m.raw) == `""`:
		row.Key = "rules.none"
	case string(m.raw) == "true":
		row.Key = "rules.yes"
	case string(m.raw) == "false":
		row.Key = "rules.no"
	case json.Unmarshal(m.raw, &s) == nil:
		row.Text = s
		if slices.Contains(named, m.name) {
			row.Key = "rules.value." + s
		} else if d, err := calendar.ParseDate(s); err == nil {
			row.When = day(d)
		} else if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			row.When = moment(at, zone)
		}
	}
	return row
}

func day(d calendar.Date) templates.RuleWhen {
	return templates.RuleWhen{On: d, Weekday: "weekday." + strconv.Itoa(int(d.Weekday()))}
}

// moment is an instant to the second where it has one, since a second late is late.
func moment(at time.Time, zone *time.Location) templates.RuleWhen {
	if zone != nil {
		at = at.In(zone)
	}
	w := day(calendar.DateOf(at))
	w.Clock, w.Zone = at.Format("15:04"), at.Format("-07:00")
	if at.Second() != 0 || at.Nanosecond() != 0 {
		w.Clock = at.Format("15:04:05.999999999")
	}
	if zone != nil {
		w.Zone = zone.String() + " (" + w.Zone + ")"
	}
	return w
}

// leading are the fields of a result that are said in large; for a regime they are all its dates.
var leading = map[string][]string{
	"breach_deadline": {"due_at", "processor_due_at"}, "retention": {"hold_through", "erasable_from"},
}

func verdicts(kind string, rows []templates.RuleRow, zone *time.Location) (out []templates.RuleVerdict) {
	facts := map[string]templates.RuleRow{}
	for _, row := range rows {
		facts[row.Field] = row
	}
	if kind == "request_deadline" {
		return []templates.RuleVerdict{requestVerdict(facts, zone)}
	}
	for _, row := range rows {
		if names := leading[kind]; row.When.Weekday != "" && (names == nil || slices.Contains(names, row.Field)) {
			out = append(out, templates.RuleVerdict{Key: row.Field, When: row.When})
		}
	}
	switch {
	case facts["open"].Key == "rules.yes":
		out = append(out, templates.RuleVerdict{Key: "open", Tone: "open"})
	case kind == "breach_deadline" && facts["due_at"].When.Weekday == "":
		out = append(out, templates.RuleVerdict{Key: "not_started", Tone: "open"})
	case facts["timely"].Key == "rules.no":
		out = append(out, templates.RuleVerdict{Key: "late", Tone: "late"})
	case facts["timely"].Key == "rules.yes":
		out = append(out, templates.RuleVerdict{Key: "timely", Tone: "good"})
	case facts["complete"].Key != "":
		out = append(out, templates.RuleVerdict{Key: "complete." + facts["complete"].Key[len("rules."):], Tone: "open"})
	case facts["level"].Key != "":
		out = append(out, templates.RuleVerdict{Key: "level." + facts["level"].Text, Tone: "open"})
	}
	return out
}

// requestVerdict is the day that counts, with the last hour in it.
func requestVerdict(facts map[string]templates.RuleRow, zone *time.Location) templates.RuleVerdict {
	v := templates.RuleVerdict{Key: "due_on", When: facts["due_on"].When}
	if facts["status"].Text == "extended" {
		v = templates.RuleVerdict{Key: "extended_due_on", When: facts["extended_due_on"].When}
	}
	if v.When.Weekday == "" {
		return templates.RuleVerdict{Key: "paused", Tone: "open"}
	}
	v.When.Clock = "24:00"
	if zone != nil {
		v.When.Zone = zone.String()
	}
	return v
}
