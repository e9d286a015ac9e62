package sample

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/hold"
)

//go:embed schema/*.sql maps/*.yml rules.json
var files embed.FS

// version is written to each database when it is filled; change it with the data, so that older ones are made anew.
const version = "Nordkai Freight sample company 1"

// Company is the sample company on a PostgreSQL cluster.
type Company struct {
	People People
	dsn    func(database string) string
	now    time.Time
	size   size
}

// System is one of the company's databases, under the name by which the data map calls it.
type System struct {
	Name string
	Kind string // of connector: "postgres"
	DSN  string
}

// Seed makes the company's databases on the cluster that dsn leads to, and fills them; databases that are there already are left as
// they are. dsn is also asked for "postgres", from which databases are created. now is the day on which the demo person's short
// hold ends.
func Seed(ctx context.Context, dsn func(database string) string, now time.Time) (*Company, error) {
	return seed(ctx, dsn, now, full)
}

func seed(ctx context.Context, dsn func(string) string, now time.Time, s size) (*Company, error) {
	c := &Company{People: people(), dsn: dsn, now: now, size: s}
	filled, err := c.filled(ctx)
	if err != nil || filled {
		return c, err
	}
	return c, c.Reset(ctx, now)
}

// Databases are the names that Seed gives to dsn, in alphabetical order.
func Databases() []string {
	entries, err := fs.Glob(files, "schema/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(path.Base(e), ".sql")
	}
	return names
}

// Systems are the databases for the registry of connectors.
func (c *Company) Systems() []System {
	var list []System
	for _, name := range Databases() {
		list = append(list, System{Name: name, Kind: "postgres", DSN: c.dsn(name)})
	}
	return list
}

// DataMapFiles are the company's data maps as files, by name.
func (c *Company) DataMapFiles() map[string][]byte {
	out := map[string][]byte{}
	for _, name := range Databases() {
		b, err := files.ReadFile("maps/" + name + ".yml")
		if err != nil {
			panic(err) // embedded; a test reads it
		}
		out[name+".yml"] = b
	}
	return out
}

// DataMaps are the company's datasets, one a database, in alphabetical order.
func (c *Company) DataMaps() ([]datamap.Dataset, error) {
	var list []datamap.Dataset
	all := c.DataMapFiles()
	for _, name := range Databases() {
		datasets, problems := file.Parse(name+".yml", all[name+".yml"])
		if len(problems) > 0 {
			return nil, fmt.Errorf("sample data map: %s", problems[0])
		}
		list = append(list, datasets...)
	}
	return list, nil
}

// RulesFile is the company's own retention rules as a file.
func (c *Company) RulesFile() []byte {
	b, err := files.ReadFile("rules.json")
	if err != nil {
		panic(err) // embedded; a test reads it
	}
	return b
}

// Rules are the company's own retention rules.
func (c *Company) Rules() ([]hold.Rule, error) {
	return hold.ParseRules(bytes.NewReader(c.RulesFile()))
}

// filled reports whether every database is there with the data of this version.
func (c *Company) filled(ctx context.Context) (bool, error) {
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return false, fmt.Errorf("sample company: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // what it did is committed
	names, err := c.names()
	if err != nil {
		return false, err
	}
	var n int
	err = conn.QueryRow(ctx, `SELECT count(*) FROM pg_database WHERE datname = ANY ($1) AND shobj_description(oid, 'pg_database') = $2`, names, version).Scan(&n)
	return n == len(names), err
}

// names are the databases' names on the cluster, which dsn chooses.
func (c *Company) names() ([]string, error) {
	var list []string
	for _, name := range Databases() {
		config, err := pgx.ParseConfig(c.dsn(name))
		if err != nil {
			return nil, errors.New("sample company: the cluster's DSN cannot be read") // its text may hold a password
		}
		list = append(list, config.Database)
	}
	return list, nil
}

// Reset drops the company's databases, whoever uses them, and makes them anew as of now.
func (c *Company) Reset(ctx context.Context, now time.Time) error {
	c.now = now
	tables := generate(now, c.size)
	names, err := c.names()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, name := range Databases() {
		group.Go(func() error {
			if err := c.remake(ctx, names[i]); err != nil {
				return fmt.Errorf("sample database %s: %w", name, err)
			}
			if err := c.fill(ctx, name, names[i], tables); err != nil {
				return fmt.Errorf("sample database %s: %w", name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (c *Company) remake(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what it did is committed
	name := pgx.Identifier{database}.Sanitize()
	// From template0, because nobody is connected to it: another session on template1 would refuse the copy.
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name + " TEMPLATE template0"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// fill makes the tables of a database and copies their rows, in one transaction.
func (c *Company) fill(ctx context.Context, name, database string, tables []*table) error {
	schema, err := files.ReadFile("schema/" + name + ".sql")
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, c.dsn(name))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what it did is committed
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, string(schema)); err != nil {
			return err
		}
		for _, t := range tables {
			if t.database != name {
				continue
			}
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, statement := range []string{"ANALYZE", "COMMENT ON DATABASE " + pgx.Identifier{database}.Sanitize() + " IS '" + version + "'"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Rows is the number of rows in all databases when they are made.
func (c *Company) Rows() int {
	n := 0
	for _, t := range generate(c.now, c.size) {
		n += len(t.rows)
	}
	return n
}

func (c *Company) sorted(hits []Hit) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int { return strings.Compare(a.String(), b.String()) })
	return hits
}
