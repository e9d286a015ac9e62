package rehearse

import (
	"context"
	"fmt"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
)

// Erased is what a rehearsed erasure did, and what is wrong with it.
type Erased struct {
	Deleted  int       `json:"deleted"`
	Masked   int       `json:"masked"`
	Blocked  []Blocked `json:"blocked"`
	Tables   []Table   `json:"tables"`   // in which rows went or changed
	Compared int       `json:"compared"` // tables compared row by row
	Others   int64     `json:"others"`   // rows in them that had to stay as they were
	Changed  int64     `json:"changed"`  // of these, at least so many did not
	Broken   []Count   `json:"broken"`   // foreign keys with rows that now refer to nothing
	Checked  int       `json:"checked"`  // rows that were looked for again
	Left     int       `json:"left"`     // of these, for so many the erasure is not in effect
	Hits     []Hit     `json:"hits"`     // columns in which a scan still finds an identity
	Unread   []string  `json:"unread"`   // systems that cannot be read whole, of which nothing is compared
	Unsought []string  `json:"unsought"` // systems and tables that the scan could not search
	Wrong    []string  `json:"wrong"`    // empty: the map does what it should
}

// Table is what became of the rows of one table.
type Table struct {
	System   string `json:"system"`
	Table    string `json:"table"`
	Gone     int    `json:"gone"`   // the person's rows
	Masked   int    `json:"masked"` // the person's rows that are not as they were
	Same     int    `json:"same"`   // the person's rows that might have changed and did not
	Changed  int64  `json:"changed"`
	Vanished int64  `json:"vanished"` // other rows fewer than before
}

// Hit is a column in which a scan still finds an identity.
type Hit struct {
	System   string `json:"system"`
	Table    string `json:"table"`
	Column   string `json:"column"`
	Rows     int64  `json:"rows"`
	Expected string `json:"expected,omitempty"` // why it may be there; empty: it should not
}

// Erase erases what the plan says, for good, and proves it: with a digest of every row of every table before and after, by asking the
// systems for every erased row again, and with scan by a search of every text for the person's identities.
func (r *Rehearsal) Erase(ctx context.Context, scan bool) (Erased, error) {
	t, err := r.tables(ctx)
	if err != nil {
		return Erased{}, err
	}
	keys := newForeignKeys(t.list)
	before, err := r.pictures(ctx, t, keys.before)
	if err != nil {
		return Erased{}, err
	}
	w, err := r.erase(ctx)
	if err != nil {
		return Erased{}, err
	}
	after, err := r.pictures(ctx, t, keys.after)
	if err != nil {
		return Erased{}, err
	}
	out := Erased{Blocked: append([]Blocked{}, w.blocked...), Unread: append([]string{}, t.skip...), Unsought: []string{}, Broken: keys.broken(), Hits: []Hit{}, Wrong: []string{}}
	for _, n := range r.Graph.Nodes {
		out.Deleted += len(w.deleted[n])
		out.Masked += len(w.masked[n])
		for _, h := range w.held[n] {
			out.Masked += len(h.keys)
		}
	}
	out.compare(before, after)
	if out.Checked, out.Left, err = r.left(ctx, w); err != nil {
		return out, err
	}
	if scan {
		if err := r.scan(ctx, &out); err != nil {
			return out, err
		}
	}
	out.judge()
	return out, nil
}

