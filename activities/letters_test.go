package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestAVerificationIsMailedOnceAndAgainOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.received(models.Erasure)
	ref := activities.RequestRef{RequestID: id}
	twice[none](w, id, w.acts.SendVerification, ref)
	require.Equal(t, 1, w.mails.count())
	first := w.mails.last(t)
	require.Equal(t, adaEmail, first.to)
	require.Contains(t, first.mail.Text, "https://privacy.example/verify/")

	w.advance(id, models.Verifying)
	w.decide(id, request.Resend, models.RoleSubject)
	_, err := w.store.Pool().Exec(t.Context(), "UPDATE submissions SET resend_due = true WHERE request_id = $1", id.String())
	require.NoError(t, err)
	twice[none](w, id, w.acts.SendVerification, ref)
	require.Equal(t, 2, w.mails.count())
	require.NotEqual(t, first.key, w.mails.last(t).key, "another link is another message")
	require.NotEqual(t, first.mail.Text, w.mails.last(t).mail.Text)
}

func TestThePersonIsAskedAboutAnAgentAndTheDPOHearsOfTheProof(t *testing.T) {
	t.Parallel()
	w := setup(t)
	proof, err := request.NewProof([]byte("%PDF-1.7\nI authorise Robin Canary.\n%%EOF\n"))
	require.NoError(t, err)
	got, err := w.store.Submit(t.Context(), store.Submission{
		Controller: w.owner, Right: models.Access, Channel: request.ChannelPortal, Language: "de", Actor: models.Actor{Role: models.RoleSubject},
		Subject: request.Subject{Name: "Ada Canary", Email: adaEmail, Identities: []request.Identity{{Kind: "email", Value: adaEmail}}},
		Agent:   &request.Agent{Name: "Robin Canary", Email: "robin.canary@agent.example", Basis: request.Guardian, Proof: proof},
	})
	require.NoError(t, err)
	twice[none](w, got.RequestID, w.acts.SendVerification, activities.RequestRef{RequestID: got.RequestID})
	require.Equal(t, 2, w.mails.count(), "nobody writes to the agent")
	sent := map[string]string{}
	for _, m := range w.mails.sent {
		sent[m.to] = m.mail.Subject + m.mail.Text
		require.NotContains(t, m.mail.Text, "Robin", "no text of a stranger is mailed")
	}
	require.Contains(t, sent[adaEmail], "Den für mich gestellten Antrag bestätigen")
	require.NotRegexp(t, `\d{4}-\d{4}`, sent[adaEmail], "no code that could be passed on")
	require.Contains(t, sent["dpo@northwind.example"], "A proof of authority")
}

func TestAMailServerThatIsDownLosesNoMail(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.received(models.Erasure)
	down := true
	w.mails.fail = func() error {
		if down {
			return models.Errorf(models.Unavailable, "mail_unavailable", "The mail server does not answer.")
		}
		return nil
	}
	_, err := try[none](w, w.acts.SendVerification, activities.RequestRef{RequestID: id})
	requireFailure(t, err, "mail_unavailable", false)
	down = false
	twice[none](w, id, w.acts.SendVerification, activities.RequestRef{RequestID: id})
	require.Equal(t, 1, w.mails.count())
	require.Equal(t, 1, w.sql("SELECT count(*) FROM verifications WHERE request_id = $1", id.String()), "the same link, sent later")
}

func TestAnAddressThatIsRefusedForGoodHoldsNothingUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	w.mails.fail = func() error { return models.Errorf(models.Invalid, "mail_refused", "The address was refused.") }
	do[none](w, w.acts.SendConfirmation, activities.RequestRef{RequestID: id})
	require.Contains(t, w.kinds(id), "mail.refused")
	messages, err := w.store.Messages(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, messages, 1, "the status page shows it nevertheless")
}

