package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
)

// clock watches a request's legal date beside its life: it reminds the DPO before the date and escalates after it. The date is computed
// and recorded by an activity; here it is only slept on.
type clock struct {
	request models.ID
	pace    activities.Pace
	now     activities.Clock
	moved   int // counts changes of now, to wake the watcher
	stopped bool
}

func startClock(ctx workflow.Context, request models.ID, opened activities.Opened) *clock {
	c := &clock{request: request, pace: opened.Pace, now: opened.Clock}
	workflow.Go(ctx, c.watch)
	return c
}

// recompute has the clock computed and recorded anew, and moves the watcher to the new date.
func (c *clock) recompute(ctx workflow.Context, cause activities.ClockCause) error {
	var now activities.Clock
	if err := record(ctx, act.RecordClock, activities.ClockChange{RequestID: c.request, Cause: cause}, &now); err != nil {
		return err
	}
	c.now = now
	c.moved++
	return nil
}

func (c *clock) stop() { c.stopped = true }

func (c *clock) watch(ctx workflow.Context) {
	last := workflow.Now(ctx)
	for count := 0; !c.stopped; {
		moved := c.moved
		woken := func() bool { return c.stopped || c.moved != moved }
		next, kind, ok := c.next(last)
		if !ok {
			if workflow.Await(ctx, woken) != nil {
				return
			}
			continue
		}
		left := next.Sub(workflow.Now(ctx))
		if left > 0 {
			changed, err := workflow.AwaitWithTimeout(ctx, min(left, maxTimer), woken)
			if err != nil {
				return
			}
			if changed || left > maxTimer {
				continue
			}
		}
		in := activities.Reminder{RequestID: c.request, Kind: kind, Count: count}
		if err := workflow.ExecuteActivity(messageOptions(ctx), act.Remind, in).Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Warn("A reminder was not sent", "request", c.request.String())
		}
		count++
		last = next
	}
}

// next is the first reminder or escalation after the instant last; ok is false while the clock is paused.
func (c *clock) next(last time.Time) (at time.Time, kind activities.ReminderKind, ok bool) {
	if c.now.Paused || c.now.DueBefore.IsZero() {
		return time.Time{}, "", false
	}
	for _, r := range c.now.Reminders {
		if r.After(last) {
			return r, activities.RemindDueSoon, true
		}
	}
	if last.Before(c.now.DueBefore) {
		return c.now.DueBefore, activities.RemindOverdue, true
	}
	past := last.Sub(c.now.DueBefore) / c.pace.OverdueEvery
	return c.now.DueBefore.Add((past + 1) * c.pace.OverdueEvery), activities.RemindOverdue, true
}
