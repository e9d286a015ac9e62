package activities_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// noticed is an erasure whose one recipient has a notice waiting.
func (w *world) noticed(channel store.RecipientChannel) (request models.ID, ref activities.NoticeRef) {
	w.t.Helper()
	w.recipient("carrier", channel, "user.contact")
	request = w.approved(models.Erasure, nil)
	work := w.prepared(request)
	require.Len(w.t, work.Notices, 1)
	return request, activities.NoticeRef{NoticeID: work.Notices[0], RequestID: request, Attempt: 1}
}

func (w *world) notice(id models.ID) store.Notice {
	w.t.Helper()
	n, err := w.store.Notice(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	return n
}

func TestANoticeByMailHasWhatTheRecipientNeedsAndALinkToAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, ref := w.noticed(store.ChannelMail)
	out, again := twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.Equal(t, activities.NoticeSent{ReminderAfter: 3 * day}, out)
	require.Equal(t, out, again)
	require.Equal(t, 1, w.mails.count())
	first := w.mails.last(t)
	require.Equal(t, "dpo@carrier.example", first.to)
	require.Contains(t, first.mail.Text, adaEmail, "it has to find the person")
	require.NotContains(t, first.mail.Text, adaName, "and needs no more")
	require.NotContains(t, first.mail.Text, message)
	require.Equal(t, store.NoticeSent, w.notice(ref.NoticeID).State)

	w.pass(3 * day)
	ref.Attempt = 2
	twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.Equal(t, 2, w.mails.count())
	require.Equal(t, link(first.mail.Text), link(w.mails.last(t).mail.Text), "a reminder has the same link")
	require.NotEqual(t, first.mail.Subject, w.mails.last(t).mail.Subject)
	require.Equal(t, 2, w.notice(ref.NoticeID).Attempts)
}

// link is the first address of a notice's page in a text.
func link(text string) string {
	_, rest, _ := strings.Cut(text, "https://privacy.example/notices/")
	token, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(token)
}

// noticeForm is a notice's webhook.
type noticeForm struct {
	Type string
	Data struct {
		Reference      string
		Attempt        int
		DataCategories []string `json:"data_categories"`
		Identities     []struct {
			Type  string `json:"identity_type"`
			Value string `json:"identity_value"`
		}
		AcknowledgeURL string `json:"acknowledge_url"`
	}
}

func TestANoticeByWebhookIsPostedUnderAnIDOfEachMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, ref := w.noticed(store.ChannelWebhook)
	twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.Equal(t, 1, w.hooks.count())
	post := w.hooks.posted[0]
	require.Equal(t, "https://carrier.example/hook", post.url)
	require.Equal(t, ref.NoticeID.String()+"-1", post.id)
	var body noticeForm
	require.NoError(t, json.Unmarshal(post.body, &body))
	require.Equal(t, "erasure.notice", body.Type)
	require.Equal(t, w.request(id).Reference, body.Data.Reference)
	require.Equal(t, adaEmail, body.Data.Identities[0].Value)
	require.Contains(t, body.Data.AcknowledgeURL, "https://privacy.example/notices/")
	require.NotEmpty(t, body.Data.DataCategories)
	require.NotContains(t, string(post.body), adaName)

	ref.Attempt = 2
	w.pass(3 * day)
	do[activities.NoticeSent](w, w.acts.SendNotice, ref)
	require.Equal(t, ref.NoticeID.String()+"-2", w.hooks.posted[1].id, "a receiver that drops what it knows must not drop a reminder")
}

