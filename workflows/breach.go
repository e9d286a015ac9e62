package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"habeas/activities"
)

// alarmsPerRun is after how many alarms a breach's workflow goes on as a new run, so that an hourly alarm never fills a history.
const alarmsPerRun = 400

// mailingsPerRun is after how many rounds of a mailing its workflow goes on as a new run.
const mailingsPerRun = 400

// Breach watches one breach from its report to its end: it sounds the alarms of every open duty at their instants, tells customers what is to be
// told, and looks at the record anew whenever something was noted. What was noted and decided is in the database; here it is only waited for.
func Breach(ctx workflow.Context, in BreachInput) error {
	b := &breachRun{in: in}
	if err := b.setup(ctx); err != nil {
		return err
	}
	return b.run(ctx)
}

type breachRun struct {
	in    BreachInput
	noted int // counts Updates, to wake the watcher
}

func (b *breachRun) setup(ctx workflow.Context) error {
	return workflow.SetUpdateHandler(ctx, BreachNotedUpdate, func(workflow.Context, BreachNoted) error {
		b.noted++
		return nil
	})
}

func (b *breachRun) run(ctx workflow.Context) error {
	for alarms := 0; ; {
		seen := b.noted
		woken := func() bool { return b.noted != seen }
		var next activities.BreachNext
		if err := record(ctx, act.NextBreachStep, activities.BreachRef{BreachID: b.in.BreachID, After: b.in.After}, &next); err != nil {
			return err
		}
		if next.Over {
			return b.finish(ctx, woken)
		}
		if err := b.tellCustomers(ctx, next); err != nil {
			return err
		}
		fired, err := b.wait(ctx, next.At, woken)
		if err != nil {
			return err
		}
		if !fired {
			continue
		}
		for _, alarm := range next.Alarms {
			if err := workflow.ExecuteActivity(messageOptions(ctx), act.SoundBreachAlarm, alarm).Get(ctx, nil); err != nil {
				return err
			}
		}
		b.in.After = next.At
		if alarms++; alarms >= alarmsPerRun && !woken() && workflow.AllHandlersFinished(ctx) {
			return workflow.NewContinueAsNewError(ctx, Breach, b.in)
		}
	}
}

// tellCustomers sends each customer that is to be told, or told again, its message.
func (b *breachRun) tellCustomers(ctx workflow.Context, next activities.BreachNext) error {
	for _, id := range next.Tell {
		in := activities.BreachCustomer{BreachID: b.in.BreachID, ControllerID: id}
		if err := workflow.ExecuteActivity(messageOptions(ctx), act.TellBreachCustomer, in).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// wait sleeps until an instant, or without end when it is zero; fired is false when something was noted before.
func (b *breachRun) wait(ctx workflow.Context, until time.Time, woken func() bool) (fired bool, err error) {
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

// BreachMailing writes to the persons whom a breach concerns, Art. 34, until everybody of the list was written to or somebody must decide about
// messages of which nobody can say whether they were taken. Whom the mail server puts off is waited for. A signal makes it go on at once.
func BreachMailing(ctx workflow.Context, in BreachMailingInput) (activities.BreachMailed, error) {
	wanted := workflow.GetSignalChannel(ctx, BreachMailingSignal)
	for rounds := 1; ; rounds++ {
		for wanted.ReceiveAsync(nil) { // what was asked for before the round is done by it
		}
		var out activities.BreachMailed
		err := workflow.ExecuteActivity(bulkOptions(ctx), act.TellBreachPersons, activities.BreachRef{BreachID: in.BreachID}).Get(ctx, &out)
		if err != nil || out.Pause == 0 && wanted.Len() == 0 {
			return out, err
		}
		if _, err := workflow.AwaitWithTimeout(ctx, out.Pause, func() bool { return wanted.Len() > 0 }); err != nil {
			return out, err
		}
		if rounds >= mailingsPerRun && wanted.Len() == 0 {
			return out, workflow.NewContinueAsNewError(ctx, BreachMailing, in)
		}
	}
}

// BreachTrial sends the message to the persons to the DPO.
func BreachTrial(ctx workflow.Context, in BreachTrialInput) error {
	test := activities.BreachTest{BreachID: in.BreachID, OrderID: in.OrderID}
	return workflow.ExecuteActivity(messageOptions(ctx), act.SendBreachTest, test).Get(ctx, nil)
}

// finish ends the run of a breach that is closed or dismissed. One that is reopened is started again under the same ID.
func (b *breachRun) finish(ctx workflow.Context, woken func() bool) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	if woken() {
		return workflow.NewContinueAsNewError(ctx, Breach, b.in)
	}
	return nil
}
