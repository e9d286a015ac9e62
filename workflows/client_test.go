package workflows_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

// service is a Temporal service that answers one Update.
type service struct {
	client.Client
	update client.UpdateWorkflowOptions
	handle client.WorkflowUpdateHandle
	err    error
}

func (s *service) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	s.update = o
	return s.handle, s.err
}

// handle is an Update's handle: what its validator or its handler failed with, or, while it runs, what ends the waiting.
type handle struct {
	client.WorkflowUpdateHandle
	err error
}

func (h handle) Get(ctx context.Context, _ any) error {
	if h.err == nil {
		return ctx.Err()
	}
	return h.err
}

func TestADecisionThatTheValidatorRefusesIsNotDelivered(t *testing.T) {
	t.Parallel()
	notOpen := request.OpenIn(request.Approve, models.Locating)
	for name, c := range map[string]struct {
		service service
		want    func(*testing.T, error)
	}{
		"accepted and running": {service{handle: handle{}}, func(t *testing.T, err error) { require.NoError(t, err) }},
		"refused by the validator": {
			service{handle: handle{err: temporal.NewApplicationError(notOpen.Error(), "Error")}},
			func(t *testing.T, err error) { require.Equal(t, "decision_not_open", models.CodeOf(err)) },
		},
		"accepted, and its letter failed": {
			service{handle: handle{err: temporal.NewApplicationError("The letter was refused.", "mail_refused")}},
			func(t *testing.T, err error) {
				require.NoError(t, err, "it was delivered; the workflow goes on by itself")
			},
		},
		"Temporal down": {service{err: errors.New("no connection")}, func(t *testing.T, err error) { require.ErrorContains(t, err, "no connection") }},
		"ended, or not begun": {
			service{err: serviceerror.NewNotFound("no workflow")},
			func(t *testing.T, err error) { require.ErrorIs(t, err, workflows.ErrGone) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := workflows.Delivery{OrderID: id(1), RequestID: id(2), DecisionID: id(3), NoticeID: id(4), Kind: request.Approve}
			c.want(t, workflows.NewClient(&c.service).Deliver(t.Context(), order))
			require.Equal(t, id(1).String(), c.service.update.UpdateID, "so that Temporal drops a second delivery")
			require.Equal(t, workflows.RequestWorkflowID(id(2)), c.service.update.WorkflowID)
			order.Kind = request.Waive
			c.want(t, workflows.NewClient(&c.service).Deliver(t.Context(), order))
			require.Equal(t, workflows.NoticeWorkflowID(id(4)), c.service.update.WorkflowID)
		})
	}
}
