package workflows

import (
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
)

// remindersPerRun is after how many steps the workflow of a change goes on as a new run.
const remindersPerRun = 400

// SubprocessorChange sees one change of subprocessors through, from its announcement to its end: it tells the customers concerned, reminds the DPO of
// what only they can do, and puts the change in force on its day. What was noted and decided is in the database; here it is only waited for.
func SubprocessorChange(ctx workflow.Context, in ChangeInput) error {
	c := &changeRun{in: in}
	if err := c.setup(ctx); err != nil {
		return err
	}
	return c.run(ctx)
}

type changeRun struct {
	in    ChangeInput
	noted int // counts Updates, to wake the watcher
}

func (c *changeRun) setup(ctx workflow.Context) error {
	return workflow.SetUpdateHandler(ctx, ChangeNotedUpdate, func(workflow.Context, ChangeNoted) error {
		c.noted++
		return nil
	})
}

func (c *changeRun) run(ctx workflow.Context) error {
	for steps := 1; ; steps++ {
		seen := c.noted
		woken := func() bool { return c.noted != seen }
		var next activities.ChangeNext
		if err := record(ctx, act.NextChangeStep, activities.ChangeRef{ChangeID: c.in.ChangeID, After: c.in.After}, &next); err != nil {
			return err
		}
		if next.Over {
			return c.finish(ctx, woken)
		}
		if next.Tell {
			// A thousand mails take longer than a message does.
			tell := activities.ChangeRef{ChangeID: c.in.ChangeID}
			if err := workflow.ExecuteActivity(connectorOptions(ctx), act.TellChangeCustomers, tell).Get(ctx, nil); err != nil {
				return err
			}
			continue
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
			return workflow.NewContinueAsNewError(ctx, SubprocessorChange, c.in)
		}
	}
}

// act does what the instant has come for.
func (c *changeRun) act(ctx workflow.Context, next activities.ChangeNext) error {
	if next.Effect {
		return record(ctx, act.PutChangeInForce, activities.ChangeRef{ChangeID: c.in.ChangeID}, nil)
	}
	c.in.After = next.At
	remind := activities.ChangeRef{ChangeID: c.in.ChangeID, After: next.At}
	return workflow.ExecuteActivity(messageOptions(ctx), act.RemindChange, remind).Get(ctx, nil)
}

// finish ends the run of a change that is over. What is noted later, as a late objection is, starts a run that sees so and ends too.
func (c *changeRun) finish(ctx workflow.Context, woken func() bool) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	if woken() {
		return workflow.NewContinueAsNewError(ctx, SubprocessorChange, c.in)
	}
	return nil
}

// RecipientReviews is started by a Schedule. It reminds the DPO of the recipients whose review is due.
func RecipientReviews(ctx workflow.Context) (activities.ReviewsReminded, error) {
	var out activities.ReviewsReminded
	err := workflow.ExecuteActivity(connectorOptions(ctx), act.RemindRecipientReviews, struct{}{}).Get(ctx, &out)
	return out, err
}
