package activities

import (
	"context"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/task"
)

// PrepareRight begins a restriction, a rectification or an objection that was approved: it writes what must stand before a system is touched, and
// returns the work.
func (a *Activities) PrepareRight(ctx context.Context, in RequestRef) (RightWork, error) {
	out, err := a.prepareRight(ctx, in.RequestID)
	return out, a.failure(ctx, err)
}

func (a *Activities) prepareRight(ctx context.Context, id models.ID) (RightWork, error) {
	p, err := a.approvedPlan(ctx, id)
	if err != nil {
		return RightWork{}, err
	}
	var work RightWork
	var unchanged []int
	imposed := false
	for _, g := range p.Groups {
		switch t := g.Treatment(); {
		case t == models.TreatRestrict && g.By == "":
			work.Restrict, work.RestrictOn = append(work.Restrict, g.No), append(work.RestrictOn, a.deps.Queues[g.System])
		case t == models.TreatRestrict:
			imposed = true
		case t == models.TreatKeep || t == models.TreatSuppress:
			unchanged = append(unchanged, g.No)
		default: // a correction marks its rows
		}
	}
	if err := a.deps.Store.KeepGroups(ctx, id, unchanged); err != nil {
		return RightWork{}, err
	}
	if len(work.Restrict) > 0 || imposed {
		if err := a.deps.Store.ImposeRestriction(ctx, id); err != nil {
			return RightWork{}, err
		}
	}
	work.Tasks, err = a.needGroups(ctx, Ending{RequestID: id}, task.Restrict, task.Unsupported, p, func(g plan.Group) bool {
		return g.By != "" && g.Treatment() == models.TreatRestrict
	})
	if err != nil {
		return RightWork{}, err
	}
	switch p.Right {
	case models.Rectification:
		corrections, err := a.deps.Store.Corrections(ctx, models.ScopeOperator(), id)
		for _, c := range corrections {
			g, err := groupIn(p, c.Group)
			if err != nil {
				return work, err
			}
			work.Rectify, work.RectifyOn = append(work.Rectify, c.ID), append(work.RectifyOn, a.deps.Queues[g.System])
		}
		return work, err
	case models.Objection:
		entered, _, err := a.objection(ctx, id, p)
		if err != nil || len(entered) == 0 {
			return work, err
		}
		return work, a.deps.Store.AddObjection(ctx, id, entered)
	default:
		return work, nil
	}
}

// SettleRight judges what was done by what is recorded of it, and writes the notices to those who received the data (Art. 19).
func (a *Activities) SettleRight(ctx context.Context, in RequestRef) (Settled, error) {
	out, err := a.settleRight(ctx, in.RequestID)
	return out, a.failure(ctx, err)
}

func (a *Activities) settleRight(ctx context.Context, id models.ID) (out Settled, err error) {
	p, err := a.approvedPlan(ctx, id)
	if err != nil {
		return Settled{}, err
	}
	switch p.Right {
	case models.Restriction:
		out.Outcome, err = a.restrictionOutcome(ctx, id, p)
		if err == nil {
			out.Notices, err = a.createNotices(ctx, id, models.ID{}, categories(p, models.TreatRestrict))
		}
	case models.Rectification:
		out, err = a.settleRectification(ctx, id, p)
	case models.Objection:
		out, err = a.settleObjection(ctx, id, p)
	default:
		err = models.Errorf(models.Invalid, "bad_right", "A request for %s is not settled so.", p.Right)
	}
	return out, err
}

// fieldCategories are the data categories of a field, those of its collection when it has none of its own.
func fieldCategories(n *datamap.Node, name string) []string {
	if f := n.Field(name); f != nil && len(f.Categories) > 0 {
		return f.Categories
	}
	return n.Collection.Categories
}
