package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// Partitions are left out: their rows belong to the table that they are a part of.
const tablesQuery = `
SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid), c.relkind IN ('v', 'm'),
  CASE WHEN c.relkind IN ('v', 'f') OR c.reltuples < 0 THEN -1
       WHEN c.relkind = 'p' THEN coalesce((SELECT sum(greatest(p.reltuples, 0)) FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = c.oid), 0)
       ELSE c.reltuples END::bigint,
  coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''),
  pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp_)'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END, 1`

// The joins are those of columnQuery; a person reads the type with its modifier.
const attributesQuery = `
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
  coalesce(eb.typname, e.typname, b.typname), e.oid IS NOT NULL, NOT (a.attnotnull OR t.typnotnull),
  a.attgenerated <> '' OR a.attidentity = 'a',
  CASE WHEN b.typname IN ('varchar', 'bpchar') THEN greatest(coalesce(nullif(t.typtypmod, -1), a.atttypmod) - 4, 0) ELSE 0 END,
  coalesce(pg_catalog.col_description(a.attrelid, a.attnum), ''), pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_catalog.pg_type e ON b.typcategory = 'A' AND e.oid = b.typelem
LEFT JOIN pg_catalog.pg_type eb ON e.typtype = 'd' AND eb.oid = e.typbasetype
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

const referencesQuery = `
SELECT c.conname, n.nspname, r.relname, pg_catalog.pg_table_is_visible(r.oid), c.confdeltype::text,
  ARRAY(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY k(num, pos)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.pos)::text[],
  ARRAY(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY k(num, pos)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num ORDER BY k.pos)::text[]
FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class r ON r.oid = c.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE c.contype = 'f' AND c.conrelid = $1 AND c.conparentid = 0 ORDER BY c.conname`

var deleteActions = map[string]string{"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}

// sampleFrom is how many rows, from the table's beginning, samples are taken from at the most.
const sampleFrom = 1000

// found is a table as Inspect lists it, with what is needed to ask for more.
type found struct {
	connectors.Table
	oid          uint32
	schema, name string
	readable     bool
}

// Inspect lists the tables and views of all schemas that are not PostgreSQL's or an extension's own.
func (s *System) Inspect(ctx context.Context, samples int, yield func(connectors.Table) error) error {
	tables, err := s.listTables(ctx)
	if err != nil {
		return s.wrap(err, "")
	}
	for _, t := range tables {
		if err := s.describe(ctx, t, samples); err != nil {
			return s.wrap(err, t.Name)
		}
		if err := yield(t.Table); errors.Is(err, connectors.ErrStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (s *System) listTables(ctx context.Context) ([]*found, error) {
	rows, err := s.pool.Query(ctx, tablesQuery)
	if err != nil {
		return nil, err
	}
	var list []*found
	var f found
	var visible bool
	_, err = pgx.ForEachRow(rows, []any{&f.oid, &f.schema, &f.name, &visible, &f.View, &f.Rows, &f.Comment, &f.readable}, func() error {
		one := f
		one.Name = qualified(f.schema, f.name, visible)
		list = append(list, &one)
		return nil
	})
	return list, err
}

// qualified is a table as a data map names it: without its schema when the search path finds it.
func qualified(schema, name string, visible bool) string {
	if visible {
		return name
	}
	return schema + "." + name
}

func (s *System) describe(ctx context.Context, t *found, samples int) error {
	columns, readable, err := s.describeColumns(ctx, t)
	if err != nil {
		return err
	}
	if err := s.describeKeys(ctx, t); err != nil {
		return err
	}
	if err := s.describeReferences(ctx, t); err != nil {
		return err
	}
	if samples <= 0 || !t.readable {
		return nil
	}
	return s.sample(ctx, t, columns, readable, samples)
}

// describeColumns also returns how to decode each column, and which of them the account may read.
func (s *System) describeColumns(ctx context.Context, t *found) (columns []*column, readable []bool, err error) {
	rows, err := s.pool.Query(ctx, attributesQuery, t.oid)
	if err != nil {
		return nil, nil, err
	}
	var c connectors.Column
	var base string
	var may bool
	_, err = pgx.ForEachRow(rows, []any{&c.Name, &c.Type, &base, &c.Array, &c.Nullable, &c.Computed, &c.Length, &c.Comment, &may}, func() error {
		one := c
		col := &column{name: c.Name, base: base, kind: kindOf(base), array: c.Array}
		one.Kind = col.kind
		t.Columns = append(t.Columns, one)
		columns, readable = append(columns, col), append(readable, may)
		return nil
	})
	return columns, readable, err
}

func (s *System) describeKeys(ctx context.Context, t *found) error {
	rows, err := s.pool.Query(ctx, indexQuery, t.oid)
	if err != nil {
		return err
	}
	var i index
	_, err = pgx.ForEachRow(rows, []any{&i.unique, &i.primary, &i.definition, &i.columns}, func() error {
		plain := i.columns
		for n, c := range plain {
			if c == "" { // an expression; what comes before it still serves a search
				plain = plain[:n]
				break
			}
		}
		whole := len(plain) == len(i.columns)
		switch {
		case i.primary:
			t.Key = plain
		case i.unique && whole:
			t.Unique = append(t.Unique, plain)
		}
		if len(plain) > 0 {
			t.Indexes = append(t.Indexes, plain)
		}
		i.columns = nil
		return nil
	})
	return err
}

func (s *System) describeReferences(ctx context.Context, t *found) error {
	rows, err := s.pool.Query(ctx, referencesQuery, t.oid)
	if err != nil {
		return err
	}
	var k connectors.ForeignKey
	var schema, name, action string
	var visible bool
	_, err = pgx.ForEachRow(rows, []any{&k.Name, &schema, &name, &visible, &action, &k.Columns, &k.Into}, func() error {
		one := k
		one.Table, one.OnDelete = qualified(schema, name, visible), deleteActions[action]
		t.References = append(t.References, one)
		k.Columns, k.Into = nil, nil
		return nil
	})
	return err
}

// sample takes different values of each readable column from the first rows. Long texts are cut: their beginning tells what they are.
func (s *System) sample(ctx context.Context, t *found, columns []*column, readable []bool, samples int) error {
	var names []string
	var which []int
	for i, c := range columns {
		if readable[i] && kinds[c.base] != datamap.KindBytes {
			names = append(names, sampled(c))
			which = append(which, i)
		}
	}
	if len(names) == 0 {
		return nil
	}
	seen := make([]map[datamap.Value]bool, len(which))
	sql := fmt.Sprintf("SELECT %s FROM (SELECT * FROM %s LIMIT %d) AS t", strings.Join(names, ", "), pgx.Identifier{t.schema, t.name}.Sanitize(), sampleFrom)
	if len(which) < len(columns) { // SELECT * needs the right to read every column
		sql = fmt.Sprintf("SELECT %s FROM %s AS t LIMIT %d", strings.Join(names, ", "), pgx.Identifier{t.schema, t.name}.Sanitize(), sampleFrom)
	}
	return stream(ctx, s.pool, sql, nil, func(raw [][]byte) error {
		for n, i := range which {
			column := &t.Columns[i]
			v := columns[i].decode(raw[n])
			if v.IsNull() || len(column.Samples) >= samples || seen[n][v] {
				continue
			}
			if seen[n] == nil {
				seen[n] = map[datamap.Value]bool{}
			}
			seen[n][v] = true
			column.Samples = append(column.Samples, v)
		}
		return nil
	})
}

func sampled(c *column) string {
	if !c.array && !c.typed() || textual[c.base] && !c.array {
		return "left(" + c.sql() + "::text, 500)"
	}
	return c.sql()
}

// Read reads a whole table in one statement, and so as of one instant.
func (s *System) Read(ctx context.Context, t connectors.Table, yield func(datamap.Row) error) error {
	live, err := s.inspect(ctx, t.Name)
	if err != nil {
		return s.wrap(err, t.Name)
	}
	if live == nil {
		return mismatch("The table %s does not exist.", t.Name)
	}
	names := make([]string, len(t.Columns))
	selected := make([]string, len(t.Columns))
	columns := make([]*column, len(t.Columns))
	for i, c := range t.Columns {
		if columns[i] = live.columns[c.Name]; columns[i] == nil {
			return mismatch("The table %s has no column %s any more.", t.Name, c.Name)
		}
		names[i], selected[i] = c.Name, columns[i].sql()
	}
	sql := "SELECT " + strings.Join(selected, ", ") + " FROM " + live.sql()
	err = stream(ctx, s.pool, sql, nil, func(raw [][]byte) error {
		row := datamap.Row{Columns: names, Values: make([]datamap.Value, len(raw))}
		for i, c := range columns {
			row.Values[i] = c.decode(raw[i])
		}
		return yield(row)
	})
	if y, ok := errors.AsType[connectors.YieldError](err); ok {
		if errors.Is(y.Err, connectors.ErrStop) {
			return nil
		}
		return y.Err
	}
	return s.wrap(err, t.Name)
}
