package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
	"habeas/models/store"
	"habeas/models/subprocessor"
)

func TestTheRegisterRefusesWhatCustomersMustBeToldOfFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.SaveRecipient(t.Context(), mailed("mailer", "acme"), 0, officer)
	requireCode(t, "must_be_announced", err)
	own, err := b.SaveRecipient(t.Context(), mailed("own", "northwind"), 0, officer)
	require.NoError(t, err, "the operator's own data concerns no customer")
	own.Facts.Controllers = nil
	_, err = b.SaveRecipient(t.Context(), own, 0, officer)
	requireCode(t, "must_be_announced", err)
	plain := mailed("plain")
	plain.Facts.Subprocessor = false
	plain, err = b.SaveRecipient(t.Context(), plain, 0, officer)
	require.NoError(t, err)
	plain.Facts.Subprocessor = true
	_, err = b.SaveRecipient(t.Context(), plain, 0, officer)
	requireCode(t, "must_be_announced", err)

	r, err := b.PutRecipient(t.Context(), mailed("mailer", "acme"))
	require.NoError(t, err)
	history, err := b.RecipientHistory(t.Context(), r.ID)
	require.NoError(t, err)
	require.Contains(t, history[0].Changed, "initial")
	for field, change := range map[string]func(*store.Recipient){
		"/country":      func(r *store.Recipient) { r.Country = "US" },
		"/purposes":     func(r *store.Recipient) { r.Facts.Purposes = []string{"profiling"} },
		"/categories":   func(r *store.Recipient) { r.Categories = append(r.Categories, "user.financial") },
		"/controllers":  func(r *store.Recipient) { r.Facts.Controllers = nil },
		"/subprocessor": func(r *store.Recipient) { r.Facts.EndedOn = calendar.Date{Year: 2026, Month: 3, Day: 2} },
	} {
		changed := r
		change(&changed)
		for _, save := range []func() error{
			func() error { _, err := b.SaveRecipient(t.Context(), changed, 0, officer); return err },
			func() error { _, err := b.PutRecipient(t.Context(), changed); return err },
			func() error {
				_, err := b.ImportRecipients(t.Context(), []store.Recipient{changed}, true, officer)
				return err
			},
		} {
			err := save()
			requireCode(t, "must_be_announced", err)
			var refused *models.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, field, refused.Field)
		}
	}
	r.Contacts, r.Facts.ContractUntil, r.Facts.NextReviewOn, r.ReminderAfter = "Kim", calendar.Date{Year: 2028, Month: 1, Day: 1}, calendar.Date{Year: 2027, Month: 1, Day: 1}, time.Hour
	r.Channel, r.Address, r.Secret = store.ChannelWebhook, "https://mailer.example/hook", webhookSecret
	_, err = b.SaveRecipient(t.Context(), r, 1, officer)
	require.NoError(t, err, "how it is told and reviewed is nobody else's matter")
}

func TestASubprocessorComesInAtTheBeginningOnlyUntilAChangeIsAnnounced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n, err := b.ImportRecipients(t.Context(), []store.Recipient{mailed("first")}, true, officer)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = b.ImportRecipients(t.Context(), []store.Recipient{mailed("second")}, false, officer)
	requireCode(t, "must_be_announced", err)
	draft := b.draft(subprocessor.Add, "mailer", "")
	_, err = b.PutRecipient(t.Context(), mailed("third"))
	require.NoError(t, err, "a draft is nothing that anybody was told of")
	b.change(draft.ID, subprocessor.Announced, subprocessor.Facts{})
	_, err = b.PutRecipient(t.Context(), mailed("fourth"))
	requireCode(t, "must_be_announced", err)
	same, err := b.PutRecipient(t.Context(), mailed("third"))
	require.NoError(t, err, "what is there may be written again")
	require.Equal(t, 1, same.Version)
}

func TestAnAnnouncedChangeBringsASubprocessorFurtherCustomers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.PutRecipient(t.Context(), mailed("mailer", "acme"))
	require.NoError(t, err)
	e := drafting(subprocessor.Change, "mailer", "")
	e.Facts.Proposal.Controllers = []string{"globex"}
	c, err := b.DraftChange(t.Context(), e)
	require.NoError(t, err)
	c = b.change(c.ID, subprocessor.Announced, subprocessor.Facts{})
	require.Len(t, c.Customers, 2, "those it serves, and those it is to serve")
	b.change(c.ID, subprocessor.Told, subprocessor.Facts{Told: []subprocessor.Telling{{Customer: b.acme.ID, At: b.now()}, {Customer: b.globex.ID, At: b.now()}}})
	b.carriedOut(c.ID)
	r, err := b.RecipientBySlug(t.Context(), "mailer")
	require.NoError(t, err)
	require.Equal(t, []string{"acme", "globex"}, r.Facts.Controllers)
}

func TestAnEmergencyReplacementIsInTheRegisterAtOnceAndSparesWhoeverObjectsRightly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.PutRecipient(t.Context(), mailed("older"))
	require.NoError(t, err)
	e := drafting(subprocessor.Replace, "newer", "older")
	e.Facts.Proposal.Emergency = true
	c, err := b.DraftChange(t.Context(), e)
	require.NoError(t, err)
	_, err = b.RecipientBySlug(t.Context(), "newer")
	requireCode(t, "not_found", err)
	c = b.change(c.ID, subprocessor.Announced, subprocessor.Facts{})
	newer, err := b.RecipientBySlug(t.Context(), "newer")
	require.NoError(t, err)
	require.Equal(t, recipient.Facts{Subprocessor: true, Transfer: "scc", Purposes: []string{"mailing"}, ContractOn: c.EffectiveOn}, newer.Facts)
	older, err := b.RecipientBySlug(t.Context(), "older")
	require.NoError(t, err)
	require.Equal(t, c.EffectiveOn, older.Facts.EndedOn)
	list, err := b.PublicChanges(t.Context(), 9)
	require.NoError(t, err)
	require.Equal(t, []store.PublicChange{{On: c.EffectiveOn, Emergency: true, Sort: "replace", Name: "New newer", Old: "Recipient older", Country: "US", Purposes: []string{"mailing"}}}, list)
	b.draft(subprocessor.Change, "newer", "") // the next emergency need not wait for this one's end

	newer.Contacts = "Kim"
	_, err = b.SaveRecipient(t.Context(), newer, 0, officer)
	require.NoError(t, err)
	c = b.change(c.ID, subprocessor.Told, subprocessor.Facts{Told: []subprocessor.Telling{{Customer: b.acme.ID, At: b.now()}, {Customer: b.globex.ID, At: b.now()}}})
	b.objects(c, b.globex.ID, subprocessor.Accept)
	b.carriedOut(c.ID)
	newer, err = b.RecipientBySlug(t.Context(), "newer")
	require.NoError(t, err)
	require.Equal(t, []any{[]string{"acme", "northwind"}, []string{"globex"}, models.Personal("Kim")}, []any{newer.Facts.Controllers, newer.Facts.Former, newer.Contacts})
	older, err = b.RecipientBySlug(t.Context(), "older")
	require.NoError(t, err)
	require.NotEmpty(t, older.Facts.EndedOn)
}
