package datamapcli

import (
	"fmt"
	"io"
	"strings"

	"habeas/cmd/internal/datamapcli/rehearse"
	"habeas/models"
	"habeas/models/plan"
)

// text is a report for a terminal.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

func writeRehearsed(w io.Writer, r Rehearsed) error {
	t := &text{}
	if len(r.Collections) == 0 {
		t.line("Nothing was found by these identities.")
	}
	for _, c := range r.Collections {
		t.collection(c)
	}
	if len(r.Manual) > 0 {
		t.line("A person must look at: %s.", strings.Join(r.Manual, ", "))
	}
	if len(r.Empty) > 0 {
		t.line("Without rows of the person: %s.", strings.Join(r.Empty, ", "))
	}
	if r.Erased != nil {
		t.erased(*r.Erased)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

func (t *text) collection(c rehearse.Collection) {
	shared := ""
	if c.Shared > 0 {
		shared = fmt.Sprintf(", %d of them shared", c.Shared)
	}
	t.line("%s: %s%s", c.Collection, models.Count(c.Rows, "row"), shared)
	for _, p := range c.Paths {
		t.line("  %6d by %s", p.Rows, p.What)
	}
	for _, y := range c.Why {
		t.line("  %6d shared: %s", y.Rows, y.What)
	}
	for _, g := range c.Groups {
		t.line("  %6d would be %s", g.Rows, fate(g))
	}
	t.line("")
}

// fate is what would become of a group's rows, in words.
func fate(g plan.Group) string {
	words := map[models.Treatment]string{
		models.TreatErase: "deleted", models.TreatMask: "masked", models.TreatRetain: "retained", models.TreatKeep: "kept", models.TreatRefer: "shown to the DPO",
	}
	text := words[g.Treatment()]
	switch {
	case g.Reason == plan.ReasonKeptByMap:
		text += ": the map erases nothing here"
	case g.Proposed == models.TreatRefer:
		text = "shown to the DPO (" + strings.ReplaceAll(string(g.Reason), "_", " ") + "); here " + text
	}
	if g.Explanation != "" {
		text += ", " + g.Explanation
		if len(g.HeldFields) > 0 {
			text += "; only " + strings.Join(g.HeldFields, ", ") + ", the rest is masked"
		}
	}
	return text
}

func (t *text) erased(e rehearse.Erased) {
	t.line("Erased: %s deleted, %s masked.", models.Count(e.Deleted, "row"), models.Count(e.Masked, "row"))
	for _, table := range e.Tables {
		t.line("  %s: %d gone, %d masked, %d as before; %d other rows changed", table.Table, table.Gone, table.Masked, table.Same, table.Changed)
	}
	t.line("Compared: %s with %s that had to stay as they were; %d changed; %s broken.", models.Count(e.Compared, "table"), models.Count(e.Others, "row"), e.Changed, models.Count(len(e.Broken), "foreign key"))
	t.line("Proved: %s looked for again, %d left.", models.Count(e.Checked, "row"), e.Left)
	for _, h := range e.Hits {
		why := h.Expected
		if why == "" {
			why = "nothing explains it"
		}
		t.line("Scan: an identity in %s of %s, column %s: %s.", models.Count(h.Rows, "row"), h.Table, h.Column, why)
	}
	for _, w := range e.Wrong {
		t.line("WRONG: %s", w)
	}
	if len(e.Wrong) == 0 {
		t.line("Nothing is wrong.")
	}
}
