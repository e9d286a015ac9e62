package drops_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/models/datamap"
)

// people is a collection of a file, with id and mail, masked or deleted.
func people(t require.TestingT, table string, change func(*datamap.Collection)) *datamap.Node {
	erased := "[erased]"
	c := datamap.Collection{Name: "people", Table: table, Unreachable: "-", Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true},
		{Name: "mail", Categories: []string{"user"}},
		{Name: "note", Categories: []string{"user"}, Erase: datamap.FieldReplace, Value: &erased},
	}}
	if change != nil {
		change(&c)
	}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{c}}})
	require.NoError(t, err)
	return g.Nodes[0]
}

func keys(list ...string) []datamap.Key {
	var keys []datamap.Key
	for _, s := range list {
		keys = append(keys, datamap.Key{datamap.Text(s)})
	}
	return keys
}

// erased is what a file is after the rows were masked, and after they were deleted.
func erased(t *testing.T, name, settings, content string, ids ...string) (masked, deleted string) {
	t.Helper()
	node := people(t, name, nil)
	for i, order := range []connectors.Erasure{
		{Node: node, Keys: keys(ids...), Masks: node.Masks()}, {Node: node, Keys: keys(ids...), Delete: true},
	} {
		d := &directory{t.TempDir()}
		d.write(t, name, []byte(content))
		system := open(t, d.dsn(), settings)
		_, err := system.(connectors.Eraser).Erase(t.Context(), order)
		require.NoError(t, err)
		left, err := system.(connectors.Verifier).Left(t.Context(), order)
		require.NoError(t, err)
		require.Zero(t, left)
		if i == 0 {
			masked = string(d.read(t, name))
		} else {
			deleted = string(d.read(t, name))
		}
	}
	return masked, deleted
}

func TestLinesThatAreNotConcernedKeepEveryByte(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, settings, content, masked, deleted string }{
		"quotes, blanks and line breaks of both kinds": {
			"p.csv", "",
			"id,mail,note\r\n\"1\",a@x, spaced \n2,\"b@x\",\"two\nlines, and \"\"quotes\"\"\"\r\n\r\n3,,\"\"\n",
			"id,mail,note\r\n\"1\",a@x, spaced \n2,,\"[erased]\"\r\n\r\n3,,\"\"\n",
			"id,mail,note\r\n\"1\",a@x, spaced \n\r\n3,,\"\"\n",
		},
		"a byte order mark, semicolons and no line break at the end": {
			"p.csv", `{"delimiter": ";"}`, "\ufeffid;mail;note\n1;a@x;x\n2;b@x;\"y;\"", "\ufeffid;mail;note\n1;a@x;x\n2;;\"[erased]\"", "\ufeffid;mail;note\n1;a@x;x\n",
		},
		"tabs, a word for nothing and no header": {
			"p.tsv", `{"columns": ["id", "mail", "note"], "null": "\\N"}`, "1\ta@x\t\\N\n2\tb@x\ty\n", "1\ta@x\t\\N\n2\t\\N\t[erased]\n", "1\ta@x\t\\N\n",
		},
		"an old encoding": {
			"p.csv", `{"encoding": "windows-1252"}`, "id,mail,note\n1,\xe4@x,\x80\n2,\xfc@x,\xfc\n", "id,mail,note\n1,\xe4@x,\x80\n2,,[erased]\n", "id,mail,note\n1,\xe4@x,\x80\n",
		},
		"the order of members, numbers, escapes and blanks of JSON": {
			"p.jsonl", "",
			"{\"note\": \"\\u00e4\", \"n\":1.50, \"id\" : 1}\n  {\"z\":1e2,\"id\":\"2\",\"mail\":\"b@x\", \"more\":{\"b\":1,\"a\":[ 1 ]},\"note\":\"y\"}\t\r\n\n{\"id\":3}",
			"{\"note\": \"\\u00e4\", \"n\":1.50, \"id\" : 1}\n  {\"z\":1e2,\"id\":\"2\",\"mail\":null, \"more\":{\"b\":1,\"a\":[ 1 ]},\"note\":\"[erased]\"}\t\r\n\n{\"id\":3}",
			"{\"note\": \"\\u00e4\", \"n\":1.50, \"id\" : 1}\n\n{\"id\":3}",
		},
		"members that are missing": {"p.jsonl", "", "{\"id\":2}\n{\"id\":2, \"mail\": null }\n", "{\"id\":2,\"note\":\"[erased]\"}\n{\"id\":2, \"mail\": null,\"note\":\"[erased]\" }\n", ""},
	} {
		masked, deleted := erased(t, c.file, c.settings, c.content, "2")
		require.Equal(t, c.masked, masked, "%s, masked", name)
		require.Equal(t, c.deleted, deleted, "%s, deleted", name)
	}
}

