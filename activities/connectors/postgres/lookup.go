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

// Lookup streams the rows that match; the server sends no faster than yield takes.
func (s *System) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	var t *table
	var columns, returned []*column
	err := s.resolve(ctx, q.Node, func(fresh *table) (err error) {
		t = fresh
		if columns, err = t.list(q.Node, q.Fields); err == nil {
			returned, err = t.list(q.Node, q.Return)
		}
		return err
	})
	if err != nil {
		return err
	}
	selected := make([]string, len(returned))
	for i, c := range returned {
		selected[i] = c.sql()
	}
	for _, g := range groups(columns, q.Keys, q.Fold) {
		where, args := g.where(q.Fold, nil)
		sql := "SELECT " + strings.Join(selected, ", ") + " FROM " + t.sql() + " WHERE " + where
		err := stream(ctx, s.pool, sql, args, func(raw [][]byte) error {
			return yield(datamap.Row{Columns: q.Return, Values: decodeRow(returned, raw)})
		})
		if errors.Is(err, connectors.ErrStop) {
			return nil
		}
		if err != nil {
			return s.failed(err, q.Node)
		}
	}
	return nil
}

// Export reads rows by their keys.
func (s *System) Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	return s.Lookup(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys, Return: fields}, yield)
}

// Count counts the rows that match a query.
func (s *System) Count(ctx context.Context, q connectors.Query) (int, error) {
	var t *table
	var columns []*column
	err := s.resolve(ctx, q.Node, func(fresh *table) (err error) {
		t = fresh
		columns, err = t.list(q.Node, q.Fields)
		return err
	})
	if err != nil {
		return 0, err
	}
	total := 0
	for _, g := range groups(columns, q.Keys, q.Fold) {
		where, args := g.where(q.Fold, nil)
		var n int
		if err := s.pool.QueryRow(ctx, "SELECT count(*) FROM "+t.sql()+" WHERE "+where, args...).Scan(&n); err != nil {
			return 0, s.failed(err, q.Node)
		}
		total += n
	}
	return total, nil
}

// failed maps an error of the system; the caller's own comes back as it is.
func (s *System) failed(err error, node *datamap.Node) error {
	if y, ok := errors.AsType[connectors.YieldError](err); ok {
		return y.Err
	}
	err = s.wrap(err, node.Address.String())
	s.forget(node) // the table may have changed since it was looked up
	return err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// stream calls yield with each row's values as text, which are valid until it returns.
func stream(ctx context.Context, db querier, sql string, args []any, yield func(raw [][]byte) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the statement when yield wants no more of it
	defer cancel()
	rows, err := db.Query(ctx, sql, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)...)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := yield(rows.RawValues()); err != nil {
			cancel()
			return connectors.YieldError{Err: err}
		}
	}
	return rows.Err()
}
