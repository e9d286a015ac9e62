package walk

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// check marks those rows of a batch as shared to which a row leads that was not located: nobody can say that it is the subject's.
func (r *run) check(ctx context.Context, node *datamap.Node, rows []datamap.FoundRow) error {
	var open []datamap.FoundRow
	for i := range rows {
		if !rows[i].Own && !rows[i].Shared {
			open = append(open, rows[i])
		}
	}
	for _, e := range node.In {
		if e.Mention || !r.people[e.From] {
			continue
		}
		marked, err := r.foreign(ctx, e, open)
		if err != nil {
			return err
		}
		var rest []datamap.FoundRow
		for i := range open {
			if !marked[i] {
				rest = append(rest, open[i])
			}
		}
		open = rest
	}
	return nil
}

// foreign marks the rows to which an edge leads from a row that was not located, and says which.
func (r *run) foreign(ctx context.Context, e *datamap.Edge, rows []datamap.FoundRow) (map[int]bool, error) {
	marked := map[int]bool{}
	to := sourcesOf(rows, e.ToFields)
	var pending []datamap.Row
	judge := func() error {
		err := r.judgeForeign(ctx, e, to, pending, marked)
		pending = pending[:0]
		return err
	}
	returned := columns(e.From)
	for start := 0; start < len(to.keys); start += connectors.MaxBatch {
		q := connectors.Query{
			Node: e.From, Fields: e.FromFields, Return: returned,
			Keys: to.keys[start:min(start+connectors.MaxBatch, len(to.keys))],
		}
		err := r.lookup(ctx, q, func(row datamap.Row) error {
			pending = append(pending, row)
			if len(pending) < r.batch {
				return nil
			}
			if err := judge(); err != nil {
				return err
			}
			if len(marked) == len(rows) {
				return connectors.ErrStop
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := judge(); err != nil || len(marked) == 0 {
		return marked, err
	}
	var keys []datamap.Key
	for i := range marked {
		keys = append(keys, rows[i].Key)
	}
	_, err := r.Found.Share(ctx, e.To.Address, keys, datamap.ShareReason{Code: datamap.SharedForeignRow, Via: e.From.Address}, false)
	return marked, err
}

func (r *run) judgeForeign(ctx context.Context, e *datamap.Edge, to *sources, pending []datamap.Row, marked map[int]bool) error {
	if len(pending) == 0 {
		return nil
	}
	keys := make([]datamap.Key, len(pending))
	for i := range pending {
		keys[i] = pending[i].Pick(e.From.Key)
	}
	located, err := r.Found.Has(ctx, e.From.Address, keys)
	if err != nil {
		return err
	}
	for i := range pending {
		if !located[i] && r.judge(e.From, pending[i]) != own {
			for _, j := range to.of(pending[i].Pick(e.FromFields)) {
				marked[j] = true
			}
		}
	}
	return nil
}

// spread marks the rows that shared rows lead to. A shared row that is not owned, such as an address, does not share the owned
// rows that refer to it.
func (r *run) spread(ctx context.Context, node *datamap.Node, rows []datamap.FoundRow) error {
	var owned, unowned []datamap.FoundRow
	for i := range rows {
		if rows[i].Owned {
			owned = append(owned, rows[i])
		} else {
			unowned = append(unowned, rows[i])
		}
	}
	for _, e := range node.Out {
		if e.Mention {
			continue
		}
		if err := r.spreadAlong(ctx, e, owned, false); err != nil {
			return err
		}
		if err := r.spreadAlong(ctx, e, unowned, e.Down); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) spreadAlong(ctx context.Context, e *datamap.Edge, rows []datamap.FoundRow, spareOwned bool) error {
	from := sourcesOf(rows, e.FromFields)
	reason := datamap.ShareReason{Code: datamap.SharedBySpread, Via: e.From.Address}
	var keys []datamap.Key
	share := func() error {
		if len(keys) == 0 {
			return nil
		}
		_, err := r.Found.Share(ctx, e.To.Address, keys, reason, spareOwned)
		keys = keys[:0]
		return err
	}
	for start := 0; start < len(from.keys); start += connectors.MaxBatch {
		q := connectors.Query{
			Node: e.To, Fields: e.ToFields, Return: e.To.Key,
			Keys: from.keys[start:min(start+connectors.MaxBatch, len(from.keys))],
		}
		err := r.lookup(ctx, q, func(row datamap.Row) error {
			keys = append(keys, row.Pick(e.To.Key))
			if len(keys) < r.batch {
				return nil
			}
			return share()
		})
		if err != nil {
			return err
		}
	}
	return share()
}