// Whatever a file holds, after an erasure the others' lines are there, byte by byte, and the person's are not.
func TestAnyCSVFileKeepsTheOthersLines(t *testing.T) {
	t.Parallel()
	d := &directory{t.TempDir()}
	system, node := open(t, d.dsn(), ""), people(t, "p.csv", nil)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[a,"\n\r ;]{0,8}`), rapid.String())
		header, want := "id,mail,note\n", ""
		content := header
		for range rapid.IntRange(0, 8).Draw(rt, "rows") {
			id := rapid.SampledFrom([]string{"1", "2", "22", "02"}).Draw(rt, "id")
			quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
			line := id + "," + quote(text.Draw(rt, "mail")) + "," + quote(text.Draw(rt, "note")) + rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(rt, "end")
			if content += line; id != "2" {
				want += line
			}
		}
		d.write(t, "p.csv", []byte(content))
		_, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("2"), Delete: true})
		require.NoError(rt, err)
		require.Equal(rt, header+want, string(d.read(t, "p.csv")))
		_, err = csv.NewReader(bytes.NewReader(d.read(t, "p.csv"))).ReadAll()
		require.NoError(rt, err)
	})
}

func TestNestedMembersAreFoundAndMaskedByTheirPaths(t *testing.T) {
	t.Parallel()
	d := &directory{t.TempDir()}
	d.write(t, "p.jsonl", []byte(`{"id":1,"person":{"mail":"a@x","tags":["x"]},"orders":[{"to":"a@x","n":1},{"to":"c@x","n":2}],"a.b":"dotted"}`+"\n"+`{"id":2,"person":null}`+"\n"))
	node := people(t, "p.jsonl", func(c *datamap.Collection) {
		user := []string{"user"}
		c.Fields = []datamap.Field{
			{Name: "id", PrimaryKey: true},
			{Name: "person", Fields: []datamap.Field{{Name: "mail", Categories: user, Erase: datamap.FieldHMAC}, {Name: "tags", Type: "string[]", Categories: user}}},
			{Name: "orders", Type: "object[]", Fields: []datamap.Field{{Name: "to", Categories: user, Erase: datamap.FieldRandom}, {Name: "n"}}},
			{Name: "a.b"},
		}
	})
	system := open(t, d.dsn(), "")
	var rows []datamap.Row
	require.NoError(t, system.(connectors.Locator).Lookup(t.Context(), connectors.Query{
		Node: node, Fields: []string{"orders.to"}, Keys: keys("c@x"), Return: []string{"person.mail", "person.tags", "orders.to", "orders.n", "a.b"},
	}, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	}))
	require.Equal(t, []datamap.Value{
		datamap.Text("a@x"), datamap.Array(datamap.Text("x")), datamap.Array(datamap.Text("a@x"), datamap.Text("c@x")),
		datamap.Array(datamap.Int(1), datamap.Int(2)), datamap.Text("dotted"),
	}, rows[0].Values)
	order := connectors.Erasure{Node: node, Keys: []datamap.Key{{datamap.Int(1)}, {datamap.Int(2)}}, Masks: node.Masks()}
	out, err := system.(connectors.Eraser).Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 2}, out)
	require.Regexp(t, `^{"id":1,"person":{"mail":"[0-9a-f]{64}","tags":null},"orders":\[{"to":"[a-z2-7]{24}","n":1},{"to":"[a-z2-7]{24}","n":2}\],"a.b":"dotted"}\n{"id":2,"person":null}\n$`, string(d.read(t, "p.jsonl")))
	left, err := system.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Zero(t, left)
}

func TestAParquetFileKeepsItsSchemaCompressionAndMetadata(t *testing.T) {
	t.Parallel()
	h := &harness{place: &directory{t.TempDir()}, ending: "parquet"}
	connectortest.Run(t, func(*testing.T) connectortest.Harness { return &keeping{h, t} })
}

// keeping compares the files' structure whenever rows are read.
type keeping struct {
	*harness
	t *testing.T
}

func (k *keeping) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	k.harness = &harness{place: &directory{t.TempDir()}, ending: "parquet"}
	system := k.harness.Open(t, tables)
	for _, table := range tables {
		name := table.Node.Table
		before := structure(t, k.place.read(t, name))
		t.Cleanup(func() { require.Equal(t, before, structure(t, k.place.read(t, name))) })
	}
	return system
}

func structure(t *testing.T, content []byte) string {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	made, _ := f.Lookup("made by")
	s := f.Schema().String() + made
	if len(f.Metadata().RowGroups) > 0 {
		for _, c := range f.Metadata().RowGroups[0].Columns {
			s += fmt.Sprintf(" %v %v", c.MetaData.PathInSchema, c.MetaData.Codec)
		}
	}
	return s
}
