package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
)

// erase executes an approved plan. The order protects the person: notices and the suppression entry are written before anything is
// destroyed, children go before parents, a separate step proves that nothing is left.
func (r *requestRun) erase(ctx workflow.Context) error {
	if err := r.advance(ctx, models.Executing); err != nil {
		return err
	}
	var work activities.Work
	if err := record(ctx, act.PrepareErasure, r.ref, &work); err != nil {
		return err
	}
	for _, group := range work.Restrict {
		ref := activities.GroupRef{RequestID: r.id, Group: group}
		if err := workflow.ExecuteActivity(connectorOptions(ctx), act.Restrict, ref).Get(ctx, nil); err != nil {
			return err
		}
	}
	if err := eraseGroups(ctx, activities.Ending{RequestID: r.id}, work.Erase); err != nil {
		return err
	}
	if err := record(ctx, act.CreateDeferrals, r.ref, nil); err != nil {
		return err
	}
	if err := r.advance(ctx, models.Notifying); err != nil {
		return err
	}
	if err := notifyAll(ctx, r.id, work.Notices); err != nil {
		return err
	}
	r.outcome = models.Fulfilled
	if work.Retained {
		r.outcome = models.PartlyFulfilled
	}
	return r.advance(ctx, models.Delivering)
}

// eraseGroups erases groups in order and then proves it. When something is left it tries again, then tells the DPO and goes on daily.
func eraseGroups(ctx workflow.Context, of activities.Ending, steps []activities.EraseStep) error {
	for try := 1; ; try++ {
		for _, step := range steps {
			ref := activities.GroupRef{RequestID: of.RequestID, Group: step.Group, Index: step.Index}
			if err := workflow.ExecuteActivity(connectorOptions(ctx), act.Erase, ref).Get(ctx, nil); err != nil {
				return err
			}
		}
		var proof activities.Proof
		if err := workflow.ExecuteActivity(connectorOptions(ctx), act.ProveErased, of).Get(ctx, &proof); err != nil {
			return err
		}
		if proof.Left == 0 {
			return nil
		}
		if try < erasureTries {
			continue
		}
		in := activities.Reminder{RequestID: of.RequestID, DeferralID: of.DeferralID, Kind: activities.RemindIncomplete, Count: try}
		if err := workflow.ExecuteActivity(messageOptions(ctx), act.Remind, in).Get(ctx, nil); err != nil {
			return err
		}
		if err := workflow.Sleep(ctx, 24*time.Hour); err != nil {
			return err
		}
	}
}

// notifyAll starts a workflow for each notice and waits until every recipient has answered or was waived, Art. 19.
func notifyAll(ctx workflow.Context, request models.ID, notices []models.ID) error {
	futures := make([]workflow.ChildWorkflowFuture, 0, len(notices))
	for _, id := range notices {
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: NoticeWorkflowID(id)})
		in := NoticeInput{NoticeID: id, RequestID: request}
		futures = append(futures, workflow.ExecuteChildWorkflow(child, NoticeWorkflowName, in))
	}
	for _, f := range futures {
		if err := f.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}
