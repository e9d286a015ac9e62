package rest

import (
	"context"
	"errors"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Lookup streams the rows that match, a page of the API in memory at a time.
func (s *System) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	if len(q.Keys) > connectors.MaxBatch {
		return tooMany()
	}
	c := s.set.Collections[q.Node.Table] // each fails without it
	err := s.each(ctx, q, func(f found) error { return yield(c.row(f.raw, q.Return)) })
	if errors.Is(err, connectors.ErrStop) {
		return nil
	}
	return err
}

// Export reads rows by their keys.
func (s *System) Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	return s.Lookup(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys, Return: fields}, yield)
}

// Count asks the API again and counts the rows that match.
func (s *System) Count(ctx context.Context, q connectors.Query) (int, error) {
	n := 0
	err := s.each(ctx, connectors.Query{Node: q.Node, Fields: q.Fields, Keys: q.Keys, Fold: q.Fold}, func(found) error {
		n++
		return nil
	})
	return n, err
}

func tooMany() error {
	return models.Errorf(models.Invalid, "bad_order", "At most %d rows are taken at once.", connectors.MaxBatch)
}

func listed(names []string) string { return strings.Join(names, ", ") }
