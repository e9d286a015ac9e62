package walk

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// Reading is the second pass: it reads whole rows that a walk has found.
type Reading struct {
	Open  func(ctx context.Context, system string) (connectors.System, error)
	Found Found
	// Want selects rows; nil: all.
	Want func(*datamap.FoundRow) bool
	// Fields selects fields; nil: all of the node's.
	Fields []string
}

// Rows streams the found rows of a collection, a batch in memory at a time. A row that has gone since is left out. It fails with
// kind Unsupported when the system cannot export.
func (r *Reading) Rows(ctx context.Context, node *datamap.Node, yield func(datamap.Row) error) error {
	system, err := r.Open(ctx, node.System)
	if err != nil {
		return err
	}
	exporter, err := connectors.As[connectors.Exporter](system, "export")
	if err != nil {
		return err
	}
	fields := r.Fields
	if fields == nil {
		fields = node.FieldNames()
	}
	var keys []datamap.Key
	flush := func() error {
		if len(keys) == 0 {
			return nil
		}
		err := exporter.Export(ctx, node, keys, fields, yield)
		keys = keys[:0]
		return err
	}
	err = r.Found.Each(ctx, node.Address, func(row datamap.FoundRow) error {
		if r.Want != nil && !r.Want(&row) {
			return nil
		}
		keys = append(keys, row.Key)
		if len(keys) < connectors.MaxBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}
