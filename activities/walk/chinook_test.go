package walk_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/pgtest"
)

// chinook is the Chinook media shop, with a data map that nobody tuned: every table is deleted from, every foreign key is walked
// in both directions, and the e-mail columns are identities.
func chinook(t *testing.T) (*datamap.Graph, string) {
	t.Helper()
	script, err := os.ReadFile("../../../shared/fixtures/chinook/Chinook_PostgreSql_SerialPKs.sql")
	if err != nil {
		t.Skip("the Chinook data is not in shared/fixtures/chinook beside the project")
	}
	dsn := pgtest.New(t)
	_, sql, ok := strings.Cut(string(script), "\\c chinook_serial;")
	require.True(t, ok)
	exec(t, dsn, sql)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	rows, err := conn.Query(t.Context(), `
SELECT c.relname, a.attname, coalesce(i.indisprimary, false), coalesce(t.relname, ''), coalesce(ta.attname, '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.conkey[1] = a.attnum
LEFT JOIN pg_class t ON t.oid = k.confrelid LEFT JOIN pg_attribute ta ON ta.attrelid = t.oid AND ta.attnum = k.confkey[1]
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname, a.attnum`)
	require.NoError(t, err)
	d := datamap.Dataset{Key: "chinook", System: "shop"}
	var table, column, target, field string
	var primary bool
	_, err = pgx.ForEachRow(rows, []any{&table, &column, &primary, &target, &field}, func() error {
		if n := len(d.Collections); n == 0 || d.Collections[n-1].Name != table {
			d.Collections = append(d.Collections, datamap.Collection{Name: table, Erase: datamap.EraseDelete})
		}
		f := datamap.Field{Name: column, PrimaryKey: primary}
		if column == "email" {
			f.Identity = "email"
		}
		if target != "" {
			f.References = []datamap.Reference{{Dataset: "chinook", Collection: target, Field: field}}
		}
		c := &d.Collections[len(d.Collections)-1]
		c.Fields = append(c.Fields, f)
		return nil
	})
	require.NoError(t, err)
	graph, err := datamap.Compile([]datamap.Dataset{d})
	require.NoError(t, err)
	return graph, dsn
}

func TestACustomerOfASchemaThatNobodyTunedIsErasedAndNobodyElse(t *testing.T) {
	t.Parallel()
	graph, dsn := chinook(t)
	system := open(t, dsn)
	always := func(context.Context, string) (connectors.System, error) { return system, nil }
	var customer int
	var mail string
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT customer_id, email FROM customer ORDER BY customer_id LIMIT 1").Scan(&customer, &mail))
	problems, err := system.(connectors.Checker).Check(t.Context(), graph.Nodes)
	require.NoError(t, err)
	require.False(t, datamap.Refused(problems), "%v", problems)

	found := &walk.Memory{}
	w := walk.Walk{Graph: graph, Open: always, Found: found, Identities: []walk.Identity{{Kind: "email", Value: models.Personal(mail)}}}
	_, err = w.Run(t.Context())
	require.NoError(t, err)
	before := all(t, graph, dsn)
	want := map[string]int{"customer": 1}
	for name, sql := range map[string]string{
		"invoice":      "SELECT count(*) FROM invoice WHERE customer_id = $1",
		"invoice_line": "SELECT count(*) FROM invoice_line JOIN invoice USING (invoice_id) WHERE customer_id = $1",
	} {
		n := 0
		require.NoError(t, conn.QueryRow(t.Context(), sql, customer).Scan(&n))
		want[name] = n
	}
	got := map[string]int{}
	for _, n := range graph.Nodes {
		require.NoError(t, found.Each(t.Context(), n.Address, func(r datamap.FoundRow) error {
			if r.Owned && !r.Shared {
				got[n.Collection.Name]++
			}
			return nil
		}))
	}
	require.Equal(t, want, got, "the person's rows, none of them shared")

	erase(t, graph, found, system.(connectors.Eraser), 100)
	after := all(t, graph, dsn)
	changed := map[string]int{}
	for name, rows := range before {
		for key, row := range rows {
			now, there := after[name][key]
			if !there {
				changed[name]++
			} else {
				require.Equal(t, row, now, "%s %s", name, key)
			}
		}
	}
	t.Log(changed)
	require.Equal(t, want, changed, "nothing else was deleted, and nothing changed")
}
