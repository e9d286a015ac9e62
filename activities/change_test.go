package activities_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/subprocessor"
)

func (w *world) changed(id models.ID, kind subprocessor.Kind, facts subprocessor.Facts) store.Change {
	w.t.Helper()
	c, err := w.store.NoteChange(w.t.Context(), id, 0, subprocessor.Event{Kind: kind, Actor: officer, Facts: facts, Words: subprocessor.Words{Reason: "because"}})
	require.NoError(w.t, err)
	return c
}

// announced is a change that adds a subprocessor, announced and not told yet.
func (w *world) announced() store.Change {
	w.t.Helper()
	c, err := w.store.DraftChange(w.t.Context(), subprocessor.Event{
		Actor: officer,
		Facts: subprocessor.Facts{Proposal: &subprocessor.Proposal{
			Sort: subprocessor.Add, Slug: "mailer", Name: "Mailer", Country: "US", Transfer: "scc", Purposes: []string{"mail"}, Categories: []string{"user.contact"},
		}},
		Words: subprocessor.Words{Reason: "The old one closes, says Canary.", Address: "canary@mailer.example"},
	})
	require.NoError(w.t, err)
	return w.changed(c.ID, subprocessor.Announced, subprocessor.Facts{})
}

func (w *world) nextStep(id models.ID, after time.Time) activities.ChangeNext {
	w.t.Helper()
	return do[activities.ChangeNext](w, w.acts.NextChangeStep, activities.ChangeRef{ChangeID: id, After: after})
}

