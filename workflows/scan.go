package workflows

import (
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
)

// Scan searches all systems for the identities of a request's person, also where the data map describes nothing. Staff order it; nothing waits
// for it.
func Scan(ctx workflow.Context, in ScanInput) (activities.Scanned, error) {
	var out activities.Scanned
	err := workflow.ExecuteActivity(connectorOptions(ctx), act.ScanSystems, activities.RequestRef{RequestID: in.RequestID}).Get(ctx, &out)
	return out, err
}
