package mysql_test

import (
	"database/sql"
	"testing"

	"habeas/activities/connectors"
	"habeas/activities/connectors/mysql/mysqltest"
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
