package task_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/task"
)

var (
	ada = models.Actor{Role: models.RoleHandler, ID: models.ID{1}}
	bob = models.Actor{Role: models.RoleDPO, ID: models.ID{2}}
)

func TestATaskIsDoneByOneAndConfirmedByAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state task.State
		kind  request.DecisionKind
		by    models.Actor
		code  string
	}{
		{task.Open, request.Complete, ada, ""},
		{task.Open, request.Confirm, bob, "task_not_done"},
		{task.Open, request.Return, bob, "task_not_done"},
		{task.Open, request.Abandon, bob, ""},
		{task.Done, request.Complete, bob, "task_not_open"},
		{task.Done, request.Confirm, ada, "same_person"},
		{task.Done, request.Confirm, models.Actor{Role: models.RoleDPO, ID: ada.ID}, "same_person"},
		{task.Done, request.Confirm, bob, ""},
		{task.Done, request.Return, bob, ""},
		{task.Done, request.Return, ada, ""},
		{task.Done, request.Abandon, bob, ""},
		{task.Confirmed, request.Confirm, bob, "task_not_done"},
		{task.Confirmed, request.Abandon, bob, "task_settled"},
		{task.Refused, request.Complete, ada, "task_not_open"},
		{task.Open, request.Complete, models.Actor{Role: models.RoleDPO}, "no_principal"},
		{task.Done, request.Confirm, models.Actor{Role: models.RoleDPO}, "no_principal"},
		{task.Open, request.Approve, bob, "unknown_decision"},
	} {
		err := task.Task{State: c.state, DoneBy: ada}.Allows(c.kind, c.by)
		if c.code == "" {
			require.NoError(t, err, "%s in %s", c.kind, c.state)
			continue
		}
		require.Equal(t, c.code, models.CodeOf(err), "%s in %s", c.kind, c.state)
	}
}

func TestAPersonCountsEachCollectionAndNoOther(t *testing.T) {
	t.Parallel()
	search := task.Task{Spec: task.Spec{Action: task.Locate, Collections: []string{"a.b", "a.c"}}}
	for name, c := range map[string]struct {
		counts map[string]int64
		code   string
	}{
		"nothing is held":     {map[string]int64{"a.b": 0, "a.c": 0}, ""},
		"something is":        {map[string]int64{"a.b": 3, "a.c": 0}, ""},
		"one is left out":     {map[string]int64{"a.b": 0}, "count_missing"},
		"all are left out":    {nil, "count_missing"},
		"a strange one":       {map[string]int64{"a.b": 0, "a.c": 0, "x.y": 1}, "unknown_collection"},
		"fewer than none":     {map[string]int64{"a.b": -1, "a.c": 0}, "bad_count"},
		"more than there are": {map[string]int64{"a.b": 1_000_000_001, "a.c": 0}, "bad_count"},
	} {
		err := search.CheckCounts(c.counts, 0)
		if c.code == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, c.code, models.CodeOf(err), name)
	}
}

func TestAnExportNeedsAFileUnlessThereIsNothing(t *testing.T) {
	t.Parallel()
	export := task.Task{Spec: task.Spec{Action: task.Export, Collections: []string{"a.b"}}}
	require.Equal(t, "file_missing", models.CodeOf(export.CheckCounts(map[string]int64{"a.b": 1}, 0)))
	require.NoError(t, export.CheckCounts(map[string]int64{"a.b": 1}, 1))
	require.NoError(t, export.CheckCounts(map[string]int64{"a.b": 0}, 0))
}
