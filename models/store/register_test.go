package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/recipient"
	"habeas/models/store"
)

func TestEveryChangeOfARecipientIsInItsHistoryWithWhoAndWhen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.recipient("mailer", "user.contact")
	require.Equal(t, 1, r.Version)
	same, err := b.PutRecipient(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, 1, same.Version, "nothing changed, nothing is written")

	b.pass(time.Hour)
	r.Country, r.Contacts, r.Facts.Controllers = "US", models.Personal(canary+"\r\n+32 2"), []string{"acme"}
	r.Vetting = recipient.Vetting{Version: "2026-1", Answers: []recipient.Answer{{Question: "security", Value: "no", Note: "ask " + canary}}}
	r, err = b.SaveRecipient(t.Context(), r, 1, officer)
	require.NoError(t, err)
	again, err := b.RecipientByID(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r, again)

	history, err := b.RecipientHistory(t.Context(), r.ID)
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.Equal(t, []string{"contacts", "country", "controllers", "vetting"}, history[0].Changed)
	require.Equal(t, officer, history[0].Actor)
	require.Equal(t, b.now(), history[0].At)
	require.Equal(t, []any{"US", "IE"}, []any{history[0].Country, history[1].Country})
	require.Equal(t, canary+"\n+32 2", history[0].Contacts.Reveal())
	require.Empty(t, b.leaks(canary))
	require.ErrorContains(t, b.try("UPDATE recipient_versions SET no = 9"), "append-only")

	_, err = b.SaveRecipient(t.Context(), r, 1, officer)
	requireCode(t, "recipient_changed", err)
	r.Facts.Controllers = []string{"nobody"}
	_, err = b.SaveRecipient(t.Context(), r, 2, officer)
	requireCode(t, "unknown_controller", err)
}

func TestTheHistoryOfAnOlderRecipientBeginsWithWhatItWas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.recipient("mailer", "user.contact")
	b.exec("ALTER TABLE recipient_versions DISABLE TRIGGER USER")
	b.exec("DELETE FROM recipient_versions")
	b.exec("UPDATE recipients SET version = 0, facts = '{}', contacts_sealed = NULL, vetting_sealed = NULL")
	r, err := b.RecipientByID(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"hosting"}, r.Facts.Purposes)
	r.Country = "DE"
	r, err = b.SaveRecipient(t.Context(), r, 0, officer)
	require.NoError(t, err)
	require.Equal(t, 2, r.Version)
	history, err := b.RecipientHistory(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []any{"DE", "IE"}, []any{history[0].Country, history[1].Country})
}

func mailed(slug string, controllers ...string) store.Recipient {
	return store.Recipient{
		Slug: slug, Name: "Recipient " + slug, Channel: store.ChannelMail, Address: models.Personal("privacy@" + slug + ".example"), Categories: []string{"user.contact"},
		Country: "IE", ReminderAfter: 72 * time.Hour, Facts: recipient.Facts{Controllers: controllers, Subprocessor: true},
	}
}

func TestOnlyRecipientsOfTheControllersDataAreTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for slug, controllers := range map[string][]string{"all": nil, "own": {"northwind"}, "both": {"acme", "northwind"}, "others": {"acme"}} {
		_, err := b.PutRecipient(t.Context(), mailed(slug, controllers...))
		require.NoError(t, err)
	}
	once := b.recipient("once", "user.contact")
	once.Facts.Controllers = []string{"globex"}
	once, err := b.PutRecipient(t.Context(), once)
	require.NoError(t, err)
	require.Equal(t, []string{"acme", "northwind"}, once.Facts.Former)
	var told []string
	for _, ref := range b.notices(b.executing("ada@example.org"), "user.contact.email") {
		told = append(told, ref.Recipient)
	}
	require.Equal(t, []string{"all", "both", "once", "own"}, told, "what one has got it may still hold")
}

func TestARegisterIsTakenInWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	hook := b.recipient("hook", "user.contact")
	good := store.Recipient{Slug: "good", Name: "Good", Channel: store.ChannelMail, Address: "a@good.example", Categories: []string{"user"}, ReminderAfter: time.Hour}
	bad := good
	bad.Slug, bad.Categories = "bad", nil
	_, err := b.ImportRecipients(t.Context(), []store.Recipient{good, bad}, false, officer)
	requireCode(t, "bad_recipient", err)
	require.ErrorContains(t, err, "recipient bad")
	require.Equal(t, 1, b.count("SELECT count(*) FROM recipients"))

	hook.Secret = ""
	for _, want := range []int{1, 0} {
		n, err := b.ImportRecipients(t.Context(), []store.Recipient{good, hook}, false, officer)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	again, err := b.RecipientBySlug(t.Context(), "hook")
	require.NoError(t, err)
	require.Equal(t, webhookSecret, again.Secret)
}

func TestAMailAboutTheRegisterIsNotedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mail, err := b.OnceRegisterMail(t.Context(), "review/mailer/2026-03-01")
	require.NoError(t, err)
	first, err := b.RegisterMailSent(t.Context(), mail.ID)
	require.NoError(t, err)
	b.pass(time.Hour)
	again, err := b.RegisterMailSent(t.Context(), mail.ID)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.NoError(t, b.RegisterMailRefused(t.Context(), mail.ID, "late"))
	mail, err = b.OnceRegisterMail(t.Context(), "review/mailer/2026-03-01")
	require.NoError(t, err)
	require.Equal(t, []any{first, ""}, []any{mail.SentAt, mail.Refused})
	require.Equal(t, 1, b.count("SELECT count(*) FROM ledger_entries WHERE kind LIKE 'register.%'"))
}
