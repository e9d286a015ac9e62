package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/request"
	"habeas/models/store"
)

var dsrID = models.MustParseID("a7551968-d5d6-44b2-9831-815ac9017798")

func (b *bundle) dsr(callbacks ...models.Personal) (store.Submission, store.OpenDSROrder) {
	sub := b.submission("ada@example.org")
	sub.Controller, sub.Channel, sub.Vouched, sub.Actor, sub.Subject.Email = b.acme, request.ChannelController, true, customer, ""
	return sub, store.OpenDSROrder{ID: dsrID, Submitted: start, ExpectBy: start.Add(24 * time.Hour), Callbacks: callbacks, Body: []byte("ada@example.org")}
}

// told are the statuses of the callbacks that are claimed one after another.
func (b *bundle) told(address models.Personal) (statuses []opendsr.Status) {
	b.t.Helper()
	for got := b.outbox(); len(got) > 0; got = b.outbox() {
		for _, m := range got {
			if m.URL == address {
				statuses = append(statuses, m.Callback.Status)
			}
			require.NoError(b.t, b.Delivered(b.t.Context(), m.ID, 200))
		}
	}
	return statuses
}

func TestEachAddressIsToldEachStatusOnceInItsOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub, order := b.dsr("https://one.example/canary-in-an-address", "https://two.example/")
	got, err := b.SubmitOpenDSR(t.Context(), sub, order)
	require.NoError(t, err)
	require.Empty(t, b.outbox(), "the answer to the request told that it is pending")
	id := got.RequestID
	b.advance(id, models.Locating, models.InReview, models.Executing)
	first := b.outbox()
	require.Len(t, first, 2)
	require.Equal(t, opendsr.InProgress, first[0].Callback.Status)
	require.NoError(t, b.Delivered(t.Context(), first[1].ID, 200))
	require.NoError(t, b.Missed(t.Context(), first[0].ID, b.now().Add(time.Hour), "webhook_unavailable", 500))
	b.advance(id, models.Notifying, models.Delivering)
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.Fulfilled))
	require.Equal(t, []opendsr.Status{opendsr.Completed}, b.told(first[1].URL))
	b.pass(time.Hour)
	require.Equal(t, []opendsr.Status{opendsr.InProgress, opendsr.Completed}, b.told(first[0].URL), "what failed goes first")
	require.Empty(t, b.leaks("canary-in-an-address"))
}

func TestAWithdrawalCancelsAtOnceAndIsToldOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub, order := b.dsr("https://one.example/")
	_, err := b.SubmitOpenDSR(t.Context(), sub, order)
	require.NoError(t, err)
	got, err := b.CancelOpenDSR(t.Context(), models.ScopeOf(b.acme.ID), customer, dsrID)
	require.NoError(t, err)
	require.Equal(t, opendsr.Cancelled, got.Status)
	require.NoError(t, b.Advance(t.Context(), got.RequestID, models.Closed, models.Withdrawn))
	require.Equal(t, []opendsr.Status{opendsr.Cancelled}, b.told("https://one.example/"))
	_, err = b.CancelOpenDSR(t.Context(), models.ScopeOf(b.globex.ID), customer, dsrID)
	requireCode(t, "not_found", err)
	_, err = b.OpenDSR(t.Context(), models.ScopeOf(b.globex.ID), dsrID)
	requireCode(t, "not_found", err)
}

func TestOneIdentifierIsOneRequestHoweverManySendItAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := make([]models.ID, 8)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			sub, order := b.dsr()
			got, err := b.SubmitOpenDSR(t.Context(), sub, order)
			if err == nil {
				ids[i] = got.RequestID
			}
		})
	}
	group.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	require.Equal(t, 1, b.count("SELECT count(*) FROM requests"))
	sub, order := b.dsr()
	order.Body = []byte("grace@example.org")
	_, err := b.SubmitOpenDSR(t.Context(), sub, order)
	requireCode(t, "subject_request_id_reused", err)
}

func TestNothingIsToldOfARequestWhoseKeyIsDestroyed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub, order := b.dsr("https://one.example/")
	got, err := b.SubmitOpenDSR(t.Context(), sub, order)
	require.NoError(t, err)
	require.NoError(t, b.Advance(t.Context(), got.RequestID, models.Closed, models.Refused))
	require.NoError(t, b.DestroyKey(t.Context(), got.RequestID))
	require.Empty(t, b.outbox())
	require.Equal(t, "key_destroyed", b.text("SELECT last_code FROM webhook_deliveries"))
	_, err = b.SubmitOpenDSR(t.Context(), sub, order)
	requireCode(t, "subject_request_id_reused", err)
	now, err := b.OpenDSR(t.Context(), models.ScopeOf(b.acme.ID), dsrID)
	require.NoError(t, err)
	require.Equal(t, opendsr.Denied, now.Status)
}
