package relational

import (
	"context"
	"errors"
	"fmt"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// Lookup streams the rows that match; the database sends no faster than yield takes.
func (s *System) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	var t *Table
	var columns, returned []*Column
	err := s.resolve(ctx, q.Node, func(fresh *Table) (err error) {
		t = fresh
		if columns, err = t.list(q.Node, q.Fields); err == nil {
			returned, err = t.list(q.Node, q.Return)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range s.groups(columns, q.Keys, q.Fold) {
		err := Stream(ctx, s.db, s.match(t, g, q.Fold).selected(s.reads(returned)), func(raw []any) error {
			return yield(datamap.Row{Columns: q.Return, Values: s.decode(returned, raw)})
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

func (s *System) decode(columns []*Column, raw []any) []datamap.Value {
	values := make([]datamap.Value, len(columns))
	for i, c := range columns {
		if raw[i] == nil {
			continue
		}
		if c.Array {
			values[i] = decodeArray(c, raw[i])
		} else {
			values[i] = s.dialect.Decode(c, raw[i])
		}
	}
	return values
}

// Export reads rows by their keys.
func (s *System) Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	return s.Lookup(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys, Return: fields}, yield)
}

// Count counts the rows that match a query.
func (s *System) Count(ctx context.Context, q connectors.Query) (int, error) {
	var t *Table
	var columns []*Column
	err := s.resolve(ctx, q.Node, func(fresh *Table) (err error) {
		t = fresh
		columns, err = t.list(q.Node, q.Fields)
		return err
	})
	if err != nil {
		return 0, err
	}
	total := 0
	for _, g := range s.groups(columns, q.Keys, q.Fold) {
		n, err := count(ctx, s.db, s.match(t, g, q.Fold))
		if err != nil {
			return 0, s.failed(err, q.Node)
		}
		total += n
	}
	return total, nil
}

func count(ctx context.Context, db Querier, m Match) (n int, err error) {
	err = Stream(ctx, db, m.selected([]Fragment{plain("count(*)")}), func(raw []any) error {
		n = int(number(raw[0]))
		return nil
	})
	return n, err
}

// Stream calls yield with each row's values as the driver gives them; the list is valid until yield returns.
func Stream(ctx context.Context, db Querier, f Fragment, yield func(raw []any) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the statement when yield wants no more of it
	defer cancel()
	rows, err := db.QueryContext(ctx, f.SQL, f.Args...)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer func() {
		cancel()         // without it, closing would read all rows that are left
		_ = rows.Close() //nolint:errcheck // rows.Err has told what there is to tell
	}()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	raw, into := make([]any, len(names)), make([]any, len(names))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := yield(raw); err != nil {
			return connectors.YieldError{Err: err}
		}
	}
	return rows.Err()
}
