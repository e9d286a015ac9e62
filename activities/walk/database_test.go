package walk_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/mysql/mysqltest"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/sqlite"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/pgtest"
)

// place is an empty database of one kind, for one test.
type place struct {
	kind string
	dsn  string // for the connector
	db   *sql.DB
}

// everywhere runs a test on each kind of database.
func everywhere(t *testing.T, test func(t *testing.T, at *place)) {
	t.Helper()
	t.Parallel()
	for _, kind := range []string{postgres.Kind, mysql.KindMariaDB, sqlite.Kind} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, newPlace(t, kind))
		})
	}
}

func newPlace(t *testing.T, kind string) *place {
	t.Helper()
	p := &place{kind: kind}
	driver, dsn := "", ""
	switch kind {
	case postgres.Kind:
		p.dsn = pgtest.New(t)
		driver, dsn = "pgx", p.dsn+"&default_query_exec_mode=exec" // tables come and go
	case mysql.KindMariaDB:
		_, p.dsn = mysqltest.New(t)
		driver, dsn = "mysql", p.dsn+"?multiStatements=true&interpolateParams=true&time_zone="+url.QueryEscape("'+00:00'")
	case sqlite.Kind:
		p.dsn = filepath.Join(t.TempDir(), "shop.db")
		driver, dsn = "sqlite", "file:"+p.dsn+"?_pragma=busy_timeout(5000)&_pragma=synchronous(off)"
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(1) // what a script sets holds for the next
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	p.db = db
	return p
}

// opener is the connector of the place's kind.
func (p *place) opener() connectors.Opener {
	return map[string]connectors.Opener{postgres.Kind: postgres.Open, mysql.KindMariaDB: mysql.Open, sqlite.Kind: sqlite.Open}[p.kind]
}

func (p *place) system(t *testing.T) connectors.System {
	t.Helper()
	system, err := p.opener()(t.Context(), connectors.Config{Name: "shop", Kind: p.kind, DSN: models.Personal(p.dsn), Secret: []byte("0123456789abcdef")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	return system
}

// systems has the place as the system shop.
func (p *place) systems(t *testing.T) *connectors.Systems {
	t.Helper()
	s, err := connectors.NewSystems(connectors.Registry{p.kind: p.opener()},
		connectors.Config{Name: "shop", Kind: p.kind, DSN: models.Personal(p.dsn), Secret: []byte("0123456789abcdef")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

var texts = regexp.MustCompile(`\btext\b`)

// own writes a script in the words of the place's kind. A time with "zoned" behind it is an instant in UTC.
func (p *place) own(script string) string {
	switch p.kind {
	case mysql.KindMariaDB:
		script = strings.ReplaceAll(texts.ReplaceAllString(script, "varchar(200)"), "timestamptz", "timestamp NULL")
		return strings.ReplaceAll(script, " zoned'", "'")
	case sqlite.Kind:
		return strings.ReplaceAll(script, " zoned'", "Z'")
	default:
		return strings.ReplaceAll(script, " zoned'", "+00'")
	}
}

func (p *place) exec(t *testing.T, script string) {
	t.Helper()
	_, err := p.db.ExecContext(t.Context(), script)
	require.NoError(t, err)
}

// rows is every row of a table as text, by its values in some columns.
func (p *place) rows(t *testing.T, table string, key []string) map[string]string {
	t.Helper()
	rows, err := p.db.QueryContext(t.Context(), "SELECT * FROM "+p.quoted(table))
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	names, err := rows.Columns()
	require.NoError(t, err)
	all := map[string]string{}
	for rows.Next() {
		values, into := make([]*string, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		text, err := json.Marshal(values)
		require.NoError(t, err)
		var id []string
		for _, k := range key {
			for i, n := range names {
				if n == k && values[i] != nil {
					id = append(id, *values[i])
				}
			}
		}
		all[strings.Join(id, " ")] += string(text)
	}
	require.NoError(t, rows.Err())
	return all
}

func (p *place) quoted(name string) string {
	if p.kind == mysql.KindMariaDB {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// all is every row of every collection by its key, read without the connector.
func (p *place) all(t *testing.T, graph *datamap.Graph) map[string]map[string]string {
	t.Helper()
	tables := map[string]map[string]string{}
	for _, n := range graph.Nodes {
		tables[n.Collection.Name] = p.rows(t, n.Table, n.Key)
	}
	return tables
}

// number is the one number that a query gives.
func (p *place) number(t *testing.T, query string) (n int) {
	t.Helper()
	require.NoError(t, p.db.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func always(system connectors.System) func(context.Context, string) (connectors.System, error) {
	return func(context.Context, string) (connectors.System, error) { return system, nil }
}
