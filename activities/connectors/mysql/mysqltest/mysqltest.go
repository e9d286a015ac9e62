package mysqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// server is started by the first test that needs it. Nothing stops it: it ends with the process.
var server = sync.OnceValues(start)

var databases atomic.Int64

// Start is the server of this test process. Without MariaDB on the machine the test is skipped, with a reason that says how to
// install it.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := server()
	if errors.Is(err, errNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("mysqltest: %v", err)
	}
	return s
}

// New is the name and the address of a new empty database, which is dropped when the test ends.
func New(t testing.TB) (name, dsn string) {
	t.Helper()
	s := Start(t)
	name = fmt.Sprintf("test_%d_%.40s", databases.Add(1), plain(t.Name()))
	run := func(statement string) {
		db, err := sql.Open("mysql", s.DSN(""))
		if err == nil {
			_, err = db.ExecContext(context.Background(), statement) // t.Context is over when the clean-up runs
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			t.Errorf("mysqltest: %v", err)
		}
	}
	run("CREATE DATABASE " + name)
	t.Cleanup(func() { run("DROP DATABASE " + name) })
	return name, s.DSN(name)
}

func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}
