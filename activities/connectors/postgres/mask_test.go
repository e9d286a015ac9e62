package postgres_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// erased masks rows twice and requires that the second time changes nothing and that the system finds nothing left.
func (b *bench) erased(t *testing.T, node *datamap.Node, keys []datamap.Key, masks ...datamap.Mask) []string {
	t.Helper()
	order := connectors.Erasure{Node: node, Keys: keys, Masks: masks}
	left, err := b.system.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, len(keys), left)
	var once []string
	for range 2 {
		out, err := b.erase(t, order)
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Masked: len(keys)}, out)
		rows := rowsOf(t, b.dsn, node.Table)
		if once != nil {
			require.Equal(t, once, rows, "masking twice leaves what masking once left")
		}
		once = rows
		left, err = b.system.(connectors.Verifier).Left(t.Context(), order)
		require.NoError(t, err)
		require.Zero(t, left)
	}
	return once
}

func fields(t *testing.T, names ...string) *datamap.Node {
	t.Helper()
	c := datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Unreachable: "a test", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}}}
	for _, n := range names {
		c.Fields = append(c.Fields, datamap.Field{Name: n, Categories: []string{"user"}})
	}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{c}}})
	require.NoError(t, err)
	return g.Nodes[0]
}

func TestEveryTypeKeepsItsTypeWhenItIsMaskedByRandomOrFormat(t *testing.T) {
	t.Parallel()
	columns := []string{"small", "amount", "uid", "born", "seen", "at", "photo", "name", "tags", "days"}
	for _, method := range []datamap.FieldErase{datamap.FieldRandom, datamap.FieldFormat} {
		b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, small smallint, amount numeric(8,2), uid uuid UNIQUE, born date, seen timestamptz, at timestamp,
  photo bytea, name varchar(30), tags text[], days date[]);
INSERT INTO people SELECT n, -32768 + n, 1234.56, ('0188a0f2-7d9b-7b5a-9c3e-00000000000' || n)::uuid, '1980-02-29', '2024-10-27 00:30:00.123456+00', '2024-01-01 10:00:00',
  '\x00ff', 'Änn O''Neil-4711', ARRAY['a"b\c', NULL, 'Two'], ARRAY['1999-12-31'::date] FROM generate_series(1, 3) n;`)
		var masks []datamap.Mask
		for _, c := range columns {
			masks = append(masks, datamap.Mask{Field: c, Method: method})
		}
		rows := strings.Join(b.erased(t, fields(t, columns...), connectortest.IDs(1, 2), masks...), "\n")
		require.Equal(t, 1, strings.Count(rows, "Änn"), "the third row is another's")
		require.Equal(t, 1, strings.Count(rows, "NULL,Two"))
		require.Equal(t, 1, strings.Count(rows, "1980-02-29"))
	}
}

func TestMaskedTextIsWhatPackageMaskSays(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, name text, tags text[]); INSERT INTO people VALUES (7, 'Ann', ARRAY['vip', NULL])`)
	node, maker := fields(t, "name", "tags"), mask.NewMaker(secret)
	name := datamap.Mask{Field: "name", Method: datamap.FieldHMAC, Suffix: "@erased.invalid"}
	tags := datamap.Mask{Field: "tags", Method: datamap.FieldHMAC}
	want, err := maker.Value(name, mask.Place{Address: node.Address, Row: connectortest.IDs(7)[0]}, datamap.Text("Ann"))
	require.NoError(t, err)
	tag, err := maker.Value(tags, mask.Place{Address: node.Address, Row: connectortest.IDs(7)[0]}, datamap.Text("vip"))
	require.NoError(t, err)
	require.Equal(t, []string{"(7," + want.Text() + `,"{` + tag.Text() + `,NULL}")`}, b.erased(t, node, connectortest.IDs(7), name, tags))
}

