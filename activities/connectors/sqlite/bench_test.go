package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// bench is a database file with the given statements run, and a connector to it.
type bench struct {
	path   string
	db     *sql.DB
	system connectors.System
}

func setup(t testing.TB, statements string) *bench {
	t.Helper()
	b := &bench{path: filepath.Join(t.TempDir(), "what a name?%20.db")}
	b.db = connect(t, escaped(b.path))
	run(t, b.db, statements)
	b.system = open(t, "file:"+escaped(b.path))
	return b
}

// people is a collection whose rows have an id, and a mail address as identity, erased as given.
func people(t testing.TB, change func(*datamap.Collection)) *datamap.Node {
	t.Helper()
	c := datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true}, {Name: "mail", Identity: "email"},
	}}
	if change != nil {
		change(&c)
	}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{c}}})
	require.NoError(t, err)
	return g.Nodes[0]
}

func ids(list ...int64) []datamap.Key {
	keys := make([]datamap.Key, len(list))
	for i, id := range list {
		keys[i] = datamap.Key{datamap.Int(id)}
	}
	return keys
}

func upTo(n int64) []datamap.Key {
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(i) + 1
	}
	return ids(list...)
}

func (b *bench) erase(t *testing.T, order connectors.Erasure) (connectors.Outcome, error) {
	t.Helper()
	return b.system.(connectors.Eraser).Erase(t.Context(), order)
}

func (b *bench) find(t *testing.T, q connectors.Query) (rows []datamap.Row, err error) {
	t.Helper()
	err = b.system.(connectors.Locator).Lookup(t.Context(), q, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// codes are the problems of a check by code, with their place; severity in front of warnings.
func (b *bench) codes(t *testing.T, collections ...datamap.Collection) map[string]string {
	t.Helper()
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: collections}})
	require.NoError(t, err)
	problems, err := b.system.(connectors.Checker).Check(t.Context(), g.Nodes)
	require.NoError(t, err)
	got := map[string]string{}
	for _, p := range problems {
		require.NotEmpty(t, p.Advice)
		require.NotContains(t, got, p.Code, "%v", problems)
		got[p.Code] = p.Where
		if p.Severity == datamap.Warning {
			got[p.Code] = "warning " + p.Where
		}
	}
	return got
}
