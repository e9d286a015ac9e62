package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/store"
	"habeas/models/subprocessor"
)

const reader models.Personal = "Reader-" + canary + "@reader.example"

// waiting are the mails that wait to be sent; those that are looked at wait no more for an hour.
func (b *bundle) waiting() []store.SubscriberMail {
	b.t.Helper()
	list, err := b.ClaimSubscriberMails(b.t.Context(), 100, time.Hour)
	require.NoError(b.t, err)
	return list
}

// subscribed confirms an address and gives its mail back.
func (b *bundle) subscribed(address models.Personal) store.SubscriberMail {
	b.t.Helper()
	require.NoError(b.t, b.Subscribe(b.t.Context(), address))
	mails := b.waiting()
	require.Len(b.t, mails, 1)
	require.NoError(b.t, b.SubscriberMailSent(b.t.Context(), mails[0].ID))
	state, err := b.ConfirmSubscription(b.t.Context(), mails[0].Confirm)
	require.NoError(b.t, err)
	require.Equal(b.t, store.SubscriptionConfirmed, state)
	return mails[0]
}

func TestAnAddressHearsOfChangesOnlyAfterItWasConfirmedAndOnceOfEach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.Subscribe(t.Context(), "never@reader.example"))
	require.NoError(t, b.SubscriberMailSent(t.Context(), b.waiting()[0].ID))
	asked := b.subscribed(reader)
	require.Equal(t, []any{reader, start.Add(48 * time.Hour)}, []any{asked.Address, asked.ExpiresAt})
	b.draft(subprocessor.Add, "idea", "")
	require.Empty(t, b.waiting(), "nobody is told of a draft")

	c := b.announced(subprocessor.Add, "mailer", "")
	mails := b.waiting()
	require.Len(t, mails, 1, "the other address is nobody's yet")
	require.Equal(t, []any{reader, "mailer", c.Reference}, []any{mails[0].Address, mails[0].Change.Slug, mails[0].Reference})
	require.Equal(t, asked.Leave, mails[0].Leave)
	require.Empty(t, b.waiting(), "it is leased")
	b.pass(2 * time.Hour)
	again := b.waiting()
	require.Equal(t, []any{mails[0].ID, 2}, []any{again[0].ID, again[0].Attempts}, "whoever had it in hands is gone")
	require.NoError(t, b.SubscriberMailSent(t.Context(), mails[0].ID))
	b.pass(2 * time.Hour)
	require.Empty(t, b.waiting())
	require.Equal(t, 1, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'subprocessor_change.published'"))
	require.Empty(t, b.leaks(canary), "the address is sealed")

	c = b.announced(subprocessor.Add, "second", "")
	b.change(c.ID, subprocessor.Withdrawn, subprocessor.Facts{})
	require.Empty(t, b.waiting(), "there is nothing to tell any more")
}

func TestAskingForASubscriptionAgainTellsNothingAndFloodsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error { return b.Subscribe(t.Context(), "a@reader.example") })
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 1, b.count("SELECT count(*) FROM subscriber_mails"))
	require.NoError(t, b.Subscribe(t.Context(), " A@READER.example "), "the same address")
	require.Equal(t, 1, b.count("SELECT count(*) FROM subscribers"))
	mails := b.waiting()
	b.pass(47 * time.Hour)
	require.NoError(t, b.Subscribe(t.Context(), "a@reader.example"))
	again := b.waiting()
	require.Equal(t, mails[0].Confirm, again[len(again)-1].Confirm)
	b.pass(2 * time.Hour)
	state, err := b.ConfirmSubscription(t.Context(), mails[0].Confirm)
	require.NoError(t, err)
	require.Equal(t, store.SubscriptionConfirmed, state, "the last mail counts")
	for range 2 {
		b.pass(2 * time.Hour)
		require.NoError(t, b.Subscribe(t.Context(), "a@reader.example"))
		require.Empty(t, b.waiting(), "it is subscribed")
		state, err = b.ConfirmSubscription(t.Context(), mails[0].Confirm)
		require.NoError(t, err)
		require.Equal(t, store.SubscriptionConfirmed, state)
	}
}

func TestAnAddressThatNobodyConfirmsIsDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.subscribed("b@reader.example")
	require.NoError(t, b.Subscribe(t.Context(), "a@reader.example"))
	mail := b.waiting()[0]
	state, err := b.Subscription(t.Context(), mail.Confirm)
	require.NoError(t, err)
	require.Equal(t, store.SubscriptionAsked, state)
	n, err := b.PurgeSubscribers(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	b.pass(48 * time.Hour)
	for _, find := range []func() (store.SubscriptionState, error){
		func() (store.SubscriptionState, error) { return b.ConfirmSubscription(t.Context(), mail.Confirm) },
		func() (store.SubscriptionState, error) { return b.Subscription(t.Context(), mail.Confirm) },
		func() (store.SubscriptionState, error) { return b.ConfirmSubscription(t.Context(), "nonsense") },
	} {
		state, err := find()
		require.NoError(t, err)
		require.Equal(t, store.SubscriptionOver, state)
	}
	require.Empty(t, b.waiting(), "its time is over")
	n, err = b.PurgeSubscribers(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	count, err := b.Subscribers(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{count, b.count("SELECT count(*) FROM subscriber_mails")})
}

func TestWhoLeavesIsDeletedAtOnceAndNobodyElseIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine, other := b.subscribed("a@reader.example"), b.subscribed("b@reader.example")
	b.announced(subprocessor.Add, "mailer", "")
	for _, token := range []string{"nonsense", mine.Confirm, mine.Leave, mine.Leave} {
		require.NoError(t, b.Unsubscribe(t.Context(), token))
	}
	mails := b.waiting()
	require.Len(t, mails, 1)
	require.Equal(t, other.Address, mails[0].Address)
	state, err := b.SubscriptionToLeave(t.Context(), mine.Leave)
	require.NoError(t, err)
	require.Equal(t, store.SubscriptionOver, state)
	require.NoError(t, b.SubscriberMailSent(t.Context(), mine.ID), "one that was in hands meanwhile")
}

func TestAnAddressAtWhichNobodyReadsIsDeletedAfterAFewRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.subscribed("a@reader.example")
	for i, slug := range []string{"one", "two", "three"} {
		b.pass(time.Minute)
		b.announced(subprocessor.Add, slug, "")
		mails := b.waiting()
		require.Len(t, mails, 1)
		require.NoError(t, b.SubscriberMailRefused(t.Context(), mails[0].ID, "mail_refused"))
		count, err := b.Subscribers(t.Context())
		require.NoError(t, err)
		require.Equal(t, i < 2, count == 1)
	}
	b.pass(time.Minute)
	require.NoError(t, b.Subscribe(t.Context(), "b@reader.example"))
	mails := b.waiting()
	require.NoError(t, b.DelaySubscriberMail(t.Context(), mails[0].ID, b.now().Add(time.Minute)))
	require.Empty(t, b.waiting())
	b.pass(time.Minute)
	require.Len(t, b.waiting(), 1)
}
