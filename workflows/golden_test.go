package workflows_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

const golden = "testdata/contract.txt"

// TestTheNamesThatRunningWorkflowsDependOnHaveNotChanged compares all names that stand in histories with the file, which is changed by hand: a
// name that goes from it breaks what runs; one that is new is added.
func TestTheNamesThatRunningWorkflowsDependOnHaveNotChanged(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), contract(), "a renamed workflow, activity, decision or field cannot be read from a history that has the old name")
}

// contract lists the names, a line each.
func contract() string {
	lines := []string{
		"task queue " + workflows.TaskQueue,
		"schedule " + workflows.DeferralScheduleID, "schedule " + workflows.HousekeepingScheduleID,
		"id " + workflows.RequestWorkflowID(models.ID{}), "id " + workflows.NoticeWorkflowID(models.ID{}),
		"id " + workflows.DeferralWorkflowID(models.ID{}), "id " + workflows.BreachWorkflowID(models.ID{}), "id " + workflows.ScanWorkflowID(models.ID{}),
		"id " + workflows.BreachMailingID(models.ID{}), "id " + workflows.BreachTrialID(models.ID{}),
		"signal " + workflows.BreachMailingSignal,
		"id " + workflows.LiftingWorkflowID(models.ID{}),
		"update " + workflows.BreachNotedUpdate + "(BreachNoted)",
		"schedule " + workflows.ReviewsScheduleID, "id " + workflows.ChangeWorkflowID(models.ID{}), "update " + workflows.ChangeNotedUpdate + "(ChangeNoted)",
		"id " + workflows.ContractEndWorkflowID(models.ID{}), "update " + workflows.ContractEndNotedUpdate + "(ContractEndNoted)",
		"update " + workflows.ProcessorCalledUpdate + "(ProcessorCalled)",
	}
	payloads := map[reflect.Type]bool{reflect.TypeFor[workflows.DecisionInput](): true}
	for m := range reflect.TypeFor[*activities.Activities]().Methods() {
		lines = append(lines, signature("activity "+m.Name, m.Type, 1, payloads))
	}
	for name, fn := range workflows.Registered() {
		lines = append(lines, signature("workflow "+name, reflect.TypeOf(fn), 0, payloads))
	}
	for _, kind := range request.DecisionKinds() {
		if kind == request.Lift { // starts a workflow of its own
			continue
		}
		lines = append(lines, "update "+string(kind)+"(DecisionInput)")
	}
	for p := range payloads {
		for i := range p.NumField() {
			lines = append(lines, fmt.Sprintf("payload %s.%s %s", p.Name(), p.Field(i).Name, p.Field(i).Type))
		}
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n") + "\n"
}

// signature writes a function's payloads and adds them, with those inside, to the set.
func signature(name string, fn reflect.Type, receiver int, payloads map[reflect.Type]bool) string {
	var in, out []string
	for i := receiver; i < fn.NumIn(); i++ {
		if p := fn.In(i); p != reflect.TypeFor[workflow.Context]() && p.PkgPath() != "context" {
			in = append(in, p.Name())
			add(p, payloads)
		}
	}
	for i := range fn.NumOut() {
		if p := fn.Out(i); p != reflect.TypeFor[error]() {
			out = append(out, p.Name())
			add(p, payloads)
		}
	}
	return name + "(" + strings.Join(in, ", ") + ") " + strings.Join(out, ", ")
}

func add(p reflect.Type, payloads map[reflect.Type]bool) {
	if p.Kind() == reflect.Slice {
		p = p.Elem()
	}
	if p.Kind() != reflect.Struct || !strings.HasPrefix(p.PkgPath(), "habeas/") || payloads[p] {
		return
	}
	payloads[p] = true
	for i := range p.NumField() {
		add(p.Field(i).Type, payloads)
	}
}
