package activities

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// PrepareErasure writes, before anything is destroyed, the notices to the recipients and the suppression entry; it returns the order of work.
func (a *Activities) PrepareErasure(ctx context.Context, in RequestRef) (Work, error) {
	out, err := a.prepareErasure(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) prepareErasure(ctx context.Context, in RequestRef) (Work, error) {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return Work{}, err
	}
	var work Work
	var kept []int
	restricted := map[string]bool{}
	for _, g := range p.Groups {
		switch {
		case g.Treatment() == models.TreatRetain:
			work.Retained = true
			if !restricted[g.Name()] { // which stands for all retained groups of its collection
				work.Restrict, restricted[g.Name()] = append(work.Restrict, g.No), true
			}
		case g.Treatment() == models.TreatKeep && g.Reason != plan.ReasonKeptByMap:
			work.Retained = true
		}
		if g.Treatment() == models.TreatKeep {
			kept = append(kept, g.No)
		}
	}
	if err := a.deps.Store.KeepGroups(ctx, in.RequestID, kept); err != nil {
		return Work{}, err
	}
	work.Erase = a.eraseSteps(p, func(g plan.Group) bool {
		return g.Treatment() == models.TreatErase || g.Treatment() == models.TreatMask
	})
	if err := a.deps.Store.AddSuppression(ctx, in.RequestID); err != nil {
		return Work{}, err
	}
	work.Notices, err = a.createNotices(ctx, in.RequestID, models.ID{}, categories(p, models.TreatErase, models.TreatMask))
	return work, err
}

// eraseSteps orders the erasure of the chosen groups, children before parents.
func (a *Activities) eraseSteps(p plan.Plan, chosen func(plan.Group) bool) []EraseStep {
	var out []EraseStep
	for i, step := range a.deps.Graph.EraseOrder() {
		for _, g := range p.Groups {
			if g.Name() == step.Node.Address.String() && chosen(g) {
				out = append(out, EraseStep{Group: g.No, Index: i})
			}
		}
	}
	return out
}

// approvedPlan is the latest plan with the choices of its approval.
func (a *Activities) approvedPlan(ctx context.Context, id models.ID) (plan.Plan, error) {
	p, decided, err := a.deps.Store.Plan(ctx, models.ScopeOperator(), id)
	if err != nil {
		return p, err
	}
	if !decided || len(p.Undecided()) > 0 {
		return p, models.Errorf(models.Invalid, "plan_not_approved", "The plan has not been approved.")
	}
	return p, nil
}

// categories are the data categories of the groups under the given treatments, of all groups when none is given; sorted.
func categories(p plan.Plan, treatments ...models.Treatment) []string {
	var out []string
	for _, g := range p.Groups {
		if len(treatments) == 0 || slices.Contains(treatments, g.Treatment()) {
			out = append(out, g.Categories...)
		}
	}
	return sorted(out)
}

// step is the step of the erase order, as long as the data map is still the one that the work was ordered by.
func (a *Activities) step(t target, index int) (datamap.Step, error) {
	order := a.deps.Graph.EraseOrder()
	if index < 0 || index >= len(order) || order[index].Node != t.node {
		return datamap.Step{}, models.Errorf(models.Conflict, "map_changed", "The data map has changed since the erasure was ordered.")
	}
	return order[index], nil
}

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
	var proof Proof
	all := []store.RowStatus{store.RowLocated, store.RowRestricted, store.RowBlocked, store.RowErased, store.RowMasked, store.RowMissing}
	for _, no := range groups {
		t, err := a.targetIn(ctx, p, no)
		if err != nil {
			return proof, err
		}
		verifier, err := connectors.As[connectors.Verifier](t.system, "prove an erasure")
		if err != nil {
			return proof, err
		}
		err = a.eachBatch(ctx, GroupRef{RequestID: in.RequestID, Group: no}, all, func(rows []store.LocatedRow) error {
			proofs, err := a.proofs(ctx, in.RequestID, t, rows)
			if err != nil {
				return err
			}
			for _, order := range proofs {
				if err := a.nameElements(ctx, in.RequestID, &order); err != nil {
					return err
				}
				left, err := verifier.Left(ctx, order)
				if err != nil {
					return err
				}
				proof.Checked += int64(len(order.Keys))
				proof.Left += int64(left)
			}
			return nil
		})
		if err != nil {
			return proof, err
		}
	}
	return proof, a.deps.Store.Append(ctx, in.RequestID, "erasure.proved", map[string]any{"checked": proof.Checked, "left": proof.Left})
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
		if t := g.Treatment(); t == models.TreatErase || t == models.TreatMask {
			out = append(out, g.No)
		}
	}
	return out, nil
}

// target is the collection that a group's rows live in.
type target struct {
	group  plan.Group
	node   *datamap.Node
	system connectors.System
	own    map[string]bool // the subject's identities, folded, where only the subject's own fields are masked; else nil
}

func (a *Activities) target(ctx context.Context, id models.ID, group int) (target, error) {
	p, err := a.approvedPlan(ctx, id)
	if err != nil {
		return target{}, err
	}
	return a.targetIn(ctx, p, group)
}

func (a *Activities) targetIn(ctx context.Context, p plan.Plan, group int) (target, error) {
	for _, g := range p.Groups {
		if g.No != group {
			continue
		}
		node := a.deps.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
		if node == nil {
			return target{}, models.Errorf(models.Conflict, "map_changed", "The data map no longer has %s.", g.Name())
		}
		system, err := a.system(ctx, node.System)
		t := target{group: g, node: node, system: system}
		if err == nil && g.SharedWith != "" && g.Treatment() == models.TreatMask {
			var subject request.Subject
			subject, err = a.deps.Store.Subject(ctx, models.ScopeOperator(), p.RequestID)
			t.own = knownIdentities(subject)
		}
		return t, err
	}
	return target{}, models.Errorf(models.Invalid, "unknown_group", "The plan has no group %d.", group)
}

// proofs are the erasures that must be in effect for a batch: as ordered, but masked for rows that were masked instead of deleted.
func (t target) proofs(rows []store.LocatedRow) []connectors.Erasure {
	var deleted, masked []store.LocatedRow
	for _, r := range rows {
		if r.Status == store.RowMasked {
			masked = append(masked, r)
		} else {
			deleted = append(deleted, r)
		}
	}
	var out []connectors.Erasure
	if len(deleted) > 0 {
		out = append(out, t.order(datamap.Step{Node: t.node}, deleted))
	}
	if len(masked) > 0 {
		out = append(out, connectors.Erasure{Node: t.node, Keys: keys(masked), Masks: t.node.Masks()})
	}
	return out
}
