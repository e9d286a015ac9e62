package activities

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
	"habeas/templates"
)

// RestrictRows marks the rows of a group as restricted (Art. 18), batch by batch; done twice it changes nothing more. Rows that their system or
// their map does not let be marked are blocked, and a task for people.
func (a *Activities) RestrictRows(ctx context.Context, in GroupRef) (Done, error) {
	out, err := a.restrictRows(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) restrictRows(ctx context.Context, in GroupRef) (Done, error) {
	t, err := a.target(ctx, in.RequestID, in.Group)
	if err != nil {
		return Done{}, err
	}
	var done Done
	impossible, blocked := false, false
	err = a.eachBatch(ctx, in, []store.RowStatus{store.RowLocated}, func(rows []store.LocatedRow) error {
		byStatus, err := a.markBatch(ctx, t, rows)
		if models.KindOf(err) == models.Unsupported {
			impossible = true
			return a.deps.Store.MarkRows(ctx, in.RequestID, ids(rows), store.RowBlocked)
		}
		if err != nil {
			return err
		}
		done.Restricted += int64(len(byStatus[store.RowRestricted]))
		done.Missing += int64(len(byStatus[store.RowMissing]))
		blocked = blocked || len(byStatus[store.RowBlocked]) > 0
		for _, status := range []store.RowStatus{store.RowRestricted, store.RowMissing, store.RowBlocked} {
			if err := a.deps.Store.MarkRows(ctx, in.RequestID, byStatus[status], status); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !impossible && !blocked {
		return done, err
	}
	if done.Tasks, err = a.byHand(ctx, in, task.Restrict); err != nil || !impossible {
		return done, err
	}
	data := map[string]any{"group": in.Group, "collection": t.node.Address.String()}
	return done, a.deps.Store.Append(ctx, in.RequestID, "restriction.impossible", data)
}

// markBatch marks a batch. When not all of it carries the mark then, each row is asked for, so that one that has gone is not called restricted.
func (a *Activities) markBatch(ctx context.Context, t target, rows []store.LocatedRow) (map[store.RowStatus][]int64, error) {
	n, err := t.mark(ctx, rows, a.deps.Now())
	if err != nil {
		return nil, err
	}
	if n == len(rows) {
		return map[store.RowStatus][]int64{store.RowRestricted: ids(rows)}, nil
	}
	out := map[store.RowStatus][]int64{}
	for _, row := range rows {
		status, err := a.markOne(ctx, t, row)
		if err != nil {
			return nil, err
		}
		out[status] = append(out[status], row.ID)
	}
	return out, nil
}

func (a *Activities) markOne(ctx context.Context, t target, row store.LocatedRow) (store.RowStatus, error) {
	n, err := t.mark(ctx, []store.LocatedRow{row}, a.deps.Now())
	if err != nil || n > 0 {
		return store.RowRestricted, err
	}
	verifier, err := connectors.As[connectors.Verifier](t.system, "count rows")
	if err != nil {
		return "", err
	}
	there, err := verifier.Count(ctx, connectors.Query{Node: t.node, Fields: t.node.Key, Keys: []datamap.Key{row.Row.Key}})
	if there > 0 {
		return store.RowBlocked, err
	}
	return store.RowMissing, err
}

// restrictionOutcome is never fulfilled while a row that was to be restricted is not, or the DPO left one as it is.
func (a *Activities) restrictionOutcome(ctx context.Context, id models.ID, p plan.Plan) (models.Outcome, error) {
	counts, err := a.deps.Store.CountRows(ctx, id)
	if err != nil {
		return "", err
	}
	if refused, err := a.refused(ctx, id); err != nil || refused {
		return models.PartlyFulfilled, err
	}
	treatment := map[int]plan.Group{}
	for _, g := range p.Groups {
		treatment[g.No] = g
		if g.Treatment() == models.TreatKeep && g.Reason != plan.ReasonKeptByMap {
			return models.PartlyFulfilled, nil
		}
	}
	for _, c := range counts {
		if treatment[c.Group].Treatment() == models.TreatRestrict && c.Status != store.RowRestricted && c.Status != store.RowMissing {
			return models.PartlyFulfilled, nil
		}
	}
	return models.Fulfilled, nil
}

// rowsBy counts the rows of a group that have one of the statuses.
func rowsBy(counts []store.RowCount, group int, statuses ...store.RowStatus) (n int64) {
	for _, c := range counts {
		for _, s := range statuses {
			if c.Group == group && c.Status == s {
				n += c.Rows
			}
		}
	}
	return n
}

func (a *Activities) restrictionMail(ctx context.Context, l letterContext) (templates.RestrictionMail, error) {
	p, err := a.approvedPlan(ctx, l.req.ID)
	if err != nil {
		return templates.RestrictionMail{}, err
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), l.req.ID)
	if err != nil {
		return templates.RestrictionMail{}, err
	}
	counts, err := a.deps.Store.CountRows(ctx, l.req.ID)
	if err != nil {
		return templates.RestrictionMail{}, err
	}
	mail := templates.RestrictionMail{
		MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt), Ground: subject.Statement.Ground.Article(), Authority: l.controller.Authority, Link: l.status,
	}
	tasks, err := a.deps.Store.TasksOf(ctx, l.req.ID, models.ID{})
	if err != nil {
		return templates.RestrictionMail{}, err
	}
	for _, g := range p.Groups {
		portion := a.portion(l, g)
		switch {
		case g.Treatment() == models.TreatRestrict && g.By != "":
			if t, _ := settledTask(tasks, task.Restrict, g.No); t.State == task.Confirmed {
				mail.Restricted = addPortion(mail.Restricted, portion)
			} else {
				mail.Unmarked = addPortion(mail.Unmarked, portion)
			}
		case g.Treatment() == models.TreatRestrict:
			if portion.Records = rowsBy(counts, g.No, store.RowRestricted); portion.Records > 0 {
				mail.Restricted = addPortion(mail.Restricted, portion)
			}
			if portion.Records = rowsBy(counts, g.No, store.RowLocated, store.RowBlocked); portion.Records > 0 {
				mail.Unmarked = addPortion(mail.Unmarked, portion)
			}
		case g.Reason != plan.ReasonKeptByMap && !g.LeftOut():
			mail.Kept = append(mail.Kept, a.kept(l, g))
		}
	}
	if mail.LeftOut, err = a.leftOut(ctx, l, p); err != nil {
		return mail, err
	}
	mail.Recipients, mail.AllAnswered, err = a.toldRecipients(ctx, l.req.ID, models.ID{})
	return mail, err
}
