package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"habeas/models/datamap"
	"habeas/models/store"
)

// modelRow is what a located row should be.
type modelRow struct {
	datamap.FoundRow
	stage int
}

// model keeps rows by collection and key, as plainly as can be.
type model map[string]*modelRow

func name(a datamap.Address, k datamap.Key) string { return a.String() + "/" + k[0].Text() }

func (m model) add(rows []datamap.FoundRow) (n int) {
	for _, r := range rows {
		if m[name(r.Address, r.Key)] == nil {
			m[name(r.Address, r.Key)] = &modelRow{FoundRow: r}
			n++
		}
	}
	return n
}

func (m model) share(a datamap.Address, keys []datamap.Key, reason datamap.ShareReason, spare bool) (n int) {
	for _, k := range keys {
		if r := m[name(a, k)]; r != nil && !r.Own && !r.Shared && (!r.Owned || !spare) {
			r.Shared, r.Reason = true, reason
			n++
		}
	}
	return n
}

func (m model) pending(q store.PendingQuery) (out []string) {
	for id, r := range m {
		if r.Address == q.Collection && r.stage < q.Stage && (r.Owned || !q.Owned) && (r.Shared || !q.Shared) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func TestFoundBehavesAsItsModelWhateverTheOrderOfCalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	requests := 0
	rapid.Check(t, func(rt *rapid.T) {
		requests++
		id := b.submit(b.submission(fmt.Sprintf("person%d@example.org", requests))).RequestID
		found, want := b.Found(id), model{}
		address := rapid.SampledFrom([]datamap.Address{customers, parties})
		keys := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 9), func(n int) datamap.Key { return datamap.Key{datamap.Int(int64(n))} }), 1, 6)
		row := rapid.Custom(func(rt *rapid.T) datamap.FoundRow {
			r := foundRow(address.Draw(rt, "address"), rapid.IntRange(0, 9).Draw(rt, "n"))
			r.Owned, r.Shared = rapid.Bool().Draw(rt, "owned"), rapid.Bool().Draw(rt, "shared")
			r.Own = r.Owned && rapid.Bool().Draw(rt, "own")
			return r
		})
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				rows := rapid.SliceOfN(row, 1, 6).Draw(rt, "rows")
				n, err := found.Add(t.Context(), rows)
				require.NoError(rt, err)
				require.Equal(rt, want.add(rows), n)
			},
			"advance": func(rt *rapid.T) {
				a, k, to := address.Draw(rt, "address"), keys.Draw(rt, "keys"), rapid.IntRange(1, 7).Draw(rt, "to")
				require.NoError(rt, found.Advance(t.Context(), a, k, to))
				for _, k := range k {
					if r := want[name(a, k)]; r != nil {
						r.stage = max(r.stage, to)
					}
				}
			},
			"share": func(rt *rapid.T) {
				a, k, spare := address.Draw(rt, "address"), keys.Draw(rt, "keys"), rapid.Bool().Draw(rt, "spare")
				reason := datamap.ShareReason{Code: datamap.SharedForeignRow, Via: parties}
				n, err := found.Share(t.Context(), a, k, reason, spare)
				require.NoError(rt, err)
				require.Equal(rt, want.share(a, k, reason, spare), n)
			},
			"pending": func(rt *rapid.T) {
				q := store.PendingQuery{
					Collection: address.Draw(rt, "address"), Stage: rapid.IntRange(1, 7).Draw(rt, "stage"),
					Owned: rapid.Bool().Draw(rt, "owned"), Shared: rapid.Bool().Draw(rt, "shared"), Limit: rapid.IntRange(1, 12).Draw(rt, "limit"),
				}
				got, err := found.Pending(t.Context(), q)
				require.NoError(rt, err)
				all := want.pending(q)
				require.Len(rt, got, min(q.Limit, len(all)))
				for _, r := range got {
					require.Contains(rt, all, name(r.Address, r.Key))
				}
			},
			"": func(rt *rapid.T) {
				for _, a := range []datamap.Address{customers, parties} {
					var got, expected []datamap.FoundRow
					require.NoError(rt, found.Each(t.Context(), a, func(r datamap.FoundRow) error {
						got = append(got, r)
						return nil
					}))
					for _, r := range want {
						if r.Address == a {
							expected = append(expected, r.FoundRow)
						}
					}
					byKey := func(a, b datamap.FoundRow) int { return cmp.Compare(a.Key[0].Text(), b.Key[0].Text()) }
					slices.SortFunc(got, byKey)
					slices.SortFunc(expected, byKey)
					require.Equal(rt, expected, got)
				}
			},
		})
	})
}

func TestTwoWorkersThatAddTheSameRowsKeepEachOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	rows := foundRows(customers, 2000)
	added := make([]int, 2) // one that was given up for dead, and its successor
	var group errgroup.Group
	for i := range added {
		mine := slices.Clone(rows)
		rand.New(rand.NewPCG(uint64(i), 7)).Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
		group.Go(func() (err error) {
			added[i], err = b.Found(id).Add(t.Context(), mine)
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, len(rows), added[0]+added[1])
	require.Equal(t, len(rows), b.count(`SELECT count(*) FROM located_rows`))
}
