package sample

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// Hit is one column of one row that holds a value that was searched for.
type Hit struct {
	System string // name of the system, which is also the dataset's key
	Table  string
	Column string
	Key    []string // values of the primary key, in its order
}

// Row names the row: "customs.declarations(26DE…)".
func (h Hit) Row() string {
	return fmt.Sprintf("%s.%s(%s)", h.System, h.Table, strings.Join(h.Key, ", "))
}

func (h Hit) String() string { return h.Row() + " " + h.Column }

// Search finds a text, in any case and as part of any value, in every column of every table of every database of the company, by
// reading all of them. It shows that a person's address is gone, or where it still is.
func (c *Company) Search(ctx context.Context, needle string) ([]Hit, error) {
	var mu sync.Mutex
	var hits []Hit
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, system := range c.Systems() {
		group.Go(func() error {
			found, err := searchDatabase(ctx, system, needle)
			mu.Lock()
			defer mu.Unlock()
			hits = append(hits, found...)
			if err != nil {
				return fmt.Errorf("search %s: %w", system.Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return c.sorted(hits), nil
}

const describeTables = `
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum),
	(SELECT array_agg(k.attname::text ORDER BY array_position(i.indkey, k.attnum)) FROM pg_index i
	 JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
GROUP BY c.oid, c.relname ORDER BY c.relname`

type described struct {
	Name    string
	Columns []string
	Key     []string
}

func searchDatabase(ctx context.Context, system System, needle string) ([]Hit, error) {
	conn, err := pgx.Connect(ctx, system.DSN)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // only read
	rows, err := conn.Query(ctx, describeTables)
	if err != nil {
		return nil, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[described])
	if err != nil {
		return nil, err
	}
	var hits []Hit
	for _, t := range tables {
		found, err := searchTable(ctx, conn, system.Name, t, needle)
		if err != nil {
			return nil, err
		}
		hits = append(hits, found...)
	}
	return hits, nil
}

// searchTable asks for one row with the columns that match for each row that has one.
func searchTable(ctx context.Context, conn *pgx.Conn, system string, t described, needle string) ([]Hit, error) {
	var key, tests []string
	for _, k := range t.Key {
		key = append(key, pgx.Identifier{k}.Sanitize()+"::text")
	}
	for _, column := range t.Columns {
		name := pgx.Identifier{column}.Sanitize()
		tests = append(tests, fmt.Sprintf("CASE WHEN position(lower($1) IN lower(%s::text)) > 0 THEN '%s' END", name, strings.ReplaceAll(column, "'", "''")))
	}
	query := fmt.Sprintf("SELECT key, columns FROM (SELECT ARRAY[%s]::text[] AS key, array_remove(ARRAY[%s]::text[], NULL) AS columns FROM %s) t WHERE columns <> '{}'",
		strings.Join(key, ", "), strings.Join(tests, ", "), pgx.Identifier{"public", t.Name}.Sanitize())
	rows, err := conn.Query(ctx, query, needle)
	if err != nil {
		return nil, err
	}
	var hits []Hit
	var values, columns []string
	_, err = pgx.ForEachRow(rows, []any{&values, &columns}, func() error {
		for _, column := range columns {
			hits = append(hits, Hit{System: system, Table: t.Name, Column: column, Key: append([]string{}, values...)})
		}
		return nil
	})
	return hits, err
}
