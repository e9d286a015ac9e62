package walk_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/sqlite"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
)

// chinookScripts are the scripts of the Chinook media shop, and the words after which they fill the database that they have made.
var chinookScripts = map[string]struct{ file, after string }{
	postgres.Kind:     {"Chinook_PostgreSql_SerialPKs.sql", "\\c chinook_serial;"},
	mysql.KindMariaDB: {"Chinook_MySql_AutoIncrementPKs.sql", "USE `Chinook_AutoIncrement`;"},
	sqlite.Kind:       {"Chinook_Sqlite_AutoIncrementPKs.sql", ""},
}

// chinook is the media shop with a data map that nobody tuned: every table is deleted from, every foreign key is walked in both
// directions, and the e-mail columns are identities.
func chinook(t *testing.T, at *place) *datamap.Graph {
	t.Helper()
	script := chinookScripts[at.kind]
	text, err := os.ReadFile("../../../shared/fixtures/chinook/" + script.file)
	if err != nil {
		t.Skip("the Chinook data is not in shared/fixtures/chinook beside the project")
	}
	_, own, ok := strings.Cut(string(text), script.after)
	require.True(t, ok)
	at.exec(t, strings.TrimPrefix(own, "\ufeff"))
	d := datamap.Dataset{Key: "chinook", System: "shop"}
	for _, column := range at.catalogue(t) {
		if n := len(d.Collections); n == 0 || d.Collections[n-1].Name != column.table {
			d.Collections = append(d.Collections, datamap.Collection{Name: column.table, Erase: datamap.EraseDelete})
		}
		f := datamap.Field{Name: column.name, PrimaryKey: column.key}
		if strings.EqualFold(column.name, "email") {
			f.Identity = "email"
		}
		if column.target != "" {
			f.References = []datamap.Reference{{Dataset: "chinook", Collection: column.target, Field: column.field}}
		}
		c := &d.Collections[len(d.Collections)-1]
		c.Fields = append(c.Fields, f)
	}
	graph, err := datamap.Compile([]datamap.Dataset{d})
	require.NoError(t, err)
	return graph
}

// catalogued is a column, and what its foreign key refers to.
type catalogued struct {
	table, name   string
	key           bool
	target, field string
}

var catalogues = map[string]string{
	postgres.Kind: `SELECT c.relname, a.attname, coalesce(i.indisprimary, false), coalesce(t.relname, ''), coalesce(ta.attname, '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.conkey[1] = a.attnum
LEFT JOIN pg_class t ON t.oid = k.confrelid LEFT JOIN pg_attribute ta ON ta.attrelid = t.oid AND ta.attnum = k.confkey[1]
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname, a.attnum`,
	mysql.KindMariaDB: `SELECT c.table_name, c.column_name, c.column_key = 'PRI', coalesce(k.referenced_table_name, ''), coalesce(k.referenced_column_name, '')
FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k ON k.table_schema = c.table_schema AND k.table_name = c.table_name
AND k.column_name = c.column_name AND k.referenced_table_name IS NOT NULL WHERE c.table_schema = database() ORDER BY c.table_name, c.ordinal_position`,
	sqlite.Kind: `SELECT s.name, c.name, c.pk > 0, coalesce(f."table", ''), coalesce(f."to", '') FROM sqlite_schema s JOIN pragma_table_info(s.name) c
LEFT JOIN pragma_foreign_key_list(s.name) f ON f."from" = c.name WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%' ORDER BY s.name, c.cid`,
}

func (p *place) catalogue(t *testing.T) (list []catalogued) {
	t.Helper()
	rows, err := p.db.QueryContext(t.Context(), catalogues[p.kind])
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var c catalogued
		require.NoError(t, rows.Scan(&c.table, &c.name, &c.key, &c.target, &c.field))
		list = append(list, c)
	}
	require.NoError(t, rows.Err())
	return list
}

// plain is a name without what distinguishes the scripts for the kinds.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func TestACustomerOfASchemaThatNobodyTunedIsErasedAndNobodyElse(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		graph := chinook(t, at)
		system := at.system(t)
		problems, err := system.(connectors.Checker).Check(t.Context(), graph.Nodes)
		require.NoError(t, err)
		require.False(t, datamap.Refused(problems), "%v", problems)
		names := map[string]string{}
		for _, c := range at.catalogue(t) {
			names[plain(c.table)] = at.quoted(c.table)
			names[plain(c.name)] = at.quoted(c.name)
		}
		sql := func(text string) string {
			for _, name := range []string{"invoiceline", "invoiceid", "invoice", "customerid", "customer", "email"} {
				text = strings.ReplaceAll(text, "<"+name+">", names[name])
			}
			return text
		}
		const customer = "(SELECT min(<customerid>) FROM <customer>)"
		want := map[string]int{
			"customer":    1,
			"invoice":     at.number(t, sql("SELECT count(*) FROM <invoice> WHERE <customerid> = "+customer)),
			"invoiceline": at.number(t, sql("SELECT count(*) FROM <invoiceline> JOIN <invoice> ON <invoice>.<invoiceid> = <invoiceline>.<invoiceid> WHERE <customerid> = "+customer)),
		}
		require.Greater(t, want["invoiceline"], 10)
		var mail string
		require.NoError(t, at.db.QueryRowContext(t.Context(), sql("SELECT <email> FROM <customer> WHERE <customerid> = "+customer)).Scan(&mail))

		found := &walk.Memory{}
		w := walk.Walk{Graph: graph, Open: always(system), Found: found, Identities: []walk.Identity{{Kind: "email", Value: models.Personal(mail)}}}
		_, err = w.Run(t.Context())
		require.NoError(t, err)
		before := at.all(t, graph)
		got := map[string]int{}
		for _, n := range graph.Nodes {
			require.NoError(t, found.Each(t.Context(), n.Address, func(r datamap.FoundRow) error {
				if r.Owned && !r.Shared {
					got[plain(n.Collection.Name)]++
				}
				return nil
			}))
		}
		require.Equal(t, want, got, "the person's rows, none of them shared")

		erase(t, graph, found, system.(connectors.Eraser), 100)
		after := at.all(t, graph)
		changed := map[string]int{}
		for name, rows := range before {
			for key, row := range rows {
				now, there := after[name][key]
				if !there {
					changed[plain(name)]++
				} else {
					require.Equal(t, row, now, "%s %s", name, key)
				}
			}
		}
		t.Log(changed)
		require.Equal(t, want, changed, "nothing else was deleted, and nothing changed")
	})
}
