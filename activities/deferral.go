package activities

import (
	"context"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
	"habeas/templates"
)

// sweepLimit is how many deferrals one sweep starts; the next sweep takes the rest.
const sweepLimit = 200

// FindDueDeferrals lists deferrals whose hold has ended by today in their controller's zone.
func (a *Activities) FindDueDeferrals(ctx context.Context, _ struct{}) (DueDeferrals, error) {
	now := a.deps.Now()
	due, err := a.deps.Store.DueDeferrals(ctx, func(zone string) calendar.Date {
		loc, err := a.deps.Law.Zone(zone)
		if err != nil { // a zone that is no longer known: nothing is due too early west of everything
			loc = time.FixedZone("", -12*60*60)
		}
		return calendar.DateOf(now.In(loc))
	}, sweepLimit)
	return DueDeferrals{IDs: due}, a.failure(ctx, err)
}

// OpenDeferral judges the rows once more: a hold that stands now gives the deferral a later date. Otherwise it writes the notices.
func (a *Activities) OpenDeferral(ctx context.Context, in DeferralRef) (DeferralWork, error) {
	out, err := a.openDeferral(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) openDeferral(ctx context.Context, in DeferralRef) (DeferralWork, error) {
	d, err := a.deps.Store.Deferral(ctx, models.ScopeOperator(), in.DeferralID)
	if err != nil {
		return DeferralWork{}, err
	}
	out := DeferralWork{RequestID: d.RequestID}
	due, err := a.dueOf(ctx, d)
	if err != nil || !due[d.Group.No] {
		out.Held = err == nil
		return out, err
	}
	p, err := a.approvedPlan(ctx, d.RequestID)
	if err != nil {
		return out, err
	}
	waiting, err := a.waiting(ctx, p)
	if err != nil {
		return out, err
	}
	chosen := func(g plan.Group) bool { return due[g.No] || waiting[g.No] }
	out.Erase, out.Queues = a.eraseSteps(p, chosen), a.queuesOf(p.Groups, func(g plan.Group) bool { return g.By == "" && chosen(g) })
	out.Tasks, err = a.needGroups(ctx, Ending{RequestID: d.RequestID, DeferralID: d.ID}, task.Erase, task.Unsupported, p, func(g plan.Group) bool {
		return g.By != "" && due[g.No]
	})
	if err != nil {
		return out, err
	}
	out.Notices, err = a.createNotices(ctx, d.RequestID, d.ID, categoriesOf(p, due))
	return out, err
}

// company are the deferrals of the same request that are due on the same day, d among them. They are carried out as one: with one letter and one
// receipt, as d's.
func (a *Activities) company(ctx context.Context, d store.Deferral) ([]store.Deferral, error) {
	all, err := a.deps.Store.Deferrals(ctx, models.ScopeOperator(), d.RequestID)
	return slices.DeleteFunc(all, func(o store.Deferral) bool { return o.DueOn != d.DueOn }), err
}

// dueOf starts those of a deferral's company over whose rows no hold stands any more and returns their groups; the others are given a later date.
func (a *Activities) dueOf(ctx context.Context, d store.Deferral) (map[int]bool, error) {
	company, err := a.company(ctx, d)
	if err != nil {
		return nil, err
	}
	due := map[int]bool{}
	for _, o := range company {
		held, err := a.stillHeld(ctx, o)
		if err != nil {
			return nil, err
		}
		if o.State != store.DeferralDone && !held.HoldThrough.IsZero() {
			if err := a.deps.Store.PostponeDeferral(ctx, o.ID, held); err != nil {
				return nil, err
			}
			continue
		}
		if _, err := a.deps.Store.StartDeferral(ctx, o.ID); err != nil {
			return nil, err
		}
		due[o.Group.No] = true
	}
	return due, nil
}

func categoriesOf(p plan.Plan, groups map[int]bool) []string {
	var out []string
	for _, g := range p.Groups {
		if groups[g.No] {
			out = append(out, g.Categories...)
		}
	}
	return sorted(out)
}

// waiting are the groups with rows that should have been deleted and were masked or left, because a row that was kept referred to them. The end of
// its hold may release them: they are tried again, after the deferral's own rows.
func (a *Activities) waiting(ctx context.Context, p plan.Plan) (map[int]bool, error) {
	counts, err := a.deps.Store.CountRows(ctx, p.RequestID)
	if err != nil {
		return nil, err
	}
	out := map[int]bool{}
	for _, c := range counts {
		if c.Status == store.RowMasked || c.Status == store.RowBlocked {
			out[c.Group] = true
		}
	}
	for _, g := range p.Groups {
		node := a.graph(p.Right).Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
		if node == nil || !(target{group: g, node: node}).removes() {
			delete(out, g.No)
		}
	}
	return out, nil
}

// stillHeld is the deferral's group with the hold that ends last of those that stand today, by the dates recorded when the rows were located and
// the rules of today; without a last day when none stands. A third country's law alone is no exemption, Art. 17(3)(b).
func (a *Activities) stillHeld(ctx context.Context, d store.Deferral) (plan.Group, error) {
	req, controller, err := a.load(ctx, d.RequestID)
	if err != nil {
		return plan.Group{}, err
	}
	today, err := a.today(controller)
	if err != nil {
		return plan.Group{}, err
	}
	j := a.judge(req.Right, today, controller)
	err = a.eachBatch(ctx, GroupRef{RequestID: d.RequestID, Group: d.Group.No}, nil, func(rows []store.LocatedRow) error {
		for _, r := range rows {
			r.Row.Shared = false // the DPO decided about sharing when the plan was approved
			if _, err := j.group(r.Row); err != nil {
				return err
			}
		}
		alive(ctx)
		return nil
	})
	held := d.Group
	held.HoldThrough = calendar.Date{}
	for _, g := range j.builder.Groups() {
		if g.Reason != plan.ReasonThirdCountry && g.HoldThrough.After(held.HoldThrough) {
			held.Rule, held.Citation, held.Explanation, held.Counted = g.Rule, g.Citation, g.Explanation, g.Counted
			held.HoldThrough, held.ErasableOn = g.HoldThrough, g.ErasableOn
		}
	}
	return held, err
}

// FinishDeferral marks the deferral as done, and those that went with it.
func (a *Activities) FinishDeferral(ctx context.Context, in DeferralRef) error {
	return a.failure(ctx, a.finishDeferral(ctx, in))
}

func (a *Activities) finishDeferral(ctx context.Context, in DeferralRef) error {
	d, err := a.deps.Store.Deferral(ctx, models.ScopeOperator(), in.DeferralID)
	if err != nil {
		return err
	}
	company, err := a.company(ctx, d)
	if err != nil {
		return err
	}
	for _, o := range company {
		if o.ID == d.ID || o.State != store.DeferralRunning {
			continue
		}
		if err := a.deps.Store.FinishDeferral(ctx, o.ID); err != nil {
			return err
		}
	}
	return a.deps.Store.FinishDeferral(ctx, d.ID) // the last one: until then the sweep finds it again
}

// SendDeferralDone tells the person that what had to be kept is erased now.
func (a *Activities) SendDeferralDone(ctx context.Context, in Ending) error {
	return a.failure(ctx, a.sendDeferralDone(ctx, in))
}

func (a *Activities) sendDeferralDone(ctx context.Context, in Ending) error {
	l, err := a.letterContext(ctx, in.RequestID)
	if err != nil {
		return err
	}
	all, err := a.deps.Store.Deferrals(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return err
	}
	own := slices.IndexFunc(all, func(d store.Deferral) bool { return d.ID == in.DeferralID })
	if own < 0 {
		return models.Errorf(models.NotFound, "not_found", "The request has no such deferral.")
	}
	mail := templates.DeferralMail{
		MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt), HeldThrough: all[own].Group.HoldThrough, ErasedOn: l.day(all[own].FinishedAt),
	}
	for _, d := range all {
		switch {
		case d.State == store.DeferralDone && d.DueOn == all[own].DueOn:
			mail.Erased = append(mail.Erased, a.portion(l, d.Group))
		case d.State != store.DeferralDone:
			mail.StillKept = append(mail.StillKept, a.kept(l, d.Group))
		}
	}
	if mail.Recipients, _, err = a.toldRecipients(ctx, in.RequestID, in.DeferralID); err != nil {
		return err
	}
	return a.tell(ctx, in.RequestID, "deferral", "deferral-"+in.DeferralID.String(), mail)
}

// CreateDeferrals makes a deferral of each retained group of the approved plan.
func (a *Activities) CreateDeferrals(ctx context.Context, in RequestRef) error {
	return a.failure(ctx, a.createDeferrals(ctx, in))
}

func (a *Activities) createDeferrals(ctx context.Context, in RequestRef) error {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return err
	}
	return a.deps.Store.CreateDeferrals(ctx, in.RequestID, p.Retained())
}
