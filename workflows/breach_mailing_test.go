package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/workflows"
)

// mailing runs the mailing of a breach; rounds says what each round comes to, and the last of them is repeated. It returns when each began.
func mailing(t *testing.T, r *run, rounds ...activities.BreachMailed) (began []time.Duration) {
	t.Helper()
	var first time.Time
	on(r, "TellBreachPersons", func(activities.BreachRef) (activities.BreachMailed, error) {
		if first.IsZero() {
			first = r.env.Now()
		}
		began = append(began, r.env.Now().Sub(first))
		return rounds[min(len(began), len(rounds))-1], nil
	})
	r.env.ExecuteWorkflow(workflows.BreachMailingName, workflows.BreachMailingInput{BreachID: breachID})
	require.True(t, r.env.IsWorkflowCompleted())
	return began
}

func TestAMailingWaitsForThoseWhomTheServerPutsOff(t *testing.T) {
	t.Parallel()
	r := setup(t)
	last := activities.BreachMailed{Sent: 3}
	began := mailing(t, r, activities.BreachMailed{Sent: 1, Deferred: 2, Pause: time.Minute}, activities.BreachMailed{Sent: 2, Deferred: 1, Pause: time.Hour}, last)
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, time.Minute, time.Minute + time.Hour}, began)
	var out activities.BreachMailed
	require.NoError(t, r.env.GetWorkflowResult(&out))
	require.Equal(t, last, out)
}

func TestAMailingThatWaitsGoesOnAtOnceWhenSomebodyIsPutBack(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.env.RegisterDelayedCallback(func() { r.env.SignalWorkflow(workflows.BreachMailingSignal, nil) }, 10*time.Minute)
	began := mailing(t, r, activities.BreachMailed{Deferred: 1, Unclear: 1, Pause: time.Hour}, activities.BreachMailed{Sent: 2})
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, 10 * time.Minute}, began)
}

func TestAMailingThatIsAboutToEndForgetsNobodyWhoIsPutBack(t *testing.T) {
	t.Parallel()
	r := setup(t)
	rounds := 0
	on(r, "TellBreachPersons", func(activities.BreachRef) (activities.BreachMailed, error) {
		if rounds++; rounds == 1 { // somebody decides about them after the round has looked
			r.env.SignalWorkflow(workflows.BreachMailingSignal, nil)
			return activities.BreachMailed{Unclear: 1}, nil
		}
		return activities.BreachMailed{Sent: 1}, nil
	})
	r.env.ExecuteWorkflow(workflows.BreachMailingName, workflows.BreachMailingInput{BreachID: breachID})
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, 2, rounds)
}

func TestALongMailingGoesOnInANewRun(t *testing.T) {
	t.Parallel()
	r := setup(t)
	began := mailing(t, r, activities.BreachMailed{Deferred: 1, Pause: time.Minute})
	require.ErrorContains(t, r.env.GetWorkflowError(), "continue as new")
	require.Len(t, began, 400)
}
