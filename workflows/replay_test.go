package workflows_test

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models/request"
	"habeas/workflows"
)

// histories hold what Temporal recorded of workflows that ran on a server, one file a scenario; see record_test.go for how to add one. A file
// stays as long as a workflow of its day may still run: a change that cannot replay it needs a version branch, not a new file.
const histories = "testdata/histories"

// fixtureKey sealed the payloads of the histories that were recorded with the codec. It protects nothing.
var fixtureKey = []byte("the key of the replay fixtures  ")

func fixtures(t *testing.T) map[string]*historypb.History {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(histories, "*.json"))
	require.NoError(t, err)
	out := map[string]*historypb.History{}
	for _, path := range paths {
		f, err := os.Open(path)
		require.NoError(t, err)
		h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
		require.NoError(t, err, path)
		require.NoError(t, f.Close())
		out[strings.TrimSuffix(filepath.Base(path), ".json")] = h
	}
	return out
}

// replay runs a history through workflow functions by name; it fails when they would order something else than what was recorded.
func replay(t *testing.T, h *historypb.History, functions map[string]any) error {
	t.Helper()
	data, failure, err := workflows.Converters(fixtureKey, "fixture")
	require.NoError(t, err)
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DataConverter: data, FailureConverter: failure})
	require.NoError(t, err)
	for name, fn := range functions {
		r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
	return r.ReplayWorkflowHistory(tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)), h)
}

func TestWhatRanBeforeCanStillRun(t *testing.T) {
	t.Parallel()
	for name, h := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replay(t, h, workflows.Registered()))
		})
	}
}

func TestEveryScenarioHasItsHistory(t *testing.T) {
	t.Parallel()
	var want []string
	for _, s := range scenarios() {
		want = append(want, slices.Collect(maps.Keys(s.files))...)
	}
	slices.Sort(want)
	require.Equal(t, want, slices.Sorted(maps.Keys(fixtures(t))), "record what is missing: go test ./workflows -record")
}

func TestTheHistoriesTogetherUseEveryWorkflowActivityAndDecision(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, h := range fixtures(t) {
		for _, e := range h.GetEvents() {
			switch e.GetEventType() {
			case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
				seen["workflow "+e.GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()] = true
			case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				seen["activity "+e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()] = true
			case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
				seen["decision "+e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput().GetName()] = true
			}
		}
	}
	for name := range workflows.Registered() {
		require.True(t, seen["workflow "+name], "no history of the workflow %s", name)
	}
	for m := range reflect.TypeFor[*activities.Activities]().Methods() {
		require.True(t, seen["activity "+m.Name], "no history with the activity %s", m.Name)
	}
	for _, kind := range request.DecisionKinds() {
		require.True(t, seen["decision "+string(kind)] || kind == request.Lift, "no history with the decision %s", kind)
	}
}

func TestAHistoryHoldsNeitherNamesOfMachinesNorOfPeople(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	require.NoError(t, err)
	paths, err := filepath.Glob(filepath.Join(histories, "*.json"))
	require.NoError(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(b), "/root/")
		require.NotContains(t, string(b), "/home/")
		require.NotContains(t, string(b), "@", "an address, or the identity of a process")
		if len(host) > 6 {
			require.NotContains(t, string(b), host)
		}
	}
}

func TestAChangedWorkflowIsFoundByItsHistories(t *testing.T) {
	t.Parallel()
	options := workflow.ActivityOptions{StartToCloseTimeout: 1}
	extra := func(ctx workflow.Context, name string) error {
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), name).Get(ctx, nil)
	}
	for name, changed := range map[string]func(workflow.Context, workflows.RequestInput) (workflows.RequestResult, error){
		"a step before": func(ctx workflow.Context, in workflows.RequestInput) (workflows.RequestResult, error) {
			if err := extra(ctx, "SendConfirmation"); err != nil {
				return workflows.RequestResult{}, err
			}
			return workflows.Request(ctx, in)
		},
		"a step after": func(ctx workflow.Context, in workflows.RequestInput) (workflows.RequestResult, error) {
			out, err := workflows.Request(ctx, in)
			if err == nil {
				err = extra(ctx, "SignReceipt")
			}
			return out, err
		},
		"a timer": func(ctx workflow.Context, in workflows.RequestInput) (workflows.RequestResult, error) {
			if err := workflow.Sleep(ctx, 1); err != nil {
				return workflows.RequestResult{}, err
			}
			return workflows.Request(ctx, in)
		},
		"nothing at all": func(workflow.Context, workflows.RequestInput) (workflows.RequestResult, error) {
			return workflows.RequestResult{}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for file, h := range fixtures(t) {
				if h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName() != workflows.RequestWorkflowName {
					continue
				}
				if last := h.GetEvents()[len(h.GetEvents())-1]; name == "a step after" &&
					last.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED {
					continue // it has not come to its end
				}
				require.Error(t, replay(t, h, map[string]any{workflows.RequestWorkflowName: changed}), file)
			}
		})
	}
}
