package activities

import (
	"context"
	"slices"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// objection is what an approved objection enters into the suppression list, and the purposes against which the DPO found compelling grounds: of
// those that are weighed, the ones for which every group of data is kept in use. What the customer leaves out counts for neither.
func (a *Activities) objection(ctx context.Context, id models.ID, p plan.Plan) (entered, refused []request.Purpose, err error) {
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), id)
	if err != nil {
		return nil, nil, err
	}
	s := subject.Statement
	for _, purpose := range s.Purposes {
		stopped, kept, leftOut := false, false, false
		for _, g := range p.Groups {
			if n := a.node(g); n == nil || !purpose.Covers(purposesOf(n), n.Dataset.LegalBasis) {
				continue
			}
			if g.LeftOut() {
				leftOut = true
				continue
			}
			stopped, kept = stopped || g.Treatment() != models.TreatKeep, kept || g.Treatment() == models.TreatKeep
		}
		switch {
		case kept && !stopped && !s.Absolute(purpose):
			refused = append(refused, purpose)
		case leftOut && !kept && !stopped: // all of it is left out by the customer
		default:
			entered = append(entered, purpose)
		}
	}
	return entered, refused, nil
}

func (a *Activities) node(g plan.Group) *datamap.Node {
	return a.deps.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
}

// purposesOf are the purposes of a collection: its own, else its dataset's.
func purposesOf(n *datamap.Node) []string {
	if n.Collection.Purpose != "" {
		return []string{n.Collection.Purpose}
	}
	return n.Dataset.Purposes
}

// settleObjection tells the recipients of the data whose use has ended: those that the dataset names, else those that receive its categories.
func (a *Activities) settleObjection(ctx context.Context, id models.ID, p plan.Plan) (Settled, error) {
	_, refused, err := a.objection(ctx, id, p)
	if err != nil {
		return Settled{}, err
	}
	out := Settled{Outcome: models.Fulfilled}
	if len(refused) > 0 || len(p.LeftOut()) > 0 {
		out.Outcome = models.PartlyFulfilled
	}
	recipients, err := a.recipientsOf(ctx, id)
	if err != nil {
		return Settled{}, err
	}
	var to []store.Addressee
	for _, r := range recipients {
		one := store.Addressee{Recipient: r}
		for _, g := range p.Groups {
			n := a.node(g)
			if t := g.Treatment(); n == nil || t != models.TreatSuppress && t != models.TreatRestrict {
				continue
			}
			if named := n.Dataset.Recipients; len(named) == 0 || slices.Contains(named, r.Slug) {
				one.Told = append(one.Told, r.Receives(g.Categories)...)
			}
		}
		if one.Told = sorted(one.Told); len(one.Told) > 0 {
			to = append(to, one)
		}
	}
	out.Notices, err = a.tellTo(ctx, id, models.ID{}, to)
	return out, err
}

func (a *Activities) objectionMail(ctx context.Context, l letterContext) (templates.ObjectionMail, error) {
	mail := templates.ObjectionMail{
		MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt), Authority: l.controller.Authority, Link: l.status,
	}
	p, err := a.approvedPlan(ctx, l.req.ID)
	if err != nil {
		return mail, err
	}
	entered, refused, err := a.objection(ctx, l.req.ID, p)
	if err != nil {
		return mail, err
	}
	mail.Stopped, mail.Refused = entered, refused
	if len(refused) > 0 {
		if mail.Reason, err = a.remark(ctx, l.req.ID); err != nil {
			return mail, err
		}
	}
	for _, g := range p.Groups {
		switch g.Treatment() {
		case models.TreatSuppress:
			mail.Affected = addPortion(mail.Affected, a.portion(l, g))
		case models.TreatRestrict:
			mail.Restricted = addPortion(mail.Restricted, a.portion(l, g))
		default: // is used for other purposes
		}
	}
	if mail.LeftOut, err = a.leftOut(ctx, l, p); err != nil {
		return mail, err
	}
	mail.Recipients, mail.AllAnswered, err = a.toldRecipients(ctx, l.req.ID, models.ID{})
	return mail, err
}
