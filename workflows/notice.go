package workflows

import (
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
)

// noticeAttempts is how many messages a recipient gets before the DPO is told with each further one.
const noticeAttempts = 3

// Notice sends one notice to one recipient, again at intervals, until the recipient has answered or the DPO has waived it.
func Notice(ctx workflow.Context, in NoticeInput) (NoticeResult, error) {
	n := &noticeRun{in: in, calls: calls{}}
	if err := n.setup(ctx); err != nil {
		return NoticeResult{}, err
	}
	return n.run(ctx)
}

type noticeRun struct {
	in       NoticeInput
	answered bool
	waived   bool
	calls    calls // of a processor that was handed the notice
}

func (n *noticeRun) setup(ctx workflow.Context) error {
	for _, kind := range []request.DecisionKind{request.Acknowledge, request.Waive} {
		err := workflow.SetUpdateHandlerWithOptions(ctx, string(kind),
			func(_ workflow.Context, in DecisionInput) error {
				n.answered, n.waived = in.Kind == request.Acknowledge, in.Kind == request.Waive
				return nil
			},
			workflow.UpdateHandlerOptions{Validator: func(in DecisionInput) error {
				if n.done() {
					return request.OpenIn(in.Kind, models.Received)
				}
				return nil
			}},
		)
		if err != nil {
			return err
		}
	}
	return n.calls.handle(ctx)
}

func (n *noticeRun) done() bool { return n.answered || n.waived }

// run sends the messages. What a processor has called back brings the question how far it is forward, and is no time that the recipient has let pass.
func (n *noticeRun) run(ctx workflow.Context) (NoticeResult, error) {
	attempt, silent := 1, 1
	for ; !n.done(); attempt++ {
		seen := n.calls[n.in.NoticeID]
		ref := activities.NoticeRef{NoticeID: n.in.NoticeID, RequestID: n.in.RequestID, Attempt: attempt}
		var sent activities.NoticeSent
		if err := workflow.ExecuteActivity(noticeOptions(ctx), act.SendNotice, ref).Get(ctx, &sent); err != nil {
			return NoticeResult{}, err
		}
		if sent.Answered {
			break
		}
		if silent > noticeAttempts {
			in := activities.Reminder{RequestID: n.in.RequestID, NoticeID: n.in.NoticeID, Kind: activities.RemindNotice, Count: silent}
			if err := workflow.ExecuteActivity(messageOptions(ctx), act.Remind, in).Get(ctx, nil); err != nil {
				return NoticeResult{}, err
			}
		}
		called := func() bool { return n.calls[n.in.NoticeID] != seen }
		if _, err := workflow.AwaitWithTimeout(ctx, min(sent.ReminderAfter, maxTimer), func() bool { return n.done() || called() }); err != nil {
			return NoticeResult{}, err
		}
		if !called() {
			silent++
		}
	}
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return NoticeResult{Waived: n.waived, Attempts: attempt}, err
}
