package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/models/datamap"
)

func TestCheckPassesATableThatFits(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail text); CREATE INDEX ON people (lower(btrim(mail)));`)
	require.Empty(t, connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true, Type: "integer"}, {Name: "mail", Identity: "email", Type: "string"},
	}}))
}

func TestCheckNamesMasksThatTheTableForbids(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(40) NOT NULL UNIQUE, age int, born date,
  mirror text GENERATED ALWAYS AS ('x') STORED); CREATE INDEX ON people (lower(btrim(mail)));`)
	long, nan := "a replacement that is far longer than forty characters", "old"
	for code, field := range map[string]datamap.Field{
		"mask_not_null":   {Name: "mail", Categories: []string{"user"}},
		"mask_length":     {Name: "mail", Categories: []string{"user"}, Erase: datamap.FieldHMAC},
		"mask_unique":     {Name: "mail", Erase: datamap.FieldReplace, Value: &long},
		"mask_impossible": {Name: "age", Erase: datamap.FieldReplace, Value: &nan},
		"mask_generated":  {Name: "mirror", Erase: datamap.FieldNull},
	} {
		got := connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Unreachable: "-", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, field}})
		require.Equal(t, map[string]string{code: "d.people." + field.Name}, got)
	}
	got := connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Unreachable: "-", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "born", Erase: datamap.FieldHMAC}}})
	require.Equal(t, map[string]string{"mask_impossible": "d.people.born"}, got)
}

func TestCheckNamesKeysTypesAndIndexes(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int, mail text, tags text[]);`)
	require.Equal(t, map[string]string{
		"key_not_unique": "d.people", "no_index": "warning d.people.id", "type_mismatch": "warning d.people.tags",
	}, connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true}, {Name: "tags", Type: "string"},
	}}))
	require.Equal(t, map[string]string{"no_primary_key": "warning d.people", "no_index": "warning d.people.mail"},
		connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Fields: []datamap.Field{{Name: "mail", Identity: "email"}}}))
}

func TestCheckWarnsOfTablesThatTheMapDoesNotKnow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY); CREATE TABLE known (id int PRIMARY KEY, person int REFERENCES people);
CREATE INDEX ON known (person);`)
	collections := []datamap.Collection{
		{Name: "people", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}}},
		{Name: "known", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true}, {Name: "person", References: []datamap.Reference{{Dataset: "d", Collection: "people", Field: "id"}}},
		}},
	}
	require.Empty(t, connectortest.Problems(t, b.system, collections...))
	run(t, b.conn, "CREATE TABLE unknown (person int REFERENCES people)")
	require.Equal(t, map[string]string{"unmapped_reference": "warning d.people"}, connectortest.Problems(t, b.system, collections...))
	run(t, b.conn, "DROP TABLE unknown; CREATE TABLE unknown (person int REFERENCES people ON DELETE CASCADE)")
	require.Equal(t, map[string]string{"unmapped_cascade": "warning d.people"}, connectortest.Problems(t, b.system, collections...))
}

func TestTablesAreFoundBySchemaAndCaseOfTheirName(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE SCHEMA "App"; CREATE TABLE "App"."Odd ""name""" ("Id" int PRIMARY KEY, "a.b" text, doc jsonb);
INSERT INTO "App"."Odd ""name""" VALUES (1, 'x', '{"contact": {"mail": "One@example.com"}}');`)
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{{
		Name: "odd", Table: `App.Odd "name"`, Fields: []datamap.Field{
			{Name: "Id", PrimaryKey: true},
			{Name: "a.b"},
			{Name: "doc", Fields: []datamap.Field{{Name: "contact", Fields: []datamap.Field{{Name: "mail", Identity: "email"}}}}},
		},
	}}}})
	require.NoError(t, err)
	var got []datamap.Row
	err = b.system.(connectors.Locator).Lookup(t.Context(), connectors.Query{
		Node: g.Nodes[0], Fields: []string{"doc.contact.mail"}, Fold: true, Keys: []datamap.Key{{datamap.Text("one@example.com")}}, Return: []string{"Id", "a.b", "doc.contact.mail"},
	}, func(r datamap.Row) error {
		got = append(got, r)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, datamap.Key{datamap.Int(1), datamap.Text("x"), datamap.Text("One@example.com")}, datamap.Key(got[0].Values), "part of a JSON document")
	out, err := b.erase(t, connectors.Erasure{Node: g.Nodes[0], Keys: connectortest.IDs(1), Masks: g.Nodes[0].Masks()})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1}, out)
	require.Equal(t, []string{`(1,x,"{""contact"": {""mail"": null}}")`}, rowsOf(t, b.dsn, `"App"."Odd ""name"""`))
}

func TestAColumnThatCannotBeEmptiedIsWarnedOfWhereAHeldRowMayKeepItsRow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail text NOT NULL); CREATE TABLE invoices (id int PRIMARY KEY, person int REFERENCES people, day date);
CREATE INDEX ON people (lower(btrim(mail))); CREATE INDEX ON invoices (person);`)
	collections := []datamap.Collection{
		{Name: "people", Erase: datamap.EraseDelete, Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "mail", Identity: "email"}}},
		{Name: "invoices", Erase: datamap.EraseDelete, Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true},
			{Name: "day"},
			{Name: "person", References: []datamap.Reference{{Dataset: "d", Collection: "people", Field: "id", Direction: datamap.From}}},
		}},
	}
	require.Empty(t, connectortest.Problems(t, b.system, collections...), "both are deleted")
	collections[1].Holds = []datamap.Hold{{Rule: "DE_AO_147_BRIEF", Anchors: []datamap.Anchor{{Field: "document_date", Column: "day"}}}}
	require.Equal(t, map[string]string{"kept_not_null": "warning d.people.mail"}, connectortest.Problems(t, b.system, collections...))
	value := "erased"
	collections[0].Fields[1].Erase, collections[0].Fields[1].Value = datamap.FieldReplace, &value
	require.Empty(t, connectortest.Problems(t, b.system, collections...))
}
