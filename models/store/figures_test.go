package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// figuresOf takes in three requests of acme, of which one is closed late and one lapses, and one of the operator that is overdue.
func figuresOf(b *bundle) store.Period {
	file := func(c request.Controller, right models.Right, email string) models.ID {
		sub := b.submission(email)
		sub.Controller, sub.Right = c, right
		return b.submit(sub).RequestID
	}
	late, lapsed := file(b.acme, models.Access, "a@example.org"), file(b.acme, models.Erasure, "b@example.org")
	open, overdue := file(b.acme, models.Erasure, "c@example.org"), file(b.operator, models.Erasure, "d@example.org")
	for id, days := range map[models.ID]int{late: 5, lapsed: 5, open: 33, overdue: 5} {
		require.NoError(b.t, b.RecordClock(b.t.Context(), id, due(days), "received"))
	}
	b.pass(6 * 24 * time.Hour)
	b.exec("UPDATE requests SET state = 'delivering' WHERE id = $1", late.String())
	require.NoError(b.t, b.Advance(b.t.Context(), late, models.Closed, models.Fulfilled))
	require.NoError(b.t, b.Advance(b.t.Context(), lapsed, models.Closed, models.Lapsed))
	b.pass(22 * 24 * time.Hour)
	return store.Period{From: start.AddDate(0, 0, -1), Before: start.AddDate(0, 2, 0), Zone: time.UTC}
}

func TestFiguresCountWhatTheScopeSees(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := figuresOf(b)
	ctx := t.Context()

	for scope, want := range map[models.Scope][3]int64{
		models.ScopeOperator(): {2, 1, 1}, models.ScopeOf(b.acme.ID): {1, 1, 0}, models.ScopeOf(b.globex.ID): {}, {}: {},
	} {
		counts, err := b.OpenCounts(ctx, scope, b.now().Add(7*24*time.Hour))
		require.NoError(t, err)
		var got [3]int64
		for _, c := range counts {
			require.Equal(t, request.WaitsPerson, c.Waits)
			got[0], got[1], got[2] = got[0]+c.Open, got[1]+c.Soon, got[2]+c.Overdue
		}
		require.Equal(t, want, got)
	}

	received, err := b.Received(ctx, models.ScopeOperator(), p)
	require.NoError(t, err)
	require.Contains(t, received, store.Count{By: store.ByNothing, N: 4})
	require.Contains(t, received, store.Count{By: store.ByMonth, Key: "2026-03", N: 4})
	require.Contains(t, received, store.Count{By: store.ByRight, Key: "erasure", N: 3})
	require.Contains(t, received, store.Count{By: store.ByController, Key: b.acme.ID.String(), N: 3})

	closed, err := b.Closings(ctx, models.ScopeOf(b.acme.ID), p)
	require.NoError(t, err)
	all := store.Closing{By: store.ByNothing, Closed: 2, Late: 1, Answered: 1, Median: 6 * 24 * time.Hour, P90: 6 * 24 * time.Hour}
	require.Contains(t, closed, all)
	require.Contains(t, closed, store.Closing{By: store.ByOutcome, Key: "lapsed", Closed: 1})
	empty, err := b.Closings(ctx, models.ScopeOf(b.globex.ID), p)
	require.NoError(t, err)
	require.Equal(t, []store.Closing{{}}, empty)

	list, err := b.LateRequests(ctx, models.ScopeOperator(), p, 10)
	require.NoError(t, err)
	require.Len(t, list, 2)
	mine, err := b.LateRequests(ctx, models.ScopeOf(b.acme.ID), p, 10)
	require.NoError(t, err)
	require.Len(t, mine, 1)
	require.Equal(t, models.Closed, mine[0].State)
}

func TestHoldsInForceAreListedByTheirEndInsideTheScope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("ada@example.org")
	sub.Controller = b.acme
	id := b.submit(sub).RequestID
	var groups []plan.Group
	for no := 1; no <= 3; no++ {
		groups = append(groups, plan.Group{
			No: no, System: "erp", Dataset: "customs", Collection: "declarations", Rows: int64(no), Rule: "EU_UCC_51", Citation: "Reg. 952/2013 Art. 51(1)",
			ErasableOn: calendar.Date{Year: 2033 - no, Month: time.January, Day: 1}, Proposed: models.TreatRetain,
		})
	}
	require.NoError(t, b.CreateDeferrals(t.Context(), id, groups))
	counts, _, err := b.HoldCounts(t.Context(), models.ScopeOf(b.acme.ID))
	require.NoError(t, err)
	require.Len(t, counts, 1)
	require.Equal(t, "EU_UCC_51", counts[0].Rule)
	require.EqualValues(t, 6, counts[0].Rows)
	require.EqualValues(t, 3, counts[0].Holds)

	var years []int
	cursor := ""
	for {
		page, next, err := b.Holds(t.Context(), models.ScopeOf(b.acme.ID), cursor, 2)
		require.NoError(t, err)
		for _, h := range page {
			years = append(years, h.DueOn.Year)
			require.NotEmpty(t, h.Reference)
		}
		if cursor = next; next == "" {
			break
		}
	}
	require.Equal(t, []int{2030, 2031, 2032}, years)
	for _, scope := range []models.Scope{models.ScopeOf(b.globex.ID), {}} {
		page, _, err := b.Holds(t.Context(), scope, "", 10)
		require.NoError(t, err)
		require.Empty(t, page)
		counts, _, err := b.HoldCounts(t.Context(), scope)
		require.NoError(t, err)
		require.Empty(t, counts)
	}
	_, _, err = b.Holds(t.Context(), models.ScopeOperator(), "nonsense", 10)
	requireCode(t, "bad_cursor", err)
}
