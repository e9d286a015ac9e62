package workflows

import (
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
)

// calls counts what processors have called back, by delegation. A call only wakes who waits: how far the processor is, is asked of it.
type calls map[models.ID]int

// handle registers the Update by which calls come. One that is late must never hold up what follows, so that none is refused.
func (c calls) handle(ctx workflow.Context) error {
	return workflow.SetUpdateHandler(ctx, ProcessorCalledUpdate, func(_ workflow.Context, in ProcessorCalled) error {
		c[in.ID]++
		return nil
	})
}

// delegate has processors carry out the request by themselves, all at the same time, and waits until each has done so, refused, or not kept its time.
func (r *requestRun) delegate(ctx workflow.Context, steps []activities.DelegationStep) error {
	var failed error
	left := len(steps)
	for _, step := range steps {
		workflow.Go(ctx, func(ctx workflow.Context) {
			if err := r.follow(ctx, step); err != nil && failed == nil {
				failed = err
			}
			left--
		})
	}
	if left == 0 {
		return nil
	}
	if err := workflow.Await(ctx, func() bool { return left == 0 || failed != nil }); err != nil {
		return err
	}
	return failed
}

// follow hands one delegation over and asks for it: whenever the processor has called, and by itself, at first often. One that calls is asked by itself
// only in case that a call was lost.
func (r *requestRun) follow(ctx workflow.Context, step activities.DelegationStep) error {
	in := activities.DelegationRef{RequestID: r.id, DelegationID: step.DelegationID}
	for wait := followFirst; ; wait = min(2*wait, followLongest) {
		seen := r.calls[step.DelegationID]
		var now activities.Delegated
		if err := workflow.ExecuteActivity(connectorOn(ctx, step.Queue), act.FollowDelegation, in).Get(ctx, &now); err != nil || now.Over {
			return err
		}
		if r.calls[step.DelegationID] > 0 {
			wait = followLongest
		}
		if _, err := workflow.AwaitWithTimeout(ctx, wait, func() bool { return r.calls[step.DelegationID] != seen }); err != nil {
			return err
		}
	}
}
