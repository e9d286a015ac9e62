package intake

import (
	"context"
	"time"
)

// step is a multiple of what any submission usually takes.
const step = 10 * time.Millisecond

// Level calls submit and holds its answer back until a whole number of steps has passed. Joining a request that somebody's address has already
// takes a few milliseconds longer than opening one, by which a stranger could tell the two apart.
func Level[T any](ctx context.Context, submit func() (T, error)) (T, error) {
	began := time.Now()
	out, err := submit()
	timer := time.NewTimer(step - time.Since(began)%step)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done(): // nobody waits for the answer any more
	}
	return out, err
}
