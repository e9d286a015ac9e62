package relational

import (
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Table is what the database says of one table. Only names found here are ever written into a statement.
type Table struct {
	Place      string // database or schema
	Name       string
	Title      string // as a data map writes it
	View       bool
	Unsafe     string // why its rows cannot be changed so that it is all or nothing, and final; "" when they can
	Mark       string // an expression that orders the rows and by which it is cheap to begin anywhere; "" when there is none
	Rows       int64  // about; -1 when unknown
	Comment    string
	Columns    []*Column
	Indexes    []Index
	References []Reference // to other tables, or to itself
	Referrers  []Reference // from other tables, or from itself
}

// Column is one column, or a part of a document in it.
type Column struct {
	Name     string
	Type     string
	Kind     datamap.Kind // of the elements, for an array
	Array    bool         // a document that the map declares as a list
	Path     []string     // below the column, for a part of a document
	NotNull  bool
	Computed bool
	Length   int // most characters; 0 when unbounded
	Comment  string

	// For the dialect.
	Base      string // type without its length
	Charset   string
	Collation string
	Folded    string // an indexed column that holds this one's values folded; "" when there is none
}

// Index is an index or key.
type Index struct {
	Name       string
	Columns    []string // leading plain columns; "" for an expression
	Unique     bool     // for all rows
	Primary    bool
	Definition string // of an expression, in lower case and without blanks; "" when there is none
}

// Reference is a foreign key.
type Reference struct {
	Name     string
	From     string // title of the table that refers
	Columns  []string
	To       string // title of the table referred to
	Into     []string
	OnDelete string // no action, restrict, cascade, set null, set default
}

// Holds reports whether the foreign key keeps a row from being deleted.
func (r Reference) Holds() bool { return r.OnDelete == "no action" || r.OnDelete == "restrict" }

// Key are the columns of the primary key.
func (t *Table) Key() []string {
	for _, i := range t.Indexes {
		if i.Primary {
			return i.Columns
		}
	}
	return nil
}

// Indexed reports whether an index leads to rows by some of the columns.
func (t *Table) Indexed(columns []*Column) bool {
	return slices.ContainsFunc(t.Indexes, func(i Index) bool {
		return slices.ContainsFunc(columns, func(c *Column) bool { return len(c.Path) == 0 && !c.Array && c.Name == i.Columns[0] })
	})
}

// plain is a column by name; database columns' names differ in more than case.
func (t *Table) plain(name string) *Column {
	var found *Column
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
		if strings.EqualFold(c.Name, name) {
			found = c
		}
	}
	return found
}

// column is the column of a field, or the part of a document that a path with dots leads to.
func (t *Table) column(node *datamap.Node, field string) (*Column, error) {
	if c := t.plain(field); c != nil {
		return declared(c, node.Field(field)), nil
	}
	path := strings.Split(field, ".")
	outer := t.plain(path[0])
	if outer == nil || len(path) < 2 || outer.Kind != datamap.KindJSON {
		return nil, mismatch("The field %s.%s is not in the table %s.", node.Address, field, t.Title)
	}
	return &Column{Name: outer.Name, Path: path[1:], Type: "text", Kind: datamap.KindText}, nil
}

// elements are the kinds of an array's elements by the Fides data type.
var elements = map[string]datamap.Kind{
	"string": datamap.KindText, "integer": datamap.KindInt, "long": datamap.KindInt, "float": datamap.KindDecimal, "boolean": datamap.KindBool,
}

// declared makes a document an array when the map says that it is one.
func declared(c *Column, f *datamap.Field) *Column {
	if f == nil || !f.Array() || c.Kind != datamap.KindJSON && c.Kind != datamap.KindText {
		return c
	}
	list := *c
	list.Array, list.Kind = true, datamap.KindText
	if kind, ok := elements[strings.TrimSuffix(f.Type, "[]")]; ok {
		list.Kind = kind
	}
	return &list
}

func (t *Table) list(node *datamap.Node, fields []string) ([]*Column, error) {
	list := make([]*Column, len(fields))
	for i, f := range fields {
		c, err := t.column(node, f)
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return list, nil
}

// within reports whether all of an index's columns are among the fields; an expression never is.
func within(columns, fields []string) bool {
	return len(columns) > 0 && !slices.ContainsFunc(columns, func(c string) bool { return !contains(fields, c) })
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

func sameSet(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(s string) bool { return !contains(b, s) })
}

func mismatch(format string, args ...any) error {
	return models.Errorf(models.Invalid, connectors.CodeMismatch, format, args...)
}