func TestWhatIsSentAgainAfterACrashIsTheSameAndItsDigestIsInTheLedger(t *testing.T) {
	t.Parallel()
	for name, channel := range map[string]store.RecipientChannel{"mail": store.ChannelMail, "webhook": store.ChannelWebhook} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id, ref := w.noticed(channel)
			down := models.Errorf(models.Unavailable, "down", "The other side broke off before it could be seen whether it took the message.")
			w.hooks.lose, w.mails.fail = down, func() error { return down }
			_, err := try[activities.NoticeSent](w, w.acts.SendNotice, ref)
			requireFailure(t, err, "down", false)
			w.hooks.lose, w.mails.fail = nil, nil
			w.pass(day) // the date in it would be another one now
			do[activities.NoticeSent](w, w.acts.SendNotice, ref)
			entries, err := w.store.Ledger(t.Context(), models.ScopeOperator(), id)
			require.NoError(t, err)
			var digest any
			for _, e := range entries {
				if e.Kind == "notice.sent" {
					digest = e.Data["digest"]
				}
			}
			if channel == store.ChannelMail {
				require.Regexp(t, "^[0-9a-f]{64}$", digest)
				require.Contains(t, w.mails.last(t).mail.Text, "5 March 2026", "as it was written first")
				return
			}
			require.Len(t, w.hooks.posted, 2)
			require.Equal(t, w.hooks.posted[0], w.hooks.posted[1])
			sum := sha256.Sum256(w.hooks.posted[0].body)
			require.Equal(t, hex.EncodeToString(sum[:]), digest)
		})
	}
}

func TestAMessageOfWhichNobodyKnowsWhetherItWentIsRecordedAsSuch(t *testing.T) {
	t.Parallel()
	for answer, closes := range map[string]bool{"erased": true, "declined": false} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id, ref := w.noticed(store.ChannelWebhook)
			w.hooks.lose = models.Errorf(models.Unavailable, "down", "The worker dies after the recipient took the message.")
			_, err := try[activities.NoticeSent](w, w.acts.SendNotice, ref)
			require.Error(t, err)
			n, err := w.store.NoticeToSend(t.Context(), ref.NoticeID)
			require.NoError(t, err)
			require.NoError(t, w.store.AcknowledgeNotice(t.Context(), n.Token, store.NoticeAnswer(answer), "It came."))
			out, _ := twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
			require.Equal(t, closes, out.Answered)
			require.Equal(t, 1, w.hooks.count())
			require.Contains(t, w.kinds(id), "notice.uncertain")
			require.Equal(t, 1, w.notice(ref.NoticeID).Attempts)
			if !closes {
				ref.Attempt++
				do[activities.NoticeSent](w, w.acts.SendNotice, ref)
				require.Contains(t, w.mails.last(t).mail.Subject, "declines", "the DPO is told all the same")
			}
		})
	}
}

func TestARecipientThatTakesNothingForTooLongIsGivenUpForThisTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, ref := w.noticed(store.ChannelWebhook)
	w.hooks.fail = models.Errorf(models.Unavailable, "webhook_unavailable", "The recipient's webhook does not answer.")
	_, err := try[activities.NoticeSent](w, w.acts.SendNotice, ref)
	requireFailure(t, err, "webhook_unavailable", false)
	w.pass(3 * day)
	out := do[activities.NoticeSent](w, w.acts.SendNotice, ref)
	require.Equal(t, activities.NoticeSent{}, out, "the next attempt begins at once")
	require.Contains(t, w.kinds(id), "notice.failed")
	require.Equal(t, store.NoticeQueued, w.notice(ref.NoticeID).State)
	ref.Attempt = 2
	_, err = try[activities.NoticeSent](w, w.acts.SendNotice, ref)
	requireFailure(t, err, "webhook_unavailable", false)
	w.hooks.fail = nil
	do[activities.NoticeSent](w, w.acts.SendNotice, ref)
	require.Equal(t, store.NoticeSent, w.notice(ref.NoticeID).State)
}

func TestANoticeThatIsRefusedForGoodIsRecordedAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	for name, channel := range map[string]store.RecipientChannel{"mail": store.ChannelMail, "webhook": store.ChannelWebhook} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id, ref := w.noticed(channel)
			w.hooks.fail = models.Errorf(models.Invalid, "webhook_forbidden", "The webhook's address must be https.")
			w.mails.fail = func() error { return models.Errorf(models.Invalid, "mail_refused", "The address was refused.") }
			out := do[activities.NoticeSent](w, w.acts.SendNotice, ref)
			require.False(t, out.Answered)
			require.Contains(t, strings.Join(w.kinds(id), " "), ".refused")
			require.Equal(t, store.NoticeQueued, w.notice(ref.NoticeID).State, "what was refused was not sent")
			require.NotContains(t, w.kinds(id), "notice.sent")

			w.hooks.fail, w.mails.fail = nil, nil // the address was corrected
			ref.Attempt = 2
			do[activities.NoticeSent](w, w.acts.SendNotice, ref)
			require.Equal(t, 1, w.mails.count()+w.hooks.count())
			require.Equal(t, store.NoticeSent, w.notice(ref.NoticeID).State)
		})
	}
}

func TestARecipientThatIsDownIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, ref := w.noticed(store.ChannelWebhook)
	w.hooks.fail = models.Errorf(models.Unavailable, "webhook_unavailable", "The recipient's webhook does not answer.")
	_, err := try[activities.NoticeSent](w, w.acts.SendNotice, ref)
	requireFailure(t, err, "webhook_unavailable", false)
	w.hooks.fail = nil
	do[activities.NoticeSent](w, w.acts.SendNotice, ref)
	require.Equal(t, 1, w.hooks.count())
}

func TestANoticeThatWasAnsweredIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, ref := w.noticed(store.ChannelMail)
	do[activities.NoticeSent](w, w.acts.SendNotice, ref)
	require.NoError(t, w.store.AcknowledgeNotice(t.Context(), link(w.mails.last(t).mail.Text), "erased", ""))
	ref.Attempt = 2
	out, _ := twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.True(t, out.Answered)
	require.Equal(t, 1, w.mails.count())
}

func TestTheAnswerTellsWhatIsGoneWhatIsKeptAndWhoWasTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recipient("carrier", store.ChannelMail, "user.contact")
	id := w.executing()
	work := w.prepared(id)
	w.eraseAll(id, work.Erase)
	do[none](w, w.acts.CreateDeferrals, activities.RequestRef{RequestID: id})
	end := activities.Ending{RequestID: id, Outcome: models.PartlyFulfilled}
	twice[none](w, id, w.acts.SignReceipt, end)
	twice[none](w, id, w.acts.SendAnswer, end)
	mail := w.mails.last(t)
	require.Equal(t, adaEmail, mail.to)
	for _, want := range []string{
		"Your customer account", "Your orders", "Your invoices", "31 December 2032", "31 December 2028", "952/2013", "Recipient carrier", "APD-GBA",
	} {
		require.Contains(t, mail.mail.Text, want)
	}
}

// told are the kinds of identity in each webhook that was posted.
func (h *hooks) told(t *testing.T) (kinds [][]string) {
	t.Helper()
	for _, p := range h.posted {
		var body noticeForm
		require.NoError(t, json.Unmarshal(p.body, &body))
		var one []string
		for _, i := range body.Data.Identities {
			one = append(one, i.Type)
		}
		kinds = append(kinds, one)
	}
	return kinds
}

func TestEachRecipientIsToldOnlyTheIdentifiersByWhichItKnowsThePerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recipient("a-by-category", store.ChannelWebhook, "user.contact")
	named := w.recipient("b-by-register", store.ChannelWebhook, "user.name")
	named.Facts.Identities = []string{"email", "customer_number"}
	_, err := w.store.PutRecipient(t.Context(), named)
	require.NoError(t, err)
	elsewhere := store.Recipient{
		Slug: "d-another-controllers", Name: "Elsewhere", Channel: store.ChannelMail, Address: "dpo@elsewhere.example", Categories: []string{"user.contact"}, ReminderAfter: day,
	}
	elsewhere.Facts.Controllers = []string{"acme"}
	_, err = w.store.PutRecipient(t.Context(), elsewhere)
	require.NoError(t, err)
	w.recipient("e-other-data", store.ChannelWebhook, "user.biometric")
	w.recipient("c-by-nothing", store.ChannelWebhook, "user.name") // it got names, and no field by which a person is found
	id := w.approved(models.Erasure, nil)
	work := w.prepared(id)
	require.Len(t, work.Notices, 3)
	for _, notice := range work.Notices {
		twice[activities.NoticeSent](w, id, w.acts.SendNotice, activities.NoticeRef{NoticeID: notice, RequestID: id, Attempt: 1})
	}
	require.Equal(t, [][]string{{"email"}, {"email"}}, w.hooks.told(t))
	require.Equal(t, 1, w.mails.count())
	require.Equal(t, "dpo@northwind.example", w.mails.last(t).to, "people have to tell the third; nothing is told to it that it does not have")
	require.Equal(t, "A recipient to be told: request "+w.request(id).Reference, w.mails.last(t).mail.Subject)
	require.Equal(t, store.NoticeQueued, w.notice(work.Notices[2]).State)
	require.Equal(t, 1, w.notice(work.Notices[2]).Attempts)
	require.Contains(t, w.kinds(id), "notice.escalated")
}

