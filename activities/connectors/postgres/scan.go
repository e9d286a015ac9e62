package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/mask"
)

// scanPages is how many pages of a table one statement of a scan reads, so that none holds a snapshot for long: 128 MiB of the usual size.
const scanPages = 16_384

// scanTables are all tables and materialised views with the columns that may hold text and that the account may read. Of a partitioned table
// the partitions are read.
const scanTables = `
SELECT n.nspname, c.relname, c.relkind = 'f',
  coalesce(pg_catalog.array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE texts AND readable), '{}')::text[],
  coalesce(pg_catalog.array_agg(b.typcategory = 'A' ORDER BY a.attnum) FILTER (WHERE texts AND readable), '{}')::bool[],
  coalesce(pg_catalog.bool_or(texts AND NOT readable), false),
  pg_catalog.has_table_privilege(c.oid, 'SELECT'),
  CASE WHEN c.relkind = 'f' THEN 0 ELSE pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint END
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_catalog.pg_type e ON b.typcategory = 'A' AND e.oid = b.typelem
CROSS JOIN LATERAL (SELECT
  coalesce(e.typcategory, b.typcategory) IN ('S', 'U', 'C', 'I') AND coalesce(e.typname, b.typname) NOT IN ('uuid', 'bytea') AS texts,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable) s
WHERE c.relkind IN ('r', 'm', 'f') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
GROUP BY n.nspname, c.relname, c.relkind, c.oid ORDER BY 1, 2`

// scanned is one table of a scan.
type scanned struct {
	schema, name string
	foreign      bool
	columns      []string
	arrays       []bool
	withheld     bool // the account may not read all columns that may hold text
	placed       bool // it may read where a row is, and so a part of the table
	pages        int64
	hits         []int64
}

func (t *scanned) table() string { return t.schema + "." + t.name }

// Scan reads every table once, in statements that each read a bounded part of it.
func (s *System) Scan(ctx context.Context, texts []models.Personal, yield func(connectors.Hit) error) (skipped []string, err error) {
	patterns := scanPatterns(texts)
	if len(patterns) == 0 {
		return nil, nil
	}
	tables, err := s.scanTables(ctx)
	if err != nil {
		return nil, s.wrap(err, "")
	}
	for _, t := range tables {
		if t.withheld || t.foreign {
			skipped = append(skipped, t.table())
		}
		if len(t.columns) == 0 || t.foreign {
			continue
		}
		if err := s.scanTable(ctx, t, patterns); err != nil {
			var pg *pgconn.PgError // gone since, or hidden by a policy
			if !errors.As(err, &pg) || pg.Code != "42501" && pg.Code != "42P01" && pg.Code != "42703" {
				return skipped, s.wrap(err, "the table "+t.table())
			}
			skipped = append(skipped, t.table())
			continue
		}
		for i, n := range t.hits {
			if n == 0 {
				continue
			}
			if err := yield(connectors.Hit{Table: t.table(), Column: t.columns[i], Rows: n}); err != nil {
				if errors.Is(err, connectors.ErrStop) {
					return skipped, nil
				}
				return skipped, err
			}
		}
	}
	return slices.Compact(skipped), nil
}

func (s *System) scanTables(ctx context.Context) ([]*scanned, error) {
	rows, err := s.pool.Query(ctx, scanTables)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*scanned, error) {
		t := &scanned{}
		err := row.Scan(&t.schema, &t.name, &t.foreign, &t.columns, &t.arrays, &t.withheld, &t.placed, &t.pages)
		t.hits = make([]int64, len(t.columns))
		return t, err
	})
}

// scanPatterns are the texts as LIKE finds them: as they are, in lower case, and as they stand in a JSON text, also one that is all ASCII.
func scanPatterns(texts []models.Personal) []string {
	var list []string
	for _, t := range texts {
		text := strings.TrimSpace(t.Reveal())
		if text == "" {
			continue
		}
		for _, form := range []string{text, strings.ToLower(text)} {
			inJSON := strings.Trim(mask.Quoted(form), `"`)
			list = append(list, form, inJSON, strings.ToLower(strings.Trim(strconv.QuoteToASCII(form), `"`)))
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	for i, p := range list {
		list[i] = "%" + likeEscapes.Replace(p) + "%"
	}
	return list
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// scanTable counts the rows of each column in which one of the patterns is, until there are enough of each.
func (s *System) scanTable(ctx context.Context, t *scanned, patterns []string) error {
	from := pgx.Identifier{t.schema, t.name}.Sanitize()
	for page := int64(0); page == 0 || page < t.pages; page += scanPages {
		counts, open := []string{}, []int{}
		for i, column := range t.columns {
			if t.hits[i] < connectors.ScanEnough {
				open, counts = append(open, i), append(counts, "count(*) FILTER (WHERE "+contains(column, t.arrays[i])+")")
			}
		}
		if len(open) == 0 {
			return nil
		}
		where := "true"
		if t.placed {
			where = fmt.Sprintf("ctid >= '(%d,0)'::tid", page)
		}
		if t.placed && page+scanPages < t.pages {
			where += fmt.Sprintf(" AND ctid < '(%d,0)'::tid", page+scanPages)
		}
		found, into := make([]int64, len(open)), make([]any, len(open))
		for i := range found {
			into[i] = &found[i]
		}
		if err := s.pool.QueryRow(ctx, "SELECT "+strings.Join(counts, ", ")+" FROM "+from+" WHERE "+where, patterns).Scan(into...); err != nil {
			return err
		}
		for i, n := range found {
			t.hits[open[i]] += n
		}
		if !t.placed {
			return nil
		}
	}
	return nil
}

// contains is the condition that a column has one of the patterns, in either case.
func contains(column string, array bool) string {
	text := pgx.Identifier{column}.Sanitize()
	if array {
		text = "pg_catalog.array_to_string(" + text + ", E'\\n')"
	} else {
		text += "::text"
	}
	return "lower(" + text + ") LIKE ANY ($1::text[]) OR " + text + " LIKE ANY ($1::text[])"
}
