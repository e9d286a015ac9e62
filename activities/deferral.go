package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/templates"
)

// sweepLimit is how many deferrals one sweep starts; the next sweep takes the rest.
const sweepLimit = 200

// FindDueDeferrals lists deferrals whose hold has ended by today in their controller's zone.
func (a *Activities) FindDueDeferrals(ctx context.Context, _ struct{}) (DueDeferrals, error) {
	due, err := a.deps.Store.DueDeferrals(ctx, func(zone string) (calendar.Date, error) {
		loc, err := a.deps.Law.Zone(zone)
		return calendar.DateOf(a.deps.Now().In(loc)), err
	}, sweepLimit)
	out := DueDeferrals{IDs: make([]models.ID, len(due))}
	for i, d := range due {
		out.IDs[i] = d.ID
	}
	return out, a.failure(ctx, err)
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
	until, err := a.heldUntil(ctx, d)
	if err != nil {
		return out, err
	}
	if !until.IsZero() {
		out.Held = true
		return out, a.deps.Store.PostponeDeferral(ctx, d.ID, until.AddDays(1))
	}
	if err := a.deps.Store.StartDeferral(ctx, d.ID); err != nil {
		return out, err
	}
	p, err := a.approvedPlan(ctx, d.RequestID)
	if err != nil {
		return out, err
	}
	out.Erase = a.eraseSteps(p, func(g plan.Group) bool { return g.No == d.Group.No })
	out.Notices, err = a.createNotices(ctx, d.RequestID, d.ID, d.Group.Categories)
	return out, err
}

// heldUntil is the last day of the holds that still stand on the deferral's rows, by the dates recorded when they were located and the rules
// of today; zero when none does.
func (a *Activities) heldUntil(ctx context.Context, d store.Deferral) (calendar.Date, error) {
	_, controller, err := a.load(ctx, d.RequestID)
	if err != nil {
		return calendar.Date{}, err
	}
	today, err := a.today(controller)
	if err != nil {
		return calendar.Date{}, err
	}
	j := a.judge(models.Erasure, today, controller)
	err = a.eachBatch(ctx, GroupRef{RequestID: d.RequestID, Group: d.Group.No}, nil, func(rows []store.LocatedRow) error {
		for _, r := range rows {
			r.Row.Shared = false // the DPO decided about sharing when the plan was approved
			if _, err := j.group(r.Row); err != nil {
				return err
			}
		}
		activity.RecordHeartbeat(ctx)
		return nil
	})
	var until calendar.Date
	for _, g := range j.builder.Groups() {
		if g.Reason == plan.ReasonHeld && g.HoldThrough.After(until) {
			until = g.HoldThrough
		}
	}
	return until, err
}

// FinishDeferral marks the deferral as done.
func (a *Activities) FinishDeferral(ctx context.Context, in DeferralRef) error {
	return a.failure(ctx, a.deps.Store.FinishDeferral(ctx, in.DeferralID))
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
	mail := templates.DeferralMail{MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt)}
	for _, d := range all {
		switch {
		case d.ID == in.DeferralID:
			mail.HeldThrough, mail.ErasedOn = d.Group.HoldThrough, l.day(d.FinishedAt)
			mail.Erased = []templates.Portion{a.portion(d.Group)}
		case d.State != store.DeferralDone:
			mail.StillKept = append(mail.StillKept, a.kept(d.Group))
		}
	}
	if mail.Recipients, _, err = a.toldRecipients(ctx, in.RequestID, in.DeferralID); err != nil {
		return err
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return err
	}
	return a.send(ctx, in.RequestID, "deferral-"+in.DeferralID.String(), subject.Email, mail)
}
