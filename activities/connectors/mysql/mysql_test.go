package mysql_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/mysql/mysqltest"
	"habeas/models"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	mysqltest.Start(t)
	connectortest.Run(t, func(t *testing.T) connectortest.Harness {
		_, dsn := mysqltest.New(t)
		return &harness{dsn: dsn}
	})
}

type harness struct{ dsn string }

var types = map[datamap.Kind]string{
	datamap.KindInt: "int", datamap.KindText: "varchar(200)", datamap.KindDate: "date", datamap.KindDecimal: "decimal(40,2)", datamap.KindBytes: "blob",
	datamap.KindBool: "boolean", datamap.KindTimestamp: "timestamp(6) NULL", datamap.KindDateTime: "datetime", datamap.KindUUID: "uuid",
}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	connectortest.CreateTables(t, connect(t, h.dsn), types, "json", stored, tables)
	return open(t, h.dsn)
}

func stored(t *testing.T, v datamap.Value) any {
	t.Helper()
	if v.Kind() == datamap.KindTimestamp {
		return strings.TrimSuffix(strings.Replace(v.Text(), "T", " ", 1), "Z")
	}
	return connectortest.Stored(t, v)
}

func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	return rowsOf(t, connect(t, h.dsn), table.Node.Table)
}

// rowsOf are all rows of a table as literals.
func rowsOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	names, err := rows.Columns()
	require.NoError(t, err)
	found := []string{}
	for rows.Next() {
		values, into := make([]*string, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		b, err := json.Marshal(values)
		require.NoError(t, err)
		found = append(found, string(b))
	}
	require.NoError(t, rows.Err())
	slices.Sort(found)
	return found
}

func connect(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn+"?multiStatements=true&interpolateParams=true&time_zone=%27%2B00%3A00%27")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func run(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(context.WithoutCancel(t.Context()), statement, args...)
	require.NoError(t, err, statement)
}

func open(t testing.TB, dsn string) connectors.System {
	t.Helper()
	s, err := mysql.Open(t.Context(), connectors.Config{Name: "test", Kind: mysql.Kind, DSN: models.Personal(dsn), Secret: connectortest.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
