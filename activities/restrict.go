package activities

import (
	"context"
	"slices"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
)

// Restrict marks retained rows as restricted (Art. 18) and masks at once what the hold does not cover. The group stands for all retained groups of
// its collection: there is one for each day on which a hold ends, and these may be thousands.
func (a *Activities) Restrict(ctx context.Context, in GroupRef) (Done, error) {
	out, err := a.restrict(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) restrict(ctx context.Context, in GroupRef) (Done, error) {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return Done{}, err
	}
	first, err := a.targetIn(ctx, p, in.Group)
	if err != nil {
		return Done{}, err
	}
	var done Done
	possible := true
	for _, g := range p.Retained() {
		if g.Name() != first.group.Name() || g.By != "" {
			continue
		}
		t := target{group: g, node: first.node, system: first.system}
		marked, err := a.restrictGroup(ctx, GroupRef{RequestID: in.RequestID, Group: g.No}, t, &done)
		if err != nil {
			return done, err
		}
		possible = possible && marked
	}
	if possible {
		return done, nil
	}
	done.Tasks, err = a.needGroups(ctx, Ending{RequestID: in.RequestID}, task.Restrict, task.Unsupported, p, func(g plan.Group) bool {
		return g.By == "" && g.Treatment() == models.TreatRetain && g.Name() == first.group.Name()
	})
	if err != nil {
		return done, err
	}
	return done, a.deps.Store.Append(ctx, in.RequestID, "restriction.impossible", map[string]any{"group": in.Group, "collection": first.node.Address.String()})
}

// restrictGroup reports whether the group's rows could be marked.
func (a *Activities) restrictGroup(ctx context.Context, in GroupRef, t target, done *Done) (possible bool, err error) {
	possible = true
	err = a.eachBatch(ctx, in, []store.RowStatus{store.RowLocated}, func(rows []store.LocatedRow) error {
		masked, err := a.maskUnheld(ctx, in.RequestID, t, rows)
		n := 0
		if err == nil {
			done.Masked += int64(masked)
			n, err = t.mark(ctx, rows, a.deps.Now())
		}
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
	return possible, err
}

// mark restricts a batch of rows; a collection whose map does not say how gives Unsupported.
func (t target) mark(ctx context.Context, rows []store.LocatedRow, at time.Time) (int, error) {
	restrictor, err := connectors.As[connectors.Restrictor](t.system, "restrict")
	if err != nil {
		return 0, err
	}
	return restrictor.Restrict(ctx, connectors.Restriction{Node: t.node, Keys: keys(rows), At: at})
}

// maskUnheld masks the personal fields of retained rows that no hold covers: a hold on some fields keeps no others (Art. 17(3), to the
// extent needed).
func (a *Activities) maskUnheld(ctx context.Context, id models.ID, t target, rows []store.LocatedRow) (int, error) {
	if len(t.group.HeldFields) == 0 {
		return 0, nil
	}
	masks := slices.DeleteFunc(slices.Clone(t.node.Masks()), func(m datamap.Mask) bool { return slices.Contains(t.group.HeldFields, m.Field) })
	if len(masks) == 0 {
		return 0, nil
	}
	eraser, err := connectors.As[connectors.Eraser](t.system, "erase")
	if err != nil {
		return 0, err // people mask them when they set the rows apart
	}
	order := connectors.Erasure{Node: t.node, Keys: keys(rows), Masks: masks}
	if err := a.nameElements(ctx, id, &order); err != nil {
		return 0, err
	}
	outcome, err := eraser.Erase(ctx, order)
	return outcome.Masked, err
}

func keys(rows []store.LocatedRow) []datamap.Key {
	out := make([]datamap.Key, len(rows))
	for i, r := range rows {
		out[i] = r.Row.Key
	}
	return out
}

func ids(rows []store.LocatedRow) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}
