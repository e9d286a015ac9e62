package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// deferred is a request of a controller with one deferral, due on 1 January 2028.
func (b *bundle) deferred(email string) (models.ID, store.Deferral) {
	b.t.Helper()
	id := b.executing(email)
	require.NoError(b.t, b.CreateDeferrals(b.t.Context(), id, erasurePlan(id).Retained()))
	list, err := b.Deferrals(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	require.Len(b.t, list, 1)
	return id, list[0]
}

// on gives a date in every zone.
func on(s string) func(string) calendar.Date {
	return func(string) calendar.Date { return date(s) }
}

func (b *bundle) due(today func(string) calendar.Date) []models.ID {
	b.t.Helper()
	ids, err := b.DueDeferrals(b.t.Context(), today, 10)
	require.NoError(b.t, err)
	return ids
}

func TestDeferralIsMadeOnceAndKeepsItsGroup(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, d := b.deferred("ada@example.org")
	require.Equal(t, erasurePlan(id).Groups[2], d.Group)
	require.Equal(t, date("2028-01-01"), d.DueOn)
	require.Equal(t, store.DeferralPending, d.State)

	later := erasurePlan(id).Retained()
	later[0].ErasableOn = date("2035-01-01")
	require.NoError(t, b.CreateDeferrals(t.Context(), id, later))
	again, err := b.Deferral(t.Context(), models.ScopeOperator(), d.ID)
	require.NoError(t, err)
	require.Equal(t, d, again)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'deferral.created'`))

	requireCode(t, "no_date", b.CreateDeferrals(t.Context(), id, []plan.Group{{No: 9}}))
}

func TestDeferralIsDueOnItsDateInTheControllersZone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Empty(t, b.due(on("2030-01-01")), "there is none at all")
	_, d := b.deferred("ada@example.org")
	require.Empty(t, b.due(on("2027-12-31")))
	require.Equal(t, []models.ID{d.ID}, b.due(on("2028-01-01")))

	// 23:30 UTC on the eve: the day has come in Brussels, not in London.
	eve := time.Date(2027, 12, 31, 23, 30, 0, 0, time.UTC)
	in := func(zone string) calendar.Date {
		loc, err := time.LoadLocation(zone)
		require.NoError(t, err)
		return calendar.DateOf(eve.In(loc))
	}
	require.Equal(t, []models.ID{d.ID}, b.due(in))
	c := b.operator
	c.Timezone = "Europe/London"
	_, err := b.PutController(t.Context(), c)
	require.NoError(t, err)
	require.Empty(t, b.due(in))
}

func TestDeferralRunsToItsEndOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, d := b.deferred("ada@example.org")
	_, other := b.deferred("grace@example.org")
	for range 2 {
		started, err := b.StartDeferral(t.Context(), d.ID)
		require.NoError(t, err)
		require.Equal(t, store.DeferralRunning, started.State)
		b.pass(time.Hour)
	}
	require.Equal(t, []models.ID{other.ID, d.ID}, b.due(on("2028-01-01")), "one that runs comes last, in case its workflow is gone")
	for range 2 {
		require.NoError(t, b.FinishDeferral(t.Context(), d.ID))
	}
	require.Equal(t, []models.ID{other.ID}, b.due(on("2028-01-01")))
	finished, err := b.StartDeferral(t.Context(), d.ID)
	require.NoError(t, err)
	require.Equal(t, store.DeferralDone, finished.State)
	requireCode(t, "deferral_done", b.PostponeDeferral(t.Context(), d.ID, d.Group))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, e := range entries {
		kinds[e.Kind]++
	}
	require.Equal(t, []int{1, 1, 1}, []int{kinds["deferral.created"], kinds["deferral.started"], kinds["deferral.done"]})
}

func TestPostponedDeferralWaitsForItsNewDate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, d := b.deferred("ada@example.org")
	_, err := b.StartDeferral(t.Context(), d.ID)
	require.NoError(t, err)
	g := d.Group
	g.Rule, g.HoldThrough, g.ErasableOn = "LEGAL_HOLD_OVERRIDES", date("2029-06-30"), date("2029-07-01")
	for range 2 {
		require.NoError(t, b.PostponeDeferral(t.Context(), d.ID, g))
	}
	require.Empty(t, b.due(on("2029-06-30")))
	require.Equal(t, []models.ID{d.ID}, b.due(on("2029-07-01")))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'deferral.postponed'`))
}

