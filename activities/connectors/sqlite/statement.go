package sqlite

import (
	"fmt"
	"strings"

	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

// Name quotes a name.
func (dialect) Name(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, p := range parts {
		quoted[i] = `"` + strings.ReplaceAll(p, `"`, `""`) + `"`
	}
	return strings.Join(quoted, ".")
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// Read hides the declared type by a plus, so that the driver gives what is there and makes nothing of it.
func (d dialect) Read(c *relational.Column) string {
	if len(c.Path) == 0 {
		return "+t." + d.Name(c.Name)
	}
	return d.part(c)
}

// part is a part of a document as text; NULL where the document is none.
func (d dialect) part(c *relational.Column) string {
	doc, path := "t."+d.Name(c.Name), "$"
	for _, p := range c.Path {
		path += `."` + p + `"`
	}
	path = literal(path)
	return fmt.Sprintf("CASE WHEN json_valid(%[1]s) THEN CASE json_type(%[1]s, %[2]s) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(%[1]s ->> %[2]s AS TEXT) END END", doc, path)
}

// Exact is the column, compared byte by byte.
func (d dialect) Exact(c *relational.Column) string {
	switch {
	case len(c.Path) > 0:
		return d.part(c)
	case c.Collation != "":
		return "t." + d.Name(c.Name) + " COLLATE BINARY"
	default:
		return "t." + d.Name(c.Name)
	}
}

// Operand is the form itself, but for bytes.
func (dialect) Operand(c *relational.Column, form string) string {
	if c.Kind == datamap.KindBytes {
		return "habeas_bytes(" + form + ")"
	}
	return form
}

// Same is IS, for which NULL equals NULL.
func (dialect) Same(left, right string) string { return left + " IS " + right }

// Write is the operand.
func (d dialect) Write(c *relational.Column, form string) string { return d.Operand(c, form) }

// Everything is the table alone.
func (d dialect) Everything(t *relational.Table) relational.Match {
	return relational.Match{From: relational.Fragment{SQL: d.Name("main", t.Name) + " AS t"}}
}

// Match looks keys up in a list, which lets an index on the columns serve.
func (d dialect) Match(t *relational.Table, columns []*relational.Column, keys string, fold bool) relational.Match {
	m := d.Everything(t)
	if fold {
		m.Where = relational.Fragment{SQL: d.folded(columns[0], ascii(keys)), Args: []any{keys}}
		return m
	}
	arrays, collated := false, false
	for _, c := range columns {
		arrays = arrays || c.Array
		collated = collated || c.Collation != ""
	}
	if arrays {
		m.Where = relational.Fragment{SQL: d.overlaps(columns), Args: []any{keys}}
		return m
	}
	var exact, bare, forms []string
	for i, c := range columns {
		exact = append(exact, d.Exact(c))
		if len(c.Path) == 0 {
			bare = append(bare, "t."+d.Name(c.Name))
		} else {
			bare = append(bare, d.part(c))
		}
		forms = append(forms, d.Operand(c, form(i)))
	}
	in := " IN (SELECT " + strings.Join(forms, ", ") + " FROM json_each(?) AS k)"
	m.Where = relational.Fragment{SQL: tuple(bare) + in, Args: []any{keys}}
	if collated { // the first comparison lets the index serve, the second one is exact
		m.Where = relational.Fragment{SQL: tuple(bare) + in + " AND " + tuple(exact) + in, Args: []any{keys, keys}}
	}
	return m
}

func form(i int) string { return fmt.Sprintf("k.value ->> %d", i) }

func tuple(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 126 })
}

// folded compares by SQLite's own function, for which there may be an index, as long as the addresses are ASCII.
func (d dialect) folded(c *relational.Column, plain bool) string {
	list := " IN (SELECT " + form(0) + " FROM json_each(?) AS k)"
	function := func(operand string) string {
		if plain {
			return "lower(trim(" + operand + "))"
		}
		return "habeas_fold(" + operand + ")"
	}
	if c.Array {
		return "EXISTS (SELECT 1 FROM json_each(" + d.document(c) + ") AS e WHERE " + function("e.value") + list + ")"
	}
	if len(c.Path) > 0 {
		return function(d.part(c)) + list
	}
	return function("t."+d.Name(c.Name)) + list
}

