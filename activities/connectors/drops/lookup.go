package drops

import (
	"context"
	"errors"
	"slices"

	"habeas/activities/connectors"
	"habeas/activities/connectors/match"
	"habeas/models/datamap"
)

// Lookup reads all files of the collection once, whatever the number of keys, and holds one row in memory.
func (s *System) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	err := s.find(ctx, q, q.Return, func(f *file) error {
		return yield(datamap.Row{Columns: q.Return, Values: f.values(q.Return)})
	})
	if errors.Is(err, connectors.ErrStop) {
		return nil
	}
	return err
}

func (s *System) find(ctx context.Context, q connectors.Query, also []string, yield func(*file) error) error {
	d, err := s.drop(q.Node)
	if err != nil || len(q.Keys) == 0 {
		return err
	}
	finder := match.New(q.Keys, q.Fold)
	return d.each(ctx, slices.Concat(q.Fields, also), func(f *file) error {
		if finder.Find(f.values(q.Fields)) < 0 {
			return nil
		}
		return yield(f)
	})
}

// Export reads rows by their keys.
func (s *System) Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	return s.Lookup(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys, Return: fields}, yield)
}

// Count counts the rows that match a query.
func (s *System) Count(ctx context.Context, q connectors.Query) (int, error) {
	n := 0
	err := s.find(ctx, q, nil, func(*file) error {
		n++
		return nil
	})
	return n, err
}
