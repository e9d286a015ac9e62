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

// Find is the table that a data map names, nil when there is none: the very name, or the only table of that name when one of the two
// leaves out the schema.
func Find(tables []Table, mapped string) *Table {
	last := func(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
	var found *Table
	for i := range tables {
		switch t := &tables[i]; {
		case t.Name == mapped:
			return t
		case last(t.Name) != last(mapped) || strings.Contains(t.Name, ".") && strings.Contains(mapped, "."):
		case found != nil:
			return nil
		default:
			found = t
		}
	}
	return found
}
