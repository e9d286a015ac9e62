package walk

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// Reading is the second pass: it reads whole rows that a walk has found.
type Reading struct {
	Open func(ctx context.Context, system string) (connectors.System, error)
	// Keys streams the keys of the rows to be read, at most connectors.MaxBatch at a time, and ends with yield's error.
	Keys func(ctx context.Context, node *datamap.Node, yield func([]datamap.Key) error) error
	// Fields selects fields; nil: all of the node's.
	Fields []string
}

// KeysOf streams the keys of found rows; want selects rows, nil takes all.
func KeysOf(found Found, want func(*datamap.FoundRow) bool) func(context.Context, *datamap.Node, func([]datamap.Key) error) error {
	return func(ctx context.Context, node *datamap.Node, yield func([]datamap.Key) error) error {
		var keys []datamap.Key
		err := found.Each(ctx, node.Address, func(row datamap.FoundRow) error {
			if want != nil && !want(&row) {
				return nil
			}
			if keys = append(keys, row.Key); len(keys) < connectors.MaxBatch {
				return nil
			}
			full := keys
			keys = nil
			return yield(full)
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		return yield(keys)
	}
}

// readAhead is how many rows are handed over at once, and how many times as many are read ahead of whoever takes them.
const (
	rowsAtOnce = 256
	readAhead  = 4
)

// Rows streams the rows of a collection, of which it reads a few ahead while yield works on others. A row that has gone since is left out. It
// fails with kind Unsupported when the system cannot export, and ends with yield's error.
func (r *Reading) Rows(ctx context.Context, node *datamap.Node, yield func(datamap.Row) error) error {
	system, err := r.Open(ctx, node.System)
	if err != nil {
		return err
	}
	exporter, err := connectors.As[connectors.Exporter](system, "export")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	rows, failed := make(chan []datamap.Row, readAhead), make(chan error, 1)
	go func() {
		defer close(rows)
		failed <- r.read(ctx, exporter, node, rows)
	}()
	var taken error
	for batch := range rows {
		for i := 0; i < len(batch) && taken == nil; i++ {
			if taken = yield(batch[i]); taken != nil {
				cancel() // the reader ends, and with it the channel
			}
		}
	}
	cancel()
	if err := <-failed; taken == nil {
		return err
	}
	return taken
}

// read sends the rows until ctx is done.
func (r *Reading) read(ctx context.Context, exporter connectors.Exporter, node *datamap.Node, rows chan<- []datamap.Row) error {
	fields := r.Fields
	if fields == nil {
		fields = node.FieldNames()
	}
	var batch []datamap.Row
	send := func() error {
		full := batch
		batch = nil
		select {
		case rows <- full:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := r.Keys(ctx, node, func(keys []datamap.Key) error {
		return exporter.Export(ctx, node, keys, fields, func(row datamap.Row) error {
			if batch == nil {
				batch = make([]datamap.Row, 0, rowsAtOnce)
			}
			if batch = append(batch, row); len(batch) < rowsAtOnce {
				return nil
			}
			return send()
		})
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return send()
}
