package walk_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/models/datamap"
)

type failer interface {
	require.TestingT
	Helper()
}

// walkWorld walks a world and returns what was found.
func walkWorld(t failer, w *world, open func(context.Context, string) (connectors.System, error), found walk.Found, batch int) *datamap.Graph {
	t.Helper()
	graph, err := datamap.Compile(w.datasets())
	require.NoError(t, err)
	wk := walk.Walk{Graph: graph, Open: open, Found: found, Batch: batch, Identities: []walk.Identity{{Kind: "email", Value: me}}}
	_, err = wk.Run(context.Background())
	require.NoError(t, err)
	return graph
}

// what lists found rows by what holds of them.
func what(t failer, graph *datamap.Graph, found walk.Found) truth {
	t.Helper()
	tr := truth{map[rowID]bool{}, map[rowID]bool{}, map[rowID]bool{}, map[rowID]bool{}}
	for _, n := range graph.Nodes {
		i, err := strconv.Atoi(strings.TrimPrefix(n.Address.Collection, "c"))
		require.NoError(t, err)
		require.NoError(t, found.Each(context.Background(), n.Address, func(r datamap.FoundRow) error {
			id, err := strconv.Atoi(r.Key[0].Text())
			require.NoError(t, err)
			row := rowID{i, id}
			tr.located[row] = true
			tr.own[row], tr.owned[row], tr.shared[row] = r.Own, r.Owned, r.Shared
			require.NotEmpty(t, r.Path)
			require.Equal(t, r.Shared, r.Reason.Code != "")
			return nil
		}))
	}
	return tr
}

func trues(set map[rowID]bool) map[rowID]bool {
	set = maps.Clone(set)
	maps.DeleteFunc(set, func(_ rowID, is bool) bool { return !is })
	return set
}

func requireTruth(t failer, want, got truth) {
	t.Helper()
	require.Equal(t, trues(want.located), trues(got.located), "located")
	require.Equal(t, trues(want.owned), trues(got.owned), "owned")
	require.Equal(t, trues(want.shared), trues(got.shared), "shared")
}

func TestTheWalkFindsExactlyWhatTheDefinitionSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 6)
		found := &walk.Memory{}
		graph := walkWorld(t, w, func(context.Context, string) (connectors.System, error) { return w, nil }, found, rapid.IntRange(1, 7).Draw(t, "batch"))
		requireTruth(t, w.truth(), what(t, graph, found))
	})
}

// A row that another person owns, by the same definition, is never located without being shared: the definition harms nobody.
func TestNoRowThatAnotherPersonOwnsIsLocatedWithoutBeingShared(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 6)
		for i := range w.collections {
			for j := range w.collections[i].refs {
				w.collections[i].refs[j].mention = false
			}
		}
		mine := w.truth()
		for _, other := range []string{"you@example.com", "them@example.com"} {
			swapped := &world{collections: w.collections, rows: map[rowID]worldRow{}}
			for id, r := range w.rows {
				switch r.email {
				case me:
					r.email = other
				case other:
					r.email = me
				}
				swapped.rows[id] = r
			}
			theirs := swapped.truth()
			for id, located := range mine.located {
				if located && theirs.owned[id] {
					require.True(t, mine.shared[id], "%v belongs to %s too", id, other)
				}
			}
		}
	})
}

// walkInParts walks a world whose collections lie in several systems, each served by a walk of its own, as a workflow has them take turns. A crash is
// followed by another try, as a workflow has it too.
func walkInParts(t failer, w *world, found walk.Found, batch, parts int) *datamap.Graph {
	t.Helper()
	graph, err := datamap.Compile(w.datasets())
	require.NoError(t, err)
	run := func(index int, stage walk.Stage) bool {
		wk := walk.Walk{
			Graph: graph, Found: found, Batch: batch, Identities: []walk.Identity{{Kind: "email", Value: me}},
			Serves: func(system string) bool { return system == systemOf(index) },
			Open: func(_ context.Context, system string) (connectors.System, error) {
				require.Equal(t, systemOf(index), system, "a part knows only its own systems")
				return w, nil
			},
		}
		for {
			_, left, err := wk.RunStage(context.Background(), walk.Part{Index: index, Of: parts}, stage)
			if err == nil {
				return left
			}
			require.ErrorIs(t, err, errCrash)
		}
	}
	for stage := walk.Stage(0); stage <= walk.StageSpread; stage++ {
		for left := true; left; {
			for i := range parts {
				left = run(i, stage)
			}
		}
	}
	return graph
}

func TestAWalkInPartsThatCrashedAnywhereGoesOnToTheSameEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 5)
		w.parts = rapid.IntRange(1, 3).Draw(t, "parts")
		found := &crashing{t: t}
		graph := walkInParts(t, w, found, 2, w.parts)
		requireTruth(t, w.truth(), what(t, graph, found))
	})
}

// A walk that is split over systems finds what one walk finds, whatever lies where.
func TestAWalkInPartsFindsExactlyWhatOneWalkFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 6)
		w.parts = rapid.IntRange(1, 4).Draw(t, "parts")
		found := &walk.Memory{}
		graph := walkInParts(t, w, found, rapid.IntRange(1, 7).Draw(t, "batch"), w.parts)
		got := what(t, graph, found)
		requireTruth(t, w.truth(), got)
		one := &walk.Memory{}
		walkWorld(t, w, func(context.Context, string) (connectors.System, error) { return w, nil }, one, 3)
		require.Equal(t, what(t, graph, one), got)
	})
}

// crashing fails each call with some probability, before or after its effect.
type crashing struct {
	walk.Memory
	t     *rapid.T
	calls int
}

var errCrash = errors.New("crash")

func (c *crashing) crash() bool {
	c.calls++
	return c.calls < 60 && rapid.IntRange(0, 9).Draw(c.t, "crash") == 0
}

func (c *crashing) Add(ctx context.Context, rows []datamap.FoundRow) (int, error) {
	if c.crash() {
		return 0, errCrash
	}
	n, err := c.Memory.Add(ctx, rows)
	if c.crash() {
		return 0, errCrash
	}
	return n, err
}

func (c *crashing) Share(ctx context.Context, a datamap.Address, keys []datamap.Key, reason datamap.ShareReason, spareOwned bool) (int, error) {
	n, err := c.Memory.Share(ctx, a, keys, reason, spareOwned)
	if c.crash() {
		return 0, errCrash
	}
	return n, err
}

func (c *crashing) Advance(ctx context.Context, a datamap.Address, keys []datamap.Key, to walk.Stage) error {
	if c.crash() {
		return errCrash
	}
	err := c.Memory.Advance(ctx, a, keys, to)
	if c.crash() {
		return errCrash
	}
	return err
}

func TestAWalkThatCrashedAnywhereGoesOnToTheSameEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 5)
		graph, err := datamap.Compile(w.datasets())
		require.NoError(t, err)
		found := &crashing{t: t}
		for {
			wk := walk.Walk{
				Graph: graph, Found: found, Batch: 2, Identities: []walk.Identity{{Kind: "email", Value: me}},
				Open: func(context.Context, string) (connectors.System, error) { return w, nil },
			}
			if _, err = wk.Run(context.Background()); err == nil {
				break
			}
			require.ErrorIs(t, err, errCrash)
		}
		requireTruth(t, w.truth(), what(t, graph, found))
	})
}
