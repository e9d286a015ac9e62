package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models/request"
)

// The branches of this file, of queues.go and of delegations.go hang on results of activities (tasks, queues, delegations) that histories from before them do not have: there
// they are zero, and the workflow goes the way that it went then. So they need no version of their own.

// people is what a workflow knows of the manual tasks that it waits for.
type people struct {
	decided int  // counts the decisions that have come
	refused bool // the DPO has closed one without its having been done
}

// handle registers an Update for each decision about a manual task. They are late when the task was found to be settled before, and must never hold up
// what follows, so that none is refused.
func (p *people) handle(ctx workflow.Context) error {
	for _, kind := range request.DecisionKinds() {
		if !request.OfTask(kind) {
			continue
		}
		err := workflow.SetUpdateHandler(ctx, string(kind), func(workflow.Context, DecisionInput) error {
			p.decided++
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// await waits until people have settled every task of the request or the deferral; staff is reminded at intervals. It ends before when ended does.
func (p *people) await(ctx workflow.Context, of activities.Ending, ended func() bool) error {
	var remindAt time.Time
	for count := 0; !ended(); {
		seen := p.decided
		var tasks activities.Tasks
		if err := workflow.ExecuteActivity(connectorOptions(ctx), act.SettleTasks, of).Get(ctx, &tasks); err != nil {
			return err
		}
		p.refused = tasks.Refused
		if tasks.Open == 0 {
			return nil
		}
		if now := workflow.Now(ctx); !now.Before(remindAt) {
			in := activities.Reminder{RequestID: of.RequestID, DeferralID: of.DeferralID, Kind: activities.RemindTask, Count: count}
			if err := workflow.ExecuteActivity(messageOptions(ctx), act.Remind, in).Get(ctx, nil); err != nil {
				return err
			}
			count++
			remindAt = now.Add(tasks.RemindEvery)
		}
		left := max(remindAt.Sub(workflow.Now(ctx)), time.Second)
		if _, err := workflow.AwaitWithTimeout(ctx, min(left, maxTimer), func() bool { return p.decided != seen || ended() }); err != nil {
			return err
		}
	}
	return nil
}

// never is the end of a wait that nothing ends but its purpose.
func never() bool { return false }
