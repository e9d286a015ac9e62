package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

func TestMailIsOpenedOnceAndKnownAsSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	first, sent, err := b.OnceMail(t.Context(), id, "answer")
	require.NoError(t, err)
	require.False(t, sent)
	again, sent, err := b.OnceMail(t.Context(), id, "answer")
	require.NoError(t, err)
	require.False(t, sent, "until it was handed over it must be sent")
	require.Equal(t, first, again)
	for range 2 {
		require.NoError(t, b.MailSent(t.Context(), first))
	}
	_, sent, err = b.OnceMail(t.Context(), id, "answer")
	require.NoError(t, err)
	require.True(t, sent)
	other, sent, err := b.OnceMail(t.Context(), id, "reminder/1")
	require.NoError(t, err)
	require.False(t, sent)
	require.NotEqual(t, first, other)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'mail.sent'`))

	_, _, err = b.OnceMail(t.Context(), b.acme.ID, "answer")
	requireCode(t, "not_found", err)
	requireCode(t, "not_found", b.MailSent(t.Context(), id))
}

func TestMessageIsKeptOnceForTheStatusPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.verified(b.submission("ada@example.org"))
	require.NoError(t, b.SaveMessage(t.Context(), out.RequestID, "answer", "answer", "Dear Ada, it is done."))
	b.pass(time.Hour)
	require.NoError(t, b.SaveMessage(t.Context(), out.RequestID, "answer", "answer", "Dear Ada, again."))
	want := []store.Message{{At: start, Kind: "answer", Body: "Dear Ada, it is done."}}
	got, err := b.Messages(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, want, got)
	status, err := b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.Equal(t, want, status.Messages)
	_, err = b.Messages(t.Context(), models.ScopeOf(b.acme.ID), out.RequestID)
	requireCode(t, "not_found", err)
}
