package drift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/detect"
	"habeas/models/datamap"
)

// Change is one difference between the map and a system.
type Change struct {
	System string `json:"system"`
	Code   string `json:"code"` // one of the codes below
	Table  string `json:"table"`
	Column string `json:"column,omitempty"`
	What   string `json:"what"`   // one sentence
	Missed bool   `json:"missed"` // personal data that the map misses, or something that will not work
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
}

// The codes of changes.
const (
	NewTable      = "new_table"
	NewColumn     = "new_column"
	DroppedTable  = "dropped_table"
	DroppedColumn = "dropped_column"
	NewType       = "changed_type"
	NewKey        = "changed_key"
	NewReference  = "new_reference"
	Unmapped      = "unmapped_personal_data" // a mapped column that looks personal and has no category
)

// Compare lists what a system has that its collections do not describe, and the reverse; collections that are skipped count as described.
func Compare(system string, tables []connectors.Table, datasets []datamap.Dataset) []Change {
	c := &comparison{system: system, tables: tables}
	for i := range datasets {
		d := &datasets[i]
		if cmp.Or(d.System, d.Key) != system {
			continue
		}
		for j := range d.Collections {
			c.described = append(c.described, described{&d.Collections[j], cmp.Or(d.Collections[j].Table, d.Collections[j].Name)})
		}
	}
	for _, d := range c.described {
		if connectors.Find(tables, d.table) == nil {
			c.add(Change{Code: DroppedTable, Table: d.table, What: "The map describes the table, and the system does not have it.", Missed: !d.collection.Skip, File: d.collection.Pos.File, Line: d.collection.Pos.Line})
		}
	}
	for _, t := range tables {
		if !t.View {
			c.table(t)
		}
	}
	return c.changes
}

type comparison struct {
	system    string
	tables    []connectors.Table
	described []described
	changes   []Change
}

type described struct {
	collection *datamap.Collection
	table      string
}

func (c *comparison) add(ch Change) {
	ch.System = c.system
	c.changes = append(c.changes, ch)
}

func (c *comparison) table(t connectors.Table) {
	var mine []described
	for _, d := range c.described {
		if f := connectors.Find(c.tables, d.table); f != nil && f.Name == t.Name {
			mine = append(mine, d)
		}
	}
	guesses := guess(t)
	if len(mine) == 0 {
		ch := Change{Code: NewTable, Table: t.Name, What: "The table is not in the map."}
		if found := strong(t, guesses); len(found) > 0 {
			ch.Missed = true
			ch.What = "The table is not in the map and looks personal: " + strings.Join(found, "; ") + "."
		}
		c.add(ch)
		return
	}
	for _, column := range t.Columns {
		c.column(t, column, mine, guesses[column.Name])
	}
	for _, d := range mine {
		c.collection(t, d)
	}
}

func guess(t connectors.Table) map[string]detect.Guess {
	columns := make([]detect.Column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = detect.Column{Name: c.Name, Comment: c.Comment, Kind: c.Kind, Samples: c.Samples}
	}
	setting := detect.SettingOf(t.Name, columns)
	list := map[string]detect.Guess{}
	for _, c := range columns {
		if g, ok := detect.Look(c, setting); ok && g.Confidence >= detect.Medium && !g.Free {
			list[c.Name] = g
		}
	}
	return list
}

func strong(t connectors.Table, guesses map[string]detect.Guess) []string {
	var list []string
	for _, c := range t.Columns {
		if g, ok := guesses[c.Name]; ok {
			list = append(list, fmt.Sprintf("%s may be %s (%s)", c.Name, g.Category, g.Reason))
		}
	}
	return list
}

// column compares a live column with the collections of its table.
func (c *comparison) column(t connectors.Table, column connectors.Column, mine []described, g detect.Guess) {
	var fields []*datamap.Field
	deleted, skipped, categories := false, true, false
	for _, d := range mine {
		deleted = deleted || d.collection.Erase == datamap.EraseDelete
		skipped = skipped && d.collection.Skip
		categories = categories || len(d.collection.Categories) > 0
		if f := fieldOf(d.collection, t, column.Name); f != nil {
			fields = append(fields, f)
		}
	}
	looks := fmt.Sprintf("may be %s (%s)", g.Category, g.Reason)
	switch {
	case len(fields) == 0 && g.Category != "":
		c.add(Change{Code: NewColumn, Table: t.Name, Column: column.Name, What: "The column is not in the map and " + looks + ".", Missed: true})
	case len(fields) == 0:
		c.add(Change{Code: NewColumn, Table: t.Name, Column: column.Name, What: "The column is not in the map."})
	case g.Category != "" && !slices.ContainsFunc(fields, personal) && !said(fields[0]) && !referring(t, column.Name):
		f := fields[0]
		c.add(Change{
			Code: Unmapped, Table: t.Name, Column: column.Name, What: "The map gives the column no data category; it " + looks + ".",
			Missed: !deleted && !categories, File: f.Pos.File, Line: f.Pos.Line,
		})
	}
	for _, f := range fields {
		if !skipped && !fits(f, column) {
			c.add(Change{
				Code: NewType, Table: t.Name, Column: column.Name, File: f.Pos.File, Line: f.Pos.Line, Missed: true,
				What: fmt.Sprintf("The map says %s, and the column is of type %s.", f.Type, column.Type),
			})
		}
	}
}

