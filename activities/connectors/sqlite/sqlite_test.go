package sqlite_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/sqlite"
	"habeas/models"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, func(t *testing.T) connectortest.Harness { return &harness{path: filepath.Join(t.TempDir(), "test.db")} })
}

type harness struct{ path string }

var types = map[datamap.Kind]string{
	datamap.KindInt: "INTEGER", datamap.KindText: "TEXT", datamap.KindDate: "DATE", datamap.KindDecimal: "DECIMAL TEXT", datamap.KindBytes: "BLOB",
	datamap.KindBool: "BOOLEAN", datamap.KindTimestamp: "TIMESTAMP", datamap.KindDateTime: "DATETIME", datamap.KindUUID: "UUID",
}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	connectortest.CreateTables(t, connect(t, h.path), types, "JSON", connectortest.Stored, tables)
	return open(t, h.path)
}

func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	return rowsOf(t, connect(t, h.path), table.Node.Table)
}

// rowsOf are all rows of a table as literals.
func rowsOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	var columns string
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT group_concat('quote("' || name || '")', '|| '','' ||') FROM pragma_table_info(?)`, table).Scan(&columns))
	rows, err := db.QueryContext(t.Context(), "SELECT "+columns+" FROM "+table)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var found []string
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		found = append(found, text)
	}
	require.NoError(t, rows.Err())
	slices.Sort(found)
	return found
}

func connect(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func run(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err, statement)
}

func open(t testing.TB, dsn string) connectors.System {
	t.Helper()
	s, err := sqlite.Open(t.Context(), connectors.Config{Name: "test", Kind: sqlite.Kind, DSN: models.Personal(dsn), Secret: connectortest.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// escaped is a path as part of a URL.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }
