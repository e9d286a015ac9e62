package store_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

var webhookSecret = models.Personal("whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes....")))

func (b *bundle) recipient(slug string, categories ...string) store.Recipient {
	b.t.Helper()
	r := store.Recipient{
		Slug: slug, Name: "Recipient " + slug, Channel: store.ChannelMail, Address: models.Personal("privacy@" + slug + ".example"),
		Categories: categories, Country: "IE", Safeguard: "SCC", Purpose: "hosting", ReminderAfter: 72 * time.Hour,
	}
	if slug == "hook" {
		r.Channel, r.Address, r.Secret = store.ChannelWebhook, "https://hook.example/gdpr", webhookSecret
	}
	r, err := b.PutRecipient(b.t.Context(), r)
	require.NoError(b.t, err)
	return r
}

// executing is an erasure request that is being executed, so that recipients may answer.
func (b *bundle) executing(email string) models.ID {
	b.t.Helper()
	id, p := b.planned(email)
	_, err := b.Decide(b.t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep},
	})
	require.NoError(b.t, err)
	b.advance(id, models.Executing)
	return id
}

func (b *bundle) notices(id models.ID, categories ...string) []store.NoticeRef {
	b.t.Helper()
	return b.noticesOf(id, models.ID{}, categories...)
}

// noticesOf queues notices to those who may hold the data of the request's controller and receive one of the categories.
func (b *bundle) noticesOf(id, deferral models.ID, categories ...string) []store.NoticeRef {
	b.t.Helper()
	r, err := b.Request(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	c, err := b.ControllerByID(b.t.Context(), models.ScopeOperator(), r.ControllerID)
	require.NoError(b.t, err)
	all, err := b.Recipients(b.t.Context())
	require.NoError(b.t, err)
	var to []store.Addressee
	for _, p := range all {
		if told := p.Affected(c.Slug, categories); len(told) > 0 {
			to = append(to, store.Addressee{Recipient: p, Told: told})
		}
	}
	refs, err := b.CreateNotices(b.t.Context(), id, deferral, to)
	require.NoError(b.t, err)
	return refs
}

func TestRecipientIsChangedUnderItsSlugAndKeepsItsID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.recipient("hook", "user.contact")
	second := first
	second.ID, second.Name = models.ID{}, "Hook Ltd"
	second, err := b.PutRecipient(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, first.ID, second.ID)
	all, err := b.Recipients(t.Context())
	require.NoError(t, err)
	require.Equal(t, []store.Recipient{second}, all)
	require.Equal(t, webhookSecret, all[0].Secret)
}

func TestRecipientThatCannotBeToldIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	good := b.recipient("mail", "user.contact")
	for field, spoil := range map[string]func(*store.Recipient){
		"/slug":           func(r *store.Recipient) { r.Slug = "" },
		"/name":           func(r *store.Recipient) { r.Name = "" },
		"/categories":     func(r *store.Recipient) { r.Categories = nil },
		"/reminder_after": func(r *store.Recipient) { r.ReminderAfter = 0 },
		"/channel":        func(r *store.Recipient) { r.Channel = "fax" },
		"/address":        func(r *store.Recipient) { r.Address = "nobody" },
		"/secret": func(r *store.Recipient) {
			r.Channel, r.Address, r.Secret = store.ChannelWebhook, "https://a.example", "whsec_AAAA"
		},
	} {
		r := good
		spoil(&r)
		_, err := b.PutRecipient(t.Context(), r)
		requireCode(t, "bad_recipient", err)
		var e *models.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, field, e.Field)
	}
}

func TestNoticesGoOnlyToRecipientsOfTheErasedCategories(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("above", "user.contact")
	b.recipient("below", "user.contact.email.work")
	b.recipient("exact", "user.contact.email")
	b.recipient("other", "user.contact.phone", "user.contact.email_of_others", "user.financial")
	id := b.executing("ada@example.org")
	refs := b.notices(id, "user.contact.email", "user.name")
	var slugs []string
	for _, r := range refs {
		slugs = append(slugs, r.Recipient)
	}
	require.Equal(t, []string{"above", "below", "exact"}, slugs)
	require.Equal(t, refs, b.notices(id, "user.contact.email", "user.name"), "a repeated call makes no new notices")
	require.Equal(t, 3, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'notice.queued'`))
	require.Empty(t, b.notices(b.executing("grace@example.org"), "user.name"))

	list, err := b.Notices(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, []string{"user.contact.email"}, list[0].Categories)
	require.Equal(t, store.NoticeQueued, list[0].State)
}

func TestNoticeIsSentWithTheSameLinkEachTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("hook", "user.contact")
	ref := b.notices(b.executing("ada@example.org"), "user.contact.email")[0]

	first, err := b.NoticeToSend(t.Context(), ref.ID)
	require.NoError(t, err)
	require.Len(t, first.Token, 43)
	require.Equal(t, webhookSecret, first.Secret)
	require.Equal(t, models.Personal("https://hook.example/gdpr"), first.Address)
	require.Equal(t, []request.Identity{{Kind: "email", Value: "ada@example.org"}}, first.Identities)
	require.Equal(t, 72*time.Hour, first.ReminderAfter)

	require.NoError(t, b.MarkNoticeSent(t.Context(), ref.ID, 1))
	b.pass(time.Hour)
	require.NoError(t, b.MarkNoticeSent(t.Context(), ref.ID, 1), "a retry records nothing")
	n, err := b.Notice(t.Context(), models.ScopeOperator(), ref.ID)
	require.NoError(t, err)
	require.Equal(t, store.NoticeSent, n.State)
	require.Equal(t, 1, n.Attempts)
	require.Equal(t, start, n.SentAt)
	require.NoError(t, b.MarkNoticeSent(t.Context(), ref.ID, 2))
	require.Equal(t, 2, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'notice.sent'`))

	again, err := b.open(b.vault).NoticeToSend(t.Context(), ref.ID)
	require.NoError(t, err)
	require.Equal(t, first.Token, again.Token)
}

func TestNoticeIsAcknowledgedOnceWithItsDecision(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("mail", "user.contact")
	id := b.executing("ada@example.org")
	ref := b.notices(id, "user.contact.email")[0]
	message, err := b.NoticeToSend(t.Context(), ref.ID)
	require.NoError(t, err)

	const n = 16
	var done, refused atomic.Int32
	var group errgroup.Group
	for range n {
		group.Go(func() error {
			err := b.AcknowledgeNotice(t.Context(), message.Token, store.AnswerRetained, "We must keep invoices.")
			switch models.CodeOf(err) {
			case "already_acknowledged":
				refused.Add(1)
				return nil
			default:
				if err == nil {
					done.Add(1)
				}
				return err
			}
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, done.Load())
	require.EqualValues(t, n-1, refused.Load())
	require.Equal(t, 1, b.count(`SELECT count(*) FROM decisions WHERE kind = 'acknowledge' AND notice_id = $1`, ref.ID.String()))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM orders WHERE name = 'acknowledge' AND notice_id = $1`, ref.ID.String()))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'notice.acknowledged'`))

	require.NoError(t, b.MarkNoticeSent(t.Context(), ref.ID, 1), "the answer may come before the sending is recorded")
	got, err := b.Notice(t.Context(), models.ScopeOperator(), ref.ID)
	require.NoError(t, err)
	require.True(t, got.Closed())
	require.Equal(t, store.NoticeAcknowledged, got.State)
	require.Equal(t, store.AnswerRetained, got.Answer)
	require.Equal(t, models.Personal("We must keep invoices."), got.Note)
	view, err := b.PeekNotice(t.Context(), message.Token)
	require.NoError(t, err)
	require.Equal(t, store.AnswerRetained, view.Answer)
	require.Empty(t, view.Identities, "an answered notice names nobody any more")
}

func TestNoticeTokenOpensOnlyItsOwnNotice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("mail", "user.contact")
	one := b.notices(b.executing("ada@example.org"), "user.contact.email")[0]
	other := b.notices(b.executing("grace@example.org"), "user.contact.email")[0]
	message, err := b.NoticeToSend(t.Context(), one.ID)
	require.NoError(t, err)
	view, err := b.PeekNotice(t.Context(), message.Token)
	require.NoError(t, err)
	require.Equal(t, []request.Identity{{Kind: "email", Value: "ada@example.org"}}, view.Identities)

	for _, token := range []string{"", "wrong", message.Token[1:], other.ID.String()} {
		_, err := b.PeekNotice(t.Context(), token)
		requireCode(t, "not_found", err)
		requireCode(t, "not_found", b.AcknowledgeNotice(t.Context(), token, store.AnswerErased, ""))
	}
	requireCode(t, "unknown_answer", b.AcknowledgeNotice(t.Context(), message.Token, "maybe", ""))
	require.NoError(t, b.AcknowledgeNotice(t.Context(), message.Token, store.AnswerErased, " "))
	untouched, err := b.Notice(t.Context(), models.ScopeOperator(), other.ID)
	require.NoError(t, err)
	require.Equal(t, store.NoticeQueued, untouched.State)
}

func TestWaivedNoticeIsClosedWithItsDecision(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("mail", "user.contact")
	id, other := b.executing("ada@example.org"), b.executing("grace@example.org")
	ref, foreign := b.notices(id, "user.contact.email")[0], b.notices(other, "user.contact.email")[0]
	waive := request.Decision{RequestID: id, Kind: request.Waive, Actor: dpo, Reason: "Insolvent since May.", NoticeID: foreign.ID}
	_, err := b.Decide(t.Context(), models.ScopeOperator(), waive)
	requireCode(t, "not_found", err)
	waive.NoticeID = ref.ID
	_, err = b.Decide(t.Context(), models.ScopeOperator(), waive)
	require.NoError(t, err)
	n, err := b.Notice(t.Context(), models.ScopeOperator(), ref.ID)
	require.NoError(t, err)
	require.Equal(t, store.NoticeWaived, n.State)
	message, err := b.NoticeToSend(t.Context(), ref.ID)
	require.NoError(t, err)
	requireCode(t, "already_acknowledged", b.AcknowledgeNotice(t.Context(), message.Token, store.AnswerErased, ""))
}

func TestNoticesOfADeferralAreSeparate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("mail", "user.contact")
	id := b.executing("ada@example.org")
	own := b.notices(id, "user.contact.email")
	deferral := models.MustParseID("22222222-2222-4222-8222-222222222222")
	for range 2 {
		refs := b.noticesOf(id, deferral, "user.contact.email")
		require.Len(t, refs, 1)
		require.NotEqual(t, own[0].ID, refs[0].ID)
	}
	require.Equal(t, own, b.notices(id, "user.contact.email"))
	list, err := b.Notices(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestNoticesOfAnotherTenantAreNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("mail", "user.contact")
	id := b.executing("ada@example.org")
	ref := b.notices(id, "user.contact.email")[0]
	for _, scope := range []models.Scope{models.ScopeOf(b.acme.ID), {}} {
		_, err := b.Notice(t.Context(), scope, ref.ID)
		requireCode(t, "not_found", err)
		_, err = b.Notices(t.Context(), scope, id)
		requireCode(t, "not_found", err)
	}
	_, err := b.Notice(t.Context(), models.ScopeOf(b.operator.ID), ref.ID)
	require.NoError(t, err)
}

func TestTheMessageOfANoticeIsKeptOnceAndProvedByItsDigest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recipient("hook", "user.contact")
	ref := b.notices(b.executing("ada@example.org"), "user.contact.email")[0]
	first, err := b.WriteNotice(t.Context(), ref.ID, 1, []byte("canary-in-a-message, first"))
	require.NoError(t, err)
	b.pass(time.Hour)
	again, err := b.WriteNotice(t.Context(), ref.ID, 1, []byte("canary-in-a-message, later"))
	require.NoError(t, err)
	require.Equal(t, store.WrittenNotice{At: start, Body: []byte("canary-in-a-message, first")}, again)
	require.Equal(t, first, again)
	require.Empty(t, b.leaks("canary-in-a-message"))
	other, err := b.WriteNotice(t.Context(), ref.ID, 2, []byte("canary-in-a-message, reminder"))
	require.NoError(t, err)
	require.Equal(t, "canary-in-a-message, reminder", string(other.Body))
	n, err := b.NoticeToSend(t.Context(), ref.ID)
	require.NoError(t, err)
	require.Equal(t, 2, n.Written)
	for range 2 {
		require.NoError(t, b.MarkNoticeSent(t.Context(), ref.ID, 1))
		require.NoError(t, b.MarkNoticeUncertain(t.Context(), ref.ID, 1))
	}
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'notice.sent'`))
	require.Zero(t, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'notice.uncertain'`))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), n.RequestID)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte("canary-in-a-message, first"))
	require.Equal(t, hex.EncodeToString(sum[:]), entries[len(entries)-1].Data["digest"])
	_, err = b.WriteNotice(t.Context(), models.ID{9}, 1, nil)
	requireCode(t, "not_found", err)
}
