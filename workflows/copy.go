package workflows

import (
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
)

// deliverCopy builds the package of an access or export request and waits until it is fetched or has expired; then it is shredded.
func (r *requestRun) deliverCopy(ctx workflow.Context) error {
	if err := r.advance(ctx, models.Executing); err != nil {
		return err
	}
	if r.fetch {
		if err := r.fetchParts(ctx); err != nil {
			return err
		}
	}
	pkg, err := r.buildPackage(ctx)
	if err != nil {
		return err
	}
	if err := r.advance(ctx, models.Delivering); err != nil {
		return err
	}
	ref := activities.PackageRef{RequestID: r.id, PackageID: pkg.PackageID}
	if err := workflow.ExecuteActivity(messageOptions(ctx), act.SendPackageLink, ref).Get(ctx, nil); err != nil {
		return err
	}
	for !r.collected && workflow.Now(ctx).Before(pkg.ExpiresAt) {
		left := pkg.ExpiresAt.Sub(workflow.Now(ctx))
		if _, err := workflow.AwaitWithTimeout(ctx, min(left, maxTimer), func() bool { return r.collected }); err != nil {
			return err
		}
	}
	if err := record(ctx, act.ShredPackage, ref, nil); err != nil {
		return err
	}
	r.outcome = models.Fulfilled
	if pkg.Partly {
		r.outcome = models.PartlyFulfilled
	}
	return nil
}

// fetchParts has other companies and other workers bring their parts of the copy.
func (r *requestRun) fetchParts(ctx workflow.Context) error {
	var work activities.CopyWork
	if err := record(ctx, act.PrepareCopy, r.ref, &work); err != nil {
		return err
	}
	for _, queue := range work.Queues {
		in := activities.QueueRef{RequestID: r.id, Queue: queue}
		if err := workflow.ExecuteActivity(connectorOn(ctx, queue), act.ExportParts, in).Get(ctx, nil); err != nil {
			return err
		}
	}
	return r.delegate(ctx, work.Delegations)
}

// buildPackage puts the package together, as soon as people have brought what no connector can.
func (r *requestRun) buildPackage(ctx workflow.Context) (activities.Package, error) {
	for {
		var pkg activities.Package
		if err := workflow.ExecuteActivity(connectorOptions(ctx), act.BuildPackage, r.ref).Get(ctx, &pkg); err != nil || pkg.Tasks == 0 {
			return pkg, err
		}
		if err := r.people.await(ctx, activities.Ending{RequestID: r.id}, never); err != nil {
			return pkg, err
		}
	}
}
