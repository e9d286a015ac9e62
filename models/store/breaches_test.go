package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
	"habeas/models/store"
)

var officer = models.Actor{Role: models.RoleDPO, ID: models.MustParseID("0f8e2a8c-1c7b-4d55-9f0e-6f2f3f0c9a11")}

func (b *bundle) reportBreach(what models.Personal) store.Breach {
	b.t.Helper()
	out, err := b.ReportBreach(b.t.Context(), register.Event{
		Actor: models.Actor{Role: models.RoleSubject}, Facts: register.Facts{Source: register.FromEmployee}, Words: register.Words{What: what},
	})
	require.NoError(b.t, err)
	return out
}

func awareness(at time.Time) register.Event {
	return register.Event{Kind: register.Aware, Actor: officer, Facts: register.Facts{AwareAt: at}}
}

func TestABreachIsKeptWithItsOrderAndLedgerEntryInOneTransaction(t *testing.T) {
	t.Parallel()
	b := setup(t)
	reported := b.reportBreach("A laptop of " + canary + " was left in a train.")
	require.Equal(t, register.Suspected, reported.State)
	b.pass(time.Hour)
	noted, err := b.NoteBreach(t.Context(), reported.ID, 1, awareness(b.now()))
	require.NoError(t, err)
	require.Equal(t, register.Open, noted.State)

	again, err := b.Breach(t.Context(), models.ScopeOperator(), reported.ID)
	require.NoError(t, err)
	require.Equal(t, noted, again, "what is read is what was noted")
	require.Equal(t, "A laptop of "+canary+" was left in a train.", again.Known.Nature.Reveal())

	orders, err := b.ClaimOrders(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, orders, 1, "the second order waits for the first")
	require.Equal(t, []any{reported.ID, store.OrderStart}, []any{orders[0].BreachID, orders[0].Kind})
	require.NoError(t, b.FinishOrder(t.Context(), orders[0].ID))
	orders, err = b.ClaimOrders(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Equal(t, []any{store.OrderUpdate, store.BreachNoted}, []any{orders[0].Kind, orders[0].Name})

	require.Equal(t, 2, b.count("SELECT count(*) FROM ledger_entries WHERE kind LIKE 'breach.%'"))
	require.Empty(t, b.leaks(canary), "nothing of it lies open in the database")
	require.Equal(t, noted.AwareAt.Add(72*time.Hour).UTC().Format(time.RFC3339), b.text("SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM breaches"))
}

func TestTheRecordOfABreachCannotBeChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.reportBreach("something")
	for _, sql := range []string{"UPDATE breach_events SET kind = kind", "DELETE FROM breach_events", "TRUNCATE breach_events CASCADE"} {
		require.ErrorContains(t, b.try(sql), "append-only", sql)
	}
}

func TestOfTwoWhoDecideAtOnceOneIsToldToLookAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.reportBreach("something").ID
	_, err := b.NoteBreach(t.Context(), id, 1, awareness(b.now()))
	require.NoError(t, err)
	errs := make([]error, 2)
	var group errgroup.Group
	for i, risk := range []breach.Risk{breach.RiskUnlikely, breach.RiskHigh} {
		group.Go(func() error {
			_, errs[i] = b.NoteBreach(t.Context(), id, 2, register.Event{
				Kind: register.Decided, Actor: officer, Facts: register.Facts{Risk: risk}, Words: register.Words{Reason: "because"},
			})
			return nil
		})
	}
	require.NoError(t, group.Wait())
	lost := errs[0]
	if lost == nil {
		lost = errs[1]
	} else {
		require.NoError(t, errs[1])
	}
	requireCode(t, "breach_changed", lost)
	again, err := b.Breach(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, 3, again.Latest())
}

func TestACustomerSeesOnlyBreachesOfItsOwnData(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.reportBreach("something").ID
	_, err := b.NoteBreach(t.Context(), id, 0, register.Event{
		Kind: register.Found, Actor: officer, Facts: register.Facts{Customers: []register.Customer{{ID: b.acme.ID, Hours: 24}}},
	})
	require.NoError(t, err)
	for who, scope := range map[string]models.Scope{"acme": models.ScopeOf(b.acme.ID), "operator": models.ScopeOperator()} {
		_, err := b.Breach(t.Context(), scope, id)
		require.NoError(t, err, who)
		list, err := b.Breaches(t.Context(), scope, 10)
		require.NoError(t, err, who)
		require.Len(t, list, 1, who)
	}
	_, err = b.Breach(t.Context(), models.ScopeOf(b.globex.ID), id)
	requireCode(t, "not_found", err)
	list, err := b.Breaches(t.Context(), models.ScopeOf(b.globex.ID), 10)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = b.Breach(t.Context(), models.Scope{}, id)
	requireCode(t, "not_found", err)
}

func TestOpenBreachesComeFirstByTheirLegalDate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	suspected, later, sooner, over := b.reportBreach("one").ID, b.reportBreach("two").ID, b.reportBreach("three").ID, b.reportBreach("four").ID
	b.pass(10 * time.Hour)
	for id, ago := range map[models.ID]time.Duration{later: time.Hour, sooner: 5 * time.Hour} {
		_, err := b.NoteBreach(t.Context(), id, 0, awareness(b.now().Add(-ago)))
		require.NoError(t, err)
	}
	_, err := b.NoteBreach(t.Context(), over, 0, register.Event{Kind: register.Dismissed, Actor: officer, Words: register.Words{Reason: "a test"}})
	require.NoError(t, err)
	list, err := b.Breaches(t.Context(), models.ScopeOperator(), 10)
	require.NoError(t, err)
	var got []models.ID
	for _, one := range list {
		got = append(got, one.ID)
	}
	require.Equal(t, []models.ID{sooner, later, suspected, over}, got)
}

func TestAMailAboutABreachIsNotedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.reportBreach("something").ID
	mail, sent, err := b.OnceBreachMail(t.Context(), id, "alarm/authority/70/1")
	require.NoError(t, err)
	require.False(t, sent)
	for range 2 {
		require.NoError(t, b.BreachMailSent(t.Context(), mail))
	}
	same, sent, err := b.OnceBreachMail(t.Context(), id, "alarm/authority/70/1")
	require.NoError(t, err)
	require.True(t, sent)
	require.Equal(t, mail, same)
	require.Equal(t, 1, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'breach.mail_sent'"))
}
