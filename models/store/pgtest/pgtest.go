package pgtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"habeas/models/store/pgserver"
)

// cluster is started by the first test that needs it. Nothing stops it: it ends with the process.
var cluster = sync.OnceValues(func() (*pgserver.Server, error) {
	return pgserver.Start(context.Background(), pgserver.Options{})
})

var (
	databases atomic.Int64
	templates = struct {
		sync.Mutex
		byName map[string]func() (database string, err error)
	}{byName: make(map[string]func() (string, error))}
)

// Server returns the cluster of this test process, without fsync, for tests that need roles or server settings. A machine
// without PostgreSQL fails the test, since a skipped store test would look like a passed one.
func Server(t testing.TB) *pgserver.Server {
	t.Helper()
	server, err := cluster()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return server
}

// New returns the URL of a new empty database, which is dropped when the test ends.
func New(t testing.TB) (dsn string) {
	t.Helper()
	return clone(t, "template1")
}

// Template returns the URL of a new database that is a copy of one which prepare filled, once per name and test process:
// a migrated schema costs its time once, and each copy some hundredths of a second. prepare gets the URL of an empty database; it need
// not close its connections. Its error fails each test that asks for the template.
func Template(t testing.TB, name string, prepare func(dsn string) error) (dsn string) {
	t.Helper()
	server := Server(t)
	templates.Lock()
	once := templates.byName[name]
	if once == nil {
		once = sync.OnceValues(func() (string, error) { return fill(server, name, prepare) })
		templates.byName[name] = once
	}
	templates.Unlock()
	database, err := once()
	if err != nil {
		t.Fatalf("pgtest: template %s: %v", name, err)
	}
	return clone(t, database)
}

// fill makes the database that copies are taken from, and closes it to sessions, since PostgreSQL copies no database
// that somebody is connected to.
func fill(server *pgserver.Server, name string, prepare func(dsn string) error) (string, error) {
	ctx := context.Background()
	database := unique("template", name)
	if err := server.CreateDatabase(ctx, database); err != nil {
		return "", err
	}
	if err := prepare(server.DSN(database)); err != nil {
		return "", err
	}
	quoted := pgx.Identifier{database}.Sanitize()
	return database, errors.Join(
		server.Exec(ctx, "ALTER DATABASE "+quoted+" ALLOW_CONNECTIONS false"),
		server.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '"+strings.ReplaceAll(database, "'", "''")+"'"),
	)
}

func clone(t testing.TB, template string) string {
	t.Helper()
	server := Server(t)
	database := unique("test", t.Name())
	ctx := context.Background() // t.Context is over when the clean-up runs
	if err := server.CopyDatabase(ctx, database, template); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{database}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return server.DSN(database)
}

// unique is a database name that shows where it belongs, within PostgreSQL's limit of 63 bytes.
func unique(kind, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return fmt.Sprintf("%s_%d_%.40s", kind, databases.Add(1), plain)
}