func TestPeopleTellARecipientWithoutAChannelAndRecordItsAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, ref := w.noticed(store.ChannelManual)
	twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.Equal(t, "dpo@northwind.example", w.mails.last(t).to)
	require.NotContains(t, w.mails.last(t).mail.Text, adaEmail)
	ref.Attempt = 2
	w.pass(3 * day)
	do[activities.NoticeSent](w, w.acts.SendNotice, ref)
	require.Equal(t, 2, w.mails.count(), "and are reminded")

	answer := request.Decision{RequestID: id, Kind: request.Acknowledge, Actor: models.Actor{Role: models.RoleHandler}, NoticeID: ref.NoticeID, Answer: "erased"}
	_, err := w.store.Decide(t.Context(), models.ScopeOperator(), answer)
	require.Equal(t, "reason_missing", models.CodeOf(err))
	answer.Reason = "By telephone; the letter is in the file."
	for _, wrong := range []string{"", "declined", "done", "perhaps"} {
		answer.Answer = wrong
		_, err = w.store.Decide(t.Context(), models.ScopeOperator(), answer)
		require.Equal(t, "unknown_answer", models.CodeOf(err), wrong)
	}
	answer.Answer = "erased"
	_, err = w.store.Decide(t.Context(), models.ScopeOperator(), answer)
	require.NoError(t, err)
	n := w.notice(ref.NoticeID)
	require.Equal(t, store.NoticeAcknowledged, n.State)
	require.Equal(t, answer.Reason, n.Note)
	_, err = w.store.Decide(t.Context(), models.ScopeOperator(), answer)
	require.Equal(t, "already_acknowledged", models.CodeOf(err))
	ref.Attempt = 3
	require.True(t, do[activities.NoticeSent](w, w.acts.SendNotice, ref).Answered)
}

func TestARecipientThatDeclinesSaysWhyAndTheDPODecides(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, ref := w.noticed(store.ChannelMail)
	do[activities.NoticeSent](w, w.acts.SendNotice, ref)
	token := link(w.mails.last(t).mail.Text)
	require.Equal(t, "reason_missing", models.CodeOf(w.store.AcknowledgeNotice(t.Context(), token, "declined", " ")))
	require.NoError(t, w.store.AcknowledgeNotice(t.Context(), token, "declined", "We are a controller of our own."))
	require.Equal(t, "already_acknowledged", models.CodeOf(w.store.AcknowledgeNotice(t.Context(), token, "erased", "")))
	n := w.notice(ref.NoticeID)
	require.Equal(t, store.NoticeDeclined, n.State)
	require.False(t, n.Closed())
	require.Equal(t, models.Personal("We are a controller of our own."), n.Note)
	view, err := w.store.PeekNotice(t.Context(), token)
	require.NoError(t, err)
	require.Empty(t, view.Identities)

	ref.Attempt = 2
	out, _ := twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.False(t, out.Answered)
	require.Equal(t, "dpo@northwind.example", w.mails.last(t).to, "the recipient is not asked again")
	require.Contains(t, w.mails.last(t).mail.Subject, "declines")
	require.NotContains(t, w.mails.last(t).mail.Text, "controller of our own")
	w.decide(id, request.Waive, models.RoleDPO, func(d *request.Decision) { d.NoticeID, d.Reason = ref.NoticeID, "It is right." })
	require.Equal(t, store.NoticeWaived, w.notice(ref.NoticeID).State)
	ref.Attempt = 3
	require.True(t, do[activities.NoticeSent](w, w.acts.SendNotice, ref).Answered)
}
