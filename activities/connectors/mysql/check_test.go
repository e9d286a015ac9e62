package mysql_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/models"
	"habeas/models/datamap"
)

const folded = `, mail_folded varchar(100) AS (LOWER(TRIM(mail))) STORED, INDEX (mail_folded)`

func TestCheckPassesATableThatFits(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(100)`+folded+`)`)
	require.Empty(t, connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true, Type: "integer"}, {Name: "mail", Identity: "email", Type: "string"},
	}}))
}

func TestAnIndexOfFoldedAddressesServesTheSearch(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(100)`+folded+`);
INSERT INTO people (id, mail) VALUES (1, ' Ann@Example.com'), (2, 'ann@example.com '), (3, 'ann@example.con'), (4, 'Ännn@example.com');`)
	q := connectors.Query{Node: connectortest.People(t, nil), Fields: []string{"mail"}, Fold: true, Keys: []datamap.Key{{datamap.Text("ANN@EXAMPLE.COM")}, {datamap.Text("äNNn@example.com")}}}
	n, err := b.system.(connectors.Verifier).Count(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

func TestCheckNamesMasksThatTheTableForbids(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(40) NOT NULL UNIQUE, age int, born date, mirror varchar(3) AS ('x') STORED)`)
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
	b := setup(t, `CREATE TABLE people (id int, mail text, doc json)`)
	require.Equal(t, map[string]string{
		"key_not_unique": "d.people", "no_index": "warning d.people.id", "type_mismatch": "warning d.people.doc",
	}, connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true}, {Name: "doc", Type: "string"},
	}}))
	require.Equal(t, map[string]string{"no_primary_key": "warning d.people", "no_index": "warning d.people.mail"},
		connectortest.Problems(t, b.system, datamap.Collection{Name: "people", Fields: []datamap.Field{{Name: "mail", Identity: "email"}}}))
}

func TestCheckWarnsOfTablesThatTheMapDoesNotKnow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY); CREATE TABLE known (id int PRIMARY KEY, person int, FOREIGN KEY (person) REFERENCES people (id));`)
	collections := []datamap.Collection{
		{Name: "people", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}}},
		{Name: "known", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true}, {Name: "person", References: []datamap.Reference{{Dataset: "d", Collection: "people", Field: "id"}}},
		}},
	}
	require.Empty(t, connectortest.Problems(t, b.system, collections...))
	run(t, b.db, "CREATE TABLE unknown (person int, FOREIGN KEY (person) REFERENCES people (id))")
	require.Equal(t, map[string]string{"unmapped_reference": "warning d.people"}, connectortest.Problems(t, b.system, collections...))
	run(t, b.db, "DROP TABLE unknown; CREATE TABLE unknown (person int, FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE)")
	require.Equal(t, map[string]string{"unmapped_cascade": "warning d.people"}, connectortest.Problems(t, b.system, collections...))
}

func TestTablesOfOtherDatabasesOddNamesAndPartsOfDocuments(t *testing.T) {
	t.Parallel()
	b := setup(t, "CREATE TABLE `odd \"``name` (Id int PRIMARY KEY, `a.b` text, doc json);"+
		"INSERT INTO `odd \"``name` VALUES (1, 'x', '{\"contact\": {\"mail\": \"One@example.com\", \"fax\": null, \"ok\": true}}'), (2, 'y', NULL);")
	other := setup(t, "SELECT 1")
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{{
		Name: "odd", Table: b.name + ".odd \"`name", Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true},
			{Name: "a.b"},
			{Name: "doc", Fields: []datamap.Field{{Name: "contact", Fields: []datamap.Field{{Name: "mail", Identity: "email"}, {Name: "fax"}, {Name: "ok"}}}}},
		},
	}}}})
	require.NoError(t, err)
	var got []datamap.Row
	err = other.system.(connectors.Locator).Lookup(t.Context(), connectors.Query{
		Node: g.Nodes[0], Fields: []string{"doc.contact.mail"}, Fold: true, Keys: []datamap.Key{{datamap.Text("one@example.com")}},
		Return: []string{"id", "a.b", "doc.contact.mail", "doc.contact.fax", "doc.contact.ok"},
	}, func(r datamap.Row) error {
		got = append(got, r)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, datamap.Key{datamap.Int(1), datamap.Text("x"), datamap.Text("One@example.com"), datamap.Null, datamap.Text("true")}, datamap.Key(got[0].Values))
	order := connectors.Erasure{Node: g.Nodes[0], Keys: connectortest.IDs(1, 2), Masks: g.Nodes[0].Masks()}
	for range 2 {
		out, err := other.erase(t, order)
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Masked: 2}, out)
		require.Equal(t, []string{`["1","x","{\"contact\":{\"mail\":null,\"fax\":null,\"ok\":true}}"]`, `["2","y",null]`}, rowsOf(t, b.db, "`odd \"``name`"))
	}
	left, err := other.system.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Zero(t, left)
}

