package datamapcli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/sqlite"
	"habeas/cmd/internal/datamapcli"
	"habeas/models/store/pgtest"
)

// database is a database with the tables and rows of a script.
func database(t *testing.T, script string) string {
	t.Helper()
	dsn := pgtest.New(t)
	execute(t, dsn, script)
	return dsn
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	script, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(script)
}

// systemsFile names one PostgreSQL system.
func systemsFile(t *testing.T, name, dsn string) string {
	t.Helper()
	return systemsOf(t, name, postgres.Kind, dsn)
}

func systemsOf(t *testing.T, name, kind, dsn string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "systems.yml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "systems:\n  %s: {kind: %s, dsn: %q}\n", name, kind, dsn), 0o600))
	return path
}

// The chain by which a stranger's schema is proved: discover, check, graph, drift, rehearse, erase.
func TestAnUntunedSchemaIsDiscoveredDrawnAndErasedWithoutHarmToAnybodyElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind     string
		script   func(*testing.T) string
		identity string
		gone     map[string]int // the person's rows that go or change, by table, as SQL of an expert counts them
		masked   map[string]int
	}{
		"chinook": {
			postgres.Kind, chinook(postgres.Kind), "email=luisg@embraer.com.br",
			map[string]int{"customer": 1, "invoice": 7, "invoice_line": 38},
			nil,
		},
		"chinook in MariaDB": {
			mysql.KindMariaDB, chinook(mysql.KindMariaDB), "email=luisg@embraer.com.br",
			map[string]int{"Customer": 1, "Invoice": 7, "InvoiceLine": 38},
			nil,
		},
		"chinook in SQLite": {
			sqlite.Kind, chinook(sqlite.Kind), "email=luisg@embraer.com.br",
			map[string]int{"Customer": 1, "Invoice": 7, "InvoiceLine": 38},
			nil,
		},
		"webshop": {
			postgres.Kind, func(t *testing.T) string { return testdata(t, "webshop.sql") }, "email=USER7@example.com",
			map[string]int{
				"addresses": 2, "customer_profiles": 1, "newsletter": 1, "order_items": 12, "orders": 6, "payments": 6, "shipment_events": 6, "shipments": 6,
				"ticket_messages": 2, "tickets": 1,
			},
			map[string]int{"accounts": 1, "audit_log": 1, "reviews": 2},
		},
		"spedition": {
			postgres.Kind, func(t *testing.T) string { return testdata(t, "spedition.sql") }, "email=kunde1.8@example.de",
			map[string]int{"ansprechpartner": 1, "packstueck": 15, "rechnung": 5, "sendung": 5, "tour_sendung": 5},
			map[string]int{"auftrag": 5, "kunde": 1},
		},
		"odd": {
			postgres.Kind, func(t *testing.T) string { return testdata(t, "odd.sql") }, "email=o3@example.com",
			map[string]int{"My App.Order": 5, "My App.User": 1, "hr.a": 2, "hr.b": 2},
			map[string]int{"hr.User": 1, "hr.tree": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(name, " ")
			systems := systemsOf(t, name, c.kind, filled(t, c.kind, c.script(t)))
			draft := filepath.Join(t.TempDir(), name+".yml")
			_, errs, status := command(t, "discover", "--systems", systems, "--system", name, "--out", draft)
			require.Equal(t, 0, status, errs)
			requireNoValues(t, draft)

			_, errs, status = command(t, "check", draft, "--systems", systems)
			require.Equal(t, 0, status, errs)
			out, errs, status := command(t, "drift", draft, "--systems", systems)
			require.Equal(t, 0, status, "%s%s", out, errs)
			require.Equal(t, "The map and 1 system agree.\n", out, "a fresh map misses nothing")
			for _, format := range []string{"text", "svg", "dot"} {
				out, errs, status = command(t, "graph", draft, "--format", format)
				require.Equal(t, 0, status, errs)
				require.Contains(t, out, "email")
			}
			_, errs, status = command(t, "rehearse", draft, "--systems", systems, "--identity", c.identity, "--erase")
			require.Equal(t, 2, status, "nothing is erased by accident")
			require.Contains(t, errs, "--on-a-copy")

			out, errs, status = command(t, "rehearse", draft, "--systems", systems, "--identity", c.identity, "--erase", "--on-a-copy", "--json", "--scan="+strconv.FormatBool(name != "odd"))
			require.Equal(t, 0, status, "%s%s", errs, out)
			var r datamapcli.Rehearsed
			require.NoError(t, json.Unmarshal([]byte(out), &r))
			gone, masked := map[string]int{}, map[string]int{}
			for _, table := range r.Erased.Tables {
				require.Zero(t, table.Changed, table.Table)
				require.Zero(t, table.Same, table.Table)
				if table.Gone > 0 {
					gone[table.Table] = table.Gone
				}
				if table.Masked > 0 {
					masked[table.Table] = table.Masked
				}
			}
			require.Equal(t, c.gone, gone)
			if c.masked == nil {
				c.masked = map[string]int{}
			}
			require.Equal(t, c.masked, masked)
			require.Empty(t, r.Erased.Broken)
			require.Zero(t, r.Erased.Left)
			require.Positive(t, r.Erased.Others)

			out, errs, status = command(t, "rehearse", draft, "--systems", systems, "--identity", c.identity, "--json")
			require.Equal(t, 0, status, errs)
			require.NoError(t, json.Unmarshal([]byte(out), &r))
			for _, c := range r.Collections {
				require.Equal(t, c.Rows, c.Shared, "what is left is another person's too: %s", c.Collection)
			}
		})
	}
}

