package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/postgres"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/pgtest"
)

var secret = connectortest.Secret

func TestConformance(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, func(t *testing.T) connectortest.Harness { return &harness{dsn: pgtest.New(t)} })
}

type harness struct{ dsn string }

var types = map[datamap.Kind]string{
	datamap.KindInt: "integer", datamap.KindText: "text", datamap.KindDate: "date", datamap.KindDecimal: "numeric", datamap.KindBytes: "bytea",
	datamap.KindBool: "boolean", datamap.KindTimestamp: "timestamptz", datamap.KindDateTime: "timestamp", datamap.KindUUID: "uuid",
}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	conn := connect(t, h.dsn)
	for _, table := range tables {
		var columns, keys, params []string
		for i, c := range table.Columns {
			typ := types[c.Kind]
			if c.Array {
				typ += "[]"
			}
			columns = append(columns, c.Name+" "+typ)
			params = append(params, fmt.Sprintf("$%d::text::%s", i+1, typ))
			if c.Key {
				keys = append(keys, c.Name)
			}
		}
		if len(keys) > 0 {
			columns = append(columns, "PRIMARY KEY ("+strings.Join(keys, ", ")+")")
		}
		run(t, conn, "CREATE TABLE "+table.Node.Table+" ("+strings.Join(columns, ", ")+")")
		for _, row := range table.Rows {
			args := make([]any, len(row))
			for i, v := range row {
				args[i] = sqlText(v)
			}
			run(t, conn, "INSERT INTO "+table.Node.Table+" VALUES ("+strings.Join(params, ", ")+")", args...)
		}
	}
	return open(t, h.dsn)
}

func sqlText(v datamap.Value) any {
	switch v.Kind() {
	case datamap.KindNull:
		return nil
	case datamap.KindBytes:
		return fmt.Sprintf(`\x%x`, v.Text())
	case datamap.KindArray:
		var list []string
		for _, e := range v.Elements() {
			if e.IsNull() {
				list = append(list, "NULL")
			} else {
				list = append(list, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(e.Text())+`"`)
			}
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	return v.Text()
}

func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	return rowsOf(t, h.dsn, table.Node.Table)
}

func rowsOf(t *testing.T, dsn, table string) []string {
	t.Helper()
	rows, err := connect(t, dsn).Query(t.Context(), "SELECT t::text FROM "+table+" t")
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	slices.Sort(list)
	return list
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the database is dropped next
	return conn
}

func run(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err, sql)
}

func open(t *testing.T, dsn string) connectors.System {
	t.Helper()
	s, err := postgres.Open(t.Context(), connectors.Config{Name: "test", Kind: postgres.Kind, DSN: models.Personal(dsn), Secret: secret})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
