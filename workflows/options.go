package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// maxTimer is the longest timer ever set: a cancelled timer leaves the workflow's ID in Temporal's tables until its date.
const maxTimer = 30 * 24 * time.Hour

// erasureTries is how often an erasure is repeated at once when something is left, before the DPO is told and a day is waited.
const erasureTries = 3

// The profiles below are all the activity options there are.

// recordOptions are for writes to Habeas' own database: short, and retried until they work.
func recordOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	})
}

// connectorOptions are for work in other systems: long, with heartbeats, retried until the system answers.
func connectorOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 12 * time.Hour,
		HeartbeatTimeout:    time.Minute,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	})
}

// messageOptions are for mail and webhooks: retried until the other side takes the message.
func messageOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
	})
}

// noticeOptions are messageOptions for what must be sent once: whether a lost worker has sent it is asked soon, because the recipient's time runs.
func noticeOptions(ctx workflow.Context) workflow.Context {
	ctx = messageOptions(ctx)
	return workflow.WithHeartbeatTimeout(ctx, 15*time.Second)
}

// bulkOptions are for writing to very many: as long as it takes, and a lost worker is noticed soon, because the persons wait.
func bulkOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 30 * 24 * time.Hour,
		HeartbeatTimeout:    20 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: 15 * time.Second},
	})
}
