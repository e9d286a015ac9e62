package mysql_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/mysql/mysqltest"
	"habeas/models/datamap"
)

// bench is a database with the given statements run, and a connector to it.
type bench struct {
	server *mysqltest.Server
	name   string
	dsn    string
	db     *sql.DB
	system connectors.System
}

func setup(t testing.TB, statements string) *bench {
	t.Helper()
	b := &bench{server: mysqltest.Start(t)}
	b.name, b.dsn = mysqltest.New(t)
	b.db = connect(t, b.dsn)
	run(t, b.db, statements)
	b.system = open(t, b.dsn)
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

// login makes an account with the given rights on tables of the database, and gives its address.
func (b *bench) login(t *testing.T, rights map[string]string) string {
	t.Helper()
	account := b.name[:min(len(b.name), 30)]
	run(t, b.db, "CREATE USER "+account+"@'%' IDENTIFIED BY 'secretword'")
	for table, right := range rights {
		run(t, b.db, "GRANT "+right+" ON "+b.name+"."+table+" TO "+account+"@'%'")
	}
	t.Cleanup(func() { run(t, b.db, "DROP USER "+account+"@'%'") })
	return b.server.As(account, "secretword", b.name)
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
