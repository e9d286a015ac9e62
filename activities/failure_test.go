package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/models"
)

// requireFailure checks what Temporal is told: a stable code, and whether trying again can help.
func requireFailure(t *testing.T, err error, code string, final bool) {
	t.Helper()
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, app.Type(), "%v", err)
	require.Equal(t, final, app.NonRetryable())
	require.False(t, app.HasDetails())
	require.NoError(t, app.Unwrap(), "an inner error may quote a row")
}

func TestWhatIsGoneIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := try[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: models.MustParseID("018f0000-0000-4000-8000-00000000dead")})
	requireFailure(t, err, "not_found", true)
	id := w.received(models.Erasure)
	do[none](w, w.acts.Advance, activities.Advance{RequestID: id, To: models.Closed, Outcome: models.Lapsed})
	require.NoError(t, w.store.DestroyKey(t.Context(), id))
	_, err = try[none](w, w.acts.SendConfirmation, activities.RequestRef{RequestID: id})
	requireFailure(t, err, "key_destroyed", true)
}

func TestASystemThatIsDownIsTriedAgainAndShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	w.crm.fail = func(string) error {
		return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system does not answer.").Because(errors.New("dial tcp: " + adaEmail))
	}
	_, err := try[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
	requireFailure(t, err, connectors.CodeUnavailable, false)
	require.Equal(t, 1, w.sql("SELECT count(*) FROM systems WHERE name = 'crm'"), "the console can show it")
}

func TestAnErrorThatQuotesARowIsNeitherReturnedNorLogged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	for _, err := range []error{
		errors.New("duplicate key value: (email)=(" + adaEmail + ")"),
		fmt.Errorf("exec: %w", errors.New(adaName)),
	} {
		w.crm.fail = func(string) error { return err }
		_, err := try[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
		requireFailure(t, err, "internal", false)
	}
	require.Contains(t, w.log.String(), "An activity failed")
	require.Contains(t, w.log.String(), `"activity":"Locate"`)
}

func TestACancelledActivityIsCancelledNotFailed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	w.crm.fail = func(string) error { return fmt.Errorf("lookup: %w", context.Canceled) }
	_, err := try[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
	require.True(t, temporal.IsCanceledError(err), "%v", err)
}
