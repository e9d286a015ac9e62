package walk_test

import (
	"context"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// world is a random schema with random rows: collections c0, c1, … with an id, identities and references to each other's id.
type world struct {
	collections []collection
	parts       int // over which the collections are spread in turn; 0: one
	rows        map[rowID]worldRow
}

type collection struct {
	email, phone bool
	refs         []ref
	dress
}

// dress is how a collection looks in a database, which is nothing to the walk.
type dress struct {
	pair     bool // the key has a second field, part
	words    bool // the id is text
	document bool // the email is part of a document
	masked   bool // its rows are masked and not deleted
}

type ref struct {
	to        int
	direction datamap.Direction
	mention   bool
	other     bool // of another type than what it refers to
}

type rowID struct{ collection, id int }

type worldRow struct {
	email, phone string
	refs         []int // id in the target; 0 is NULL
}

const me = "me@example.com"

func drawWorld(t *rapid.T, most int) *world {
	w := &world{rows: map[rowID]worldRow{}}
	n := rapid.IntRange(2, 5).Draw(t, "collections")
	for i := range n {
		c := collection{email: i == 0 || rapid.IntRange(0, 3).Draw(t, "email") == 0, phone: rapid.IntRange(0, 4).Draw(t, "phone") == 0}
		for range rapid.IntRange(0, 3).Draw(t, "refs") {
			c.refs = append(c.refs, ref{
				to: rapid.IntRange(0, n-1).Draw(t, "to"), direction: rapid.SampledFrom([]datamap.Direction{datamap.Both, datamap.From, datamap.To}).Draw(t, "direction"),
				mention: rapid.IntRange(0, 9).Draw(t, "mention") == 0,
			})
		}
		w.collections = append(w.collections, c)
	}
	counts := make([]int, n)
	for i := range counts {
		counts[i] = rapid.IntRange(0, most).Draw(t, "rows")
	}
	for i, c := range w.collections {
		for id := range counts[i] {
			r := worldRow{}
			if c.email {
				r.email = rapid.SampledFrom([]string{"", me, "you@example.com", "them@example.com"}).Draw(t, "mail")
			}
			if c.phone {
				r.phone = rapid.SampledFrom([]string{"", "+1", "+2"}).Draw(t, "number")
			}
			for _, f := range c.refs {
				r.refs = append(r.refs, rapid.IntRange(0, counts[f.to]).Draw(t, "ref"))
			}
			w.rows[rowID{i, id + 1}] = r
		}
	}
	return w
}

// dressed makes the collections of a world differ in their keys, types and ways of erasure.
func dressed(t *rapid.T, w *world) *world {
	some := func(label string) bool { return rapid.IntRange(0, 2).Draw(t, label) == 0 }
	for i := range w.collections {
		c := &w.collections[i]
		c.dress = dress{pair: some("pair"), words: some("words"), document: c.email && some("document")}
		c.masked = (c.email && !c.document || c.phone) && !c.document && some("masked")
		for j := range c.refs {
			c.refs[j].other = some("other")
		}
	}
	return w
}

func name(collection int) string { return fmt.Sprintf("c%d", collection) }

// systemOf is the name of the system of a part.
func systemOf(part int) string { return fmt.Sprintf("shop%d", part) }

func (w *world) datasets() []datamap.Dataset {
	parts := max(w.parts, 1)
	sets := make([]datamap.Dataset, parts)
	for p := range sets {
		sets[p] = datamap.Dataset{Key: setOf(p), System: systemOf(p)}
	}
	for i, c := range w.collections {
		fields := []datamap.Field{{Name: "id", PrimaryKey: true}}
		if c.pair {
			fields = append(fields, datamap.Field{Name: "part", PrimaryKey: true})
		}
		switch {
		case c.document:
			fields = append(fields, datamap.Field{Name: "doc", Fields: []datamap.Field{{Name: "email", Identity: "email"}}})
		case c.email:
			fields = append(fields, datamap.Field{Name: "email", Identity: "email"})
		}
		if c.phone {
			fields = append(fields, datamap.Field{Name: "phone", Identity: "phone_number"})
		}
		var composite [][]string
		for j, f := range c.refs {
			refer := func(field, into string) {
				fields = append(fields, datamap.Field{Name: field, Mention: f.mention, References: []datamap.Reference{
					{Dataset: setOf(f.to % parts), Collection: name(f.to), Field: into, Direction: f.direction},
				}})
			}
			refer(fmt.Sprintf("r%d", j), "id")
			if w.collections[f.to].pair {
				refer(fmt.Sprintf("r%dp", j), "part")
				composite = append(composite, []string{fmt.Sprintf("r%d", j), fmt.Sprintf("r%dp", j)})
			}
		}
		erase := datamap.EraseDelete
		if c.masked {
			erase = datamap.EraseMask
		}
		set := &sets[i%parts]
		set.Collections = append(set.Collections, datamap.Collection{Name: name(i), Erase: erase, Composite: composite, Fields: fields})
	}
	return slices.DeleteFunc(sets, func(d datamap.Dataset) bool { return len(d.Collections) == 0 })
}

func setOf(part int) string { return fmt.Sprintf("d%d", part) }

// link is a permitted step between two rows. Down leads to the row that refers to the other.
type link struct {
	from, to rowID
	down     bool
	mention  bool
}

func (w *world) links() []link {
	var list []link
	for child, row := range w.rows {
		for j, f := range w.collections[child.collection].refs {
			if row.refs[j] == 0 {
				continue
			}
			parent := rowID{f.to, row.refs[j]}
			if f.direction != datamap.To {
				list = append(list, link{parent, child, true, f.mention})
			}
			if f.direction != datamap.From {
				list = append(list, link{child, parent, false, f.mention})
			}
		}
	}
	return list
}

// truth is what a walk must find, reckoned from the definition in the package comment and nothing else.
type truth struct{ located, own, owned, shared map[rowID]bool }

func (w *world) truth() truth {
	links := w.links()
	tr := truth{map[rowID]bool{}, map[rowID]bool{}, map[rowID]bool{}, map[rowID]bool{}}
	others, unsure := map[rowID]bool{}, map[rowID]bool{}
	for id, r := range w.rows {
		tr.own[id] = r.email == me
		others[id] = r.email != "" && r.email != me
		unsure[id] = r.email == "" && r.phone != ""
	}
	// Owned: own rows, and what refers to an owned row.
	for id, is := range tr.own {
		tr.owned[id] = is
	}
	closure(links, tr.owned, func(l link) bool { return l.down && !others[l.to] })
	// Located: owned rows, and what these lead to. A row of which it is not sure whose it is counts if an owned row refers to it.
	uncertain := map[rowID]bool{}
	for id, is := range tr.owned {
		tr.located[id] = is
	}
	for _, l := range links {
		if tr.owned[l.from] && !l.down && !others[l.to] && !tr.owned[l.to] {
			tr.located[l.to] = true
			uncertain[l.to] = unsure[l.to]
		}
	}
	closure(links, tr.located, func(l link) bool { return !others[l.to] && (!unsure[l.to] || tr.owned[l.to] || uncertain[l.to]) })

	person := w.people()
	stranger := func(id rowID) bool { return !tr.located[id] }
	markable := func(id rowID) bool { return tr.located[id] && !tr.own[id] }
	// Claimed: it refers to a row that is not the subject's, or to a claimed row.
	for id, is := range uncertain {
		if is {
			tr.shared[id] = true
		}
	}
	for _, l := range links {
		if l.mention {
			continue
		}
		if l.down && markable(l.to) && stranger(l.from) && person[l.from.collection] {
			tr.shared[l.to] = true
		}
		if !l.down && markable(l.from) && stranger(l.to) {
			tr.shared[l.from] = true
		}
	}
	closure(links, tr.shared, func(l link) bool { return l.down && !l.mention && markable(l.to) })
	// Shared: a row that is not the subject's refers to it, or a shared row leads to it.
	for _, l := range links {
		if l.mention {
			continue
		}
		if !l.down && markable(l.to) && stranger(l.from) && person[l.from.collection] {
			tr.shared[l.to] = true
		}
		if l.down && markable(l.from) && stranger(l.to) {
			tr.shared[l.from] = true
		}
	}
	closure(links, tr.shared, func(l link) bool {
		return !l.mention && markable(l.to) && (!l.down || tr.owned[l.from] || !tr.owned[l.to])
	})
	return tr
}

// people are the collections to which an identity leads.
func (w *world) people() map[int]bool {
	reached := map[int]bool{}
	for i, c := range w.collections {
		reached[i] = c.email || c.phone
	}
	for range w.collections {
		for i, c := range w.collections {
			for _, f := range c.refs {
				reached[i] = reached[i] || f.direction != datamap.To && reached[f.to]
				reached[f.to] = reached[f.to] || f.direction != datamap.From && reached[i]
			}
		}
	}
	return reached
}

func closure(links []link, set map[rowID]bool, permitted func(link) bool) {
	for grown := true; grown; {
		grown = false
		for _, l := range links {
			if set[l.from] && !set[l.to] && permitted(l) {
				set[l.to], grown = true, true
			}
		}
	}
}

// part is the second half of a row's key.
func part(id int) datamap.Value { return datamap.Text(fmt.Sprintf("p%d", id%2)) }

// key is an id as a number, or as text.
func key(id int, words bool) datamap.Value {
	switch {
	case id == 0:
		return datamap.Null
	case words:
		return datamap.Text(fmt.Sprint(id))
	default:
		return datamap.Int(int64(id))
	}
}

// values are a row's columns and values, as datasets describes them.
func (w *world) values(id rowID) datamap.Row {
	c, r := w.collections[id.collection], w.rows[id]
	row := datamap.Row{Columns: []string{"id"}, Values: []datamap.Value{key(id.id, c.words)}}
	add := func(column string, v datamap.Value) {
		row.Columns, row.Values = append(row.Columns, column), append(row.Values, v)
	}
	text := func(s string) datamap.Value {
		if s == "" {
			return datamap.Null
		}
		return datamap.Text(s)
	}
	if c.pair {
		add("part", part(id.id))
	}
	switch {
	case c.document:
		add("doc.email", text(r.email))
	case c.email:
		add("email", text(r.email))
	}
	if c.phone {
		add("phone", text(r.phone))
	}
	for j, to := range r.refs {
		f := c.refs[j]
		add(fmt.Sprintf("r%d", j), key(to, w.collections[f.to].words != f.other))
		switch {
		case w.collections[f.to].pair && to == 0:
			add(fmt.Sprintf("r%dp", j), datamap.Null)
		case w.collections[f.to].pair:
			add(fmt.Sprintf("r%dp", j), part(to))
		}
	}
	return row
}

// Lookup makes a world a system.
func (w *world) Lookup(_ context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	for id := range w.rows {
		if name(id.collection) != q.Node.Table {
			continue
		}
		row := w.values(id)
		key := row.Pick(q.Fields)
		if !slices.ContainsFunc(q.Keys, func(k datamap.Key) bool { return slices.Equal(k, key) }) {
			continue
		}
		if err := yield(datamap.Row{Columns: q.Return, Values: row.Pick(q.Return)}); err == connectors.ErrStop { //nolint:errorlint // as the contract has it
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Ping is part of being a system.
func (w *world) Ping(context.Context) error { return nil }

// Close is part of being a system.
func (w *world) Close() error { return nil }
