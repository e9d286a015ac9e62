package store_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

func rowIDs(rows []store.LocatedRow) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}

func TestEveryKindOfValueIsKeptInARowAndInItsGroup(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	row := foundRow(customers, 1)
	row.Key = datamap.Key{
		datamap.Null, datamap.Int(-7), datamap.Text("Änn\x00\n"), datamap.Text(""), datamap.NewValue(datamap.KindBytes, "\x00\xff"),
		datamap.NewValue(datamap.KindDecimal, "12345678901234567890.10"), datamap.NewValue(datamap.KindBool, "true"),
		datamap.NewValue(datamap.KindTimestamp, "2024-10-27T00:30:00.123456Z"), datamap.NewValue(datamap.KindDateTime, "2024-10-27T00:30:00"),
		datamap.NewValue(datamap.KindDate, "2024-10-27"), datamap.NewValue(datamap.KindTime, "10:00:00"), datamap.NewValue(datamap.KindJSON, `{"a": 1}`),
		datamap.NewValue(datamap.KindUUID, "0188a0f2-7d9b-7b5a-9c3e-0123456789ab"), datamap.Array(datamap.Text("a"), datamap.Null),
	}
	row.Anchors = append(row.Anchors, datamap.AnchorDate{Column: "none", Date: calendar.Date{}})
	row.Controller = "acme"
	_, err := b.Found(id).Add(t.Context(), []datamap.FoundRow{row})
	require.NoError(t, err)
	require.NoError(t, b.Found(id).Each(t.Context(), customers, func(r datamap.FoundRow) error {
		require.Equal(t, row, r)
		return nil
	}))
	b.sort(id, func(store.LocatedRow) (int, error) { return 1, nil })
	got := b.rowsOf(id, 1)
	require.Len(t, got, 1)
	require.Equal(t, datamap.FoundRow{Address: row.Address, Controller: row.Controller, Key: row.Key, Anchors: row.Anchors}, got[0].Row)
}

func TestAGroupOfManyChunksIsReadInOrderAndFromAnywhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 21_000))
	require.NoError(t, err)
	var order []string
	b.sort(id, func(r store.LocatedRow) (int, error) {
		order = append(order, r.Row.Key[0].Text())
		return 1, nil
	})
	require.Equal(t, 3, b.count(`SELECT count(*) FROM located_chunks`))
	all := b.rowsOf(id, 1)
	var got []string
	for _, r := range all {
		got = append(got, r.Row.Key[0].Text())
	}
	require.Equal(t, order, got)
	require.True(t, slices.IsSorted(rowIDs(all)))
	for _, from := range []int{0, 9_998, 9_999, 10_000, 20_999} {
		rows, err := b.RowsOf(t.Context(), id, 1, all[from].ID, 2)
		require.NoError(t, err)
		require.LessOrEqual(t, len(rows), 2)
		require.True(t, from == 20_999 && len(rows) == 0 || rows[0].ID == all[from+1].ID)
	}
	require.Empty(t, b.rowsOf(id, 2))
}

