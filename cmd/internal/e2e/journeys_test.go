package e2e_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/demo"
	"habeas/cmd/internal/devserver/sample"
	"habeas/models"
	"habeas/models/receipt"
)

// TestAnErasureLeavesNothingButWhatIsHeldAndFinishesWhenTheHoldEnds moves the clock, so it runs before the tests that run in parallel.
func TestAnErasureLeavesNothingButWhatIsHeldAndFinishesWhenTheHoldEnds(t *testing.T) {
	h, who := shared, shared.Company.People.Erasure
	p := everybody.add(who.Subject)
	before, err := h.Company.Search(within(t), p.Email.Reveal())
	require.NoError(t, err)
	require.Greater(t, len(before), 10)
	asked := h.ask(t, models.Erasure, p)
	plan, err := h.dpo.Settle(within(t), asked.ID)
	require.NoError(t, err)
	held := map[string]bool{}
	for _, g := range plan.Groups {
		if g.HoldThrough != "" {
			require.NotEmpty(t, g.Citation)
			held[g.Dataset+"."+g.Collection] = true
		}
	}
	require.NotEmpty(t, held)
	h.closed(t, asked.ID, models.PartlyFulfilled)

	notices, err := h.dpo.Notices(within(t), asked.ID)
	require.NoError(t, err)
	require.Len(t, notices, 5)
	for _, n := range notices {
		require.Equal(t, "acknowledged", n.State, n.Recipient)
	}
	h.onlyHeld(t, p, held)
	answer := h.mail(t, p, "Not erased")
	require.Contains(t, answer.Text, "complaint")

	h.Clock.Advance(24 * time.Hour) // for all tests that come
	require.NoError(t, h.App.Clients.Sweep(within(t)))
	h.verifyReceipts(t, asked, 2)
	deferrals, err := h.dpo.Deferrals(within(t), asked.ID)
	require.NoError(t, err)
	done := 0
	for _, d := range deferrals {
		if d.State == "done" {
			done++
		}
	}
	require.Equal(t, 1, done, "the shortest hold has ended, the others have not")
	h.onlyHeld(t, p, held)

	h.nowhere(t, p)
	_, err = h.store.Seal(within(t))
	require.NoError(t, err)
	keys, err := h.public.Keys(within(t))
	require.NoError(t, err)
	report, err := h.store.VerifyLedger(within(t), keys)
	require.NoError(t, err)
	require.Positive(t, report.Entries)
}

// onlyHeld expects a person's address in held collections only.
func (h *house) onlyHeld(t *testing.T, p person, held map[string]bool) {
	t.Helper()
	hits, err := h.Company.Search(within(t), p.Email.Reveal())
	require.NoError(t, err)
	for _, hit := range hits {
		require.True(t, held[hit.System+"."+hit.Table], "%s is not held", hit)
	}
}

// nowhere expects a person's address and name in no encoding in Temporal's databases nor, in plain, in Habeas' own, nor in the log.
func (h *house) nowhere(t *testing.T, p person) {
	t.Helper()
	for _, text := range []models.Personal{p.Email, p.Name} {
		for _, database := range []string{"temporal", "temporal_visibility", "habeas"} {
			found, scanned, err := demo.Leaks(within(t), h.Postgres.DSN(database), text.Reveal())
			require.NoError(t, err)
			require.Positive(t, scanned)
			require.Empty(t, found, "tables of %s", database)
		}
		require.NotContains(t, strings.ToLower(h.log.String()), strings.ToLower(text.Reveal()))
	}
}

// verifyReceipts waits for n receipts and checks each with the published keys.
func (h *house) verifyReceipts(t *testing.T, asked actor.Asked, n int) []receipt.Receipt {
	t.Helper()
	files, err := h.dpo.AwaitReceipts(within(t), asked.ID, n)
	require.NoError(t, err)
	require.Len(t, files, n)
	keys, err := h.public.Keys(within(t))
	require.NoError(t, err)
	var out []receipt.Receipt
	for _, file := range files {
		r, err := receipt.Verify(file, keys)
		require.NoError(t, err)
		require.Equal(t, asked.ID, r.Request.ID)
		out = append(out, r)
	}
	return out
}

