package activities

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// SendLifting tells the person that a restriction is about to be lifted, and why, before it is (Art. 18(3)).
func (a *Activities) SendLifting(ctx context.Context, in DecisionRef) error {
	return a.failure(ctx, a.decisionLetter(ctx, in, "lifting", func(l letterContext, d request.Decision) letter {
		return templates.LiftingMail{MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt), Reason: d.Reason, Authority: l.controller.Authority, Link: l.status}
	}))
}

// OpenLifting lists the groups that are restricted for a request.
func (a *Activities) OpenLifting(ctx context.Context, in RequestRef) (LiftWork, error) {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return LiftWork{}, a.failure(ctx, err)
	}
	var work LiftWork
	for _, g := range p.Groups {
		if g.Treatment() == models.TreatRestrict && g.By == "" {
			work.Groups, work.On = append(work.Groups, g.No), append(work.On, a.deps.Queues[g.System])
		}
	}
	return work, nil
}

// LiftRows takes the mark away from the rows of a group, batch by batch; done twice it changes nothing more. A row that another request of the
// same person keeps restricted, such as an erasure that waits for a hold to end, keeps its mark.
func (a *Activities) LiftRows(ctx context.Context, in GroupRef) (Done, error) {
	out, err := a.liftRows(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) liftRows(ctx context.Context, in GroupRef) (Done, error) {
	t, err := a.target(ctx, in.RequestID, in.Group)
	if err != nil {
		return Done{}, err
	}
	restrictor, err := connectors.As[connectors.Restrictor](t.system, "restrict")
	if models.KindOf(err) == models.Unsupported {
		return Done{}, nil // nothing was marked
	}
	elsewhere, err := a.deps.Store.RestrictedElsewhere(ctx, in.RequestID, t.node.Address)
	if err != nil {
		return Done{}, err
	}
	var done Done
	err = a.eachBatch(ctx, in, []store.RowStatus{store.RowRestricted}, func(rows []store.LocatedRow) error {
		free := slices.DeleteFunc(slices.Clone(rows), func(r store.LocatedRow) bool { return elsewhere[r.Row.Key.Digest(nil, t.node.Address)] })
		if len(free) > 0 {
			_, err := restrictor.Restrict(ctx, connectors.Restriction{Node: t.node, Keys: keys(free), Lift: true, At: a.deps.Now()})
			if err != nil {
				return err
			}
		}
		done.Lifted += int64(len(free))
		return a.deps.Store.MarkRows(ctx, in.RequestID, ids(rows), store.RowKept)
	})
	return done, err
}

// FinishLifting notes that the restriction is lifted.
func (a *Activities) FinishLifting(ctx context.Context, in DecisionRef) error {
	return a.failure(ctx, a.deps.Store.FinishLifting(ctx, in.RequestID, in.DecisionID))
}
