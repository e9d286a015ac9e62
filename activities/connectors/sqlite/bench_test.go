package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// bench is a database file with the given statements run, and a connector to it.
type bench struct {
	path   string
	db     *sql.DB
	system connectors.System
}

func setup(t testing.TB, statements string) *bench {
	t.Helper()
	b := &bench{path: filepath.Join(t.TempDir(), "what a name?%20.db")}
	b.db = connect(t, escaped(b.path))
	run(t, b.db, statements)
	b.system = open(t, "file:"+escaped(b.path))
	return b
}

func (b *bench) erase(t *testing.T, order connectors.Erasure) (connectors.Outcome, error) {
	t.Helper()
	return b.system.(connectors.Eraser).Erase(t.Context(), order)
}

func (b *bench) find(t *testing.T, q connectors.Query) (rows []datamap.Row, err error) {
	t.Helper()
	err = b.system.(connectors.Locator).Lookup(t.Context(), q, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}