func TestACopyIsFetchedWithAOneTimeCodeAndThenShredded(t *testing.T) {
	t.Parallel()
	people := shared.Company.People
	for _, c := range []struct {
		who  sample.Person
		file string
	}{{people.Access, "report.html"}, {people.Export, "data/"}} {
		t.Run(string(c.who.Right), func(t *testing.T) {
			t.Parallel()
			h, p := shared, everybody.add(c.who.Subject)
			asked := h.ask(t, c.who.Right, p)
			_, err := h.dpo.Settle(within(t), asked.ID)
			require.NoError(t, err)
			pkg, err := h.public.Fetch(within(t), h.Mailbox, asked, p.Subject)
			require.NoError(t, err)
			require.True(t, pkg.Has(c.file))
			require.Contains(t, string(all(pkg)), p.Email.Reveal(), "the copy holds the person's own data")
			h.closed(t, asked.ID, models.Fulfilled)
			h.verifyReceipts(t, asked, 1)
			require.Zero(t, h.count(t, "habeas", `SELECT count(*) FROM package_chunks c JOIN packages p ON p.id = c.package_id WHERE p.request_id = $1`, asked.ID.String()))
			h.nowhere(t, p)
		})
	}
}

func all(p actor.Package) (b []byte) {
	for _, content := range p.Files {
		b = append(b, content...)
	}
	return b
}

func TestAnErasureOfSomebodyWithNothingHeldIsFulfilledWithoutAClick(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.reader(t, "Aurelia Winterkorn", 3)
	asked := h.ask(t, models.Erasure, p)
	h.closed(t, asked.ID, models.Fulfilled)
	h.erased(t, p)
	r := h.verifyReceipts(t, asked, 1)[0]
	var erased int64
	for _, rows := range r.Rows {
		require.Equal(t, "erased", rows.Status)
		erased += rows.Rows
	}
	require.EqualValues(t, 4, erased)
	h.nowhere(t, p)
}

func TestSomebodyWhomNobodyKnowsGetsTheSameAnswerAndAnEnd(t *testing.T) {
	t.Parallel()
	h, p := shared, stranger("Casimir Unbekannt")
	asked := h.ask(t, models.Access, p)
	_, err := h.public.Fetch(within(t), h.Mailbox, asked, p.Subject)
	require.NoError(t, err)
	h.closed(t, asked.ID, models.Fulfilled)
}

func TestARequestUnderReviewCanStillBeWithdrawn(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.party(t, "Benedikt Umentschieden", "")
	// A plan that needs a decision, so that there is time to withdraw: another person lives at the same address.
	h.insert(t, "parties", statement{
		`INSERT INTO parties VALUES ($1, $2, 'Other Person', NULL, NULL, NULL, $3, '{}', NULL, '2024-01-01')`,
		[]any{p.ID + 1_000_000, "E2E-other", p.ID},
	})
	asked := h.ask(t, models.Erasure, p)
	_, err := h.dpo.AwaitState(within(t), asked.ID, models.InReview)
	require.NoError(t, err)
	require.NoError(t, h.public.JSON(within(t), "POST", asked.Status()+"/withdraw", nil, nil))
	h.closed(t, asked.ID, models.Withdrawn)
	hits, err := h.Company.Search(within(t), p.Email.Reveal())
	require.NoError(t, err)
	require.Len(t, hits, 2, "nothing was erased")
}

func status(t *testing.T, ctx context.Context, c actor.Client, a actor.Asked) map[string]any {
	t.Helper()
	var raw []byte
	require.NoError(t, c.JSON(ctx, "GET", a.Status(), nil, &raw))
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}
