package activities

import (
	"context"
)

// Limits of one clean-up; the next takes the rest.
const (
	shredLimit = 500    // requests
	purgeLimit = 50_000 // messages to webhooks
)

// CleanUp shreds expired packages and destroys the keys of requests that ended long enough ago and have nothing deferred: that is the erasure
// of what Habeas itself held, backups included. What only served to repeat a call, messages to webhooks that are long over, and addresses that
// nobody confirmed are dropped.
func (a *Activities) CleanUp(ctx context.Context, _ struct{}) (Housekeeping, error) {
	out, err := a.cleanUp(ctx)
	return out, a.failure(ctx, err)
}

func (a *Activities) cleanUp(ctx context.Context) (Housekeeping, error) {
	var out Housekeeping
	if _, err := a.deps.Store.PurgeIdempotency(ctx); err != nil {
		return out, err
	}
	if _, err := a.deps.Store.PurgeDeliveries(ctx, purgeLimit); err != nil {
		return out, err
	}
	if _, err := a.deps.Store.PurgeSubscribers(ctx); err != nil {
		return out, err
	}
	expired, err := a.deps.Store.ExpiredPackages(ctx, shredLimit)
	if err != nil {
		return out, err
	}
	for _, id := range expired {
		if err := a.deps.Store.ShredPackage(ctx, id); err != nil {
			return out, err
		}
		out.PackagesExpired++
		alive(ctx)
	}
	over, err := a.deps.Store.Shreddable(ctx, a.deps.Now().Add(-a.deps.Policy.KeepKeysFor), shredLimit)
	if err != nil {
		return out, err
	}
	for _, id := range over {
		if err := a.deps.Store.DestroyKey(ctx, id); err != nil {
			return out, err
		}
		out.KeysDestroyed++
		alive(ctx)
	}
	return out, a.forgetLocated(ctx)
}

// forgetLocated removes what was located for requests whose key is gone, of an earlier clean-up that was interrupted too.
func (a *Activities) forgetLocated(ctx context.Context) error {
	ids, err := a.deps.Store.Unforgotten(ctx, shredLimit)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := a.deps.Store.ForgetLocated(ctx, id); err != nil {
			return err
		}
		alive(ctx)
	}
	return nil
}
