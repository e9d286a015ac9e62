package activities

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
)

// ProveErased looks again, in the systems themselves, for every row that was to be erased.
func (a *Activities) ProveErased(ctx context.Context, in Ending) (Proof, error) {
	out, err := a.proveErased(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) proveErased(ctx context.Context, in Ending) (Proof, error) {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return Proof{}, err
	}
	groups, err := a.erasedGroups(ctx, in, p)
	if err != nil {
		return Proof{}, err
	}
	tasks, err := a.deps.Store.TasksOf(ctx, in.RequestID, in.DeferralID)
	if err != nil {
		return Proof{}, err
	}
	var proof Proof
	for _, no := range groups {
		g, err := groupIn(p, no)
		if err != nil {
			return proof, err
		}
		if g.By != "" || a.deps.Queues[g.System] != in.Queue {
			continue // proved by who did it, or by another worker
		}
		if err := a.proveGroup(ctx, in, p, no, tasks, &proof); err != nil {
			return proof, err
		}
	}
	return proof, a.deps.Store.Append(ctx, in.RequestID, "erasure.proved", map[string]any{"checked": proof.Checked, "left": proof.Left})
}

// proveGroup looks for the rows of one group. Where the system cannot tell, the confirmation of who erased them by hand is the proof, else people have
// to look. What people have confirmed and the system shows all the same goes back to them.
func (a *Activities) proveGroup(ctx context.Context, in Ending, p plan.Plan, no int, tasks []task.Task, proof *Proof) error {
	erased, byHand := settledTask(tasks, task.Erase, no)
	if byHand && erased.State == task.Refused {
		return nil // it stays
	}
	t, err := a.targetIn(ctx, p, no)
	if err != nil {
		return err
	}
	checked, left, err := a.leftOf(ctx, in, t)
	switch {
	case models.KindOf(err) == models.Unsupported && byHand:
		return nil
	case models.KindOf(err) == models.Unsupported:
		made, err := a.needGroup(ctx, in, task.Prove, task.Unsupported, t.group)
		proof.Tasks += waits(made)
		return err
	case err != nil:
		return err
	case left > 0 && byHand:
		proof.Tasks++
		err = a.deps.Store.ReopenTask(ctx, erased.ID, task.StillThere)
	}
	proof.Checked, proof.Left = proof.Checked+checked, proof.Left+left
	return err
}

// leftOf counts the rows of a group and those of them that are still there.
func (a *Activities) leftOf(ctx context.Context, in Ending, t target) (checked, left int64, err error) {
	verifier, err := connectors.As[connectors.Verifier](t.system, "prove an erasure")
	if err != nil {
		return 0, 0, err
	}
	all := []store.RowStatus{store.RowLocated, store.RowRestricted, store.RowBlocked, store.RowErased, store.RowMasked, store.RowMissing}
	err = a.eachBatch(ctx, GroupRef{RequestID: in.RequestID, Group: t.group.No}, all, func(rows []store.LocatedRow) error {
		proofs, err := a.proofs(ctx, in.RequestID, t, rows)
		if err != nil {
			return err
		}
		for _, order := range proofs {
			if err := a.nameElements(ctx, in.RequestID, &order); err != nil {
				return err
			}
			n, err := verifier.Left(ctx, order)
			if err != nil {
				return err
			}
			checked, left = checked+int64(len(order.Keys)), left+int64(n)
		}
		return nil
	})
	return checked, left, err
}

// erasedGroups are the groups that have been erased: of the deferral and those that go with it, or all erased and masked ones of the plan.
func (a *Activities) erasedGroups(ctx context.Context, in Ending, p plan.Plan) ([]int, error) {
	var out []int
	if !in.DeferralID.IsZero() {
		d, err := a.deps.Store.Deferral(ctx, models.ScopeOperator(), in.DeferralID)
		if err != nil {
			return nil, err
		}
		company, err := a.company(ctx, d)
		for _, d := range company {
			out = append(out, d.Group.No)
		}
		return out, err
	}
	for _, g := range p.Groups {
		if erasedByPlan(g) {
			out = append(out, g.No)
		}
	}
	return out, nil
}
