package activities

import (
	"context"
	"slices"
	"time"

	"habeas/activities/connectors"
	"habeas/models/datamap"
	"habeas/models/store"
)

// mark restricts a batch of rows; a collection whose map does not say how gives Unsupported.
func (t target) mark(ctx context.Context, rows []store.LocatedRow, at time.Time) (int, error) {
	restrictor, err := connectors.As[connectors.Restrictor](t.system, "restrict")
	if err != nil {
		return 0, err
	}
	return restrictor.Restrict(ctx, connectors.Restriction{Node: t.node, Keys: keys(rows), At: at})
}

// maskUnheld masks the personal fields of retained rows that no hold covers: a hold on some fields keeps no others (Art. 17(3), to the
// extent needed).
func (t target) maskUnheld(ctx context.Context, rows []store.LocatedRow) (int, error) {
	if len(t.group.HeldFields) == 0 {
		return 0, nil
	}
	masks := slices.DeleteFunc(slices.Clone(t.node.Masks()), func(m datamap.Mask) bool { return slices.Contains(t.group.HeldFields, m.Field) })
	if len(masks) == 0 {
		return 0, nil
	}
	eraser, err := connectors.As[connectors.Eraser](t.system, "erase")
	if err != nil {
		return 0, err
	}
	outcome, err := eraser.Erase(ctx, connectors.Erasure{Node: t.node, Keys: keys(rows), Masks: masks})
	return outcome.Masked, err
}

func keys(rows []store.LocatedRow) []datamap.Key {
	out := make([]datamap.Key, len(rows))
	for i, r := range rows {
		out[i] = r.Row.Key
	}
	return out
}

func ids(rows []store.LocatedRow) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}