// requireNoValues: a proposal has names, types and reasons, but no value of a row.
func requireNoValues(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, value := range []string{"example.com", "@example", "embraer", "Hamburg", "Berlin", "+49", "DE89", "192.0.2", "Kunde1", "user7"} {
		require.NotContains(t, string(text), value)
	}
}

func TestARehearsalSeesWhatAMapGetsWrong(t *testing.T) {
	t.Parallel()
	dsn := database(t, `
CREATE TABLE person (id int PRIMARY KEY, email text, team int);
CREATE TABLE badge (id int PRIMARY KEY, person int REFERENCES person ON DELETE CASCADE, text text);
CREATE TABLE count (n int PRIMARY KEY, people int);
INSERT INTO person VALUES (1, 'ann@example.com', 1), (2, 'bob@example.com', 1);
INSERT INTO badge VALUES (1, 1, 'of ann@example.com'), (2, 2, 'x');
INSERT INTO count VALUES (1, 2), (2, 0);
CREATE FUNCTION recount() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE count SET people = people - 1 WHERE n = 1; RETURN OLD; END $$;
CREATE TRIGGER recount AFTER DELETE ON person FOR EACH ROW EXECUTE FUNCTION recount();`)
	systems := systemsFile(t, "hr", dsn)
	path := write(t, `dataset:
  - fides_key: hr
    collections:
      - name: person
        habeas: {erase: delete}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]
`)
	out, _, status := command(t, "rehearse", path, "--systems", systems, "--identity", "email=ann@example.com", "--erase", "--on-a-copy")
	require.Equal(t, 1, status)
	require.Contains(t, out, "WRONG: At least 1 row of badge, not the person's, changed or went.", "a cascade that the map does not know")
	require.Contains(t, out, "WRONG: At least 1 row of count, not the person's, changed or went.", "a trigger")

	execute(t, dsn, "INSERT INTO person VALUES (3, 'cy@example.com', 1); CREATE TABLE log (text text); INSERT INTO log VALUES ('hello CY@example.com!')")
	out, _, status = command(t, "rehearse", path, "--systems", systems, "--identity", "email=cy@example.com", "--erase", "--on-a-copy", "--scan")
	require.Equal(t, 1, status)
	require.Contains(t, out, "WRONG: An identity of the person is still in 1 row of public.log, column text.", "what nobody mapped")
}

func TestARehearsalTellsHoldsSharedRowsAndGivesTheRows(t *testing.T) {
	t.Parallel()
	dsn := database(t, `
CREATE TABLE person (id int PRIMARY KEY, email text, home int);
CREATE TABLE home (id int PRIMARY KEY, street text);
CREATE TABLE bill (id int PRIMARY KEY, person int, name text, amount numeric, made date);
INSERT INTO home VALUES (1, 'Street'), (2, 'Lane');
INSERT INTO person VALUES (1, 'ann@example.com', 1), (2, 'bob@example.com', 1);
INSERT INTO bill VALUES (1, 1, 'Ann', 12.30, '2026-03-01'), (2, 1, 'Ann', 1, '1999-01-01'), (3, 2, 'Bob', 1, '2026-01-01');`)
	systems := systemsFile(t, "shop", dsn)
	path := write(t, `dataset:
  - fides_key: shop
    collections:
      - name: person
        habeas: {erase: delete}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, fides_meta: {identity: email}}
          - {name: home, fides_meta: {references: [{dataset: shop, field: home.id, direction: to}]}}
      - name: home
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: street, data_categories: [user.contact.address.street]}]
      - name: bill
        habeas: {erase: delete, holds: [{rule: DE_AO_147_BELEG, anchors: {document_date: made}, fields: [amount]}]}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: person, fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
          - {name: name, data_categories: [user.name]}
          - {name: amount}
          - {name: made}
`)
	rows := filepath.Join(t.TempDir(), "rows.jsonl")
	out, errs, status := command(t, "rehearse", path, "--systems", systems, "-i", "email=ann@example.com", "--today", "2026-11-26", "--access", rows)
	require.Equal(t, 0, status, errs)
	require.Contains(t, out, "shop.home: 1 row, 1 of them shared\n       1 by email > shop.person.email > shop.home.id\n       1 shared: foreign_row through shop.person\n")
	require.Contains(t, out, "1 would be shown to the DPO (shared); here kept")
	require.Contains(t, out, "1 would be retained, kept until 31 December 2034")
	require.Contains(t, out, "; only amount, the rest is masked")
	require.Contains(t, out, "1 would be deleted")
	text, err := os.ReadFile(rows)
	require.NoError(t, err)
	require.Contains(t, string(text), `{"collection":"shop.bill","row":{"id":1,"person":1,"name":"Ann","amount":12.30,"made":"2026-03-01"}}`+"\n")
	require.Equal(t, 4, strings.Count(string(text), "\n"))

	out, errs, status = command(t, "rehearse", path, "--systems", systems, "-i", "email=ann@example.com", "--today", "2026-11-26", "--erase", "--on-a-copy", "--shared", "erase", "--json")
	require.Equal(t, 0, status, "%s%s", out, errs)
	var r datamapcli.Rehearsed
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Equal(t, 2, r.Erased.Deleted, "the person and the old bill")
	require.Equal(t, 2, r.Erased.Masked, "the shared address, and the bill but for what is held")
}
