package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestParallelClaimersGetEachOrderOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 40
	for i := range n {
		b.submit(b.submission(fmt.Sprintf("p%d@example.org", i)))
	}
	var mu sync.Mutex
	claimed := map[models.ID]int{}
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for empty := 0; empty < 3; { // others may hold the rows for a moment
				orders, err := b.ClaimOrders(t.Context(), 3, time.Minute)
				if err != nil {
					return err
				}
				if len(orders) == 0 {
					empty++
				}
				mu.Lock()
				for _, o := range orders {
					claimed[o.ID]++
				}
				mu.Unlock()
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	orders, err := b.ClaimOrders(t.Context(), n, time.Minute)
	require.NoError(t, err)
	for _, o := range orders {
		claimed[o.ID]++
	}
	require.Len(t, claimed, n)
	for id, times := range claimed {
		require.Equal(t, 1, times, id)
	}
}

func TestLeaseRunsOutAndFinishedOrdersAreGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.submit(b.submission("ada@example.org"))
	first := b.claim(1)
	b.claim(0)
	b.pass(time.Minute + time.Second)
	again := b.claim(1)
	require.Equal(t, first[0].ID, again[0].ID)
	require.Equal(t, 2, again[0].Attempts)

	waiting, oldest, err := b.OrdersWaiting(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, waiting)
	require.Equal(t, start, oldest)
	for range 2 {
		require.NoError(t, b.FinishOrder(t.Context(), again[0].ID))
	}
	b.pass(time.Hour)
	b.claim(0)
	waiting, oldest, err = b.OrdersWaiting(t.Context())
	require.NoError(t, err)
	require.Zero(t, waiting)
	require.True(t, oldest.IsZero())
}

func TestOrdersOfOneRequestComeInTheirOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.verified(b.submission("ada@example.org"))
	b.advance(out.RequestID, models.Verifying, models.Locating)
	require.NoError(t, b.decide(request.Decision{RequestID: out.RequestID, Kind: request.Extend, Actor: dpo, Reason: "complex"}))
	b.submit(b.submission("bob@example.org"))

	orders := b.claim(2) // ada's first and bob's
	require.Equal(t, store.OrderStart, orders[0].Kind)
	require.Equal(t, store.OrderStart, orders[1].Kind)
	require.NoError(t, b.DelayOrder(t.Context(), orders[0].ID, b.now().Add(time.Hour), "temporal_down"))
	require.NoError(t, b.FinishOrder(t.Context(), orders[1].ID))
	b.pass(30 * time.Minute)
	b.claim(0) // the later ones wait for the delayed one
	b.pass(30 * time.Minute)
	require.Equal(t, "temporal_down", b.text("SELECT last_code FROM orders WHERE kind = 'start'"))
	for _, name := range []string{"", "verify", "extend"} {
		next := b.claim(1)
		require.Equal(t, name, next[0].Name)
		require.NoError(t, b.FinishOrder(t.Context(), next[0].ID))
	}
}

// claim leases orders for a minute; there must be n.
func (b *bundle) claim(n int) []store.Order {
	b.t.Helper()
	orders, err := b.ClaimOrders(b.t.Context(), 10, time.Minute)
	require.NoError(b.t, err)
	require.Len(b.t, orders, n)
	return orders
}
