package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"habeas/activities"
	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
	"habeas/workflows"
)

var (
	breachID = models.MustParseID("018f0000-0000-4000-8000-0000000000b1")
	customer = models.MustParseID("018f0000-0000-4000-8000-0000000000c1")
	officer  = models.Actor{Role: models.RoleDPO, ID: models.ID{5}}
)

// watched is a breach whose record the test keeps, under a clock that skips time.
type watched struct {
	*run
	book register.Record
	said []string
}

func watch(t *testing.T, zone, reported string) *watched {
	w := &watched{run: setup(t)}
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	at, err := time.Parse(time.RFC3339, reported)
	require.NoError(t, err)
	w.env.SetStartTime(at)
	w.book = register.Fold(breachID, loc, true, nil)
	w.note(register.Event{
		Kind: register.Reported, Actor: models.Actor{Role: models.RoleSubject}, Facts: register.Facts{Source: register.FromEmployee}, Words: register.Words{What: "x"},
	}, at)
	on(w.run, "NextBreachStep", func(in activities.BreachRef) (activities.BreachNext, error) {
		next := activities.BreachNext{Over: w.book.State == register.Ended || w.book.State == register.NoBreach, Tell: w.book.Untold()}
		after := in.After
		if after.IsZero() {
			after = w.book.ReportedAt.Add(-time.Nanosecond)
		}
		if missed := w.env.Now().Add(-time.Hour); missed.After(after) { // as the activity does
			after = missed
		}
		for _, a := range w.book.NextAlarms(after) {
			next.At = a.At.UTC()
			next.Alarms = append(next.Alarms, activities.BreachAlarm{BreachID: breachID, At: a.At.UTC(), Duty: a.Duty, Hours: a.Hours, Level: a.Level})
		}
		return next, nil
	})
	doing(w.run, "SoundBreachAlarm", func(in activities.BreachAlarm) {
		now := w.env.Now()
		require.True(t, now.Equal(in.At), "%s sounded at %s", in.At, now)
		w.said = append(w.said, fmt.Sprintf("%s %s +%dh level %d", now.In(loc).Format("Mon 15:04 MST"), in.Duty, in.Hours, in.Level))
	})
	doing(w.run, "TellBreachCustomer", func(in activities.BreachCustomer) {
		w.said = append(w.said, w.env.Now().In(loc).Format("Mon 15:04 MST")+" customer told")
		w.note(register.Event{Kind: register.Told, Actor: models.System(), Facts: register.Facts{Customer: in.ControllerID, At: w.env.Now()}}, w.env.Now())
	})
	return w
}

// doing replaces an activity that returns only an error by what the test does.
func doing[In any](r *run, name string, fn func(In)) {
	r.env.OnActivity(name, mock.Anything, mock.Anything).Return(func(_ context.Context, in In) error {
		fn(in)
		return nil
	}).Maybe()
}

func (w *watched) note(e register.Event, now time.Time) {
	if e.Actor.Role == "" {
		e.Actor = officer
	}
	e, err := w.book.Note(e, now)
	require.NoError(w.t, err)
	w.book = register.Fold(w.book.ID, w.book.Zone, true, append(w.book.Events, e))
}

// then notes an event after a time and tells the workflow.
func (w *watched) then(after time.Duration, e register.Event) {
	w.env.RegisterDelayedCallback(func() {
		if e.Kind == register.Aware && e.Facts.AwareAt.IsZero() {
			e.Facts.AwareAt = w.env.Now()
		}
		w.note(e, w.env.Now())
		w.env.UpdateWorkflow(workflows.BreachNotedUpdate, fmt.Sprint(after, e.Kind), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { require.NoError(w.t, err) }, OnComplete: func(any, error) {},
		}, workflows.BreachNoted{BreachID: breachID})
	}, after)
}

func (w *watched) toEnd() {
	w.env.ExecuteWorkflow(workflows.BreachWorkflowName, workflows.BreachInput{BreachID: breachID})
	require.True(w.t, w.env.IsWorkflowCompleted())
	require.NoError(w.t, w.env.GetWorkflowError())
}

func reason(kind register.Kind) register.Event {
	return register.Event{Kind: kind, Words: register.Words{Reason: "because"}}
}