func TestAReminderIsSentOncePerCount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.planned(models.Erasure)
	for _, c := range []struct {
		in activities.Reminder
		to string
	}{
		{activities.Reminder{Kind: activities.RemindInstruction}, "privacy@northwind.example"},
		{activities.Reminder{Kind: activities.RemindReview}, "dpo@northwind.example"},
		{activities.Reminder{Kind: activities.RemindReview, Count: 1}, "dpo@northwind.example"},
		{activities.Reminder{Kind: activities.RemindDueSoon, Count: 1}, "dpo@northwind.example"},
		{activities.Reminder{Kind: activities.RemindOverdue, Count: 2}, "dpo@northwind.example"},
		{activities.Reminder{Kind: activities.RemindIncomplete, Count: 3}, "dpo@northwind.example"},
		{activities.Reminder{Kind: activities.RemindIncomplete, Count: 3, DeferralID: models.ID{1}}, "dpo@northwind.example"},
		{activities.Reminder{Kind: activities.RemindNotice, Count: 4, NoticeID: models.ID{1}}, "dpo@northwind.example"},
		{activities.Reminder{Kind: activities.RemindNotice, Count: 4, NoticeID: models.ID{2}}, "dpo@northwind.example"},
	} {
		before := w.mails.count()
		c.in.RequestID = id
		twice[none](w, id, w.acts.Remind, c.in)
		require.Equal(t, before+1, w.mails.count(), "%+v", c.in)
		mail := w.mails.last(t)
		require.Equal(t, c.to, mail.to)
		require.Contains(t, mail.mail.Text, id.String(), "it leads to the request")
		require.NotContains(t, mail.mail.Text, adaEmail)
		require.NotContains(t, mail.mail.Text, adaName)
	}
}

func TestACustomerWhoHasInstructedIsNotAskedTo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.received(models.Erasure)
	w.advance(id, models.AwaitingInstruction)
	do[none](w, w.acts.Remind, activities.Reminder{RequestID: id, Kind: activities.RemindInstruction})
	require.Equal(t, 1, w.mails.count())
	require.Contains(t, w.mails.last(t).mail.Text, "https://privacy.example/staff/requests/"+id.String(), "a page, and not the JSON interface")
	w.decide(id, request.Instruct, models.RoleController)
	do[none](w, w.acts.Remind, activities.Reminder{RequestID: id, Kind: activities.RemindInstruction, Count: 1})
	require.Equal(t, 1, w.mails.count())
}

func TestTheReceiptOfARequestIsConfirmedWithItsDate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Access)
	twice[none](w, id, w.acts.SendConfirmation, activities.RequestRef{RequestID: id})
	require.Contains(t, w.mails.last(t).mail.Text, "2 April 2026")
	require.Equal(t, 1, w.mails.count())
}

func TestADecisionIsToldInItsOwnLetter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind request.DecisionKind
		send func(*world) any
		want []string
	}{
		"an extension": {request.Extend, func(w *world) any { return w.acts.SendExtension }, []string{"Because Ada Canary said so.", "2 June 2026"}},
		"a question":   {request.Clarify, func(w *world) any { return w.acts.SendQuestion }, []string{"Because Ada Canary said so."}},
		"a refusal":    {request.Refuse, func(w *world) any { return w.acts.SendRefusal }, []string{"Because Ada Canary said so.", "APD-GBA"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id := w.verified(models.Erasure)
			decision := w.decide(id, c.kind, models.RoleDPO)
			do[activities.Clock](w, w.acts.RecordClock, activities.ClockChange{RequestID: id, Cause: activities.CauseExtended})
			before := w.mails.count()
			twice[none](w, id, c.send(w), activities.DecisionRef{RequestID: id, DecisionID: decision})
			require.Equal(t, before+1, w.mails.count())
			mail := w.mails.last(t)
			require.Equal(t, adaEmail, mail.to)
			for _, want := range c.want {
				require.Contains(t, mail.mail.Text, want)
			}
			messages, err := w.store.Messages(t.Context(), models.ScopeOperator(), id)
			require.NoError(t, err)
			require.Len(t, messages, 1)
		})
	}
}

func TestAPersonWhoHasNotConfirmedIsToldOfARefusalToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.received(models.Erasure)
	w.advance(id, models.Verifying)
	decision := w.decide(id, request.Refuse, models.RoleDPO)
	twice[none](w, id, w.acts.SendRefusal, activities.DecisionRef{RequestID: id, DecisionID: decision})
	mail := w.mails.last(t)
	require.Equal(t, adaEmail, mail.to)
	require.Contains(t, mail.mail.Text, "Because Ada Canary said so.")
	do[none](w, w.acts.Advance, activities.Advance{RequestID: id, To: models.Closed, Outcome: models.Refused})
}

func TestTheInstantAtWhichThePersonWasToldOfAnExtensionIsRecorded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	decision := w.decide(id, request.Extend, models.RoleDPO)
	do[activities.Clock](w, w.acts.RecordClock, activities.ClockChange{RequestID: id, Cause: activities.CauseExtended})
	w.pass(day)
	told := w.now()
	twice[none](w, id, w.acts.SendExtension, activities.DecisionRef{RequestID: id, DecisionID: decision})
	facts, err := w.store.ClockFacts(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, told, facts.ExtensionNotifiedAt, "an extension counts only if the person was told in time, Art. 12(3)")
}
