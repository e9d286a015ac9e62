package mysql

import (
	"encoding/json"
	"fmt"
	"strings"

	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

// Everything is the table alone.
func (d dialect) Everything(t *relational.Table) relational.Match {
	return relational.Match{From: relational.Fragment{SQL: d.table(t)}}
}

func (d dialect) table(t *relational.Table) string { return d.Name(t.Place, t.Name) + " AS t" }

// Match joins the keys to the table. Where an index leads to the rows, each key is looked up in it; else the table is read once, and
// each row is looked up among the keys.
func (d dialect) Match(t *relational.Table, columns []*relational.Column, keys string, fold bool) relational.Match {
	single := columns[0]
	switch {
	case fold && single.Array, single.Array && len(columns) == 1:
		return d.overlap(t, single, keys, fold)
	case fold && single.Folded != "" && len(single.Path) == 0:
		made := *single
		made.Name = single.Folded
		return d.indexed(t, []*relational.Column{&made}, keys)
	case fold:
		return d.scanned(t, []*relational.Column{single}, keys, func(c *relational.Column) string { return "LOWER(TRIM(CONVERT(" + d.Read(c) + " USING utf8mb4)))" })
	case t.Indexed(columns):
		return d.indexed(t, columns, keys)
	default:
		return d.scanned(t, columns, keys, d.Read)
	}
}

// list is the keys, and values, as a table k.
func (d dialect) list(columns []*relational.Column, rows string, values int) relational.Fragment {
	var types []string
	for i, c := range columns {
		typ := "LONGTEXT CHARACTER SET utf8mb4"
		if len(c.Path) == 0 && (c.Kind == datamap.KindInt || c.Kind == datamap.KindBool) {
			typ = "BIGINT"
			if unsigned(c) {
				typ = "BIGINT UNSIGNED"
			}
		}
		types = append(types, fmt.Sprintf("k%d %s PATH '$[%d]'", i, typ, i))
	}
	for i := range values {
		types = append(types, fmt.Sprintf("v%d LONGTEXT CHARACTER SET utf8mb4 PATH '$[%d]'", i, len(columns)+i))
	}
	return relational.Fragment{SQL: "JSON_TABLE(?, '$[*]' COLUMNS (" + strings.Join(types, ", ") + ")) AS k", Args: []any{rows}}
}

func form(i int) string { return fmt.Sprintf("k.k%d", i) }

func (d dialect) indexed(t *relational.Table, columns []*relational.Column, keys string) relational.Match {
	list := d.list(columns, keys, 0)
	return relational.Match{
		From:  relational.Fragment{SQL: list.SQL + " STRAIGHT_JOIN " + d.table(t), Args: list.Args},
		Where: relational.Fragment{SQL: d.equal(columns)},
	}
}

// equal is the condition that a row has a key of the list: for text first as the column's collation has it, which its index can
// answer, and then exactly.
func (d dialect) equal(columns []*relational.Column) string {
	var conditions []string
	for i, c := range columns {
		if c.Array {
			conditions = append(conditions, "JSON_OVERLAPS("+d.name(c)+", JSON_ARRAY("+form(i)+"))")
			continue
		}
		if textual(c) && len(c.Path) == 0 && c.Charset != "" {
			conditions = append(conditions, d.name(c)+" = CONVERT("+form(i)+" USING "+c.Charset+") COLLATE "+c.Collation)
		}
		conditions = append(conditions, d.Exact(c)+" = "+d.Operand(c, form(i)))
	}
	return strings.Join(conditions, " AND ")
}

// scanned compares texts by a digest, so that the server can make an index of the keys.
func (d dialect) scanned(t *relational.Table, columns []*relational.Column, keys string, read func(*relational.Column) string) relational.Match {
	var operands, conditions, arrays []string
	for i, c := range columns {
		left, right := read(c), d.Operand(c, form(i))
		switch {
		case c.Array:
			right = form(i)
			arrays = append(arrays, fmt.Sprintf("JSON_OVERLAPS(%s, JSON_ARRAY(d.c%d))", d.name(c), i))
		case textual(c):
			left, right = digest(left), digest(form(i))
		case c.Kind == datamap.KindBytes:
			left, right = "SHA2("+left+", 256)", "SHA2("+right+", 256)"
		}
		operands = append(operands, fmt.Sprintf("%s AS c%d", right, i))
		if !c.Array {
			conditions = append(conditions, fmt.Sprintf("%s = d.c%d", left, i))
		}
	}
	list := d.list(columns, keys, 0)
	return relational.Match{
		From: relational.Fragment{
			SQL: d.table(t) + " STRAIGHT_JOIN (SELECT DISTINCT " + strings.Join(operands, ", ") + " FROM " + list.SQL + ") AS d", Args: list.Args,
		},
		Where: relational.Fragment{SQL: strings.Join(append(conditions, arrays...), " AND ")},
	}
}

func digest(expression string) string { return "SHA2(" + binary(expression) + ", 256)" }

// overlap finds lists that have one of the keys among their elements.
func (d dialect) overlap(t *relational.Table, c *relational.Column, keys string, fold bool) relational.Match {
	var lists [][]json.RawMessage
	if err := json.Unmarshal([]byte(keys), &lists); err != nil {
		lists = nil // keys are made by package relational, as JSON
	}
	var flat []json.RawMessage
	for _, l := range lists {
		flat = append(flat, l...)
	}
	text, err := json.Marshal(flat)
	if err != nil {
		text = []byte("[]")
	}
	operand := d.name(c)
	if fold {
		operand = "LOWER(CONVERT(" + operand + " USING utf8mb4))"
	}
	m := d.Everything(t)
	m.Where = relational.Fragment{SQL: "JSON_OVERLAPS(" + operand + ", ?)", Args: []any{string(text)}}
	return m
}

// Delete is a DELETE from the joined table.
func (dialect) Delete(_ *relational.Table, m relational.Match) relational.Fragment {
	return relational.Statement("DELETE t FROM ", m.From, " WHERE ", m.Where)
}

// Update is an UPDATE of the joined table.
func (dialect) Update(_ *relational.Table, m relational.Match, sets relational.Fragment) relational.Fragment {
	return relational.Statement("UPDATE ", m.From, " SET ", sets, " WHERE ", m.Where)
}

// Overwrite joins keys with values.
func (d dialect) Overwrite(t *relational.Table, key, values []*relational.Column, rows string, sets, where relational.Fragment) relational.Fragment {
	var assignments []string
	for i, c := range values {
		assignments = append(assignments, d.Set(c)+" = "+d.Write(c, fmt.Sprintf("k.v%d", i)))
	}
	all := relational.Fragment{SQL: strings.Join(assignments, ", ")}
	if sets.SQL != "" {
		all = relational.Statement("", all, ", ", sets)
	}
	condition := relational.Fragment{SQL: "1 = 1"}
	if len(key) > 0 {
		condition = relational.Fragment{SQL: d.equal(key)}
	}
	if where.SQL != "" {
		condition = relational.Statement("", condition, " AND ", where)
	}
	return relational.Statement("UPDATE ", d.list(key, rows, len(values)), " STRAIGHT_JOIN "+d.table(t)+" SET ", all, " WHERE ", condition)
}

// Lock locks the rows that are read.
func (dialect) Lock() string { return " FOR UPDATE" }

// Begin locks rows and no gaps between them, so that nobody who writes other rows has to wait.
func (dialect) Begin() []string {
	return []string{"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"}
}

// RowByRow is true: InnoDB does not wait for the end of a statement.
func (dialect) RowByRow() bool { return true }

// Contains looks for texts in lower case.
func (d dialect) Contains(c *relational.Column, texts []string) relational.Fragment {
	var conditions []string
	var args []any
	places := []string{d.name(c)}
	if c.Kind == datamap.KindJSON { // MariaDB keeps a document as it was written
		places = append(places, `JSON_UNQUOTE(CONCAT('"', REPLACE(REPLACE(`+d.name(c)+`, '\\"', ''''), '"', ' '), '"'))`)
	}
	for _, text := range texts {
		for _, place := range places {
			conditions = append(conditions, "LOCATE(?, LOWER(CONVERT("+place+" USING utf8mb4)) COLLATE utf8mb4_bin) > 0")
			args = append(args, text)
		}
	}
	return relational.Fragment{SQL: "(" + strings.Join(conditions, " OR ") + ")", Args: args}
}

// Unlimited lifts the limit on a statement, by the name that it has in this kind of server.
func (dialect) Unlimited() []string {
	return []string{"SET SESSION /*M!100101 max_statement_time=0 */ /*!80000 max_execution_time=0 */"}
}

// Folding asks for a column of folded values, since indexes on expressions are not in all versions.
func (d dialect) Folding(t *relational.Table, c *relational.Column) string {
	if c.Folded != "" {
		return ""
	}
	typ := c.Type
	if c.Kind != datamap.KindText || len(c.Path) > 0 || strings.HasSuffix(c.Base, "text") {
		typ = "varchar(320)"
	}
	return fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s_folded %s AS (LOWER(TRIM(%s))) STORED, ADD INDEX (%s_folded);", t.Title, c.Name, typ, c.Name, c.Name)
}
