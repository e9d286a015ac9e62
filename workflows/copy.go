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
	var pkg activities.Package
	if err := workflow.ExecuteActivity(connectorOptions(ctx), act.BuildPackage, r.ref).Get(ctx, &pkg); err != nil {
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
	return nil
}