func TestABreachIsAlarmedAtExactInstantsAcrossBothChangesOfTheClocks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reported string
		want     []string
	}{
		"into summer time": {"2026-03-27T10:00:00+01:00", []string{
			"Fri 10:00 CET triage +0h level 1", "Sat 10:10 CET authority +24h level 1", "Sun 11:10 CEST authority +48h level 1", "Sun 23:10 CEST authority +60h level 1",
			"Mon 09:10 CEST authority +70h level 1", "Mon 10:10 CEST authority +71h level 1", "Mon 11:10 CEST authority +72h level 1", "Mon 12:10 CEST authority +73h level 1",
		}},
		"out of summer time": {"2026-10-23T10:00:00+02:00", []string{
			"Fri 10:00 CEST triage +0h level 1", "Sat 10:10 CEST authority +24h level 1", "Sun 09:10 CET authority +48h level 1", "Sun 21:10 CET authority +60h level 1",
			"Mon 07:10 CET authority +70h level 1", "Mon 08:10 CET authority +71h level 1", "Mon 09:10 CET authority +72h level 1", "Mon 10:10 CET authority +73h level 1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watch(t, "Europe/Berlin", c.reported)
			w.then(10*time.Minute, register.Event{Kind: register.Aware})
			w.then(11*time.Minute, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskLikely}, Words: register.Words{Reason: "x"}})
			for _, hours := range []int{24, 48, 60, 70, 71, 72, 73} { // somebody hears each alarm
				w.then(time.Duration(hours)*time.Hour+11*time.Minute, register.Event{Kind: register.Heard})
			}
			w.then(73*time.Hour+20*time.Minute, register.Event{Kind: register.Found, Words: register.Words{Contact: "the DPO"}})
			w.then(73*time.Hour+21*time.Minute, register.Event{Kind: register.Decided, Facts: register.Facts{Risk: breach.RiskUnlikely}, Words: register.Words{Reason: "x"}})
			w.then(73*time.Hour+22*time.Minute, reason(register.Closed))
			w.toEnd()
			require.Equal(t, c.want, w.said)
		})
	}
}

func TestAnAlarmThatNobodyHearsEscalates(t *testing.T) {
	t.Parallel()
	w := watch(t, "Europe/Berlin", "2026-05-11T09:00:00+02:00")
	w.then(80*time.Minute, reason(register.Dismissed))
	w.toEnd()
	require.Equal(t, []string{
		"Mon 09:00 CEST triage +0h level 1", "Mon 09:15 CEST triage +0h level 2", "Mon 09:30 CEST triage +0h level 3",
		"Mon 10:00 CEST triage +1h level 1", "Mon 10:15 CEST triage +1h level 2",
	}, w.said)
}

func TestACustomerIsToldAtOnceAndAgainWhenMoreIsKnown(t *testing.T) {
	t.Parallel()
	w := watch(t, "Europe/Berlin", "2026-05-11T09:00:00+02:00")
	no := false
	w.then(time.Minute, register.Event{Kind: register.Heard})
	w.then(2*time.Minute, register.Event{Kind: register.Found, Facts: register.Facts{Own: &no, Customers: []register.Customer{{ID: customer, Hours: 24}}}})
	w.then(30*time.Minute, register.Event{Kind: register.Found, Words: register.Words{Measures: "the key was changed"}})
	w.then(40*time.Minute, register.Event{Kind: register.Answered, Actor: models.Actor{Role: models.RoleController, ID: customer}, Facts: register.Facts{Customer: customer, At: time.Date(2026, 5, 11, 7, 35, 0, 0, time.UTC)}})
	w.then(50*time.Minute, register.Event{Kind: register.Aware})
	w.then(51*time.Minute, reason(register.Closed))
	w.toEnd()
	require.Equal(t, []string{"Mon 09:00 CEST triage +0h level 1", "Mon 09:02 CEST customer told", "Mon 09:30 CEST customer told"}, w.said)
}

func TestAnEndlessAlarmGoesOnInANewRun(t *testing.T) {
	t.Parallel()
	w := watch(t, "Europe/Berlin", "2026-05-11T09:00:00+02:00")
	w.env.SetTestTimeout(time.Minute)
	w.env.ExecuteWorkflow(workflows.BreachWorkflowName, workflows.BreachInput{BreachID: breachID})
	require.True(t, w.env.IsWorkflowCompleted())
	require.ErrorContains(t, w.env.GetWorkflowError(), "continue as new")
	require.Len(t, w.said, 400)
}