func TestDeferralOutlivesTheClosingOfItsRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, d := b.deferred("ada@example.org")
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 3))
	require.NoError(t, err)
	sorting, err := b.GroupRows(t.Context(), id, func(store.LocatedRow) (int, error) { return d.Group.No, nil })
	require.NoError(t, err)
	b.exec(`UPDATE plans SET rows_generation = $1`, sorting)
	b.advance(id, models.Notifying, models.Delivering)
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.PartlyFulfilled))
	b.pass(5 * 365 * 24 * time.Hour)

	shreddable, err := b.Shreddable(t.Context(), b.now(), 10)
	require.NoError(t, err)
	require.Empty(t, shreddable, "the key is needed until the deferral is done")
	rows, err := b.RowsOf(t.Context(), id, d.Group.No, 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	b.recipient("mail", "user.government_id")
	refs := b.noticesOf(id, d.ID, d.Group.Categories...)
	message, err := b.NoticeToSend(t.Context(), refs[0].ID)
	require.NoError(t, err)
	require.NoError(t, b.AcknowledgeNotice(t.Context(), message.Token, store.AnswerErased, "Done."))
	require.NoError(t, b.FinishDeferral(t.Context(), d.ID))

	require.NoError(t, b.DestroyKey(t.Context(), id))
	require.NoError(t, b.ForgetLocated(t.Context(), id))
	require.Zero(t, b.count(`SELECT (SELECT count(*) FROM located_rows) + (SELECT count(*) FROM located_chunks)`))
	_, err = b.RowsOf(t.Context(), id, d.Group.No, 0, 10)
	requireCode(t, "key_destroyed", err)
	view, err := b.PeekNotice(t.Context(), message.Token)
	require.NoError(t, err, "a recipient's old link still says that it was answered")
	require.Equal(t, store.NoticeAcknowledged, view.State)
}

func TestDeferralOfAnotherTenantIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, d := b.deferred("ada@example.org")
	for _, scope := range []models.Scope{models.ScopeOf(b.acme.ID), {}} {
		_, err := b.Deferral(t.Context(), scope, d.ID)
		requireCode(t, "not_found", err)
		_, err = b.Deferrals(t.Context(), scope, id)
		requireCode(t, "not_found", err)
	}
}

func TestSuppressionOutlivesTheKeyAndStaysInItsController(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.executing("ada@example.org")
	for range 2 {
		require.NoError(t, b.AddSuppression(t.Context(), id))
	}
	require.Equal(t, 1, b.count(`SELECT count(*) FROM suppressions`))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'suppression.added'`))
	b.advance(id, models.Notifying, models.Delivering)
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.Fulfilled))
	require.NoError(t, b.DestroyKey(t.Context(), id))

	asked := []request.Identity{{Kind: "email", Value: " ADA@example.org"}, {Kind: "email", Value: "grace@example.org"}, {Kind: "phone", Value: "ada@example.org"}}
	got, err := b.Suppressed(t.Context(), models.ScopeOperator(), b.operator.ID, asked)
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, false}, got)
	got, err = b.Suppressed(t.Context(), models.ScopeOf(b.acme.ID), b.acme.ID, asked)
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, false}, got)
	_, err = b.Suppressed(t.Context(), models.ScopeOf(b.acme.ID), b.operator.ID, asked)
	requireCode(t, "not_found", err)
}
