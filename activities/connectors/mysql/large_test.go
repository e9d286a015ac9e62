package mysql_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

const large = `CREATE TABLE people (id int PRIMARY KEY, mail varchar(100), org varchar(10), no int, note text, UNIQUE (org, no), KEY (mail))
CHARACTER SET latin1; INSERT INTO people SELECT seq, CONCAT('p', seq, '@example.com'), CONCAT('o', seq MOD 7), seq, 'a note of some length' FROM seq_1_to_%d;`

// TestStatementsReadByIndexAndNeverTheWholeTable asks the server how it would run what a batch runs.
func TestStatementsReadByIndexAndNeverTheWholeTable(t *testing.T) {
	t.Parallel()
	b := setup(t, fmt.Sprintf(large, 20000)+"ANALYZE TABLE people")
	d := mysql.NewDialect(b.name)
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
		m := d.Match(table, key, `[["o1", 1], ["o2", 2]]`, false)
		sets := relational.Fragment{SQL: d.Set(columns["note"]) + " = NULL"}
		found := relational.Fragment{SQL: "SELECT t.id FROM " + m.From.SQL + " WHERE " + m.Where.SQL + d.Lock(), Args: m.From.Args}
		for _, f := range []relational.Fragment{
			found, d.Delete(table, m), d.Update(table, m, sets),
			d.Overwrite(table, key, []*relational.Column{columns["note"]}, `[["o1", 1, "x"]]`, relational.Fragment{}, relational.Fragment{}),
		} {
			require.Contains(t, []string{"eq_ref", "ref"}, b.access(t, f), "%v: %s", names, f.SQL)
		}
	}
}

// access is how the server would read the table t.
func (b *bench) access(t *testing.T, f relational.Fragment) string {
	t.Helper()
	rows, err := b.db.QueryContext(t.Context(), "EXPLAIN "+f.SQL, f.Args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	access := ""
	for rows.Next() {
		var v [10]*string
		require.NoError(t, rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9]))
		if *v[2] == "t" {
			access = *v[3]
		}
	}
	require.NoError(t, rows.Err())
	return access
}

// TestKeysWithoutAnIndexAreFoundInOnePassOverTheTable would not end soon if each key were a pass of its own.
func TestKeysWithoutAnIndexAreFoundInOnePassOverTheTable(t *testing.T) {
	t.Parallel()
	b := setup(t, fmt.Sprintf(large, 30000)+"ALTER TABLE people DROP KEY mail")
	node := connectortest.People(t, nil)
	keys := make([]datamap.Key, connectors.MaxBatch)
	for i := range keys {
		keys[i] = datamap.Key{datamap.Text(fmt.Sprintf("P%d@example.com", 2*i+1))}
	}
	for fold, want := range map[bool]int{true: connectors.MaxBatch, false: 0} {
		n, err := b.system.(connectors.Verifier).Count(t.Context(), connectors.Query{Node: node, Fields: []string{"mail"}, Keys: keys, Fold: fold})
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
}

// BenchmarkErasure erases many rows.
func BenchmarkErasure(b *testing.B) {
	connectortest.BenchmarkErasure(b, func(b *testing.B, rows int) connectors.System { return setup(b, fmt.Sprintf(large, rows)).system })
}
