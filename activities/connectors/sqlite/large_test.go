package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/relational"
	"habeas/activities/connectors/sqlite"
)

const large = `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT, org TEXT COLLATE NOCASE, no INTEGER, note TEXT, UNIQUE (org, no));
CREATE INDEX mail ON people (mail); CREATE INDEX folded ON people (lower(trim(mail)));
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d)
INSERT INTO people SELECT n, 'p' || n || '@example.com', 'o' || n %% 7, n, 'a note of some length' FROM n; ANALYZE;`

// TestStatementsReadByIndexAndNeverTheWholeTable asks SQLite how it would run what a batch runs.
func TestStatementsReadByIndexAndNeverTheWholeTable(t *testing.T) {
	t.Parallel()
	b := setup(t, fmt.Sprintf(large, 20000))
	d := sqlite.NewDialect()
	table, err := d.Find(t.Context(), b.db, "people")
	require.NoError(t, err)
	columns := map[string]*relational.Column{}
	for _, c := range table.Columns {
		columns[c.Name] = c
	}
	for _, names := range [][]string{{"id"}, {"mail"}, {"org", "no"}} {
		key := make([]*relational.Column, len(names))
		for i, n := range names {
			key[i] = columns[n]
		}
		for _, fold := range []bool{false, true} {
			if fold && names[0] != "mail" {
				continue
			}
			m := d.Match(table, key, `[["o1", 1], ["o2", 2]]`, fold)
			sets := relational.Fragment{SQL: d.Set(columns["note"]) + " = NULL"}
			found := relational.Fragment{SQL: "SELECT t.note FROM " + m.From.SQL + " WHERE " + m.Where.SQL, Args: m.Where.Args}
			for _, f := range []relational.Fragment{
				found, d.Delete(table, m), d.Update(table, m, sets),
				d.Overwrite(table, key, []*relational.Column{columns["note"]}, `[["o1", 1, "x"]]`, relational.Fragment{}, relational.Fragment{}),
			} {
				plan := b.plan(t, f)
				require.NotContains(t, plan, "SCAN t", "%v: %s", names, f.SQL)
				require.Contains(t, plan, "SEARCH t USING", "%v: %s", names, f.SQL)
			}
		}
	}
}

// plan is how SQLite would run a statement.
func (b *bench) plan(t *testing.T, f relational.Fragment) string {
	t.Helper()
	rows, err := b.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+f.SQL, f.Args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	plan := ""
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		plan += detail + "\n"
	}
	require.NoError(t, rows.Err())
	return plan
}

// BenchmarkErasure erases many rows.
func BenchmarkErasure(b *testing.B) {
	connectortest.BenchmarkErasure(b, func(b *testing.B, rows int) connectors.System { return setup(b, fmt.Sprintf(large, rows)).system })
}
