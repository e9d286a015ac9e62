package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/breach/persons"
	"habeas/models/breach/register"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/vault"
)

// returned pipes a notification about a message into habeas bounce, as a mail server does.
func returned(t *testing.T, configuration string, id []byte) result {
	t.Helper()
	b, err := os.ReadFile("../../models/breach/bounce/testdata/postfix.eml")
	require.NoError(t, err)
	text := strings.Replace(string(b), "00112233445566778899aabbccddeeff", hex.EncodeToString(id), 1)
	var out, errs bytes.Buffer
	status := run([]string{"--config", configuration, "bounce"}, rulescli.Streams{In: strings.NewReader(text), Out: &out, Err: &errs})
	got := result{status, out.String(), errs.String()}
	require.NotContains(t, got.out+got.err, "canary", "no address is shown")
	return got
}

func TestAMailServersPipeCountsWhatCameBack(t *testing.T) {
	t.Parallel()
	configuration, dsn, keys := installation(t)
	v, err := vault.New(keys)
	require.NoError(t, err)
	db, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	id, message := sent(t, db)

	got := returned(t, configuration, message)
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "counted as returned, with the code 5.1.1")
	counts, err := db.CountBreachPersons(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, map[store.PersonState]int64{store.PersonBounced: 1}, counts)

	got = returned(t, configuration, make([]byte, 16))
	require.Zero(t, got.status, "the mail server is not to send it back")
	require.Contains(t, got.out, "Nothing was done")
	require.Zero(t, habeas(t, "--config", configuration, "bounce").status)
	nowhere := file(t, "database_url: postgres://nobody@127.0.0.1:1/x\nmaster_key: "+keys.Master+"\nsigning_key: "+keys.Signing+"\n")
	require.Equal(t, tryAgain, returned(t, nowhere, message).status, "the mail server keeps it")
}

func TestAMailAboutARequestThatCameBackIsInItsLedgerOnce(t *testing.T) {
	t.Parallel()
	configuration, dsn, keys := installation(t)
	v, err := vault.New(keys)
	require.NoError(t, err)
	db, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	owner, err := db.PutController(t.Context(), request.Controller{
		Slug: "northwind", Name: "Northwind", Operator: true, Regime: "EU_GDPR", Timezone: "Europe/Brussels", Country: "BE", ContactEmail: "a@northwind.example",
	})
	require.NoError(t, err)
	asked, err := db.Submit(t.Context(), store.Submission{
		Controller: owner, Right: models.Erasure, Channel: request.ChannelPortal, Language: "en", Actor: models.Actor{Role: models.RoleSubject},
		Subject: request.Subject{Email: "canary@example.org", Identities: []request.Identity{{Kind: "email", Value: "canary@example.org"}}},
	})
	require.NoError(t, err)
	mail, _, err := db.OnceMail(t.Context(), asked.RequestID, "notice-1-1")
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(mail.String())) // as activities/mail makes a Message-ID
	for range 2 {
		require.Contains(t, returned(t, configuration, sum[:16]).out, "counted as returned, with the code 5.1.1")
	}
	entries, err := db.Ledger(t.Context(), models.ScopeOperator(), asked.RequestID)
	require.NoError(t, err)
	bounced := 0
	for _, e := range entries {
		if e.Kind == "mail.bounced" {
			bounced++
			require.Equal(t, map[string]any{"mail_id": mail.String(), "mail": "notice-1-1", "code": "5.1.1"}, e.Data)
		}
	}
	require.Equal(t, 1, bounced)
}

// sent is a breach with one person, whose message the mail server has taken.
func sent(t *testing.T, db *store.Store) (models.ID, []byte) {
	t.Helper()
	ctx := context.Background()
	_, err := db.PutController(ctx, request.Controller{
		Slug: "northwind", Name: "Northwind", Operator: true, Regime: "EU_GDPR", Timezone: "Europe/Brussels", Country: "BE", ContactEmail: "a@northwind.example",
	})
	require.NoError(t, err)
	by := models.Actor{Role: models.RoleDPO, ID: models.ID{1}}
	b, err := db.ReportBreach(ctx, register.Event{Actor: by, Facts: register.Facts{Source: register.FromEmployee}, Words: register.Words{What: "x"}})
	require.NoError(t, err)
	list, err := db.BreachPersonList(ctx, b.ID)
	require.NoError(t, err)
	require.NoError(t, list.Add(ctx, persons.Person{Email: "canary.person@haulage.example"}))
	require.NoError(t, list.Close(ctx, by))
	people, err := db.ClaimBreachPersons(ctx, b.ID, 1)
	require.NoError(t, err)
	require.NoError(t, db.MarkBreachPersons(ctx, b.ID, []store.PersonOutcome{people[0].Outcome(store.PersonSent, "")}))
	return b.ID, people[0].Message
}
