package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/models/contractend"
)

// ContractEnd sees the end of a customer's contract through: it opens the request that returns the data, then the one that erases it, each in its time,
// and reminds the DPO of what only they can do. The requests have workflows of their own. What was noted and decided is in the database; here it is only
// waited for.
func ContractEnd(ctx workflow.Context, in ContractEndInput) error {
	c := &contractRun{in: in}
	if err := c.setup(ctx); err != nil {
		return err
	}
	return c.run(ctx)
}

type contractRun struct {
	in    ContractEndInput
	noted int // counts Updates, to wake the watcher
}

func (c *contractRun) setup(ctx workflow.Context) error {
	return workflow.SetUpdateHandler(ctx, ContractEndNotedUpdate, func(workflow.Context, ContractEndNoted) error {
		c.noted++
		return nil
	})
}

func (c *contractRun) run(ctx workflow.Context) error {
	for steps := 1; ; steps++ {
		seen := c.noted
		woken := func() bool { return c.noted != seen }
		var next activities.ContractNext
		if err := record(ctx, act.NextContractStep, activities.ContractRef{ContractEndID: c.in.ContractEndID, After: c.in.After}, &next); err != nil {
			return err
		}
		if next.Over {
			return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
		}
		fired, err := awaitInstant(ctx, next.At, woken)
		if err != nil {
			return err
		}
		if fired {
			if err := c.act(ctx, next); err != nil {
				return err
			}
		}
		if steps >= remindersPerRun && !woken() && workflow.AllHandlersFinished(ctx) {
			return workflow.NewContinueAsNewError(ctx, ContractEnd, c.in)
		}
	}
}

// act does what the instant has come for.
func (c *contractRun) act(ctx workflow.Context, next activities.ContractNext) error {
	ref := activities.ContractRef{ContractEndID: c.in.ContractEndID, After: next.At}
	if next.Step == contractend.Remember {
		c.in.After = next.At
		return workflow.ExecuteActivity(messageOptions(ctx), act.RemindContractEnd, ref).Get(ctx, nil)
	}
	return record(ctx, act.OpenContractRequest, activities.ContractStep{ContractEndID: c.in.ContractEndID, Step: next.Step}, nil)
}

// awaitInstant sleeps until an instant, or without end when it is zero; fired is false when something was noted before.
func awaitInstant(ctx workflow.Context, until time.Time, woken func() bool) (fired bool, err error) {
	if until.IsZero() {
		return false, workflow.Await(ctx, woken)
	}
	left := until.Sub(workflow.Now(ctx))
	if left <= 0 {
		return !woken(), nil
	}
	changed, err := workflow.AwaitWithTimeout(ctx, min(left, maxTimer), woken)
	return err == nil && !changed && left <= maxTimer, err
}

// ContractEndNotedUpdate is the name of the Update by which the workflow of a contract's end learns that its record has grown, or that one of its
// requests has come to its end.
const ContractEndNotedUpdate = "noted"

// ContractEndInput starts the workflow of a contract's end. After is the instant up to which the DPO was reminded; zero at first.
type ContractEndInput struct {
	ContractEndID models.ID
	After         time.Time
}

// ContractEndNoted is the argument of that Update.
type ContractEndNoted struct {
	ContractEndID models.ID
}

// ContractEndWorkflowID is the ID of the workflow of a contract's end.
func ContractEndWorkflowID(id models.ID) string { return "contract-end-" + id.String() }