func TestAThousandCustomersAreToldOnceThoughWorkersDieInBetween(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const all, objecting, late = 1000, 37, 5
	for i := 1; i < all; i++ { // acme is there
		_, err := w.store.PutController(t.Context(), request.Controller{
			Slug: fmt.Sprintf("customer-%04d", i), Name: "Customer", Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", ObjectionDays: 30,
			ContactEmail: models.Personal(fmt.Sprintf("privacy@customer-%04d.example", i)),
		})
		require.NoError(t, err)
	}
	id := w.announced().ID
	ref := activities.ChangeRef{ChangeID: id}
	sends, dies := 0, map[int]bool{13: true, 222: true, 700: true, 1001: true}
	w.mails.fail = func() error {
		if sends++; dies[sends] {
			return models.Errorf(models.Unavailable, "mail_unavailable", "The mail server does not answer.")
		}
		return nil
	}
	for deaths := 0; ; deaths++ {
		told, err := try[activities.ChangeTold](w, w.acts.TellChangeCustomers, ref)
		if err == nil {
			require.Equal(t, len(dies), deaths)
			require.Equal(t, activities.ChangeTold{Told: all}, told)
			break
		}
	}
	w.mails.fail = nil
	require.Equal(t, all, w.mails.count())
	seen := map[string]bool{}
	for _, to := range w.mails.to() {
		require.False(t, seen[to], "%s was told twice", to)
		seen[to] = true
	}
	require.Equal(t, activities.ChangeTold{Told: all}, do[activities.ChangeTold](w, w.acts.TellChangeCustomers, ref))
	require.Equal(t, all, w.mails.count())

	c, err := w.store.Change(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	object := func(list []subprocessor.Standing) {
		for _, s := range list {
			token, err := w.store.ChangeToken(t.Context(), id, s.ID)
			require.NoError(t, err)
			require.NoError(t, w.store.ObjectByToken(t.Context(), token, "we mind"))
		}
	}
	object(c.Customers[:objecting])
	w.pass(40 * day)
	object(c.Customers[objecting : objecting+late])
	for _, s := range c.Customers[:objecting] {
		w.changed(id, subprocessor.Answered, subprocessor.Facts{Customer: s.ID, Answer: subprocessor.Overrule})
	}
	c = w.changed(id, subprocessor.Decided, subprocessor.Facts{EffectiveOn: calendar.DateOf(w.now()).AddDays(2)})
	next := w.nextStep(id, w.now())
	require.Equal(t, []any{true, c.EffectiveFrom().UTC()}, []any{next.Effect, next.At})
	w.at(next.At)
	for range 2 {
		do[none](w, w.acts.PutChangeInForce, ref)
	}
	require.True(t, w.nextStep(id, w.now()).Over)
	c, err = w.store.Change(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, subprocessor.Counts{Concerned: all, Told: all, Objected: objecting, Late: late, Silent: all - objecting - late}, c.Count())
	r, err := w.store.RecipientBySlug(t.Context(), "mailer")
	require.NoError(t, err)
	require.Empty(t, r.Facts.Controllers)
	require.Equal(t, 1, r.Version)
}

func TestAWorkerThatDiesAfterTheMailAndBeforeTheRecordTellsNobodyTwice(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.announced().ID
	do[activities.ChangeTold](w, w.acts.TellChangeCustomers, activities.ChangeRef{ChangeID: id})
	mail := w.mails.last(t)
	require.Equal(t, "privacy@acme.example", mail.to)
	require.Contains(t, mail.mail.Text, "https://privacy.example/changes/")

	second := w.announcedAgain(id)
	noted, err := w.store.OnceRegisterMail(t.Context(), fmt.Sprintf("change/%s/told/%s", second.ID, w.acme.ID))
	require.NoError(t, err)
	at, err := w.store.RegisterMailSent(t.Context(), noted.ID)
	require.NoError(t, err)
	w.pass(time.Hour)
	do[activities.ChangeTold](w, w.acts.TellChangeCustomers, activities.ChangeRef{ChangeID: second.ID})
	require.Equal(t, 1, w.mails.count())
	second, err = w.store.Change(t.Context(), models.ScopeOperator(), second.ID)
	require.NoError(t, err)
	require.Equal(t, at, second.Customers[0].ToldAt, "its time runs from the mail, not from the note of it")
}

// announcedAgain withdraws a change and announces another.
func (w *world) announcedAgain(id models.ID) store.Change {
	w.t.Helper()
	w.changed(id, subprocessor.Withdrawn, subprocessor.Facts{})
	return w.announced()
}

func TestACustomerWhomNoMailReachesIsLeftToTheDPO(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.announced().ID
	w.mails.fail = func() error {
		return models.Errorf(models.Invalid, "mail_refused", "The mail server refuses the address.")
	}
	ref := activities.ChangeRef{ChangeID: id}
	require.Equal(t, activities.ChangeTold{Unreached: 1}, do[activities.ChangeTold](w, w.acts.TellChangeCustomers, ref))
	w.mails.fail = nil
	next := w.nextStep(id, time.Time{})
	require.False(t, next.Tell)
	ref.After = next.At
	for range 2 {
		do[none](w, w.acts.RemindChange, ref)
	}
	require.Equal(t, []string{"dpo@northwind.example"}, w.mails.to())
	require.NotContains(t, w.mails.last(t).mail.Text, "Canary")
	c := w.changed(id, subprocessor.Told, subprocessor.Facts{Told: []subprocessor.Telling{{Customer: w.acme.ID, At: w.now()}}})
	require.False(t, c.Customers[0].Unreached)
	w.changed(id, subprocessor.Withdrawn, subprocessor.Facts{})
	do[none](w, w.acts.RemindChange, activities.ChangeRef{ChangeID: id, After: w.now()})
	require.Equal(t, 1, w.mails.count())
	do[none](w, w.acts.PutChangeInForce, ref)
}

func TestReviewsAreRemindedOfOnTheirDayAndWeeklyAfterIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for slug, facts := range map[string]recipient.Facts{
		"due": {NextReviewOn: calendar.DateOf(start)}, "later": {NextReviewOn: calendar.DateOf(start).AddDays(30)}, "never": {},
		"over": {NextReviewOn: calendar.DateOf(start), EndedOn: calendar.DateOf(start)},
	} {
		_, err := w.store.PutRecipient(context.WithoutCancel(t.Context()), store.Recipient{
			Slug: slug, Name: "Recipient " + slug, Channel: store.ChannelMail, Address: "a@b.example", Categories: []string{"user"}, ReminderAfter: time.Hour, Facts: facts,
		})
		require.NoError(t, err)
	}
	w.at(start.Add(-day))
	require.Zero(t, do[activities.ReviewsReminded](w, w.acts.RemindRecipientReviews, struct{}{}).Due)
	for days, mails := range []int{1, 1, 1, 1, 1, 1, 1, 2, 2} {
		w.at(start.Add(time.Duration(days) * day))
		require.Equal(t, 1, do[activities.ReviewsReminded](w, w.acts.RemindRecipientReviews, struct{}{}).Due)
		require.Equal(t, mails, w.mails.count(), "after %d days", days)
	}
	require.Contains(t, w.mails.last(t).mail.Subject, "Recipient due")
}
