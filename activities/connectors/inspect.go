package connectors

import (
	"context"
	"strings"

	"habeas/models/datamap"
)

// Inspector describes a live system as it is, without a data map.
type Inspector interface {
	// Inspect calls yield for each table that the account can see, in the order of their names, leaving out the system's own. With
	// samples it adds up to that many different values of each column, read from a bounded part of the table.
	Inspect(ctx context.Context, samples int, yield func(Table) error) error
}

// Tables lists the tables of a system, with samples as Inspect takes them. It fails with Unsupported, and as Inspect does.
func Tables(ctx context.Context, system System, samples int) ([]Table, error) {
	inspector, err := As[Inspector](system, "be inspected")
	if err != nil {
		return nil, err
	}
	var tables []Table
	err = inspector.Inspect(ctx, samples, func(t Table) error {
		tables = append(tables, t)
		return nil
	})
	return tables, err
}

// Reader reads whole tables, also what the map does not describe. A rehearsal takes its digests from what it reads.
type Reader interface {
	// Read calls yield for each row of a table that Inspect gave, with all of its columns, in no particular order, as one consistent
	// picture where the system can give one. Memory and yield are as for Lookup.
	Read(ctx context.Context, table Table, yield func(datamap.Row) error) error
}

// Table is a table of a live system, or what comes nearest to it in its kind of system.
type Table struct {
	Name       string // as a data map's table: key writes it: schema.table, or just the name where there is only one place
	View       bool   // cannot be written
	Rows       int64  // about; -1 when unknown
	Comment    string
	Columns    []Column
	Key        []string   // primary key, in its order; nil when there is none
	Unique     [][]string // other keys
	Indexes    [][]string // leading columns of each index, keys included
	References []ForeignKey
}

// Column is one column, or one attribute of entries, or one part of documents as a path with dots.
type Column struct {
	Name     string
	Type     string       // as the system names it
	Kind     datamap.Kind // of the elements, for an array
	Array    bool
	Nullable bool
	Computed bool // the system makes its value
	Length   int  // most characters; 0 when unbounded
	Comment  string
	Samples  []datamap.Value // personal data: never to be printed or logged
}

// ForeignKey says that columns hold the values of another table's columns, and that the system enforces it.
type ForeignKey struct {
	Name     string
	Columns  []string
	Table    string // as in Table.Name
	Into     []string
	OnDelete string // no action, restrict, cascade, set null, set default
}

// Column is the column that a data map names: the very name, or the only one that differs in the case of letters, as where a database
// takes no notice of it; nil when there is none.
func (t *Table) Column(mapped string) *Column {
	return pick(t.Columns, func(c *Column) bool { return c.Name == mapped }, func(c *Column) bool { return strings.EqualFold(c.Name, mapped) })
}

// Find is the table that a data map names, nil when there is none: the very name, or the only table of that name when one of the two
// leaves out the schema, or else the only one when the case of letters is no difference.
func Find(tables []Table, mapped string) *Table {
	same := func(equal func(a, b string) bool) func(t *Table) bool {
		return func(t *Table) bool { return sameTable(t.Name, mapped, equal) }
	}
	exact := func(a, b string) bool { return a == b }
	return pick(tables, func(t *Table) bool { return t.Name == mapped }, same(exact), same(strings.EqualFold))
}

// sameTable reports whether two names may be of one table, one of which may leave out the schema.
func sameTable(a, b string, equal func(a, b string) bool) bool {
	last := func(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
	placed := strings.Contains(a, ".") && strings.Contains(b, ".")
	return equal(a, b) || !placed && equal(last(a), last(b))
}

// pick is the only item for which the first of the conditions holds that holds for any; nil when it holds for several.
func pick[T any](list []T, conditions ...func(*T) bool) *T {
	for _, holds := range conditions {
		var found []*T
		for i := range list {
			if holds(&list[i]) {
				found = append(found, &list[i])
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0]
		default:
			return nil
		}
	}
	return nil
}
