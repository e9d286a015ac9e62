package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"habeas/activities"
	"habeas/models"
)

// How often a worker says that it is there for its systems, and after how long without that it is taken to be away.
const (
	presentEvery = 10 * time.Second
	silentAfter  = 30 * time.Second
)

// codeSilent is noted of a system whose own worker has not been seen.
const codeSilent = "worker_silent"

// servedQueues are the queues of systems that this process works on: those of which it reaches every system. A queue of which it was told to serve
// some systems and not others is refused, because its steps come for any of them.
func (a *App) servedQueues() ([]activities.Queue, error) {
	var out []activities.Queue
	for _, queue := range slices.Compact(slices.Sorted(maps.Values(a.queues))) { // in the order of their names
		reached, missing := 0, ""
		for _, system := range a.Graph.Systems() {
			if a.queues[system] != queue {
				continue
			}
			if _, here := a.systems[system]; here {
				reached++
			} else {
				missing = system
			}
		}
		switch {
		case reached > 0 && missing == "":
			out = append(out, queue)
		case reached > 0 && len(a.only) > 0:
			return nil, models.Errorf(models.Invalid, "queue_divided", "The queue %s is that of the system %s too; serve all of its systems, or give them queues of their own.", queue, missing)
		}
	}
	return out, nil
}

// watchWorkers notes for the console that this worker is there for the systems of its queues, and, as the main worker, which others are not. Systems
// that did not answer when they were last needed are asked again, so that none is shown as down because nobody has needed it since.
func (a *App) watchWorkers(ctx context.Context, served []activities.Queue) error {
	since := a.now()
	for ctx.Err() == nil {
		for system, queue := range a.queues {
			var err error
			if slices.Contains(served, queue) {
				err = a.present(ctx, system)
			} else if len(a.only) == 0 {
				err = a.missed(ctx, system, since)
			}
			if err != nil && ctx.Err() == nil {
				a.log.WarnContext(ctx, "A worker's presence was not noted", "system", system, "code", codeOf(err))
			}
		}
		if err := a.askAgain(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "Systems that were down could not be asked again", "code", codeOf(err))
		}
		pause(ctx, presentEvery)
	}
	return nil
}

// present notes whether a system answers to this worker.
func (a *App) present(ctx context.Context, system string) error {
	ping, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	code := ""
	if err := a.systems[system].Ping(ping); err != nil {
		code = codeOf(err)
	}
	return a.Store.NoteSystem(ctx, system, code)
}

// askAgain notes of the systems reached from here, and that have no queue, whether those answer again that did not.
func (a *App) askAgain(ctx context.Context) error {
	systems, err := a.Store.Systems(ctx)
	for _, s := range systems {
		_, here := a.systems[s.Name]
		_, queued := a.queues[s.Name]
		if here && !queued && s.Code != "" {
			err = errors.Join(err, a.present(ctx, s.Name))
		}
	}
	return err
}

// missed notes that nobody has been there for a system for too long.
func (a *App) missed(ctx context.Context, system string, since time.Time) error {
	systems, err := a.Store.Systems(ctx)
	if err != nil {
		return err
	}
	seen := since
	for _, s := range systems {
		if s.Name == system {
			seen = s.CheckedAt
			if s.Code == codeSilent {
				return nil
			}
		}
	}
	if a.now().Sub(seen) < silentAfter {
		return nil
	}
	return a.Store.NoteSystem(ctx, system, codeSilent)
}
