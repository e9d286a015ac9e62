package workflows_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

const (
	day = 24 * time.Hour
	// busy is how long a machine that does much else may leave a test alone.
	busy = 2 * time.Minute
)

// received is the instant at which every test's request comes in.
var received = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

var requestID = models.MustParseID("018f0000-0000-4000-8000-000000000001")

// run is one request's workflow under a clock that skips time, with every activity replaced by one that notes its call.
type run struct {
	t      *testing.T
	env    *testsuite.TestWorkflowEnvironment
	opened activities.Opened

	mu    sync.Mutex
	calls []call
}

// call is one activity call at its workflow time.
type call struct {
	name  string
	queue string
	at    time.Time
	in    any
}

func setup(t *testing.T) *run {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	r := &run{t: t, env: suite.NewTestWorkflowEnvironment()}
	r.env.SetStartTime(received)
	r.env.SetTestTimeout(busy)
	r.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: busy})
	for name, fn := range workflows.Registered() {
		r.env.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
	r.env.RegisterActivity(&activities.Activities{})
	r.opened = activities.Opened{
		Right: models.Erasure, LapseAt: received.Add(30 * day),
		Clock: activities.Clock{
			DueBefore: received.Add(31 * day), Reminders: []time.Time{received.Add(17 * day), received.Add(24 * day), received.Add(30 * day)},
		},
		Pace: activities.Pace{InstructionEvery: 5 * day, ReviewEvery: 3 * day, OverdueEvery: day},
	}
	return r
}

// on replaces one activity; the last registration for a name wins, so tests call it before defaults.
func on[In, Out any](r *run, name string, fn func(In) (Out, error)) {
	r.env.OnActivity(name, mock.Anything, mock.Anything).Return(func(ctx context.Context, in In) (Out, error) {
		r.note(name, in, activity.GetInfo(ctx).TaskQueue)
		return fn(in)
	}).Maybe()
}

// does replaces an activity that returns only an error.
func does[In any](r *run, name string) {
	r.env.OnActivity(name, mock.Anything, mock.Anything).Return(func(ctx context.Context, in In) error {
		r.note(name, in, activity.GetInfo(ctx).TaskQueue)
		return nil
	}).Maybe()
}

func (r *run) note(name string, in any, queue ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call{name, strings.Join(queue, ""), r.env.Now().UTC(), in})
}

// defaults answers every activity that the test has not replaced as if all went well.
func (r *run) defaults() {
	on(r, "Open", func(activities.RequestRef) (activities.Opened, error) { return r.opened, nil })
	on(r, "RecordClock", func(activities.ClockChange) (activities.Clock, error) { return r.opened.Clock, nil })
	on(r, "Locate", func(activities.RequestRef) (activities.Located, error) { return activities.Located{Rows: 3}, nil })
	on(r, "MakePlan", func(activities.RequestRef) (activities.Planned, error) {
		return activities.Planned{Version: 1, Undecided: 1}, nil
	})
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Erase: []activities.EraseStep{{Group: 2}, {Group: 1, Index: 1}}}, nil
	})
	on(r, "Erase", func(activities.GroupRef) (activities.Done, error) { return activities.Done{Erased: 1}, nil })
	on(r, "Restrict", func(activities.GroupRef) (activities.Done, error) { return activities.Done{Restricted: 1}, nil })
	on(r, "ProveErased", func(activities.Ending) (activities.Proof, error) { return activities.Proof{Checked: 2}, nil })
	on(r, "SendNotice", func(activities.NoticeRef) (activities.NoticeSent, error) {
		return activities.NoticeSent{ReminderAfter: 3 * day}, nil
	})
	on(r, "BuildPackage", func(activities.RequestRef) (activities.Package, error) {
		return activities.Package{PackageID: models.ID{9}, ExpiresAt: r.env.Now().Add(14 * day)}, nil
	})
	on(r, "SettleTasks", func(activities.Ending) (activities.Tasks, error) { return activities.Tasks{RemindEvery: 3 * day}, nil })
	on(r, "LocateStage", func(activities.LocateStage) (activities.LocatedStage, error) { return activities.LocatedStage{}, nil })
	on(r, "FinishLocate", func(activities.RequestRef) (activities.Located, error) { return activities.Located{Rows: 3}, nil })
	on(r, "PrepareCopy", func(activities.RequestRef) (activities.CopyWork, error) { return activities.CopyWork{}, nil })
	on(r, "ExportParts", func(activities.QueueRef) (activities.Done, error) { return activities.Done{}, nil })
	on(r, "FollowDelegation", func(activities.DelegationRef) (activities.Delegated, error) {
		return activities.Delegated{Over: true}, nil
	})
	does[activities.Advance](r, "Advance")
	does[activities.RequestRef](r, "SendVerification")
	does[activities.Reminder](r, "Remind")
	does[activities.RequestRef](r, "SendConfirmation")
	does[activities.RequestRef](r, "CreateDeferrals")
	does[activities.Ending](r, "SignReceipt")
	does[activities.Ending](r, "SendAnswer")
	does[activities.DecisionRef](r, "SendRefusal")
	does[activities.DecisionRef](r, "SendExtension")
	does[activities.DecisionRef](r, "SendQuestion")
	does[activities.PackageRef](r, "SendPackageLink")
	does[activities.PackageRef](r, "ShredPackage")
}

