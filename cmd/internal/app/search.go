package app

import (
	"context"
	"time"
)

// How requests from before are indexed: at once when the worker starts, then now and again, since a program of the last version may still take some in.
const (
	indexPause = 10 * time.Millisecond // between batches, for whoever else needs the database
	indexIdle  = 10 * time.Minute
)

// indexIdentities lets requests that an earlier version took in be found by their identities, until ctx ends.
func (a *App) indexIdentities(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := a.Store.IndexIdentities(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "Requests could not be indexed for the search", "code", codeOf(err))
		}
		if n > 0 {
			a.log.InfoContext(ctx, "Requests were indexed for the search", "requests", n)
			pause(ctx, indexPause)
			continue
		}
		pause(ctx, indexIdle)
	}
	return nil
}
