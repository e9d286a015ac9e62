package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/store"
)

func TestWhatAProcessorCallsBackIsRecordedOnceAndWakesOneWorkflow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, all, id := t.Context(), models.ScopeOperator(), b.searching("ada@example.org").RequestID
	require.NoError(t, b.EnsureDelegation(ctx, id, "mailer", []string{"mailer.profiles"}))
	list, err := b.Delegations(ctx, all, id)
	require.NoError(t, err)
	b.exec("DELETE FROM orders")
	h, err := b.HandedOver(ctx, list[0].ID)
	require.NoError(t, err)
	require.Equal(t, store.HandedOver{ID: list[0].ID, RequestID: id, System: "mailer"}, h)

	var group sync.WaitGroup
	for range 4 { // the same call, sent by a processor that did not wait for the answer
		group.Go(func() {
			if err := b.HearProcessor(ctx, h, "mailer.example", opendsr.InProgress); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.NoError(t, b.HearProcessor(ctx, h, "mailer.example", opendsr.Completed))
	require.NoError(t, b.HearProcessor(ctx, h, "mailer.example", opendsr.InProgress), "late")
	require.Equal(t, []string{"processor.called", "processor.called"}, b.ledgerOf(id, "processor."))
	entries, err := b.Ledger(ctx, all, id)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"delegation_id": h.ID.String(), "system": "mailer", "domain": "mailer.example", "status": "completed",
	}, entries[len(entries)-1].Data)
	for range 2 {
		order := b.claim(1)[0]
		require.Equal(t, store.OrderProcessorCalled, order.Kind)
		require.Equal(t, [3]models.ID{id, h.ID, {}}, [3]models.ID{order.RequestID, order.DelegationID, order.NoticeID})
		require.NoError(t, b.FinishOrder(ctx, order.ID))
	}
	require.Equal(t, store.DelegationPlanned, b.delegation(h.ID).State, "what it has done is for its answer to say")

	d := list[0]
	d.State = store.DelegationDone
	require.NoError(t, b.NoteDelegation(ctx, d, nil))
	require.NoError(t, b.HearProcessor(ctx, h, "mailer.example", opendsr.Denied))
	b.claim(0)
	require.Len(t, b.ledgerOf(id, "processor."), 2, "of what is over nothing is heard")
	b.seal()
	_, err = b.VerifyLedger(ctx, b.jwks())
	require.NoError(t, err)
}

func (b *bundle) delegation(id models.ID) store.Delegation {
	b.t.Helper()
	d, err := b.Delegation(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	return d
}

func TestANoticeIsFoundByItsIdentifierWhenItWasHandedToAProcessor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	_, err := b.PutRecipient(ctx, store.Recipient{
		Slug: "ads", Name: "Ads", Channel: store.ChannelOpenDSR, Address: "adserver", Categories: []string{"user.contact"}, ReminderAfter: time.Hour,
	})
	require.NoError(t, err)
	b.recipient("mailed", "user.contact")
	id := b.executing("ada@example.org")
	b.exec("DELETE FROM orders")
	for _, ref := range b.notices(id, "user.contact") {
		h, err := b.HandedOver(ctx, ref.ID)
		if ref.Recipient == "mailed" {
			requireCode(t, "not_found", err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, store.HandedOver{ID: ref.ID, RequestID: id, Notice: true, System: "adserver"}, h)
		require.NoError(t, b.HearProcessor(ctx, h, "ads.example", opendsr.Completed))
		require.Equal(t, ref.ID, b.claim(1)[0].NoticeID)
		b.exec("DELETE FROM orders")
		require.NoError(t, b.AcknowledgeNotice(ctx, b.tokenOf(ref.ID), store.AnswerErased, ""))
		b.exec("DELETE FROM orders")
		require.NoError(t, b.HearProcessor(ctx, h, "ads.example", opendsr.Cancelled))
		b.claim(0)
	}
	require.Len(t, b.ledgerOf(id, "processor."), 1)
	_, err = b.HandedOver(ctx, id)
	requireCode(t, "not_found", err)
}

func (b *bundle) tokenOf(notice models.ID) string {
	b.t.Helper()
	n, err := b.NoticeToSend(b.t.Context(), notice)
	require.NoError(b.t, err)
	return n.Token
}
