package relational

import (
	"context"
	"database/sql"

	"habeas/models"
	"habeas/models/datamap"
)

// Querier runs statements: a pool, or one connection with its transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Fragment is a part of a statement with its arguments, in the order of its question marks.
type Fragment struct {
	SQL  string
	Args []any
}

// Match is how a statement finds the rows, called t, of a set of keys.
type Match struct {
	From  Fragment // the table, and what is joined to it
	Where Fragment
}

// Dialect is what differs between the kinds of database. Expressions call the table t, and the joined keys and values k.
type Dialect interface {
	// Find describes the table that a data map names; nil when there is none. An error tells of missing rights.
	Find(ctx context.Context, db Querier, name string) (*Table, error)
	// Tables calls yield with all tables and views of the place that the connection is in, but the system's own, by their names.
	Tables(ctx context.Context, db Querier, yield func(*Table) error) error
	// ReadOnly reports whether nothing can be written.
	ReadOnly(ctx context.Context, conn *sql.Conn) (bool, error)

	// Name is a table or column in a statement.
	Name(parts ...string) string
	// Read is a column's value as Decode takes it.
	Read(c *Column) string
	// Decode makes a value of what the driver gave.
	Decode(c *Column, v any) datamap.Value
	// Encode lists the forms in which the column may hold a value, most likely first: numbers and texts for JSON. It is empty when
	// no value of the column's type can equal v.
	Encode(c *Column, v datamap.Value) []any
	// Fits reports whether a column takes a form of a value, which Encode may also have made to look for what does not belong there.
	Fits(c *Column, form any) bool
	// Exact and Operand are the two sides of a comparison that tells all values apart; Operand takes an encoded form.
	Exact(c *Column) string
	Operand(c *Column, form string) string
	// Same compares the two sides so that NULL equals NULL.
	Same(left, right string) string
	// Write is what a column is set to, from an encoded form.
	Write(c *Column, form string) string

	// Match finds rows by keys, a JSON list of lists of forms, one for each column.
	Match(t *Table, columns []*Column, keys string, fold bool) Match
	// Everything is the whole table as a Match.
	Everything(t *Table) Match
	// Set begins an assignment to a column; Delete and Update are whole statements for the rows of a Match.
	Set(c *Column) string
	Delete(t *Table, m Match) Fragment
	Update(t *Table, m Match, sets Fragment) Fragment
	// Overwrite is a statement that gives columns values of their own in each row: rows is a JSON list of lists, first the forms of the
	// key, then of the values. It also makes the assignments sets, and touches only rows for which where holds; either may be empty.
	Overwrite(t *Table, key, values []*Column, rows string, sets, where Fragment) Fragment
	// Lock ends a SELECT whose rows nobody else may change before the transaction ends.
	Lock() string
	// Begin are the statements that begin a transaction that writes.
	Begin() []string
	// RowByRow reports whether foreign keys are checked after each row and not after each statement.
	RowByRow() bool

	// Contains is a condition that the column's text holds one of the texts, which are in lower case; for a document also when it
	// writes letters by their numbers.
	Contains(c *Column, texts []string) Fragment
	// Unlimited are statements after which a connection may take as long as it wants.
	Unlimited() []string
	// Folding is the statement that makes an index for look-ups of e-mail addresses; "" when this one is served.
	Folding(t *Table, c *Column) string

	// Failure says what an error means.
	Failure(err error) Failure
}

// Failure is what an error of a database means, in safe words.
type Failure struct {
	Kind    models.Kind
	Code    string
	Text    string // completes a sentence that begins with the system's name
	Cause   error  // its code and names; nil when it has none
	Blocked string // a Blocked… code when single rows are in the way
	Detail  string // which table or constraint they are blocked by
	Again   bool   // the whole transaction should be run again at once
}
