package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
)

// act gives the activities' method values; it is never called, only named.
var act *activities.Activities

// Request carries one request from its receipt to its end (DESIGN section 6). It sleeps, waits for decisions and orders the steps;
// every step's effect is in the database, where the API reads it.
func Request(ctx workflow.Context, in RequestInput) (RequestResult, error) {
	r, err := setupRequest(ctx, in)
	if err != nil {
		return RequestResult{}, err
	}
	return r.run(ctx)
}

type requestRun struct {
	id      models.ID
	ref     activities.RequestRef
	opened  activities.Opened
	state   models.State
	clock   *clock
	outcome models.Outcome // set by a decision that ends the request early
	letter  models.ID      // the decision that a refusal letter explains

	verified   bool
	resend     int
	instructed bool
	approved   bool
	collected  bool
	fetch      bool // parts of the copy come from others
	people     people
	calls      calls
	cancel     workflow.CancelFunc // of the stage that runs
}

func setupRequest(ctx workflow.Context, in RequestInput) (*requestRun, error) {
	r := &requestRun{id: in.RequestID, ref: activities.RequestRef{RequestID: in.RequestID}, state: models.Received, calls: calls{}}
	if err := r.handleDecisions(ctx); err != nil {
		return nil, err
	}
	if err := r.people.handle(ctx); err != nil {
		return nil, err
	}
	if err := r.calls.handle(ctx); err != nil {
		return nil, err
	}
	if err := record(ctx, act.Open, r.ref, &r.opened); err != nil {
		return nil, err
	}
	r.verified = r.verified || r.opened.Verified
	r.clock = startClock(ctx, r.id, r.opened)
	return r, nil
}

// run goes through the stages; a stage that a decision has ended leaves an outcome behind.
func (r *requestRun) run(ctx workflow.Context) (RequestResult, error) {
	stages := []func(workflow.Context) error{r.verify, r.confirm, r.awaitInstruction, r.locateAndReview}
	for _, stage := range stages {
		stageCtx, cancel := workflow.WithCancel(ctx)
		r.cancel = cancel
		err := stage(stageCtx)
		r.cancel = nil
		if r.outcome != "" {
			return r.endEarly(ctx)
		}
		if err != nil {
			return RequestResult{}, err
		}
	}
	if err := r.execute(ctx); err != nil {
		return RequestResult{}, err
	}
	return r.finish(ctx)
}

// execute does what the right asks for.
func (r *requestRun) execute(ctx workflow.Context) error {
	switch r.opened.Right {
	case models.Erasure, models.Deletion:
		return r.erase(ctx)
	case models.Restriction, models.Rectification, models.Objection:
		return r.actOn(ctx)
	default:
		return r.deliverCopy(ctx)
	}
}

// verify waits until the person has proved who they are; a request that never is lapses.
func (r *requestRun) verify(ctx workflow.Context) error {
	if r.verified {
		return nil
	}
	if err := r.advance(ctx, models.Verifying); err != nil {
		return err
	}
	sent := -1
	for !r.verified && r.outcome == "" {
		if sent != r.resend {
			sent = r.resend
			if err := workflow.ExecuteActivity(messageOptions(ctx), act.SendVerification, r.ref).Get(ctx, nil); err != nil {
				return err
			}
		}
		left := r.opened.LapseAt.Sub(workflow.Now(ctx))
		ok, err := workflow.AwaitWithTimeout(ctx, min(left, maxTimer), func() bool {
			return r.verified || r.outcome != "" || sent != r.resend
		})
		if err != nil {
			return err
		}
		if !ok && !workflow.Now(ctx).Before(r.opened.LapseAt) {
			if err := r.lapse(ctx); err != nil {
				return err
			}
		}
	}
	if r.outcome != "" {
		return nil
	}
	return r.clock.recompute(ctx, activities.CauseVerified)
}

// lapse closes a request that nobody has verified in time. The database has the last word: what was decided before may still be on its way
// here, and is waited for then.
func (r *requestRun) lapse(ctx workflow.Context) error {
	err := record(ctx, act.Advance, activities.Advance{RequestID: r.id, To: models.Closed, Outcome: models.Lapsed}, nil)
	if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok && failure.Type() == activities.LapseOvertaken {
		return workflow.Await(ctx, func() bool { return r.verified || r.outcome != "" })
	}
	if err == nil {
		r.outcome = models.Lapsed
	}
	return err
}

// confirm tells the person that the request was received and when it is due.
func (r *requestRun) confirm(ctx workflow.Context) error {
	return workflow.ExecuteActivity(messageOptions(ctx), act.SendConfirmation, r.ref).Get(ctx, nil)
}