// TestEveryTypeIsReadAndFoundAgain takes a value of each type as its row's only key.
func TestEveryTypeIsReadAndFoundAgain(t *testing.T) {
	t.Parallel()
	for typ, c := range map[string]struct {
		literal string
		want    datamap.Value
	}{
		"tinyint":                          {"-7", datamap.Int(-7)},
		"tinyint(1)":                       {"5", datamap.Int(5)},
		"bigint unsigned":                  {"18446744073709551615", datamap.NewValue(datamap.KindInt, "18446744073709551615")},
		"year":                             {"2024", datamap.Int(2024)},
		"bit(1)":                           {"b'1'", datamap.NewValue(datamap.KindBool, "true")},
		"bit(12)":                          {"b'100000000001'", datamap.Int(2049)},
		"decimal(10,3)":                    {"-1.50", datamap.NewValue(datamap.KindDecimal, "-1.500")},
		"double":                           {"0.1", datamap.NewValue(datamap.KindDecimal, "0.1")},
		"float":                            {"0.123456789", datamap.NewValue(datamap.KindDecimal, "0.12345679")},
		"varchar(30) CHARACTER SET latin1": {"'Ärger'", datamap.Text("Ärger")},
		"varchar(30)":                      {"'a '", datamap.Text("a ")},
		"varchar(31)":                      {"'a\\0b'", datamap.Text("a\x00b")},
		"enum('a','b')":                    {"'b'", datamap.Text("b")},
		"set('a','b')":                     {"'a,b'", datamap.Text("a,b")},
		"longtext":                         {"'x\\\\y\\'z'", datamap.Text(`x\y'z`)},
		"time(3)":                          {"'-12:30:00.5'", datamap.NewValue(datamap.KindTime, "-12:30:00.500")},
		"date":                             {"'0000-00-00'", datamap.NewValue(datamap.KindDate, "0000-00-00")},
		"datetime(3)":                      {"'2024-02-29 23:59:59.120'", datamap.NewValue(datamap.KindDateTime, "2024-02-29T23:59:59.12")},
		"binary(4)":                        {"'ab'", datamap.NewValue(datamap.KindBytes, "ab\x00\x00")},
		"json":                             {`'{"a": "ü"}'`, datamap.NewValue(datamap.KindJSON, `{"a": "ü"}`)},
		"inet6":                            {"'::1'", datamap.Text("::1")},
	} {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fmt.Sprintf("SET sql_mode = ''; CREATE TABLE things (v %s); INSERT INTO things VALUES (%s), (NULL)", typ, c.literal))
			g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{
				{Name: "things", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{{Name: "v", PrimaryKey: true}}},
			}}})
			require.NoError(t, err)
			for _, indexed := range []bool{false, true} {
				var got []datamap.Value
				q := connectors.Query{Node: g.Nodes[0], Fields: []string{"v"}, Keys: []datamap.Key{{c.want}}, Return: []string{"v"}}
				require.NoError(t, b.system.(connectors.Locator).Lookup(t.Context(), q, func(r datamap.Row) error {
					got = append(got, r.Values[0])
					return nil
				}))
				require.Len(t, got, 1, "indexed: %v", indexed)
				require.Equal(t, c.want.Text(), got[0].Text())
				require.Equal(t, c.want.Kind(), got[0].Kind())
				if indexed || typ == "longtext" || typ == "json" {
					break
				}
				run(t, b.db, "CREATE INDEX v ON things (v)")
				b.system = open(t, b.dsn)
			}
			out, err := b.erase(t, connectors.Erasure{Node: g.Nodes[0], Keys: []datamap.Key{{c.want}}, Delete: true})
			require.NoError(t, err)
			require.Equal(t, connectors.Outcome{Erased: 1}, out)
			require.Len(t, rowsOf(t, b.db, "things"), 1)
		})
	}
}

func TestAColumnThatCannotBeEmptiedIsWarnedOfWhereAHeldRowMayKeepItsRow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(100) NOT NULL`+folded+`);
CREATE TABLE invoices (id int PRIMARY KEY, person int, day date, FOREIGN KEY (person) REFERENCES people (id));`)
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
}

func TestAMethodThatAFieldCannotTakeIsAMismatchAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, n int, f boolean, m enum('good'), short varchar(8), once varchar(30) UNIQUE);
INSERT INTO people VALUES (1, 5, true, 'good', 'Ann', 'a'), (2, NULL, NULL, NULL, NULL, 'b')`)
	before := rowsOf(t, b.db, "people")
	node := connectortest.People(t, func(c *datamap.Collection) {
		c.Fields = []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "n"}, {Name: "f"}, {Name: "m"}, {Name: "short"}, {Name: "once"}}
		c.Unreachable = "a test"
	})
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
	for field, value := range map[string]string{"n": "99999999999", "short": "far too long", "m": "bad", "once": "b"} {
		_, err := b.system.(connectors.Rectifier).Rectify(t.Context(), connectors.Rectification{
			Node: node, Keys: connectortest.IDs(1), Set: []connectors.FieldValue{{Field: field, Value: datamap.Text(value)}},
		})
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "%s: %v", field, err)
		require.NotContains(t, err.Error(), value)
	}
	require.Equal(t, before, rowsOf(t, b.db, "people"))
}

func TestElementsOfAListAreRemovedAndTheOthersStay(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, members json); INSERT INTO people VALUES (1, '["ann", 7, "bob", null]'), (2, '["ann"]'), (3, '["bob", "ann"]')`)
	node := connectortest.People(t, func(c *datamap.Collection) {
		c.Fields, c.Unreachable = []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "members", Type: "string[]"}}, "a test"
	})
	order := connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 2), Masks: []datamap.Mask{{Field: "members", Method: datamap.FieldRemove}}}
	_, err := b.erase(t, order)
	require.Equal(t, models.Invalid, models.KindOf(err), "elements that nobody names")
	order.Masks[0].Elements = []datamap.Value{datamap.Text("ann"), datamap.Text("7")}
	for range 2 {
		out, err := b.erase(t, order)
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Masked: 2}, out)
		rows := rowsOf(t, b.db, "people")
		require.Equal(t, `["1","[\"bob\",null]"]`, rows[0])
		require.NotContains(t, rows[1], "ann")
		require.Equal(t, `["3","[\"bob\", \"ann\"]"]`, rows[2], "another row is unchanged")
	}
	left, err := b.system.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Zero(t, left)
}
