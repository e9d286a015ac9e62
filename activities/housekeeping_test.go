package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/receipt"
	"habeas/models/store"
	"habeas/models/webhook"
)

func (w *world) destroyed(id models.ID) bool {
	w.t.Helper()
	_, err := w.store.Subject(w.t.Context(), models.ScopeOperator(), id)
	if err == nil {
		return false
	}
	require.Equal(w.t, "key_destroyed", models.CodeOf(err))
	return true
}

func TestKeysAreDestroyedWhenNothingNeedsThemAnyMore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	deferred, deferrals := w.deferred()
	lapsed := w.submit(models.Access, w.owner, "portal")
	w.advance(lapsed, models.Verifying)
	do[none](w, w.acts.Advance, activities.Advance{RequestID: lapsed, To: models.Closed, Outcome: models.Lapsed})
	open := w.submit(models.Export, w.owner, "portal")

	w.pass(90*day - time.Second)
	require.Equal(t, activities.Housekeeping{}, do[activities.Housekeeping](w, w.acts.CleanUp, struct{}{}))
	w.pass(2 * time.Second)
	require.Equal(t, activities.Housekeeping{KeysDestroyed: 1}, do[activities.Housekeeping](w, w.acts.CleanUp, struct{}{}))
	require.Equal(t, activities.Housekeeping{}, do[activities.Housekeeping](w, w.acts.CleanUp, struct{}{}))
	require.True(t, w.destroyed(lapsed))
	require.False(t, w.destroyed(open))
	require.False(t, w.destroyed(deferred), "its deferrals need the key")

	w.at(time.Date(2033, 1, 1, 8, 0, 0, 0, time.UTC))
	for _, d := range deferrals {
		work := do[activities.DeferralWork](w, w.acts.OpenDeferral, activities.DeferralRef{DeferralID: d.ID})
		w.eraseAll(deferred, work.Erase)
		do[none](w, w.acts.FinishDeferral, activities.DeferralRef{DeferralID: d.ID})
		do[none](w, w.acts.SendDeferralDone, activities.Ending{RequestID: deferred, DeferralID: d.ID})
	}
	w.pass(91 * day)
	do[activities.Housekeeping](w, w.acts.CleanUp, struct{}{})
	require.True(t, w.destroyed(deferred))
	require.Zero(t, w.sql("SELECT count(*) FROM located_rows"))
	require.NotEmpty(t, w.kinds(deferred), "the evidence stays")
}

func TestAPackageThatNobodyFetchedIsShreddedWhenItExpires(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.approved(models.Access, nil)
	pkg := build(w, id)
	require.Equal(t, start.Add(14*day), pkg.ExpiresAt)
	w.advance(id, models.Delivering)
	w.pass(14 * day)
	require.Equal(t, activities.Housekeeping{PackagesExpired: 1}, do[activities.Housekeeping](w, w.acts.CleanUp, struct{}{}))
	require.Zero(t, w.sql("SELECT count(*) FROM package_chunks"))
}

func TestAReceiptIsSignedOnceAndVerifiesWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.executing()
	w.eraseAll(id, w.prepared(id).Erase)
	end := activities.Ending{RequestID: id, Outcome: models.PartlyFulfilled}
	twice[none](w, id, w.acts.SignReceipt, end)
	list, err := w.store.Receipts(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, list, 1)
	jwks, err := w.store.JWKS()
	require.NoError(t, err)
	_, err = receipt.Verify(list[0].Body, jwks)
	require.NoError(t, err)
	w.noCanary(string(list[0].Body))
}

func TestTheClearUpDropsMessagesToWebhooksThatAreLongOver(t *testing.T) {
	t.Parallel()
	w := setup(t)
	e, _, err := w.store.AddEndpoint(t.Context(), models.ScopeOperator(), models.System(), store.Endpoint{
		ControllerID: w.owner.ID, URL: "https://nordkai.example/hook", Events: webhook.Kinds(),
	})
	require.NoError(t, err)
	require.NoError(t, w.store.TestEndpoint(t.Context(), models.ScopeOperator(), e.ID))
	out, err := w.store.ClaimDeliveries(t.Context(), 1, time.Minute)
	require.NoError(t, err)
	require.NoError(t, w.store.Delivered(t.Context(), out[0].ID, 200))
	left := func() int {
		do[activities.Housekeeping](w, w.acts.CleanUp, struct{}{})
		list, err := w.store.Deliveries(t.Context(), models.ScopeOperator(), e.ID, 10)
		require.NoError(t, err)
		return len(list)
	}
	w.pass(90 * day)
	require.Equal(t, 1, left())
	w.pass(4 * day)
	require.Zero(t, left())
}
