package workflows

import (
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
)

// handleDecisions registers an Update for each decision about a request. The decision itself was recorded before, in the
// database; the Update delivers it, and its validator asks the same rule as the API did.
func (r *requestRun) handleDecisions(ctx workflow.Context) error {
	for _, kind := range request.DecisionKinds() {
		if ofNotice(kind) || request.OfTask(kind) || kind == request.Lift { // which starts a workflow of its own
			continue
		}
		err := workflow.SetUpdateHandlerWithOptions(ctx, string(kind),
			func(ctx workflow.Context, in DecisionInput) error { return r.take(ctx, in) },
			workflow.UpdateHandlerOptions{Validator: func(in DecisionInput) error { return r.open(in.Kind) }},
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// ofNotice reports whether the decision is delivered to a notice's workflow instead.
func ofNotice(kind request.DecisionKind) bool {
	return kind == request.Acknowledge || kind == request.Waive
}

// open reports whether a decision can be taken now; it fails with decision_not_open.
func (r *requestRun) open(kind request.DecisionKind) error {
	if kind == request.Verify && r.verified {
		return nil // a customer vouched before the workflow began, which has seen it: this is only late, and must not hold up what follows
	}
	if r.outcome != "" {
		return request.OpenIn(kind, models.Closed)
	}
	return request.OpenIn(kind, r.state)
}

// take applies a decision that the validator has let through.
func (r *requestRun) take(ctx workflow.Context, in DecisionInput) error {
	switch in.Kind {
	case request.Verify:
		r.verified = true
	case request.Resend:
		return r.sendAgain(ctx)
	case request.Withdraw:
		r.end(models.Withdrawn, in.DecisionID)
	case request.Decline, request.Refuse:
		r.end(models.Refused, in.DecisionID)
	case request.Instruct:
		r.instructed = true
	case request.Approve:
		r.approved = true
	case request.Collect:
		r.collected = true
	case request.Change:
		// The new version of the plan is in the database; its approval is awaited as before.
	case request.Extend:
		return r.extend(ctx, in)
	case request.Clarify:
		return r.tell(ctx, act.SendQuestion, in, activities.CauseClarified)
	case request.Answer:
		return r.clock.recompute(ctx, activities.CauseAnswered)
	case request.Acknowledge, request.Waive, request.Complete, request.Confirm, request.Return, request.Abandon, request.Lift:
		return request.OpenIn(in.Kind, models.Received)
	}
	return nil
}

// sendAgain mails verifications that are due: in its own stage before the first one, else for a later submission of the same person.
func (r *requestRun) sendAgain(ctx workflow.Context) error {
	if !r.state.Verified() {
		r.resend++
		return nil
	}
	return workflow.ExecuteActivity(messageOptions(ctx), act.SendVerification, r.ref).Get(ctx, nil)
}

// tell writes the letter of a decision that moves the clock. The clock moves first: it does not depend on the mail getting through.
func (r *requestRun) tell(ctx workflow.Context, letter any, in DecisionInput, cause activities.ClockCause) error {
	if err := r.clock.recompute(ctx, cause); err != nil {
		return err
	}
	ref := activities.DecisionRef{RequestID: r.id, DecisionID: in.DecisionID}
	return workflow.ExecuteActivity(messageOptions(ctx), letter, ref).Get(ctx, nil)
}

// extend writes the letter that makes an extension valid and then computes the clock from the day on which it went out.
func (r *requestRun) extend(ctx workflow.Context, in DecisionInput) error {
	if err := r.tell(ctx, act.SendExtension, in, activities.CauseExtended); err != nil {
		return err
	}
	return r.clock.recompute(ctx, activities.CauseNotified)
}

// end stops the stage that runs and leaves the outcome for run to find.
func (r *requestRun) end(outcome models.Outcome, decision models.ID) {
	r.outcome, r.letter = outcome, decision
	if r.cancel != nil {
		r.cancel()
	}
}
