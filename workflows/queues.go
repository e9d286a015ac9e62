package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"habeas/activities"
)

// How long a processor that carries out a request by itself is left alone between two questions; one that calls back, for the longest.
const (
	followFirst   = time.Minute
	followLongest = 6 * time.Hour
)

// SystemQueue is the task queue of the systems that a worker of their own serves.
func SystemQueue(q activities.Queue) string {
	if q == "" {
		return TaskQueue
	}
	return TaskQueue + "-" + string(q)
}

// queueAt is the queue of the work at an index; the main one where the list has none.
func queueAt(queues []activities.Queue, i int) activities.Queue {
	if i < len(queues) {
		return queues[i]
	}
	return ""
}

// connectorOn are connectorOptions on the queue of a system.
func connectorOn(ctx workflow.Context, q activities.Queue) workflow.Context {
	ctx = connectorOptions(ctx)
	if q == "" {
		return ctx
	}
	return workflow.WithTaskQueue(ctx, SystemQueue(q))
}

// locate finds the data: in one step where one worker reaches all systems, else in stages over the queues, which take turns until no row waits for the
// stage on any of them.
func (r *requestRun) locate(ctx workflow.Context) (activities.Located, error) {
	var out activities.Located
	queues := r.opened.Queues
	if len(queues) == 0 {
		return out, workflow.ExecuteActivity(connectorOptions(ctx), act.Locate, r.ref).Get(ctx, &out)
	}
	for stage := range activities.LastStage + 1 {
		for left := true; left; {
			for part, queue := range queues {
				in := activities.LocateStage{RequestID: r.id, Queues: queues, Part: part, Stage: stage}
				var done activities.LocatedStage
				if err := workflow.ExecuteActivity(connectorOn(ctx, queue), act.LocateStage, in).Get(ctx, &done); err != nil {
					return out, err
				}
				left = done.Left // as it is after the last of them
			}
		}
	}
	return out, record(ctx, act.FinishLocate, r.ref, &out)
}