// document is a column's value as JSON that can be taken apart; NULL when it cannot.
func (d dialect) document(c *relational.Column) string {
	name := "t." + d.Name(c.Name)
	return "CASE WHEN json_valid(" + name + ") THEN " + name + " END"
}

func (d dialect) overlaps(columns []*relational.Column) string {
	var parts []string
	for i, c := range columns {
		if c.Array {
			parts = append(parts, form(i)+" IN (SELECT e.value FROM json_each("+d.document(c)+") AS e)")
		} else {
			parts = append(parts, d.Exact(c)+" = "+d.Operand(c, form(i)))
		}
	}
	return "EXISTS (SELECT 1 FROM json_each(?) AS k WHERE " + strings.Join(parts, " AND ") + ")"
}

// Set is the column.
func (d dialect) Set(c *relational.Column) string { return d.Name(c.Name) }

// Delete is a DELETE.
func (dialect) Delete(_ *relational.Table, m relational.Match) relational.Fragment {
	return relational.Statement("DELETE FROM ", m.From, " WHERE ", m.Where)
}

// Update is an UPDATE.
func (dialect) Update(_ *relational.Table, m relational.Match, sets relational.Fragment) relational.Fragment {
	return relational.Statement("UPDATE ", m.From, " SET ", sets, " WHERE ", m.Where)
}

// Overwrite is an UPDATE from a list.
func (d dialect) Overwrite(t *relational.Table, key, values []*relational.Column, rows string, sets, where relational.Fragment) relational.Fragment {
	var assignments, conditions []string
	for i, c := range values {
		assignments = append(assignments, d.Set(c)+" = "+d.Write(c, form(len(key)+i)))
	}
	list := relational.Fragment{SQL: strings.Join(assignments, ", ")}
	if sets.SQL != "" {
		list = relational.Statement("", list, ", ", sets)
	}
	for i, c := range key {
		conditions = append(conditions, d.Exact(c)+" = "+d.Operand(c, form(i)))
	}
	if where.SQL != "" {
		conditions = append(conditions, where.SQL)
	}
	found := relational.Fragment{SQL: strings.Join(conditions, " AND "), Args: where.Args}
	return relational.Statement("UPDATE ", d.Everything(t).From, " SET ", list, " FROM json_each(?) AS k WHERE ", relational.Fragment{SQL: found.SQL, Args: append([]any{rows}, found.Args...)})
}

// Lock is nothing: a transaction that may write has the whole file.
func (dialect) Lock() string { return "" }

// Begin takes the right to write at once, so that no transaction has to give up in its middle.
func (dialect) Begin() []string { return []string{"BEGIN IMMEDIATE"} }

// RowByRow is false: foreign keys are checked after the statement.
func (dialect) RowByRow() bool { return false }

// Contains is a function of our own, which knows all letters.
func (d dialect) Contains(c *relational.Column, texts []string) relational.Fragment {
	return relational.Fragment{SQL: "habeas_holds(t." + d.Name(c.Name) + ", ?)", Args: []any{strings.Join(texts, separator)}}
}

// Unlimited is nothing: a connection has no limits.
func (dialect) Unlimited() []string { return nil }

// Folding looks for an index on the function that folded uses.
func (d dialect) Folding(t *relational.Table, c *relational.Column) string {
	for _, i := range t.Indexes {
		if strings.Contains(i.Definition, "(lower(trim("+strings.ToLower(c.Name)+"))") {
			return ""
		}
	}
	return fmt.Sprintf("CREATE INDEX %s_by_%s ON %s (lower(trim(%s)));", t.Name, c.Name, t.Name, c.Name)
}
