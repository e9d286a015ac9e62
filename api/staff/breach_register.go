package staff

import (
	"strconv"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/store"
	"habeas/templates/notification"
)

// registerEntry is a breach in the register's file: its facts, effects, remedies and reasoning.
func registerEntry(b store.Breach, names map[models.ID]string) map[string]any {
	out := map[string]any{
		"reference": b.Reference, "exercise": b.Drill, "state": b.State, "source": b.Source, "reported_at": stamp(b.ReportedAt, b.Zone), "aware_at": stamp(b.AwareAt, b.Zone),
		"facts": b.Known.Nature.Reveal(), "effects": b.Known.Consequences.Reveal(), "remedial_action": b.Known.Measures.Reveal(), "approximate_persons": b.Known.Persons,
		"approximate_records": b.Known.Records, "person_categories": b.Known.PersonKinds, "record_categories": b.Known.Categories, "risk": b.Risk, "duties": b.Duties.Steps, "processor": names[b.Recipient],
		"closed_at": stamp(b.ClosedAt, b.Zone),
	}
	var events, customers []map[string]any
	for _, e := range b.Events {
		row := eventRow(e, b.Zone, names)
		texts := []string{}
		for _, w := range row.Words {
			texts = append(texts, w.Reveal())
		}
		events = append(events, map[string]any{"no": e.No, "at": stamp(e.At, b.Zone), "kind": e.Kind, "by": e.Actor.Role, "facts": row.Lines, "texts": texts})
	}
	for _, c := range b.Customers {
		customers = append(customers, map[string]any{"controller": names[c.ID], "told_at": stamp(c.ToldAt, b.Zone), "acknowledged_at": stamp(c.AnsweredAt, b.Zone)})
	}
	out["events"], out["customers"] = events, customers
	return out
}

func stamp(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format(time.RFC3339)
}

// registerColumns are those of the register as a table.
var registerColumns = []string{
	"reference", "exercise", "state", "source", "processor", "reported_at", "aware_at", "closed_at", "facts", "effects", "remedial_action", "approximate_persons",
	"approximate_records", "person_categories", "record_categories", "risk", "reasoning", "authorities_notified", "persons_told_at", "customers_told",
}

func registerLine(b store.Breach, names map[models.ID]string) []string {
	var reasons, phases, customers []string
	for _, e := range b.Events {
		if e.Kind == register.Decided || e.Kind == register.Dismissed {
			reasons = append(reasons, e.Words.Reason.Reveal())
		}
	}
	for _, p := range b.Phases {
		phases = append(phases, p.Authority+" phase "+strconv.Itoa(p.Phase)+" "+stamp(p.At, b.Zone))
	}
	for _, c := range b.Customers {
		customers = append(customers, names[c.ID]+" "+stamp(c.ToldAt, b.Zone))
	}
	line := []string{
		b.Reference, strconv.FormatBool(b.Drill), string(b.State), string(b.Source), names[b.Recipient], stamp(b.ReportedAt, b.Zone), stamp(b.AwareAt, b.Zone), stamp(b.ClosedAt, b.Zone),
		b.Known.Nature.Reveal(), b.Known.Consequences.Reveal(), b.Known.Measures.Reveal(), approximate(b.Known.Persons), approximate(b.Known.Records), strings.Join(b.Known.PersonKinds, "; "),
		strings.Join(b.Known.Categories, "; "), string(b.Risk), strings.Join(reasons, "; "), strings.Join(phases, "; "), stamp(b.MessagedAt, b.Zone), strings.Join(customers, "; "),
	}
	return line
}

// registerRows is a breach in the register as a document.
func registerRows(b store.Breach, names map[models.ID]string) notification.Entry {
	out := notification.Entry{Reference: b.Reference}
	for i, text := range registerLine(b, names) {
		out.Rows = append(out.Rows, [2]string{strings.ReplaceAll(registerColumns[i], "_", " "), text})
	}
	return out
}

func approximate(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// harmless keeps a spreadsheet from taking what strangers wrote for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
