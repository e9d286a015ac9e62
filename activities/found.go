package activities

import (
	"context"

	"habeas/activities/walk"
	"habeas/models/datamap"
	"habeas/models/store"
)

// found is a walk's state in the store; the store does not know the walk's own types.
type found struct{ *store.Found }

// Pending returns rows that wait for a stage.
func (f found) Pending(ctx context.Context, q walk.PendingQuery) ([]datamap.FoundRow, error) {
	return f.Found.Pending(ctx, store.PendingQuery{
		Collection: q.Collection, From: int(q.From), Stage: int(q.Stage), Owned: q.Owned, Shared: q.Shared, Limit: q.Limit,
	})
}

// Advance sets the stage of rows.
func (f found) Advance(ctx context.Context, collection datamap.Address, keys []datamap.Key, to walk.Stage) error {
	return f.Found.Advance(ctx, collection, keys, int(to))
}
