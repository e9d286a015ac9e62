package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// refusals are why those whom a request waits for are not reminded, by name or party.
func refusals(list []store.Reminding) map[string]string {
	out := map[string]string{}
	for _, one := range list {
		name := one.Name
		if name == "" {
			name = string(one.Party)
		}
		out[name] = one.Refusal
	}
	return out
}

// reminds orders reminders of a request and says who got none and why.
func (b *bundle) reminds(id models.ID) map[string]string {
	b.t.Helper()
	list, err := b.Remind(b.t.Context(), models.ScopeOperator(), id, officer)
	require.NoError(b.t, err)
	return refusals(list)
}

// orders counts those of a kind.
func (b *bundle) orders(kind, name string) int {
	return b.count("SELECT count(*) FROM orders WHERE kind = '" + kind + "' AND name = '" + name + "'")
}

func TestThePersonWhoHasNotConfirmedIsRemindedOnceADay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	require.Equal(t, map[string]string{"person": store.RemindNotSent}, b.reminds(id))
	first := b.issue(id)
	require.Equal(t, map[string]string{"person": store.RemindTooSoon}, b.reminds(id))
	require.Zero(t, b.orders(store.OrderUpdate, string(request.Resend)))

	b.pass(25 * time.Hour)
	require.Equal(t, map[string]string{"person": ""}, b.reminds(id))
	require.Equal(t, 1, b.orders(store.OrderUpdate, string(request.Resend)))
	require.NotEqual(t, first.ID, b.issue(id).ID, "another mail is due")
	require.Equal(t, map[string]string{"person": store.RemindTooSoon}, b.reminds(id), "the mail may not have gone yet")
	require.Equal(t, 1, b.orders(store.OrderUpdate, string(request.Resend)))

	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, "reminder.ordered", entries[2].Kind)
	require.Equal(t, officer, entries[2].Actor)
	require.Equal(t, map[string]any{"party": "person"}, entries[2].Data)
}

func TestTheCustomerThatHasNotInstructedIsRemindedOnceADay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("ada@example.org")
	sub.Controller, sub.Vouched = b.acme, true
	id := b.submit(sub).RequestID
	b.advance(id, models.AwaitingInstruction)
	require.Equal(t, map[string]string{"Company acme": store.RemindNotSent}, b.reminds(id))
	mail, _, err := b.OnceMail(t.Context(), id, "remind-instruction-0-")
	require.NoError(t, err)
	require.NoError(t, b.MailSent(t.Context(), mail))
	require.Equal(t, map[string]string{"Company acme": store.RemindTooSoon}, b.reminds(id))
	b.pass(25 * time.Hour)
	require.Equal(t, map[string]string{"Company acme": ""}, b.reminds(id))
	require.Equal(t, map[string]string{"Company acme": store.RemindTooSoon}, b.reminds(id))
	require.Equal(t, 1, b.orders(store.OrderRemind, ""))
	b.pass(25 * time.Hour)
	_, err = b.Decide(t.Context(), models.ScopeOf(b.acme.ID), request.Decision{RequestID: id, Kind: request.Instruct, Actor: models.Actor{Role: models.RoleController}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Company acme": store.RemindDecided}, b.reminds(id))
}

func TestRecipientsThatHaveNotAnsweredAreRemindedOnceADay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("ada@example.org")
	sub.Vouched = true
	id := b.submit(sub).RequestID
	b.advance(id, models.Locating)
	require.Equal(t, map[string]string{"": store.RemindNobody}, b.reminds(id))
	b.advance(id, models.InReview, models.Executing)
	var to []store.Addressee
	for slug, channel := range map[string]store.RecipientChannel{"silent": store.ChannelMail, "quick": store.ChannelMail, "called": store.ChannelManual, "new": store.ChannelMail} {
		put, err := b.PutRecipient(t.Context(), store.Recipient{
			Slug: slug, Name: slug, Channel: channel, Address: "privacy@recipient.example", Categories: []string{"user"}, ReminderAfter: 72 * time.Hour,
		})
		require.NoError(t, err)
		to = append(to, store.Addressee{Recipient: put, Told: []string{"user.contact.email"}})
	}
	_, err := b.CreateNotices(t.Context(), id, models.ID{}, to)
	require.NoError(t, err)
	b.advance(id, models.Notifying)
	list, err := b.Notices(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, n := range list {
		if n.Recipient == "silent" || n.Recipient == "quick" {
			require.NoError(t, b.MarkNoticeSent(t.Context(), n.ID, 1))
		}
		if n.Recipient == "quick" {
			m, err := b.NoticeToSend(t.Context(), n.ID)
			require.NoError(t, err)
			require.NoError(t, b.AcknowledgeNotice(t.Context(), m.Token, store.AnswerErased, ""))
		}
	}
	want := map[string]string{"silent": store.RemindTooSoon, "called": store.RemindByPeople, "new": store.RemindNotSent}
	require.Equal(t, want, b.reminds(id))
	b.pass(25 * time.Hour)
	want["silent"] = ""
	require.Equal(t, want, b.reminds(id))
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE kind = 'remind' AND notice_id IS NOT NULL"))
	want["silent"] = store.RemindTooSoon
	require.Equal(t, want, b.reminds(id))
}

func TestAnotherCustomersRequestIsNotReminded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Remind(t.Context(), models.ScopeOf(b.globex.ID), id, officer)
	requireCode(t, "not_found", err)
	_, err = b.Remindings(t.Context(), models.ScopeOf(b.globex.ID), id)
	requireCode(t, "not_found", err)
}