func TestRowsOfOneChunkHaveTheirOwnStatuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 10))
	require.NoError(t, err)
	b.sort(id, func(store.LocatedRow) (int, error) { return 1, nil })
	ids := rowIDs(b.rowsOf(id, 1))
	mark := func(status store.RowStatus, ids ...int64) {
		require.NoError(t, b.MarkRows(t.Context(), id, ids, status))
	}
	mark(store.RowErased, ids[0], ids[1])
	mark(store.RowMasked, ids[1], ids[2], ids[3])
	mark(store.RowMissing, ids[4])
	mark(store.RowErased, ids[3])
	mark(store.RowBlocked, ids[2], ids[3], ids[5])
	counts, err := b.CountRows(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, []store.RowCount{
		{1, store.RowBlocked, 1}, {1, store.RowErased, 3}, {1, store.RowLocated, 4}, {1, store.RowMasked, 1}, {1, store.RowMissing, 1},
	}, counts, "what is erased stays so, and what is masked can only be erased")
	require.Equal(t, []int64{ids[2]}, rowIDs(b.rowsOf(id, 1, store.RowMasked)))
	require.Equal(t, ids[6:], rowIDs(b.rowsOf(id, 1, store.RowLocated, store.RowRestricted)))

	require.NoError(t, b.BeginRows(t.Context(), id, ids))
	for _, r := range b.rowsOf(id, 1) {
		require.Equal(t, r.Status == store.RowLocated, r.Begun, "only of rows of which nothing is known")
	}
	mark(store.RowErased, ids...)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM located_chunks WHERE statuses IS NOT NULL`), "a missing row was never there to be erased")
}

func TestGroupsThatStayAreMarkedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 30))
	require.NoError(t, err)
	b.sort(id, func(r store.LocatedRow) (int, error) { return 1 + int(r.ID%3), nil })
	for range 2 {
		require.NoError(t, b.KeepGroups(t.Context(), id, []int{1, 3}))
	}
	require.NoError(t, b.KeepGroups(t.Context(), id, nil))
	counts, err := b.CountRows(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, []store.RowCount{{1, store.RowKept, 10}, {2, store.RowLocated, 10}, {3, store.RowKept, 10}}, counts)
	require.Equal(t, 2, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'rows.kept'`))
}

func TestALatePlanningTakesNoRowsFromAnApprovedPlan(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.verified(b.submission("ada@example.org")).RequestID
	b.advance(id, models.Verifying, models.Locating)
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 10))
	require.NoError(t, err)
	first, err := b.GroupRows(t.Context(), id, func(store.LocatedRow) (int, error) { return 1, nil })
	require.NoError(t, err)
	p := plan.Plan{RequestID: id, Right: models.Erasure, Sorting: first, Groups: []plan.Group{{No: 1, Rows: 10, Proposed: models.TreatErase}}}
	saved, err := b.SavePlan(t.Context(), p)
	require.NoError(t, err)
	b.advance(id, models.InReview)
	_, err = b.Decide(t.Context(), models.ScopeOperator(), request.Decision{RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: saved.Digest()})
	require.NoError(t, err)
	before := rowIDs(b.rowsOf(id, 1))

	p.Sorting, err = b.GroupRows(t.Context(), id, func(r store.LocatedRow) (int, error) { return 1 + int(r.ID%2), nil })
	require.NoError(t, err)
	p.Groups = append(p.Groups, plan.Group{No: 2, Rows: 5, Proposed: models.TreatKeep})
	p.Groups[0].Rows = 5
	_, err = b.SavePlan(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, before, rowIDs(b.rowsOf(id, 1)))
	require.Empty(t, b.rowsOf(id, 2))
	require.Equal(t, 1, b.count(`SELECT count(DISTINCT generation) FROM located_chunks`))
}

func TestAPlanWhoseRowsWereSortedAnewMeanwhileIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 10))
	require.NoError(t, err)
	late, err := b.GroupRows(t.Context(), id, func(store.LocatedRow) (int, error) { return 1, nil })
	require.NoError(t, err)
	b.sort(id, func(store.LocatedRow) (int, error) { return 1, nil }) // another worker, which throws the sorting before away
	_, err = b.SavePlan(t.Context(), plan.Plan{RequestID: id, Sorting: late, Groups: []plan.Group{{No: 1, Rows: 10, Proposed: models.TreatKeep}}})
	requireCode(t, "rows_changed", err)
	require.Len(t, b.rowsOf(id, 1), 10)
}

func TestAChunkMovedToAnotherGroupIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 4))
	require.NoError(t, err)
	b.sort(id, func(r store.LocatedRow) (int, error) { return 1 + int(r.ID%2), nil })
	b.exec(`UPDATE located_chunks SET group_no = 3 - group_no`)
	_, err = b.RowsOf(t.Context(), id, 1, 0, 10)
	requireCode(t, "bad_sealed_value", err)
}

func TestRowsThatNoPlanHasSortedAreNotTakenForNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.planned("ada@example.org")
	_, err := b.Found(id).Add(t.Context(), foundRows(customers, 4))
	require.NoError(t, err)
	_, err = b.RowsOf(t.Context(), id, 1, 0, 10)
	requireCode(t, "rows_not_sorted", err)
}
