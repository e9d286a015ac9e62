package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"habeas/activities/connectors"
	"habeas/models/store"
)

// The number of rows that a system is given at once begins small, for a slow system, and grows as long as a batch takes less than quickBatch,
// up to what a connector takes; after a slow one it is halved.
const (
	firstBatch = 500
	quickBatch = time.Second
	slowBatch  = 5 * time.Second
)

// beatEvery is how often a batch under way tells Temporal that it lives.
const beatEvery = 10 * time.Second

// eachBatch calls fn with the rows of a group that have one of the statuses, a batch at a time, in their order. The next rows are read while
// fn works.
func (a *Activities) eachBatch(ctx context.Context, in GroupRef, statuses []store.RowStatus, fn func([]store.LocatedRow) error) error {
	return a.batches(ctx, in, statuses, func([]int64) error { return nil }, fn)
}

// batches also calls begin with the identifiers of all rows read at once, before any of them comes to fn.
func (a *Activities) batches(
	ctx context.Context, in GroupRef, statuses []store.RowStatus, begin func([]int64) error, fn func([]store.LocatedRow) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer beat(ctx)()
	size := firstBatch
	for p := range a.pages(ctx, in, statuses, begin) {
		if p.err != nil {
			return p.err
		}
		for rows := p.rows; len(rows) > 0; {
			n := min(size, len(rows))
			start := time.Now()
			if err := fn(rows[:n]); err != nil {
				return err
			}
			alive(ctx)
			rows, size = rows[n:], nextSize(size, time.Since(start))
		}
	}
	return ctx.Err()
}

func nextSize(size int, took time.Duration) int {
	switch {
	case took < quickBatch:
		return min(2*size, connectors.MaxBatch)
	case took > slowBatch:
		return max(size/2, 1)
	default:
		return size
	}
}

// page is rows that were read at once.
type page struct {
	rows []store.LocatedRow
	err  error
}

// pages reads ahead of whoever takes from the channel by one page; it ends with ctx, after an error, or when there are no more rows.
func (a *Activities) pages(ctx context.Context, in GroupRef, statuses []store.RowStatus, begin func([]int64) error) <-chan page {
	out := make(chan page)
	go func() {
		defer close(out)
		var after int64
		for {
			var p page
			p.rows, p.err = a.deps.Store.RowsOf(ctx, in.RequestID, in.Group, after, connectors.MaxBatch, statuses...)
			if p.err == nil && len(p.rows) == 0 {
				return
			}
			if p.err == nil {
				after = p.rows[len(p.rows)-1].ID
				p.err = begin(ids(p.rows))
			}
			select {
			case out <- p:
			case <-ctx.Done():
				return
			}
			if p.err != nil {
				return
			}
		}
	}()
	return out
}

// alive tells Temporal that the activity lives. ctx may be that of a part of it, which ends while Temporal is being told: its SDK takes a call that is
// broken off for an activity that is lost, and cancels all of it.
func alive(ctx context.Context) {
	activity.RecordHeartbeat(context.WithoutCancel(ctx)) //nolint:forbidigo // the one place
}

// beat records heartbeats until the function that it returns is called: one batch of a slow system may take longer than Temporal waits.
func beat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				alive(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
	return cancel
}

// notes writes what was done one note at a time, in order, each while the work that follows it is under way.
type notes struct{ last chan error }

// add waits for the note before and then writes this one.
func (n *notes) add(write func() error) error {
	if err := n.end(); err != nil {
		return err
	}
	n.last = make(chan error, 1)
	go func() { n.last <- write() }()
	return nil
}

// end waits until all is written.
func (n *notes) end() error {
	if n.last == nil {
		return nil
	}
	err := <-n.last
	n.last = nil
	return err
}