// decide delivers a decision after a delay of workflow time and expects it to be accepted.
func (r *run) decide(after time.Duration, kind request.DecisionKind) {
	r.deliver(after, kind, func(err error) { require.NoError(r.t, err, "%s after %s", kind, after) })
}

// refused delivers a decision and expects the validator to refuse it.
func (r *run) refused(after time.Duration, kind request.DecisionKind) {
	r.deliver(after, kind, func(err error) { require.ErrorContains(r.t, err, "decision_not_open", "%s after %s", kind, after) })
}

func (r *run) deliver(after time.Duration, kind request.DecisionKind, check func(error)) {
	in := workflows.DecisionInput{DecisionID: models.ID{7}, Kind: kind}
	r.env.RegisterDelayedCallback(func() {
		r.env.UpdateWorkflow(string(kind), string(kind)+after.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() { check(nil) }, OnReject: check, OnComplete: func(any, error) {},
		}, in)
	}, after)
}

// end runs the workflow to its end and returns its outcome.
func (r *run) end() models.Outcome {
	r.defaults()
	r.env.ExecuteWorkflow(workflows.RequestWorkflowName, workflows.RequestInput{RequestID: requestID})
	require.True(r.t, r.env.IsWorkflowCompleted())
	require.NoError(r.t, r.env.GetWorkflowError())
	var out workflows.RequestResult
	require.NoError(r.t, r.env.GetWorkflowResult(&out))
	return out.Outcome
}

// made are the calls until now. An activity that still runs when its workflow ends notes its call later, at any time.
func (r *run) made() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// names are the activities in the order of their calls, without those listed.
func (r *run) names(without ...string) []string {
	var out []string
	for _, c := range r.made() {
		if !slices.Contains(without, c.name) {
			out = append(out, c.name)
		}
	}
	return out
}

// states are the states that the request went through.
func (r *run) states() []models.State {
	var out []models.State
	for _, c := range r.made() {
		if in, ok := c.in.(activities.Advance); ok {
			out = append(out, in.To)
		}
	}
	return out
}

// reminders are the instants of one kind of reminder, relative to the receipt.
func (r *run) reminders(kind activities.ReminderKind) []time.Duration {
	var out []time.Duration
	for _, c := range r.made() {
		if in, ok := c.in.(activities.Reminder); ok && in.Kind == kind {
			out = append(out, c.at.Sub(received))
		}
	}
	return out
}
