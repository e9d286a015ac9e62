package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
)

var (
	customers = datamap.Address{Dataset: "crm", Collection: "customer"}
	parties   = datamap.Address{Dataset: "freight", Collection: "party"}
)

// foundRow is the n-th row of a collection.
func foundRow(a datamap.Address, n int) datamap.FoundRow {
	return datamap.FoundRow{
		System: "sales", Address: a, Key: datamap.Key{datamap.Int(int64(n))},
		Links: datamap.Row{Columns: []string{"email", "agent_id"}, Values: []datamap.Value{
			datamap.Text(fmt.Sprintf("person%d@example.org", n)), datamap.Null,
		}},
		Owned: true, Anchors: []datamap.AnchorDate{{Column: "declared_on", Date: calendar.Date{Year: 2024, Month: 5, Day: 1 + n%28}}},
		Path: []string{"email > " + a.String() + ".email"},
	}
}

func foundRows(a datamap.Address, n int) []datamap.FoundRow {
	out := make([]datamap.FoundRow, n)
	for i := range out {
		out[i] = foundRow(a, i)
	}
	return out
}

func keysOf(rows []datamap.FoundRow) []datamap.Key {
	out := make([]datamap.Key, len(rows))
	for i, r := range rows {
		out[i] = r.Key
	}
	return out
}

// sort sorts a request's rows into groups and saves a plan of them.
func (b *bundle) sort(id models.ID, group func(store.LocatedRow) (int, error)) {
	b.t.Helper()
	rows := map[int]int64{}
	sorting, err := b.GroupRows(b.t.Context(), id, func(r store.LocatedRow) (int, error) {
		no, err := group(r)
		rows[no]++
		return no, err
	})
	require.NoError(b.t, err)
	p := plan.Plan{RequestID: id, Right: models.Erasure, RuleSet: "test", Sorting: sorting}
	for no, n := range rows {
		p.Groups = append(p.Groups, plan.Group{No: no, Rows: n, Proposed: models.TreatErase, Reason: plan.ReasonGround})
	}
	slices.SortFunc(p.Groups, func(a, b plan.Group) int { return cmp.Compare(a.No, b.No) })
	_, err = b.SavePlan(b.t.Context(), p)
	require.NoError(b.t, err)
}

func TestFoundKeepsRowsOnceAndGivesThemBackUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	found := b.Found(id)

	rows := append(foundRows(customers, 2500), foundRow(customers, 7))
	n, err := found.Add(t.Context(), rows)
	require.NoError(t, err)
	require.Equal(t, 2500, n)
	n, err = found.Add(t.Context(), rows)
	require.NoError(t, err)
	require.Zero(t, n, "a repeated call adds nothing")

	byKey := map[datamap.Value]datamap.FoundRow{}
	require.NoError(t, found.Each(t.Context(), customers, func(r datamap.FoundRow) error {
		byKey[r.Key[0]] = r
		return nil
	}))
	require.Len(t, byKey, 2500)
	for _, want := range rows {
		require.Equal(t, want, byKey[want.Key[0]])
	}

	has, err := found.Has(t.Context(), customers, []datamap.Key{{datamap.Int(3)}, {datamap.Int(9999)}, {datamap.Text("4")}})
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, true}, has)
	has, err = found.Has(t.Context(), parties, []datamap.Key{{datamap.Int(3)}})
	require.NoError(t, err)
	require.Equal(t, []bool{false}, has, "the same key of another collection is another row")
}

