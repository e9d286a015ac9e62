package workflows

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
)

// DeferralSweep is started by a Schedule. It finds the deferrals whose hold has ended and starts a workflow for each; one that is
// running already is left alone.
func DeferralSweep(ctx workflow.Context) (SweepResult, error) {
	var due activities.DueDeferrals
	if err := record(ctx, act.FindDueDeferrals, struct{}{}, &due); err != nil {
		return SweepResult{}, err
	}
	var result SweepResult
	for _, id := range due.IDs {
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID:        DeferralWorkflowID(id),
			ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		})
		future := workflow.ExecuteChildWorkflow(child, DeferralWorkflowName, DeferralInput{DeferralID: id})
		err := future.GetChildWorkflowExecution().Get(ctx, nil)
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			continue
		}
		if err != nil {
			return result, err
		}
		result.Started++
	}
	return result, nil
}

// Deferral finishes one retained part of an erasure when its hold has ended: it looks once more whether another hold stands, erases,
// proves it, tells the recipients, signs a receipt of its own and tells the person.
func Deferral(ctx workflow.Context, in DeferralInput) error {
	var p people
	if err := p.handle(ctx); err != nil {
		return err
	}
	ref := activities.DeferralRef{DeferralID: in.DeferralID}
	var work activities.DeferralWork
	if err := record(ctx, act.OpenDeferral, ref, &work); err != nil {
		return err
	}
	if work.Held {
		return nil
	}
	end := activities.Ending{RequestID: work.RequestID, DeferralID: in.DeferralID}
	e := erasure{of: end, steps: work.Erase, queues: work.Queues, tasks: work.Tasks}
	if err := e.run(ctx, &p); err != nil {
		return err
	}
	if err := notifyAll(ctx, work.RequestID, work.Notices); err != nil {
		return err
	}
	if err := record(ctx, act.FinishDeferral, ref, nil); err != nil {
		return err
	}
	if err := record(ctx, act.SignReceipt, end, nil); err != nil {
		return err
	}
	return workflow.ExecuteActivity(messageOptions(ctx), act.SendDeferralDone, end).Get(ctx, nil)
}

// Housekeeping is started by a Schedule. It destroys the keys of requests that ended long enough ago and shreds expired packages.
func Housekeeping(ctx workflow.Context) (activities.Housekeeping, error) {
	var done activities.Housekeeping
	// It may have millions of located rows to remove, which takes longer than a record does.
	err := workflow.ExecuteActivity(connectorOptions(ctx), act.CleanUp, struct{}{}).Get(ctx, &done)
	return done, err
}
