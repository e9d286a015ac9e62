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
	if err != nil {
		return out, err
	}
	for _, queue := range out.Queues {
		var more activities.Scanned
		on := activities.QueueRef{RequestID: in.RequestID, Queue: queue}
		if err := workflow.ExecuteActivity(connectorOn(ctx, queue), act.ScanQueue, on).Get(ctx, &more); err != nil {
			return out, err
		}
		out.Systems, out.Unsearched, out.Places = out.Systems+more.Systems, out.Unsearched+more.Unsearched, out.Places+more.Places
		out.Undescribed, out.Skipped = out.Undescribed+more.Undescribed, out.Skipped+more.Skipped
	}
	return out, nil
}