func TestFoundGivesPendingRowsUntilTheyAreAdvanced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	found := b.Found(b.submit(b.submission("ada@example.org")).RequestID)
	rows := foundRows(customers, 10)
	for i := range rows {
		rows[i].Owned, rows[i].Shared = i%2 == 0, i >= 6
	}
	_, err := found.Add(t.Context(), rows)
	require.NoError(t, err)

	pending := func(q store.PendingQuery) []datamap.FoundRow {
		q.Collection, q.Limit = customers, 4
		out, err := found.Pending(t.Context(), q)
		require.NoError(t, err)
		return out
	}
	require.Len(t, pending(store.PendingQuery{Stage: 1}), 4, "no more than the limit")
	require.Len(t, pending(store.PendingQuery{Stage: 1, Owned: true, Shared: true}), 2)
	require.Len(t, pending(store.PendingQuery{Stage: 1, Shared: true}), 4)

	seen := 0
	for {
		batch := pending(store.PendingQuery{Stage: 1, Owned: true})
		if len(batch) == 0 {
			break
		}
		seen += len(batch)
		require.NoError(t, found.Advance(t.Context(), customers, keysOf(batch), 1))
	}
	require.Equal(t, 5, seen)
	require.NoError(t, found.Advance(t.Context(), customers, keysOf(rows), 3))
	require.NoError(t, found.Advance(t.Context(), customers, keysOf(rows), 2))
	require.Empty(t, pending(store.PendingQuery{Stage: 3}), "a stage is never lowered")
	require.Len(t, pending(store.PendingQuery{Stage: 4}), 4)
}

func TestFoundSharesOnlyRowsThatAreNotTheSubjectsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	found := b.Found(b.submit(b.submission("ada@example.org")).RequestID)
	rows := foundRows(customers, 4)
	rows[0].Own, rows[1].Owned, rows[2].Owned, rows[3].Owned = true, true, false, false
	rows[3].Shared, rows[3].Reason = true, datamap.ShareReason{Code: datamap.SharedByMap}
	_, err := found.Add(t.Context(), rows)
	require.NoError(t, err)

	reason := datamap.ShareReason{Code: datamap.SharedOtherPerson, Via: parties}
	keys := append(keysOf(rows), datamap.Key{datamap.Int(99)})
	for _, step := range []struct {
		spare bool
		want  int
	}{{true, 1}, {true, 0}, {false, 1}, {false, 0}} {
		n, err := found.Share(t.Context(), customers, keys, reason, step.spare)
		require.NoError(t, err)
		require.Equal(t, step.want, n)
	}
	var reasons [4]string
	require.NoError(t, found.Each(t.Context(), customers, func(r datamap.FoundRow) error {
		var n int
		_, err := fmt.Sscan(r.Key[0].Text(), &n)
		reasons[n] = r.Reason.Code
		return err
	}))
	require.Equal(t, [4]string{"", datamap.SharedOtherPerson, datamap.SharedOtherPerson, datamap.SharedByMap}, reasons)
}

func TestFoundGoesOnInAnotherProcessAfterACrash(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	rows := foundRows(customers, 3000)

	// The first process is cut off in the middle of its call.
	ctx, cancel := context.WithCancel(t.Context())
	first := b.open(b.vault).Found(id)
	_, err := first.Add(ctx, rows[:1500])
	require.NoError(t, err)
	require.NoError(t, first.Advance(ctx, customers, keysOf(rows[:1000]), 1))
	cancel()
	_, err = first.Add(ctx, rows)
	require.Error(t, err)

	second := b.open(b.vault).Found(id)
	n, err := second.Add(t.Context(), rows)
	require.NoError(t, err)
	require.Equal(t, 1500, n)
	pending := 0
	for {
		batch, err := second.Pending(t.Context(), store.PendingQuery{Collection: customers, Stage: 1, Limit: 700})
		require.NoError(t, err)
		if len(batch) == 0 {
			break
		}
		pending += len(batch)
		require.NoError(t, second.Advance(t.Context(), customers, keysOf(batch), 1))
	}
	require.Equal(t, 2000, pending, "what the first process had worked off stays so")
}

func TestFoundEndsWithTheErrorOfItsCaller(t *testing.T) {
	t.Parallel()
	b := setup(t)
	found := b.Found(b.submit(b.submission("ada@example.org")).RequestID)
	_, err := found.Add(t.Context(), foundRows(customers, 5))
	require.NoError(t, err)
	enough := errors.New("enough")
	require.ErrorIs(t, found.Each(t.Context(), customers, func(datamap.FoundRow) error { return enough }), enough)

	_, err = b.Found(models.MustParseID("00000000-0000-4000-8000-000000000000")).Add(t.Context(), foundRows(customers, 1))
	requireCode(t, "not_found", err)
}

func TestLocatedRowMovedToAnotherDigestIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	found := b.Found(b.submit(b.submission("ada@example.org")).RequestID)
	_, err := found.Add(t.Context(), foundRows(customers, 2))
	require.NoError(t, err)
	b.exec(`UPDATE located_rows SET sealed = (SELECT sealed FROM located_rows ORDER BY id LIMIT 1)`)
	err = found.Each(t.Context(), customers, func(datamap.FoundRow) error { return nil })
	requireCode(t, "bad_sealed_value", err)
}

func TestGroupingGivesEveryRowItsNumberAndTheSameOneAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	for _, a := range []datamap.Address{parties, customers} {
		_, err := b.Found(id).Add(t.Context(), foundRows(a, 1200))
		require.NoError(t, err)
	}
	group := func(r store.LocatedRow) (int, error) {
		if r.Row.Address == customers {
			return 1, nil
		}
		return 2 + len(r.Row.Key[0].Text())%2, nil
	}
	var first, second []string
	for _, seen := range []*[]string{&first, &second} {
		b.sort(id, func(r store.LocatedRow) (int, error) {
			*seen = append(*seen, r.Row.Address.String()+r.Row.Key[0].Text())
			return group(r)
		})
	}
	require.Len(t, first, 2400)
	require.Equal(t, first, second)
	counts, err := b.CountRows(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, []store.RowCount{{1, store.RowLocated, 1200}, {2, store.RowLocated, 90 + 200}, {3, store.RowLocated, 10 + 900}}, counts)
	require.Equal(t, 1, b.count(`SELECT count(DISTINCT generation) FROM located_chunks`), "a sorting that no plan names is thrown away")
	var keys []string
	for no := 1; no <= 3; no++ {
		for _, r := range b.rowsOf(id, no) {
			want, _ := group(r)
			require.Equal(t, want, no)
			require.Equal(t, foundRow(r.Row.Address, 0).Address, r.Row.Address)
			require.Len(t, r.Row.Anchors, 1)
			keys = append(keys, r.Row.Address.String()+r.Row.Key[0].Text())
		}
	}
	require.ElementsMatch(t, first, keys)

	enough := errors.New("enough")
	_, err = b.GroupRows(t.Context(), id, func(store.LocatedRow) (int, error) { return 0, enough })
	require.ErrorIs(t, err, enough)
}

// rowsOf are all rows of a group with their keys and dates.
func (b *bundle) rowsOf(id models.ID, group int, statuses ...store.RowStatus) (all []store.LocatedRow) {
	b.t.Helper()
	var after int64
	for {
		batch, err := b.RowsOf(b.t.Context(), id, group, after, 7000, statuses...)
		require.NoError(b.t, err)
		if len(batch) == 0 {
			return all
		}
		all, after = append(all, batch...), batch[len(batch)-1].ID
	}
}

func TestMarkedRowsLeaveTheirPassAndAreCountedOnceInTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 25))
	require.NoError(t, err)
	b.sort(id, func(store.LocatedRow) (int, error) { return 4, nil })

	var after int64
	erased := 0
	for {
		batch, err := b.RowsOf(t.Context(), id, 4, after, 10, store.RowLocated, store.RowRestricted)
		require.NoError(t, err)
		if len(batch) == 0 {
			break
		}
		var ids []int64
		for _, r := range batch {
			ids, after = append(ids, r.ID), r.ID
		}
		for range 2 { // as a retry would
			require.NoError(t, b.MarkRows(t.Context(), id, ids, store.RowErased))
		}
		require.NoError(t, b.MarkRows(t.Context(), id, ids, store.RowMissing), "erased rows keep their status")
		erased += len(batch)
	}
	require.Equal(t, 25, erased)
	counts, err := b.CountRows(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, []store.RowCount{{4, store.RowErased, 25}}, counts)
	require.Equal(t, 3, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'rows.erased'`))
	require.Zero(t, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'rows.missing'`))

	all, err := b.RowsOf(t.Context(), id, 4, 0, 100)
	require.NoError(t, err)
	require.Len(t, all, 25)
	requireCode(t, "rows_changed", b.ResetLocated(t.Context(), id))

	other := b.submit(b.submission("grace@example.org")).RequestID
	require.NoError(t, b.MarkRows(t.Context(), other, []int64{all[0].ID}, store.RowKept), "rows of another request are left alone")
	again, err := b.RowsOf(t.Context(), id, 4, 0, 1)
	require.NoError(t, err)
	require.Equal(t, store.RowErased, again[0].Status)
}