func (r *Rehearsal) pictures(ctx context.Context, t tables, see func(liveTable, datamap.Row, bool)) ([]*picture, error) {
	var list []*picture
	for _, table := range t.list {
		who := r.subjectsOf(t.list, table)
		p, err := takePicture(ctx, t.reader[table.system], table.system, table.Table, who, func(row datamap.Row, own bool) { see(table, row, own) })
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// compare tells what became of each table's rows.
func (e *Erased) compare(before, after []*picture) {
	e.Tables = []Table{}
	e.Compared = len(before)
	for i, b := range before {
		a := after[i]
		t := Table{System: b.system, Table: b.table.Name, Changed: b.changed(a), Vanished: max(b.rows-a.rows, 0)}
		for key, d := range b.own {
			now, there := a.own[key]
			switch {
			case !there:
				t.Gone++
			case now != d:
				t.Masked++
			default:
				t.Same++
			}
		}
		// A masked row without a key is another row to whoever reads the table: as many came as went.
		if came := a.rows - b.rows; len(b.table.Key) == 0 && came > 0 && came == int64(t.Gone) {
			t.Masked, t.Gone, t.Changed = t.Gone, 0, max(t.Changed-came, 0)
		}
		e.Others += b.rows
		e.Changed += t.Changed
		if t.Gone+t.Masked+t.Same > 0 || t.Changed > 0 {
			e.Tables = append(e.Tables, t)
		}
	}
}

// judge lists what is wrong.
func (e *Erased) judge() {
	wrong := func(n int64, format string, args ...any) {
		if n > 0 {
			e.Wrong = append(e.Wrong, fmt.Sprintf(format, args...))
		}
	}
	for _, t := range e.Tables {
		wrong(t.Changed, "At least %s of %s, not the person's, changed or went.", models.Count(t.Changed, "row"), t.Table)
	}
	for _, b := range e.Broken {
		wrong(int64(b.Rows), "Rows that refer to nothing by %s: %d.", b.What, b.Rows)
	}
	for _, b := range e.Blocked {
		wrong(int64(b.Rows), "%s of %s could not be erased (%s %s).", models.Count(b.Rows, "row"), b.Collection, b.Code, b.Detail)
	}
	wrong(int64(e.Left), "For %d of %s the erasure is not in effect.", e.Left, models.Count(e.Checked, "row"))
	for _, h := range e.Hits {
		if h.Expected == "" {
			wrong(h.Rows, "An identity of the person is still in %s of %s, column %s.", models.Count(h.Rows, "row"), h.Table, h.Column)
		}
	}
	for _, s := range e.Unread {
		wrong(1, "The system %s cannot be read whole, so that nothing proves that nobody else's rows changed there.", s)
	}
	for _, s := range e.Unsought {
		wrong(1, "The %s cannot be searched for the identities.", s)
	}
}

// scan looks for the identities everywhere.
func (r *Rehearsal) scan(ctx context.Context, out *Erased) error {
	var texts []models.Personal
	for _, i := range r.Identities {
		texts = append(texts, i.Value)
	}
	for _, name := range r.Graph.Systems() {
		system, err := r.Open(ctx, name)
		if err != nil {
			return err
		}
		scanner, ok := system.(connectors.Scanner)
		if !ok {
			out.Unsought = append(out.Unsought, "system "+name)
			continue
		}
		skipped, err := scanner.Scan(ctx, texts, func(h connectors.Hit) error {
			out.Hits = append(out.Hits, Hit{name, h.Table, h.Column, h.Rows, r.expected(name, h.Table)})
			return nil
		})
		if err != nil {
			return err
		}
		for _, s := range skipped {
			out.Unsought = append(out.Unsought, "table "+s+" of the system "+name)
		}
	}
	return nil
}

// expected says why an identity may still be in a table; "" when it may not.
func (r *Rehearsal) expected(system, table string) string {
	for _, n := range r.Graph.Nodes {
		if n.System != system || connectors.Find([]connectors.Table{{Name: table}}, n.Table) == nil {
			continue
		}
		for _, row := range r.rows[n] {
			switch g := r.groups[row.group]; {
			case g.Treatment() == models.TreatRetain:
				return "rows are retained by " + g.Rule
			case g.Treatment() == models.TreatKeep && g.Reason == plan.ReasonKeptByMap:
				return "the map keeps the collection"
			case g.Treatment() == models.TreatKeep:
				return "rows are kept, since the DPO has to decide (" + string(g.Reason) + ")"
			}
		}
	}
	return ""
}
