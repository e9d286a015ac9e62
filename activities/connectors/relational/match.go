package relational

import (
	"encoding/json"

	"habeas/models/datamap"
)

// group is keys that are NULL in the same columns.
type group struct {
	columns []*Column // those with values
	nulls   []*Column
	keys    []datamap.Key
	forms   [][][]any // for each key, the lists of forms by column under which its row may be found
}

// groups sorts keys by where they are NULL, each key once, and leaves out those that no row of these columns can have.
func (s *System) groups(columns []*Column, keys []datamap.Key, fold bool) []*group {
	var list []*group
	byNulls := map[string]*group{}
	seen := map[string]bool{}
	for _, key := range keys {
		pattern, forms := s.encodeKey(columns, key, fold)
		if len(forms) == 0 {
			continue
		}
		id := pattern + marshal(forms)
		if seen[id] {
			continue
		}
		seen[id] = true
		g := byNulls[pattern]
		if g == nil {
			g = newGroup(columns, pattern)
			byNulls[pattern] = g
			list = append(list, g)
		}
		g.keys = append(g.keys, key)
		g.forms = append(g.forms, forms)
	}
	return list
}

// encodeKey gives for each column n or v, as it is NULL or not, and all combinations of the forms of those that are not.
func (s *System) encodeKey(columns []*Column, key datamap.Key, fold bool) (pattern string, forms [][]any) {
	if len(key) != len(columns) {
		return "", nil
	}
	forms = [][]any{{}}
	for i, c := range columns {
		if key[i].IsNull() {
			pattern += "n"
			continue
		}
		pattern += "v"
		var each []any
		switch {
		case fold:
			each = []any{datamap.Fold(datamap.IdentityEmail, key[i].Text())}
		case c.Array:
			each = Elements(key[i])
		default:
			each = s.dialect.Encode(c, key[i])
		}
		var longer [][]any
		for _, f := range forms {
			for _, e := range each {
				longer = append(longer, append(f[:len(f):len(f)], e))
			}
		}
		forms = longer
	}
	return pattern, forms
}

func newGroup(columns []*Column, pattern string) *group {
	g := &group{}
	for i, c := range columns {
		if pattern[i] == 'n' {
			g.nulls = append(g.nulls, c)
		} else {
			g.columns = append(g.columns, c)
		}
	}
	return g
}

func (g *group) slice(from, to int) *group {
	return &group{columns: g.columns, nulls: g.nulls, keys: g.keys[from:to], forms: g.forms[from:to]}
}

// match finds the rows of a group's keys.
func (s *System) match(t *Table, g *group, fold bool) Match {
	m := s.dialect.Everything(t)
	if len(g.columns) > 0 {
		var all [][]any
		for _, forms := range g.forms {
			all = append(all, forms...)
		}
		m = s.dialect.Match(t, g.columns, marshal(all), fold)
	}
	for _, c := range g.nulls {
		m.Where = m.Where.and(Fragment{SQL: s.dialect.Read(c) + " IS NULL"})
	}
	return m
}

// marshal is JSON; forms are texts and numbers, which always have one.
func marshal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Statement puts words, which are strings, and fragments together.
func Statement(parts ...any) Fragment {
	var f Fragment
	for _, p := range parts {
		switch x := p.(type) {
		case string:
			f.SQL += x
		case Fragment:
			f.SQL += x.SQL
			f.Args = append(f.Args, x.Args...)
		}
	}
	return f
}

func join(parts ...Fragment) Fragment {
	var f Fragment
	for _, p := range parts {
		f.SQL += p.SQL
		f.Args = append(f.Args, p.Args...)
	}
	return f
}

func plain(sql string) Fragment { return Fragment{SQL: sql} }

func (f Fragment) and(other Fragment) Fragment {
	if f.SQL == "" {
		return other
	}
	return join(f, plain(" AND "), other)
}

// selected is SELECT of expressions from the rows of a match.
func (m Match) selected(expressions []Fragment) Fragment {
	list := plain("SELECT ")
	for i, e := range expressions {
		if i > 0 {
			list = join(list, plain(", "))
		}
		list = join(list, e)
	}
	list = join(list, plain(" FROM "), m.From)
	if m.Where.SQL != "" {
		list = join(list, plain(" WHERE "), m.Where)
	}
	return list
}

// reads are the columns as Decode takes them.
func (s *System) reads(columns []*Column) []Fragment {
	list := make([]Fragment, len(columns))
	for i, c := range columns {
		list[i] = plain(s.dialect.Read(c))
	}
	return list
}