func TestResetLocatedForgetsOnlyTheRequestsRows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, other := b.submit(b.submission("ada@example.org")).RequestID, b.submit(b.submission("grace@example.org")).RequestID
	for _, id := range []models.ID{one, other} {
		_, err := b.Found(id).Add(t.Context(), foundRows(customers, 30))
		require.NoError(t, err)
	}
	for range 2 {
		require.NoError(t, b.ResetLocated(t.Context(), one))
	}
	require.Equal(t, 30, b.count(`SELECT count(*) FROM located_rows`))
	requireCode(t, "key_alive", b.ForgetLocated(t.Context(), other))
}

func TestLocatedRowsOfADestroyedKeyAreFoundUntilTheyAreRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, other := b.submit(b.submission("ada@example.org")).RequestID, b.submit(b.submission("grace@example.org")).RequestID
	for _, id := range []models.ID{one, other} {
		_, err := b.Found(id).Add(t.Context(), foundRows(customers, 30))
		require.NoError(t, err)
	}
	require.NoError(t, b.Advance(t.Context(), one, models.Closed, models.Lapsed))
	require.NoError(t, b.DestroyKey(t.Context(), one)) // and then the process dies
	left, err := b.Unforgotten(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []models.ID{one}, left)
	require.NoError(t, b.ForgetLocated(t.Context(), one))
	left, err = b.Unforgotten(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestLocatedRowsAreFoundByTheIndexMadeForIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec("ALTER TABLE located_rows SET (autovacuum_enabled = off)") // which makes statistics, sooner or later
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 5000))
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), b.dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for index, sql := range map[string]string{
		"located_rows_pending": `SELECT id FROM located_rows WHERE request_id = '` + id.String() + `' AND dataset = 'crm' AND collection = 'customer'
			AND owned = true AND shared = false AND stage < 1 LIMIT 500`,
		"located_rows_order": `SELECT id FROM located_rows WHERE request_id = '` + id.String() + `' AND dataset || '/' || collection = 'crm/customer'
			AND id > 7 ORDER BY id LIMIT 500`,
		"located_rows_digest": `UPDATE located_rows SET stage = 1 WHERE digest = ANY('{"\\x00"}') AND stage < 1`,
	} {
		rows, err := conn.Query(t.Context(), `EXPLAIN `+sql)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(lines), index, "before any statistics exist")
	}
}

// TestHundredThousandLocatedRows tells the speed of the walk's state, which depends on the machine.
func TestHundredThousandLocatedRows(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: takes seconds")
	}
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	found := b.Found(id)
	const n = 100_000
	rows := foundRows(customers, n)
	timed := func(what string, fn func()) {
		begin := time.Now()
		fn()
		took := time.Since(begin)
		t.Logf("%s: %d rows in %s, %.0f rows/s", what, n, took.Round(time.Millisecond), n/took.Seconds())
	}
	timed("add", func() {
		added, err := found.Add(t.Context(), rows)
		require.NoError(t, err)
		require.Equal(t, n, added)
	})
	timed("pending and advance", func() {
		for {
			batch, err := found.Pending(t.Context(), store.PendingQuery{Collection: customers, Stage: 1, Limit: 1000})
			require.NoError(t, err)
			if len(batch) == 0 {
				return
			}
			require.NoError(t, found.Advance(t.Context(), customers, keysOf(batch), 1))
		}
	})
	timed("group", func() {
		b.sort(id, func(r store.LocatedRow) (int, error) { return 1 + int(r.ID%3), nil })
	})
	timed("read and mark", func() {
		for group := 1; group <= 3; group++ {
			var after int64
			for {
				batch, err := b.RowsOf(t.Context(), id, group, after, 1000, store.RowLocated)
				require.NoError(t, err)
				if len(batch) == 0 {
					break
				}
				ids := make([]int64, len(batch))
				for i, r := range batch {
					ids[i], after = r.ID, r.ID
				}
				require.NoError(t, b.MarkRows(t.Context(), id, ids, store.RowErased))
			}
		}
	})
	counts, err := b.CountRows(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, counts, 3)
}
