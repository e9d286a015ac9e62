package activities

import (
	"context"
	"slices"

	"go.temporal.io/sdk/activity"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
)

// eraseBatch is how many rows one transaction of a system erases.
const eraseBatch = 500

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
	for _, g := range p.Groups {
		switch {
		case g.Treatment() == models.TreatRetain:
			work.Restrict, work.Retained = append(work.Restrict, g.No), true
		case g.Treatment() == models.TreatKeep && g.Reason != plan.ReasonKeptByMap:
			work.Retained = true
		}
		if err := a.noteKept(ctx, in.RequestID, g); err != nil {
			return Work{}, err
		}
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

// noteKept marks the rows of a group that stays.
func (a *Activities) noteKept(ctx context.Context, id models.ID, g plan.Group) error {
	if g.Treatment() != models.TreatKeep {
		return nil
	}
	ref := GroupRef{RequestID: id, Group: g.No}
	return a.eachBatch(ctx, ref, []store.RowStatus{store.RowLocated}, func(rows []store.LocatedRow) error {
		return a.deps.Store.MarkRows(ctx, id, ids(rows), store.RowKept)
	})
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

// Erase erases the rows of one group, batch by batch. What a batch did is noted before the next; done twice it does nothing more.
func (a *Activities) Erase(ctx context.Context, in GroupRef) (Done, error) {
	out, err := a.erase(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) erase(ctx context.Context, in GroupRef) (Done, error) {
	t, err := a.target(ctx, in.RequestID, in.Group)
	if err != nil {
		return Done{}, err
	}
	step, err := a.step(t, in.Index)
	if err != nil {
		return Done{}, err
	}
	eraser, err := connectors.As[connectors.Eraser](t.system, "erase")
	if err != nil {
		return Done{}, err
	}
	var done Done
	pending := []store.RowStatus{store.RowLocated, store.RowRestricted, store.RowBlocked}
	err = a.eachBatch(ctx, in, pending, func(rows []store.LocatedRow) error {
		order := t.order(rows)
		if len(step.Loosen) > 0 {
			return t.loosen(ctx, eraser, step, order)
		}
		outcome, err := eraser.Erase(ctx, order)
		if err != nil {
			return err
		}
		masked, err := t.maskReferenced(ctx, eraser, order, &outcome)
		if err != nil {
			return err
		}
		done.Erased += int64(outcome.Erased)
		done.Masked += int64(outcome.Masked)
		done.Missing += int64(outcome.Missing)
		return a.noteErased(ctx, in.RequestID, rows, order, outcome, masked)
	})
	return done, err
}

// maskReferenced masks rows that could not be deleted because a row that stays, such as one under a hold, refers to them: nothing of the person is
// left in them then. It takes them out of the outcome's blocked rows and returns their keys.
func (t target) maskReferenced(ctx context.Context, eraser connectors.Eraser, order connectors.Erasure, outcome *connectors.Outcome) ([]datamap.Key, error) {
	var referenced []datamap.Key
	var blocked []connectors.Blocked
	for _, b := range outcome.Blocked {
		if b.Code == connectors.BlockedReferenced {
			referenced = append(referenced, b.Key)
		} else {
			blocked = append(blocked, b)
		}
	}
	masks := t.node.Masks()
	if !order.Delete || len(referenced) == 0 || len(masks) == 0 {
		return nil, nil
	}
	second, err := eraser.Erase(ctx, connectors.Erasure{Node: t.node, Keys: referenced, Masks: masks})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Unsupported {
		return nil, nil // the system does not let the fields be masked: the rows stay blocked, and the DPO is told
	}
	if err != nil {
		return nil, err
	}
	outcome.Masked += second.Masked
	outcome.Blocked = append(blocked, second.Blocked...)
	return slices.DeleteFunc(referenced, second.Blocks), nil
}

// step is the step of the erase order, as long as the data map is still the one that the work was ordered by.
func (a *Activities) step(t target, index int) (datamap.Step, error) {
	order := a.deps.Graph.EraseOrder()
	if index < 0 || index >= len(order) || order[index].Node != t.node {
		return datamap.Step{}, models.Errorf(models.Conflict, "map_changed", "The data map has changed since the erasure was ordered.")
	}
	return order[index], nil
}

// loosen empties the fields by which rows that will be deleted refer to each other in a circle.
func (t target) loosen(ctx context.Context, eraser connectors.Eraser, step datamap.Step, order connectors.Erasure) error {
	if !order.Delete {
		return nil
	}
	_, err := eraser.Erase(ctx, connectors.Erasure{Node: t.node, Keys: order.Keys, Masks: step.Loosen})
	return err
}

// noteErased writes the new status of each row of a batch; masked are the keys of rows that were masked instead of deleted.
func (a *Activities) noteErased(ctx context.Context, id models.ID, rows []store.LocatedRow, order connectors.Erasure, outcome connectors.Outcome, masked []datamap.Key) error {
	byStatus := map[store.RowStatus][]int64{}
	for _, r := range rows {
		status := store.RowErased
		switch {
		case outcome.Blocks(r.Row.Key):
			status = store.RowBlocked
		case !order.Delete || slices.ContainsFunc(masked, func(k datamap.Key) bool { return slices.Equal(k, r.Row.Key) }):
			status = store.RowMasked
		}
		byStatus[status] = append(byStatus[status], r.ID)
	}
	for _, status := range []store.RowStatus{store.RowErased, store.RowMasked, store.RowBlocked} {
		if err := a.deps.Store.MarkRows(ctx, id, byStatus[status], status); err != nil {
			return err
		}
	}
	return nil
}

// Restrict marks retained rows as restricted (Art. 18) and masks at once what the hold does not cover.
func (a *Activities) Restrict(ctx context.Context, in GroupRef) (Done, error) {
	out, err := a.restrict(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) restrict(ctx context.Context, in GroupRef) (Done, error) {
	t, err := a.target(ctx, in.RequestID, in.Group)
	if err != nil {
		return Done{}, err
	}
	var done Done
	possible := true
	err = a.eachBatch(ctx, in, []store.RowStatus{store.RowLocated}, func(rows []store.LocatedRow) error {
		masked, err := t.maskUnheld(ctx, rows)
		if err != nil {
			return err
		}
		done.Masked += int64(masked)
		n, err := t.mark(ctx, rows, a.deps.Now())
		if models.KindOf(err) == models.Unsupported {
			possible = false
			return nil
		}
		if err != nil {
			return err
		}
		done.Restricted += int64(n)
		return a.deps.Store.MarkRows(ctx, in.RequestID, ids(rows), store.RowRestricted)
	})
	if err != nil || possible {
		return done, err
	}
	return done, a.deps.Store.Append(ctx, in.RequestID, "restriction.impossible", map[string]any{"group": in.Group, "collection": t.node.Address.String()})
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
			for _, order := range t.proofs(rows) {
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

// erasedGroups are the groups that have been erased: of the deferral, or all erased and masked ones of the plan.
func (a *Activities) erasedGroups(ctx context.Context, in Ending, p plan.Plan) ([]int, error) {
	if !in.DeferralID.IsZero() {
		d, err := a.deps.Store.Deferral(ctx, models.ScopeOperator(), in.DeferralID)
		return []int{d.Group.No}, err
	}
	var out []int
	for _, g := range p.Groups {
		if t := g.Treatment(); t == models.TreatErase || t == models.TreatMask {
			out = append(out, g.No)
		}
	}
	return out, nil
}

// eachBatch calls fn with the rows of a group that have one of the statuses, a batch at a time, in their order.
func (a *Activities) eachBatch(ctx context.Context, in GroupRef, statuses []store.RowStatus, fn func([]store.LocatedRow) error) error {
	var after int64
	for {
		rows, err := a.deps.Store.RowsOf(ctx, in.RequestID, in.Group, after, eraseBatch, statuses...)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := fn(rows); err != nil {
			return err
		}
		activity.RecordHeartbeat(ctx)
		after = rows[len(rows)-1].ID
	}
}

// target is the collection that a group's rows live in.
type target struct {
	group  plan.Group
	node   *datamap.Node
	system connectors.System
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
		return target{g, node, system}, err
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
		out = append(out, t.order(deleted))
	}
	if len(masked) > 0 {
		out = append(out, connectors.Erasure{Node: t.node, Keys: keys(masked), Masks: t.node.Masks()})
	}
	return out
}

// order is the erasure of a batch. A collection that the map only masks, or that the DPO has masked, keeps its rows.
func (t target) order(rows []store.LocatedRow) connectors.Erasure {
	remove := t.node.Erasure() == datamap.EraseDelete && t.group.Treatment() != models.TreatMask
	order := connectors.Erasure{Node: t.node, Keys: keys(rows), Delete: remove}
	if !remove {
		order.Masks = t.node.Masks()
	}
	return order
}
