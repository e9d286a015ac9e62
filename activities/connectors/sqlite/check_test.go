package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/models"
	"habeas/models/datamap"
)

func TestCheckPassesATableThatFits(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT); CREATE INDEX folded ON people (lower(trim("mail")));`)
	require.Empty(t, connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true, Type: "integer"}, {Name: "mail", Identity: "email", Type: "string"},
	}}))
}

func TestCheckNamesMasksThatTheTableForbids(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, age INTEGER, born DATE, mirror TEXT GENERATED ALWAYS AS ('x'))`)
	value, nan := "a replacement", "old"
	for code, field := range map[string]datamap.Field{
		"mask_not_null":   {Name: "mail", Categories: []string{"user"}},
		"mask_unique":     {Name: "mail", Erase: datamap.FieldReplace, Value: &value},
		"mask_impossible": {Name: "age", Erase: datamap.FieldReplace, Value: &nan},
		"mask_generated":  {Name: "mirror", Erase: datamap.FieldNull},
	} {
		got := connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Unreachable: "-", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, field}})
		require.Equal(t, map[string]string{code: "d.people." + field.Name}, got)
	}
	got := connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Unreachable: "-", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "born", Erase: datamap.FieldHMAC}}})
	require.Equal(t, map[string]string{"mask_impossible": "d.people.born"}, got)
}

func TestCheckNamesKeysTypesIndexesAndTablesThatTheMapDoesNotKnow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id INTEGER, mail TEXT, doc JSON); CREATE TABLE parents (id INTEGER PRIMARY KEY);
CREATE TABLE children (parent INTEGER REFERENCES parents); CREATE TABLE leaves (parent INTEGER REFERENCES parents ON DELETE SET NULL);`)
	require.Equal(t, map[string]string{
		"key_not_unique": "d.people", "no_index": "warning d.people.id", "type_mismatch": "warning d.people.doc",
	}, connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true}, {Name: "doc", Type: "string"},
	}}))
	require.Equal(t, map[string]string{"no_primary_key": "warning d.people", "no_index": "warning d.people.mail"},
		connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Fields: []datamap.Field{{Name: "mail", Identity: "email"}}}))
	require.Equal(t, map[string]string{"unmapped_reference": "warning d.parents", "unmapped_cascade": "warning d.parents"},
		connectortest.Problems(t, b.system, datamap.Collection{Name: "parents", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}}}))
}

func TestOddNamesPartsOfDocumentsAndLettersBeyondASCII(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE "odd "".name" (Id INTEGER PRIMARY KEY, "a.b" TEXT, doc JSON, mail TEXT COLLATE NOCASE);
INSERT INTO "odd "".name" VALUES (1, 'x', '{"contact": {"mail": "ÄNN@example.com", "fax": null, "ok": true}}', ' ÄNN@Example.com'), (2, 'y', 'no document', 'ann@example.com');`)
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{{
		Name: "odd", Table: `main.odd ".name`, Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true},
			{Name: "a.b"},
			{Name: "mail", Identity: "email"},
			{Name: "doc", Fields: []datamap.Field{{Name: "contact", Fields: []datamap.Field{{Name: "mail", Identity: "email"}, {Name: "fax"}, {Name: "ok"}}}}},
		},
	}}}})
	require.NoError(t, err)
	for _, field := range []string{"mail", "doc.contact.mail"} {
		rows, err := b.find(t, connectors.Query{
			Node: g.Nodes[0], Fields: []string{field}, Fold: true, Keys: []datamap.Key{{datamap.Text("änn@example.com")}},
			Return: []string{"id", "a.b", "doc.contact.mail", "doc.contact.fax", "doc.contact.ok"},
		})
		require.NoError(t, err)
		require.Len(t, rows, 1, field)
		require.Equal(t, datamap.Key{datamap.Int(1), datamap.Text("x"), datamap.Text("ÄNN@example.com"), datamap.Null, datamap.Text("true")}, datamap.Key(rows[0].Values))
	}
	rows, err := b.find(t, connectors.Query{Node: g.Nodes[0], Fields: []string{"mail"}, Keys: []datamap.Key{{datamap.Text("ANN@example.com")}}, Return: []string{"id"}})
	require.NoError(t, err)
	require.Empty(t, rows, "whatever the collation says")
	masks := []datamap.Mask{{Field: "doc.contact.mail", Method: datamap.FieldHMAC}, {Field: "a.b", Method: datamap.FieldNull}}
	order := connectors.Erasure{Node: g.Nodes[0], Keys: connectortest.IDs(1), Masks: masks}
	for range 2 {
		out, err := b.erase(t, order)
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Masked: 1}, out)
	}
	rows, err = b.find(t, connectors.Query{Node: g.Nodes[0], Fields: []string{"id"}, Keys: connectortest.IDs(1), Return: []string{"doc.contact.mail", "doc.contact.ok", "a.b"}})
	require.NoError(t, err)
	require.Regexp(t, "^[0-9a-f]{64}$", rows[0].Values[0].Text())
	require.Equal(t, "true", rows[0].Values[1].Text())
	require.True(t, rows[0].Values[2].IsNull())
	order.Keys = connectortest.IDs(2)
	_, err = b.erase(t, order)
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "what stands there is no document")
	require.NotContains(t, err.Error(), "no document")
}

