package activities

import (
	"context"

	"habeas/models"
	"habeas/models/request"
)

// Open loads what the workflow needs and computes and records the clock for the first time.
func (a *Activities) Open(ctx context.Context, in RequestRef) (Opened, error) {
	out, err := a.open(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) open(ctx context.Context, in RequestRef) (Opened, error) {
	req, controller, err := a.load(ctx, in.RequestID)
	if err != nil {
		return Opened{}, err
	}
	clock, err := a.recordClock(ctx, ClockChange{RequestID: in.RequestID, Cause: CauseReceived})
	if err != nil {
		return Opened{}, err
	}
	return Opened{
		Right: req.Right, Verified: !req.VerifiedAt.IsZero(), LapseAt: a.deps.Now().Add(a.deps.Policy.LapseAfter), // not from the receipt: no mail went out while Temporal was down
		Instruction: !controller.Operator && req.Channel != request.ChannelController,
		Clock:       clock, Pace: a.pace, Queues: a.queues(),
	}, nil
}

// Advance moves the request to a state; it does nothing when the request is there already.
func (a *Activities) Advance(ctx context.Context, in Advance) error {
	return a.failure(ctx, a.deps.Store.Advance(ctx, in.RequestID, in.To, in.Outcome))
}

// load reads a request and the controller whose data it is about.
func (a *Activities) load(ctx context.Context, id models.ID) (request.Request, request.Controller, error) {
	req, err := a.deps.Store.Request(ctx, models.ScopeOperator(), id)
	if err != nil {
		return req, request.Controller{}, err
	}
	controller, err := a.deps.Store.ControllerByID(ctx, models.ScopeOperator(), req.ControllerID)
	return req, controller, err
}
