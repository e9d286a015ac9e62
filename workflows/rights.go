package workflows

import (
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
)

// actOn carries out an approved restriction, rectification or objection: what must stand first is written, the systems are worked through, what
// was done is judged, and then its recipients are told (Art. 19).
func (r *requestRun) actOn(ctx workflow.Context) error {
	if err := r.advance(ctx, models.Executing); err != nil {
		return err
	}
	var work activities.RightWork
	if err := record(ctx, act.PrepareRight, r.ref, &work); err != nil {
		return err
	}
	if err := r.workOff(ctx, work); err != nil {
		return err
	}
	var settled activities.Settled
	if err := record(ctx, act.SettleRight, r.ref, &settled); err != nil {
		return err
	}
	if err := r.advance(ctx, models.Notifying); err != nil {
		return err
	}
	if err := notifyAll(ctx, r.id, settled.Notices); err != nil {
		return err
	}
	r.outcome = settled.Outcome
	return r.advance(ctx, models.Delivering)
}

// workOff touches the systems and waits for people where no connector could.
func (r *requestRun) workOff(ctx workflow.Context, work activities.RightWork) error {
	tasks := work.Tasks
	for i, group := range work.Restrict {
		ref := activities.GroupRef{RequestID: r.id, Group: group}
		var done activities.Done
		if err := workflow.ExecuteActivity(connectorOn(ctx, queueAt(work.RestrictOn, i)), act.RestrictRows, ref).Get(ctx, &done); err != nil {
			return err
		}
		tasks += done.Tasks
	}
	for i, id := range work.Rectify {
		ref := activities.CorrectionRef{RequestID: r.id, CorrectionID: id}
		var done activities.Rectified
		if err := workflow.ExecuteActivity(connectorOn(ctx, queueAt(work.RectifyOn, i)), act.Rectify, ref).Get(ctx, &done); err != nil {
			return err
		}
		tasks += done.Tasks
	}
	if tasks == 0 {
		return nil
	}
	return r.people.await(ctx, activities.Ending{RequestID: r.id}, never)
}

// Lifting lifts the restriction of a closed request: the person is told first (Art. 18(3)), then the marks go.
func Lifting(ctx workflow.Context, in LiftingInput) error {
	decision := activities.DecisionRef{RequestID: in.RequestID, DecisionID: in.DecisionID}
	if err := workflow.ExecuteActivity(messageOptions(ctx), act.SendLifting, decision).Get(ctx, nil); err != nil {
		return err
	}
	var work activities.LiftWork
	if err := record(ctx, act.OpenLifting, activities.RequestRef{RequestID: in.RequestID}, &work); err != nil {
		return err
	}
	for i, group := range work.Groups {
		ref := activities.GroupRef{RequestID: in.RequestID, Group: group}
		if err := workflow.ExecuteActivity(connectorOn(ctx, queueAt(work.On, i)), act.LiftRows, ref).Get(ctx, nil); err != nil {
			return err
		}
	}
	return record(ctx, act.FinishLifting, decision, nil)
}
