package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// table is what the database says of one table. Only names found here are ever written into a statement.
type table struct {
	oid     uint32
	schema  string
	name    string
	columns map[string]*column
	indexes []index
}

type column struct {
	name      string
	path      []string // below the column, for a part of a JSON document
	typ       string   // as to be written in a cast, of the element for an array
	base      string   // name of the type below any domain, of the element for an array
	array     bool
	notNull   bool
	generated bool
	length    int          // of a character type; 0 when unlimited
	kind      datamap.Kind // of its values, of its elements for an array
}

type index struct {
	columns    []string // leading plain columns; "" for an expression
	unique     bool     // and complete: no WHERE
	primary    bool
	definition string
}

// sql is the table's name in a statement, where it is always called t.
func (t *table) sql() string { return pgx.Identifier{t.schema, t.name}.Sanitize() + " AS t" }

// column is the column of a field, or the part of a JSON column that a path with dots leads to.
func (t *table) column(node *datamap.Node, field string) (*column, error) {
	if c := t.columns[field]; c != nil {
		return c, nil
	}
	path := strings.Split(field, ".")
	outer := t.columns[path[0]]
	if outer == nil || len(path) < 2 || kinds[outer.base] != datamap.KindJSON || outer.array {
		return nil, mismatch("The field %s.%s is not in the table %s.%s.", node.Address, field, t.schema, t.name)
	}
	return &column{name: outer.name, path: path[1:], typ: "text", base: "text", kind: datamap.KindText}, nil
}

func (t *table) list(node *datamap.Node, fields []string) ([]*column, error) {
	list := make([]*column, len(fields))
	for i, f := range fields {
		c, err := t.column(node, f)
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return list, nil
}

// quoted is the column's name in a SET or RETURNING list.
func (c *column) quoted() string { return pgx.Identifier{c.name}.Sanitize() }

// sql is the column's value in a statement.
func (c *column) sql() string {
	if len(c.path) == 0 {
		return "t." + c.quoted()
	}
	args := "t." + c.quoted() + "::jsonb"
	for _, p := range c.path {
		args += ", '" + strings.ReplaceAll(p, "'", "''") + "'"
	}
	return "pg_catalog.jsonb_extract_path_text(" + args + ")"
}

const tableQuery = `
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND CASE WHEN $1 = '' THEN n.nspname = ANY (pg_catalog.current_schemas(true)) ELSE n.nspname = $1 END
ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname) LIMIT 1`

const columnQuery = `
SELECT a.attname,
  pg_catalog.format_type(coalesce(e.oid, b.oid), -1),
  coalesce(eb.typname, e.typname, b.typname), e.oid IS NOT NULL, a.attnotnull OR t.typnotnull,
  a.attgenerated <> '' OR a.attidentity = 'a',
  CASE WHEN b.typname IN ('varchar', 'bpchar') THEN greatest(coalesce(nullif(t.typtypmod, -1), a.atttypmod) - 4, 0) ELSE 0 END
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_catalog.pg_type e ON b.typcategory = 'A' AND e.oid = b.typelem
LEFT JOIN pg_catalog.pg_type eb ON e.typtype = 'd' AND eb.oid = e.typbasetype
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`

const indexQuery = `
SELECT i.indisunique AND i.indpred IS NULL AND i.indisvalid, i.indisprimary, pg_catalog.pg_get_indexdef(i.indexrelid),
  ARRAY(SELECT coalesce(a.attname, '') FROM unnest(i.indkey[0:i.indnkeyatts-1]) WITH ORDINALITY k(num, pos)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num ORDER BY k.pos)::text[]
FROM pg_catalog.pg_index i WHERE i.indrelid = $1`

// table is the collection's table, looked up once; it fails with code map_mismatch when there is none.
func (s *System) table(ctx context.Context, node *datamap.Node) (*table, error) {
	s.mu.Lock()
	t := s.tables[node.Table]
	s.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := s.inspect(ctx, node.Table)
	if err != nil {
		return nil, s.wrap(err, node.Address.String())
	}
	if t == nil {
		return nil, mismatch("The collection %s names the table %s, which does not exist.", node.Address, node.Table)
	}
	s.mu.Lock()
	s.tables[node.Table] = t
	s.mu.Unlock()
	return t, nil
}

// resolve calls use with the node's table, and once more with a fresh one when the names that use looks for are not in it.
func (s *System) resolve(ctx context.Context, node *datamap.Node, use func(*table) error) error {
	for fresh := false; ; fresh = true {
		t, err := s.table(ctx, node)
		if err != nil {
			return err
		}
		if err = use(t); fresh || models.CodeOf(err) != connectors.CodeMismatch {
			return err
		}
		s.forget(node)
	}
}

// forget makes the next use of the node's table ask the database again.
func (s *System) forget(node *datamap.Node) {
	s.mu.Lock()
	delete(s.tables, node.Table)
	s.mu.Unlock()
}

func mismatch(format string, args ...any) error {
	return models.Errorf(models.Invalid, connectors.CodeMismatch, format, args...)
}

// inspect is the named table, nil when it does not exist.
func (s *System) inspect(ctx context.Context, name string) (*table, error) {
	schema, rel, ok := strings.Cut(name, ".")
	if !ok {
		schema, rel = "", name
	}
	t := &table{columns: map[string]*column{}}
	err := s.pool.QueryRow(ctx, tableQuery, schema, rel).Scan(&t.oid, &t.schema, &t.name)
	if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it bare
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, columnQuery, t.oid)
	if err != nil {
		return nil, err
	}
	var c column
	_, err = pgx.ForEachRow(rows, []any{&c.name, &c.typ, &c.base, &c.array, &c.notNull, &c.generated, &c.length}, func() error {
		one := c
		one.kind = kindOf(c.base)
		t.columns[c.name] = &one
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err = s.pool.Query(ctx, indexQuery, t.oid)
	if err != nil {
		return nil, err
	}
	var i index
	_, err = pgx.ForEachRow(rows, []any{&i.unique, &i.primary, &i.definition, &i.columns}, func() error {
		one := i
		t.indexes = append(t.indexes, one)
		i.columns = nil
		return nil
	})
	return t, err
}