// awaitInstruction waits for the customer whose data it is, Art. 28(3)(a).
func (r *requestRun) awaitInstruction(ctx workflow.Context) error {
	if !r.opened.Instruction || r.instructed {
		return nil
	}
	if err := r.advance(ctx, models.AwaitingInstruction); err != nil {
		return err
	}
	return r.remindUntil(ctx, activities.RemindInstruction, r.opened.Pace.InstructionEvery, func() bool { return r.instructed })
}

// locateAndReview finds the data, makes the plan and waits until the DPO, or the policy, has approved it.
func (r *requestRun) locateAndReview(ctx workflow.Context) error {
	if err := r.advance(ctx, models.Locating); err != nil {
		return err
	}
	located, err := r.locate(ctx)
	if err != nil {
		return err
	}
	if located.Tasks > 0 {
		if err := r.people.await(ctx, activities.Ending{RequestID: r.id}, func() bool { return r.outcome != "" }); err != nil || r.outcome != "" {
			return err
		}
	}
	var planned activities.Planned
	if err := workflow.ExecuteActivity(connectorOptions(ctx), act.MakePlan, r.ref).Get(ctx, &planned); err != nil {
		return err
	}
	r.fetch = planned.Fetch
	if err := r.advance(ctx, models.InReview); err != nil {
		return err
	}
	if planned.Approved {
		return nil
	}
	return r.remindUntil(ctx, activities.RemindReview, r.opened.Pace.ReviewEvery, func() bool { return r.approved })
}

// remindUntil sends a first message at once and a reminder at each interval until done, or until a decision ends the request. Somebody who orders a
// reminder brings the next one forward.
func (r *requestRun) remindUntil(ctx workflow.Context, kind activities.ReminderKind, every time.Duration, done func() bool) error {
	for count := 0; !done() && r.outcome == ""; count++ {
		seen := r.calls[r.id]
		in := activities.Reminder{RequestID: r.id, Kind: kind, Count: count}
		if err := workflow.ExecuteActivity(messageOptions(ctx), act.Remind, in).Get(ctx, nil); err != nil {
			return err
		}
		if _, err := workflow.AwaitWithTimeout(ctx, min(every, maxTimer), func() bool {
			return done() || r.outcome != "" || r.calls[r.id] != seen
		}); err != nil {
			return err
		}
	}
	return nil
}

// endEarly closes a request that was withdrawn, refused or never verified.
func (r *requestRun) endEarly(ctx workflow.Context) (RequestResult, error) {
	if r.outcome == models.Refused {
		in := activities.DecisionRef{RequestID: r.id, DecisionID: r.letter}
		if err := workflow.ExecuteActivity(messageOptions(ctx), act.SendRefusal, in).Get(ctx, nil); err != nil {
			return RequestResult{}, err
		}
	}
	if err := record(ctx, act.SignReceipt, r.ending(), nil); err != nil {
		return RequestResult{}, err
	}
	return r.close(ctx)
}

// finish signs the receipt, then tells the person what was done, then closes.
func (r *requestRun) finish(ctx workflow.Context) (RequestResult, error) {
	if err := record(ctx, act.SignReceipt, r.ending(), nil); err != nil {
		return RequestResult{}, err
	}
	if err := workflow.ExecuteActivity(messageOptions(ctx), act.SendAnswer, r.ending()).Get(ctx, nil); err != nil {
		return RequestResult{}, err
	}
	return r.close(ctx)
}

// close sets the last state and waits for updates under way.
func (r *requestRun) close(ctx workflow.Context) (RequestResult, error) {
	in := activities.Advance{RequestID: r.id, To: models.Closed, Outcome: r.outcome}
	if err := record(ctx, act.Advance, in, nil); err != nil {
		return RequestResult{}, err
	}
	r.state = models.Closed
	r.clock.stop()
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return RequestResult{}, err
	}
	return RequestResult{Outcome: r.outcome}, nil
}

func (r *requestRun) ending() activities.Ending {
	return activities.Ending{RequestID: r.id, Outcome: r.outcome}
}

func (r *requestRun) advance(ctx workflow.Context, to models.State) error {
	if err := record(ctx, act.Advance, activities.Advance{RequestID: r.id, To: to}, nil); err != nil {
		return err
	}
	r.state = to
	return nil
}

// record runs a write to Habeas' own database.
func record(ctx workflow.Context, activity, in, out any) error {
	return workflow.ExecuteActivity(recordOptions(ctx), activity, in).Get(ctx, out)
}