func TestPartsOfDocumentsAreMaskedAndTheRestStaysInItsOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, doc json, other jsonb);
INSERT INTO people VALUES (1, '{"z": 1.50, "name": "Ann <O''Neil>", "contacts": [{"email": "a@x.org", "kind": "home", "phone": 12345}, {"email": null}, {"kind": "x"}, "loose"], "a": {"name": "kept"}}',
  '{"who": {"first": "Ann", "n": 5, "more": ["x", {"y": true}]}, "keep": {"first": "stays"}}'), (2, NULL, 'null'), (3, '{"name": "Bob"}', '[]')`)
	node := fields(t, "doc", "other")
	rows := b.erasedSome(t, node, connectortest.IDs(1, 2), 1,
		datamap.Mask{Field: "doc.name", Method: datamap.FieldReplace, Value: "[erased]"},
		datamap.Mask{Field: "doc.contacts.email", Method: datamap.FieldHMAC},
		datamap.Mask{Field: "doc.contacts.phone", Method: datamap.FieldFormat},
		datamap.Mask{Field: "other.who", Method: datamap.FieldHash},
	)
	require.Len(t, rows, 3)
	var doc, other string
	require.NoError(t, b.conn.QueryRow(t.Context(), "SELECT doc::text, other::text FROM people WHERE id = 1").Scan(&doc, &other))
	require.Regexp(t, `^\{"z":1\.50,"name":"\[erased\]","contacts":\[\{"email":"[0-9a-f]{64}","kind":"home","phone":1[0-9]{4}\},\{"email":null\},\{"kind":"x"\},"loose"\],"a":\{"name":"kept"\}\}$`, doc)
	require.NotContains(t, doc, "12345")
	var parts struct {
		Who  struct{ First, N string }
		Keep struct{ First string }
	}
	require.NoError(t, json.Unmarshal([]byte(other), &parts))
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, parts.Who.First)
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, parts.Who.N, "everything below a masked part is masked")
	require.NotContains(t, other, "true")
	require.Equal(t, "stays", parts.Keep.First)
	require.Contains(t, rows[2], "Bob")

	require.Contains(t, strings.Join(b.erased(t, node, connectortest.IDs(3), datamap.Mask{Field: "doc.name", Method: datamap.FieldNull}), ""), `{""name"":null}`)
}

// erasedSome is erased for keys of which only some rows have something to mask.
func (b *bench) erasedSome(t *testing.T, node *datamap.Node, keys []datamap.Key, open int, masks ...datamap.Mask) []string {
	t.Helper()
	order := connectors.Erasure{Node: node, Keys: keys, Masks: masks}
	left, err := b.system.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, open, left)
	var rows []string
	for range 2 {
		out, err := b.erase(t, order)
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Masked: len(keys)}, out)
		before := rows
		rows = rowsOf(t, b.dsn, node.Table)
		require.True(t, before == nil || strings.Join(before, "") == strings.Join(rows, ""))
	}
	left, err = b.system.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Zero(t, left)
	return rows
}

func TestAMethodThatAFieldCannotTakeIsAMismatchAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TYPE mood AS ENUM ('good'); CREATE TABLE people (id int PRIMARY KEY, n int, f boolean, m mood, short varchar(8));
INSERT INTO people VALUES (1, 5, true, 'good', 'Ann')`)
	before := rowsOf(t, b.dsn, "people")
	node := fields(t, "n", "f", "m", "short")
	for _, m := range []datamap.Mask{
		{Field: "n", Method: datamap.FieldHMAC},
		{Field: "f", Method: datamap.FieldRandom},
		{Field: "m", Method: datamap.FieldRandom},
		{Field: "short", Method: datamap.FieldHash},
		{Field: "n.part", Method: datamap.FieldNull},
		{Field: "n", Method: "burn"},
	} {
		_, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1), Masks: []datamap.Mask{m}})
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "%s by %s: %v", m.Field, m.Method, err)
		require.NotContains(t, err.Error(), "Ann")
	}
	require.Equal(t, before, rowsOf(t, b.dsn, "people"))
}

func TestAMaskThatDoesNotLookAtTheValueCountsMissingRows(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	node := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	order := connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 2, 9), Masks: node.Masks()}
	for range 2 {
		out, err := b.erase(t, order)
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Masked: 2, Missing: 1}, out)
	}
}
