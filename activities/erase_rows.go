package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
)

// Erase erases the rows of one group, batch by batch. What a batch did is noted while the next is under way; done twice it does nothing more. A group
// that is erased by the plan stands for all such groups of its collection, of which there may be thousands; one that was retained for itself.
// What the connector cannot do becomes a task for people.
func (a *Activities) Erase(ctx context.Context, in GroupRef) (Done, error) {
	out, err := a.erase(ctx, in)
	if models.KindOf(err) == models.Unsupported {
		out.Tasks, err = a.byHand(ctx, in, task.Erase)
	}
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) erase(ctx context.Context, in GroupRef) (Done, error) {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return Done{}, err
	}
	first, err := a.targetIn(ctx, p, in.Group)
	if err != nil {
		return Done{}, err
	}
	step, err := a.step(p.Right, first, in.Index)
	if err != nil {
		return Done{}, err
	}
	var done Done
	for _, g := range together(p, first.group) {
		in.Group = g.No
		t := target{group: g, node: first.node, system: first.system}
		if t.own, err = a.ownOf(ctx, p, g); err != nil {
			return done, err
		}
		if err := a.eraseGroup(ctx, in, t, step, &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// erasedByPlan reports whether a group is erased when the plan is carried out, and not later or never.
func erasedByPlan(g plan.Group) bool {
	return g.Treatment() == models.TreatErase || g.Treatment() == models.TreatMask
}

// together are the groups that one step erases with a group.
func together(p plan.Plan, first plan.Group) []plan.Group {
	if !erasedByPlan(first) {
		return []plan.Group{first}
	}
	return slices.DeleteFunc(slices.Clone(p.Groups), func(g plan.Group) bool { return g.Name() != first.Name() || g.By != "" || !erasedByPlan(g) })
}

// eraseGroup erases the rows of one group and counts what was done.
func (a *Activities) eraseGroup(ctx context.Context, in GroupRef, t target, step datamap.Step, done *Done) error {
	eraser, err := connectors.As[connectors.Eraser](t.system, "erase")
	if err != nil {
		return err
	}
	pending := []store.RowStatus{store.RowLocated, store.RowRestricted, store.RowBlocked}
	if t.removes() { // what referred to a masked row may be gone by now
		pending = append(pending, store.RowMasked)
	}
	if len(step.Loosen) > 0 {
		return a.loosen(ctx, in, t, step, pending)
	}
	var written notes
	noting := context.WithoutCancel(ctx) // what was done is noted also by a worker that is told to stop
	begin := func(rows []int64) error { return a.deps.Store.BeginRows(ctx, in.RequestID, rows) }
	err = a.batches(ctx, in, pending, begin, a.inOrders(ctx, in.RequestID, t, step, func(rows []store.LocatedRow, order connectors.Erasure) error {
		if err := a.nameElements(ctx, in.RequestID, &order); err != nil {
			return err
		}
		outcome, err := eraser.Erase(ctx, order)
		if err != nil {
			return err
		}
		masked, err := a.maskReferenced(ctx, in.RequestID, eraser, order, &outcome)
		if err != nil {
			return err
		}
		became := become(rows, order, outcome, masked)
		done.add(rows, became)
		return written.add(func() error { return a.noteRows(noting, in.RequestID, rows, became) })
	}))
	return errors.Join(err, written.end())
}

// removes reports whether the group's rows are to go. A collection that the map only masks, or that the DPO has masked, keeps its rows.
func (t target) removes() bool {
	return t.node.Erasure() == datamap.EraseDelete && t.group.Treatment() != models.TreatMask
}

// order is the erasure of a batch in a step of the erase order.
func (t target) order(step datamap.Step, rows []store.LocatedRow) connectors.Erasure {
	order := connectors.Order(step, keys(rows))
	if order.Delete && !t.removes() {
		order.Delete, order.Masks = false, t.node.Masks()
	}
	return order
}

// loosen empties the fields by which rows that will be deleted refer to each other in a circle.
func (a *Activities) loosen(ctx context.Context, in GroupRef, t target, step datamap.Step, pending []store.RowStatus) error {
	eraser, err := connectors.As[connectors.Eraser](t.system, "erase")
	if err != nil || !t.removes() {
		return err
	}
	return a.eachBatch(ctx, in, pending, func(rows []store.LocatedRow) error {
		_, err := eraser.Erase(ctx, t.order(step, rows))
		return err
	})
}

// maskReferenced masks rows that could not be deleted because a row that stays, such as one under a hold, refers to them: nothing of the person is
// left in them then. It takes them out of the outcome's blocked rows and returns their keys.
func (a *Activities) maskReferenced(
	ctx context.Context, id models.ID, eraser connectors.Eraser, order connectors.Erasure, outcome *connectors.Outcome,
) ([]datamap.Key, error) {
	var referenced []datamap.Key
	var blocked []connectors.Blocked
	for _, b := range outcome.Blocked {
		if b.Code == connectors.BlockedReferenced {
			referenced = append(referenced, b.Key)
		} else {
			blocked = append(blocked, b)
		}
	}
	masks := order.Node.Masks()
	if !order.Delete || len(referenced) == 0 || len(masks) == 0 {
		return nil, nil
	}
	instead := connectors.Erasure{Node: order.Node, Keys: referenced, Masks: masks}
	if err := a.nameElements(ctx, id, &instead); err != nil {
		return nil, err
	}
	second, err := eraser.Erase(ctx, instead)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Unsupported {
		return nil, nil // the system does not let the fields be masked: the rows stay blocked, and the DPO is told
	}
	if err != nil {
		return nil, err
	}
	outcome.Blocked = append(blocked, second.Blocked...)
	still := keySet{}
	for _, b := range second.Blocked {
		still.add(b.Key)
	}
	var masked []datamap.Key
	for _, k := range referenced {
		if !still.has(k) {
			masked = append(masked, k)
		}
	}
	return masked, nil
}

// become is what became of each row of a batch. Of rows that were missing the connector tells only how many: that they were among the last of
// the batch says nothing of a single one. A row whose erasure had begun before, and that is missing now, was erased by it.
func become(rows []store.LocatedRow, order connectors.Erasure, outcome connectors.Outcome, masked []datamap.Key) []store.RowStatus {
	blocked, instead := keySet{}, keySet{}
	for _, b := range outcome.Blocked {
		blocked.add(b.Key)
	}
	for _, k := range masked {
		instead.add(k)
	}
	missing := outcome.Missing
	for _, r := range rows {
		if order.Delete && r.Begun {
			missing--
		}
	}
	out := make([]store.RowStatus, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		r := &rows[i]
		switch {
		case blocked.has(r.Row.Key):
			out[i] = store.RowBlocked
		case instead.has(r.Row.Key):
			out[i] = store.RowMasked
		case missing > 0 && (!order.Delete || !r.Begun):
			out[i] = store.RowMissing
			missing--
		case order.Delete:
			out[i] = store.RowErased
		default:
			out[i] = store.RowMasked
		}
	}
	return out
}

// add counts the rows that became something else.
func (d *Done) add(rows []store.LocatedRow, became []store.RowStatus) {
	for i, status := range became {
		if status == rows[i].Status {
			continue
		}
		switch status {
		case store.RowErased:
			d.Erased++
		case store.RowMasked:
			d.Masked++
		case store.RowMissing:
			d.Missing++
		default: // a blocked row was not dealt with
		}
	}
}

// noteRows writes the new status of each row of a batch.
func (a *Activities) noteRows(ctx context.Context, id models.ID, rows []store.LocatedRow, became []store.RowStatus) error {
	byStatus := map[store.RowStatus][]int64{}
	for i, status := range became {
		byStatus[status] = append(byStatus[status], rows[i].ID)
	}
	for _, status := range []store.RowStatus{store.RowErased, store.RowMasked, store.RowMissing, store.RowBlocked} {
		if err := a.deps.Store.MarkRows(ctx, id, byStatus[status], status); err != nil {
			return err
		}
	}
	return nil
}

// keySet is a set of keys of one collection.
type keySet map[string]bool

func (s keySet) add(k datamap.Key) { s[keyText(k)] = true }

func (s keySet) has(k datamap.Key) bool { return len(s) > 0 && s[keyText(k)] }

// keyText tells keys apart, also those whose values differ only in kind.
func keyText(k datamap.Key) string {
	var b strings.Builder
	for _, v := range k {
		fmt.Fprintf(&b, "%s %d %s ", v.Kind(), len(v.Text()), v.Text())
	}
	return b.String()
}