// TestWhateverStandsInAColumnIsReadAndFoundAgain takes values as their rows' only keys, in columns that SQLite lets hold anything.
func TestWhateverStandsInAColumnIsReadAndFoundAgain(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		typ, literal string
		want         datamap.Value
	}{
		{"INTEGER", "-7", datamap.Int(-7)},
		{"INTEGER", "'seven'", datamap.Text("seven")},
		{"", "7", datamap.Int(7)},
		{"", "'7'", datamap.Text("7")},
		{"REAL", "0.1", datamap.NewValue(datamap.KindDecimal, "0.1")},
		{"NUMERIC", "'12.50'", datamap.NewValue(datamap.KindDecimal, "12.5")},
		{"TEXT", "'a '", datamap.Text("a ")},
		{"TEXT", "'a' || char(0) || 'b'", datamap.Text("a\x00b")},
		{"BLOB", "x'00ff'", datamap.NewValue(datamap.KindBytes, "\x00\xff")},
		{"BLOB", "x''", datamap.NewValue(datamap.KindBytes, "")},
		{"BLOB", "'text'", datamap.Text("text")},
		{"BOOLEAN", "1", datamap.NewValue(datamap.KindBool, "true")},
		{"BOOLEAN", "'false'", datamap.NewValue(datamap.KindBool, "false")},
		{"BOOLEAN", "2", datamap.Int(2)},
		{"DATE", "'2024-02-29'", datamap.NewValue(datamap.KindDate, "2024-02-29")},
		{"DATE", "'29.2.2024'", datamap.Text("29.2.2024")},
		{"DATE", "19782", datamap.Int(19782)},
		{"DATETIME", "'2024-02-29 12:30:00'", datamap.NewValue(datamap.KindDateTime, "2024-02-29T12:30:00")},
		{"DATETIME", "'2024-02-29T12:30:00.120'", datamap.NewValue(datamap.KindDateTime, "2024-02-29T12:30:00.12")},
		{"DATETIME", "'2024-02-29T12:30:00.000Z'", datamap.NewValue(datamap.KindTimestamp, "2024-02-29T12:30:00Z")},
		{"TIMESTAMP", "'2024-02-29 12:30:00.000001+00:00'", datamap.NewValue(datamap.KindTimestamp, "2024-02-29T12:30:00.000001Z")},
		{"TIMESTAMP", "'2024-02-29 12:30:00+02:00'", datamap.Text("2024-02-29 12:30:00+02:00")},
		{"TIMESTAMP", "1709209800", datamap.Int(1709209800)},
		{"TIME", "'12:30:00'", datamap.NewValue(datamap.KindTime, "12:30:00")},
		{"UUID", "'0188A0F2-7D9B-7B5A-9C3E-0123456789AB'", datamap.NewValue(datamap.KindUUID, "0188a0f2-7d9b-7b5a-9c3e-0123456789ab")},
		{"JSON", `'{"a": "ü"}'`, datamap.NewValue(datamap.KindJSON, `{"a": "ü"}`)},
	} {
		t.Run(fmt.Sprint(i, " ", c.typ, " ", c.literal), func(t *testing.T) {
			t.Parallel()
			b := setup(t, fmt.Sprintf("CREATE TABLE things (v %s UNIQUE); INSERT INTO things VALUES (%s), (NULL)", c.typ, c.literal))
			g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{
				{Name: "things", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{{Name: "v", PrimaryKey: true}}},
			}}})
			require.NoError(t, err)
			rows, err := b.find(t, connectors.Query{Node: g.Nodes[0], Fields: []string{"v"}, Keys: []datamap.Key{{c.want}}, Return: []string{"v"}})
			require.NoError(t, err)
			require.Len(t, rows, 1)
			require.Equal(t, c.want.Text(), rows[0].Values[0].Text())
			require.Equal(t, c.want.Kind(), rows[0].Values[0].Kind())
			out, err := b.erase(t, connectors.Erasure{Node: g.Nodes[0], Keys: []datamap.Key{{c.want}}, Delete: true})
			require.NoError(t, err)
			require.Equal(t, connectors.Outcome{Erased: 1}, out)
			require.Len(t, rowsOf(t, b.db, "things"), 1)
		})
	}
}