// said reports whether the map has judged a column already: as data of nobody, or with a method.
func said(f *datamap.Field) bool { return len(f.Categories) > 0 || f.Erase != "" }

func personal(f *datamap.Field) bool {
	return f.Personal() || slices.ContainsFunc(f.Fields, func(c datamap.Field) bool { return personal(&c) })
}

// referring: what a reference holds is the other table's.
func referring(t connectors.Table, column string) bool {
	return slices.ContainsFunc(t.References, func(k connectors.ForeignKey) bool { return slices.Contains(k.Columns, column) })
}

// kinds are those that fit a Fides data type.
var kinds = map[string][]datamap.Kind{
	"string": {datamap.KindText, datamap.KindUUID}, "integer": {datamap.KindInt, datamap.KindDecimal}, "long": {datamap.KindInt},
	"float": {datamap.KindDecimal}, "boolean": {datamap.KindBool}, "object": {datamap.KindJSON},
}

// fits reports whether the column may be of the declared type. Where there are no arrays, any document may be the list that the map says.
func fits(f *datamap.Field, column connectors.Column) bool {
	declared := kinds[strings.TrimSuffix(f.Type, "[]")]
	document := column.Kind == datamap.KindJSON && !column.Array
	return declared == nil || f.Array() && document || slices.Contains(declared, column.Kind) && f.Array() == column.Array
}

// fieldOf is the field that names a column of the table.
func fieldOf(c *datamap.Collection, t connectors.Table, column string) *datamap.Field {
	for i := range c.Fields {
		if named := t.Column(c.Fields[i].Name); named != nil && named.Name == column {
			return &c.Fields[i]
		}
	}
	return nil
}

// collection compares what the map says of a table with the table.
func (c *comparison) collection(t connectors.Table, d described) {
	col := d.collection
	var key []string
	for i := range col.Fields {
		f := &col.Fields[i]
		column := t.Column(f.Name)
		if f.PrimaryKey {
			name := f.Name
			if column != nil {
				name = column.Name
			}
			key = append(key, name)
		}
		if column == nil {
			c.add(Change{
				Code: DroppedColumn, Table: t.Name, Column: f.Name, What: "The map describes the column, and the table does not have it.",
				Missed: !col.Skip, File: f.Pos.File, Line: f.Pos.Line,
			})
		}
	}
	keys := append([][]string{t.Key}, t.Unique...)
	if len(key) > 0 && !col.Skip && !slices.ContainsFunc(keys, func(k []string) bool { return len(k) > 0 && within(k, key) }) {
		c.add(Change{
			Code: NewKey, Table: t.Name, What: fmt.Sprintf("The map's key (%s) does not identify a row any more; the table's key is (%s).", strings.Join(key, ", "), strings.Join(t.Key, ", ")),
			Missed: true, File: col.Pos.File, Line: col.Pos.Line,
		})
	}
	if !col.Skip {
		c.references(t, d)
	}
}

// references names foreign keys of the table into tables from which the map deletes, and which it does not describe.
func (c *comparison) references(t connectors.Table, d described) {
	for _, k := range t.References {
		deletes := slices.ContainsFunc(c.described, func(o described) bool {
			f := connectors.Find(c.tables, o.table)
			return f != nil && f.Name == k.Table && o.collection.Erase == datamap.EraseDelete
		})
		f := fieldOf(d.collection, t, k.Columns[0])
		if !deletes || f == nil || len(f.References) > 0 {
			continue
		}
		c.add(Change{
			Code: NewReference, Table: t.Name, Column: strings.Join(k.Columns, ", "), File: f.Pos.File, Line: f.Pos.Line,
			What: fmt.Sprintf("The foreign key %s refers to %s, from which the map deletes rows, and the map does not describe it.", k.Name, k.Table), Missed: true,
		})
	}
}

func within(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}
