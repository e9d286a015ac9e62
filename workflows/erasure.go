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
	tasks, err := r.restrict(ctx, work)
	if err != nil {
		return err
	}
	if err := r.delegate(ctx, work.Delegations); err != nil {
		return err
	}
	e := erasure{of: activities.Ending{RequestID: r.id}, steps: work.Erase, queues: work.Queues, tasks: work.Tasks + tasks + len(work.Delegations)}
	if err := e.run(ctx, &r.people); err != nil {
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
	if work.Retained || r.people.refused {
		r.outcome = models.PartlyFulfilled
	}
	return r.advance(ctx, models.Delivering)
}

// restrict sets apart the rows that are held, and counts the tasks that it made of what no connector can.
func (r *requestRun) restrict(ctx workflow.Context, work activities.Work) (tasks int, err error) {
	for i, group := range work.Restrict {
		var done activities.Done
		ref := activities.GroupRef{RequestID: r.id, Group: group}
		if err := workflow.ExecuteActivity(connectorOn(ctx, queueAt(work.RestrictOn, i)), act.Restrict, ref).Get(ctx, &done); err != nil {
			return tasks, err
		}
		tasks += done.Tasks
	}
	return tasks, nil
}

// erasure is the erasure of a request or of a deferral: what Habeas erases by itself, and what it waits for others to do.
type erasure struct {
	of     activities.Ending
	steps  []activities.EraseStep
	queues []activities.Queue // other than the main one, on which it has to be proved too
	tasks  int                // that may wait for people
}

// run erases groups in order, waits for people where no connector could, and then proves it. When something is left it tries again, then tells the DPO and
// goes on daily.
func (e erasure) run(ctx workflow.Context, p *people) error {
	for try := 1; ; try++ {
		made, err := e.erase(ctx)
		if err != nil {
			return err
		}
		if made+e.tasks > 0 {
			if err := p.await(ctx, e.of, never); err != nil {
				return err
			}
		}
		proof, err := e.prove(ctx)
		if err != nil {
			return err
		}
		if proof.Tasks > 0 {
			if err := p.await(ctx, e.of, never); err != nil {
				return err
			}
			try = 0 // what people have done is looked at anew
			continue
		}
		if proof.Left == 0 {
			return nil
		}
		if try < erasureTries {
			continue
		}
		in := activities.Reminder{RequestID: e.of.RequestID, DeferralID: e.of.DeferralID, Kind: activities.RemindIncomplete, Count: try}
		if err := workflow.ExecuteActivity(messageOptions(ctx), act.Remind, in).Get(ctx, nil); err != nil {
			return err
		}
		if err := workflow.Sleep(ctx, 24*time.Hour); err != nil {
			return err
		}
	}
}

// erase works off the steps and counts the tasks that it made of what no connector can.
func (e erasure) erase(ctx workflow.Context) (tasks int, err error) {
	for _, step := range e.steps {
		var done activities.Done
		ref := activities.GroupRef{RequestID: e.of.RequestID, Group: step.Group, Index: step.Index, DeferralID: e.of.DeferralID}
		if err := workflow.ExecuteActivity(connectorOn(ctx, step.Queue), act.Erase, ref).Get(ctx, &done); err != nil {
			return tasks, err
		}
		tasks += done.Tasks
	}
	return tasks, nil
}

// prove looks again on every queue.
func (e erasure) prove(ctx workflow.Context) (sum activities.Proof, err error) {
	for _, queue := range append([]activities.Queue{""}, e.queues...) {
		var proof activities.Proof
		in := e.of
		in.Queue = queue
		if err := workflow.ExecuteActivity(connectorOn(ctx, queue), act.ProveErased, in).Get(ctx, &proof); err != nil {
			return sum, err
		}
		sum.Checked, sum.Left, sum.Tasks = sum.Checked+proof.Checked, sum.Left+proof.Left, sum.Tasks+proof.Tasks
	}
	return sum, nil
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