func TestAScanReadsPagesAndFindsWhatADocumentEscapes(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT, doc JSON, blank TEXT);
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50000) INSERT INTO people (id, mail) SELECT n * 3, 'p' || n || '@example.com' FROM n;
INSERT INTO people VALUES (-5, 'P7@EXAMPLE.COM', '{"name": "\u00c4nn \"Q\" O\/Neil"}', NULL);
CREATE TABLE bare (id TEXT PRIMARY KEY, note TEXT) WITHOUT ROWID; INSERT INTO bare VALUES ('x', 'of p49999@example.com');`)
	hits := map[string]int64{}
	skipped, err := b.system.(connectors.Scanner).Scan(t.Context(), []models.Personal{"p7@example.com", "P49999@example.com", `Änn "Q" O/Neil`}, func(h connectors.Hit) error {
		hits[h.Table+"."+h.Column] = h.Rows
		return nil
	})
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, map[string]int64{"people.mail": 3, "people.doc": 1, "bare.note": 1}, hits)
}

func TestInspectNamesWhatAForeignKeyRefersToAsItIsCalled(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE Parent (Org INTEGER, No INTEGER, Code TEXT UNIQUE, PRIMARY KEY (Org, No));
CREATE TABLE child (org INTEGER, no INTEGER, code TEXT REFERENCES PARENT (CODE) ON DELETE CASCADE, up TEXT REFERENCES gone (id),
  FOREIGN KEY (ORG, NO) REFERENCES parent);`)
	references := map[string][]connectors.ForeignKey{}
	require.NoError(t, b.system.(connectors.Inspector).Inspect(t.Context(), 0, func(table connectors.Table) error {
		references[table.Name] = table.References
		return nil
	}))
	require.Empty(t, references["Parent"])
	require.ElementsMatch(t, []connectors.ForeignKey{
		{Name: "child(code)", Columns: []string{"code"}, Table: "Parent", Into: []string{"Code"}, OnDelete: "cascade"},
		{Name: "child(up)", Columns: []string{"up"}, Table: "gone", Into: []string{"id"}, OnDelete: "no action"},
		{Name: "child(org, no)", Columns: []string{"org", "no"}, Table: "Parent", Into: []string{"Org", "No"}, OnDelete: "no action"},
	}, references["child"])
}
