package postgres

import (
	"context"

	"habeas/models/datamap"
)

// Check compares nodes with the live tables.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	return nil, nil
}
