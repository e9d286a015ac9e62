package activities

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
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
			if g.By == "" && !restricted[g.Name()] { // which stands for all retained groups of its collection
				work.Restrict, restricted[g.Name()] = append(work.Restrict, g.No), true
				work.RestrictOn = append(work.RestrictOn, a.deps.Queues[g.System])
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
	work.Erase = a.eraseSteps(p, erasedByPlan)
	work.Queues = a.queuesOf(p.Groups, func(g plan.Group) bool { return g.By == "" && erasedByPlan(g) })
	if err := a.deps.Store.AddSuppression(ctx, in.RequestID); err != nil {
		return Work{}, err
	}
	if work.Notices, err = a.createNotices(ctx, in.RequestID, models.ID{}, categories(p, models.TreatErase, models.TreatMask)); err != nil {
		return Work{}, err
	}
	return work, a.leaveToOthers(ctx, in.RequestID, p, &work)
}

// eraseSteps orders the erasure of the chosen groups, children before parents. The first group of a collection that is erased by the plan stands for
// the others.
func (a *Activities) eraseSteps(p plan.Plan, chosen func(plan.Group) bool) []EraseStep {
	var out []EraseStep
	for i, step := range a.graph(p.Right).EraseOrder() {
		stands := false
		for _, g := range p.Groups {
			if g.Name() != step.Node.Address.String() || g.By != "" || !chosen(g) || stands && erasedByPlan(g) {
				continue
			}
			out, stands = append(out, EraseStep{Group: g.No, Index: i, Queue: a.deps.Queues[g.System]}), stands || erasedByPlan(g)
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
func (a *Activities) step(right models.Right, t target, index int) (datamap.Step, error) {
	order := a.graph(right).EraseOrder()
	if index < 0 || index >= len(order) || order[index].Node != t.node {
		return datamap.Step{}, models.Errorf(models.Conflict, "map_changed", "The data map has changed since the erasure was ordered.")
	}
	return order[index], nil
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
	g, err := groupIn(p, group)
	if err != nil {
		return target{}, err
	}
	node := a.graph(p.Right).Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
	if node == nil {
		return target{}, models.Errorf(models.Conflict, "map_changed", "The data map no longer has %s.", g.Name())
	}
	system, err := a.system(ctx, node.System)
	if err != nil {
		return target{}, err
	}
	own, err := a.ownOf(ctx, p, g)
	return target{group: g, node: node, system: system, own: own}, err
}

// ownOf are the subject's identities, folded, for a group of rows that another person shares and that is masked.
func (a *Activities) ownOf(ctx context.Context, p plan.Plan, g plan.Group) (map[string]bool, error) {
	if g.SharedWith == "" || g.Treatment() != models.TreatMask {
		return nil, nil
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), p.RequestID)
	return knownIdentities(subject), err
}

func groupIn(p plan.Plan, group int) (plan.Group, error) {
	i := slices.IndexFunc(p.Groups, func(g plan.Group) bool { return g.No == group })
	if i < 0 {
		return plan.Group{}, models.Errorf(models.Invalid, "unknown_group", "The plan has no group %d.", group)
	}
	return p.Groups[i], nil
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
