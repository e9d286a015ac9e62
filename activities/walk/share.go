package walk

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// check marks those rows of a batch that a row which was not located leads to: nobody can say that such a row is the subject's.
// In the first of its stages it is asked for rows that the batch refers to, in the second for rows that refer to the batch.
func (r *run) check(ctx context.Context, stage Stage, node *datamap.Node, rows []datamap.FoundRow) error {
	var open []datamap.FoundRow
	for i := range rows {
		if !rows[i].Own && !rows[i].Shared {
			open = append(open, rows[i])
		}
	}
	code := datamap.SharedForeignRow
	if stage == StageClaimed {
		code = datamap.SharedOtherPerson
	}
	for _, e := range r.checks(stage, node) {
		s := &strangers{run: r, end: e.end, fields: e.fields, batch: sourcesOf(open, e.ours), led: map[int]bool{}}
		var err error
		if open, err = r.checkEdge(ctx, s, open, code); err != nil {
			return err
		}
	}
	return nil
}

// checkedEnd is a collection whose rows may share a row, with the fields by which they are linked.
type checkedEnd struct {
	end          *datamap.Node
	fields, ours []string
}

// checks are the look-ups of a stage that checks: those of rows that lead to a row, and in the second stage also of rows with identities to which
// it leads down; when it leads up to another person's row, it was marked on the way.
func (r *run) checks(stage Stage, node *datamap.Node) (list []checkedEnd) {
	for _, e := range node.In {
		if !e.Mention && r.people[e.From] && e.Down == (stage == StageClaimed) {
			list = append(list, checkedEnd{e.From, e.FromFields, e.ToFields})
		}
	}
	for _, e := range node.Out {
		if stage == StageChecked && !e.Mention && e.Down && len(e.To.Identities) > 0 {
			list = append(list, checkedEnd{e.To, e.ToFields, e.FromFields})
		}
	}
	return list
}

// checkEdge marks rows that strangers lead to, and returns the others.
func (r *run) checkEdge(ctx context.Context, s *strangers, rows []datamap.FoundRow, code string) ([]datamap.FoundRow, error) {
	err := r.lookupKeys(ctx, s.end, s.fields, s.batch.keys, columns(s.end), func(row datamap.Row) error {
		if err := s.add(ctx, row, false); err != nil {
			return err
		}
		if len(s.led) == len(rows) {
			return connectors.ErrStop
		}
		return nil
	})
	if err == nil {
		err = s.flush(ctx)
	}
	if err != nil || len(s.led) == 0 {
		return rows, err
	}
	var rest []datamap.FoundRow
	var keys []datamap.Key
	for i := range rows {
		if s.led[i] {
			keys = append(keys, rows[i].Key)
		} else {
			rest = append(rest, rows[i])
		}
	}
	_, err = r.Found.Share(ctx, rows[0].Address, keys, datamap.ShareReason{Code: code, Via: s.end.Address}, false)
	return rest, err
}

// inherit marks the rows that refer to rows which belong to another person too: they belong to that person as well.
func (r *run) inherit(ctx context.Context, node *datamap.Node, rows []datamap.FoundRow) error {
	var claimed []datamap.FoundRow
	for i := range rows {
		if rows[i].Reason.Code != datamap.SharedForeignRow { // marked by a later stage that was interrupted
			claimed = append(claimed, rows[i])
		}
	}
	for _, e := range node.Out {
		if e.Down {
			if err := r.spreadAlong(ctx, e, claimed, false); err != nil {
				return err
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
		if r.Controller != "" && e.Down {
			continue // what refers to the row says itself whose it is
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
	if e.Mention || len(rows) == 0 {
		return nil
	}
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
	err := r.lookupKeys(ctx, e.To, e.ToFields, sourcesOf(rows, e.FromFields).keys, e.To.Key, func(row datamap.Row) error {
		if keys = append(keys, row.Pick(e.To.Key)); len(keys) < r.batch {
			return nil
		}
		return share()
	})
	if err != nil {
		return err
	}
	return share()
}
