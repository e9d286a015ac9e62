package activities

import (
	"context"
	"strings"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
	"habeas/templates"
)

// SendAnswer tells the person what was done: what is gone, restricted, corrected or no longer used, what is not and why, and who was told.
func (a *Activities) SendAnswer(ctx context.Context, in Ending) error {
	return a.failure(ctx, a.sendAnswer(ctx, in))
}

func (a *Activities) sendAnswer(ctx context.Context, in Ending) error {
	l, err := a.letterContext(ctx, in.RequestID)
	if err != nil {
		return err
	}
	var mail letter
	switch l.req.Right {
	case models.Erasure:
		mail, err = a.erasureMail(ctx, l)
	case models.Deletion:
		mail, err = a.deletionMail(ctx, l)
	case models.Restriction:
		mail, err = a.restrictionMail(ctx, l)
	case models.Rectification:
		mail, err = a.rectificationMail(ctx, l)
	case models.Objection:
		mail, err = a.objectionMail(ctx, l)
	default:
		return nil // the copy itself was the answer
	}
	if err != nil {
		return err
	}
	return a.tell(ctx, in.RequestID, "answer", "answer", mail)
}

func (a *Activities) erasureMail(ctx context.Context, l letterContext) (templates.ErasureMail, error) {
	p, err := a.approvedPlan(ctx, l.req.ID)
	if err != nil {
		return templates.ErasureMail{}, err
	}
	mail := templates.ErasureMail{MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt), Authority: l.controller.Authority, Link: l.status}
	tasks, err := a.deps.Store.TasksOf(ctx, l.req.ID, models.ID{})
	if err != nil {
		return mail, err
	}
	for _, g := range p.Groups {
		switch g.Treatment() {
		case models.TreatErase, models.TreatMask:
			erased, byHand := settledTask(tasks, task.Erase, g.No)
			if byHand && erased.State == task.Refused {
				mail.Kept = append(mail.Kept, a.kept(l, g))
				continue
			}
			mail.Erased = addPortion(mail.Erased, a.portionBy(l, g, byHand))
		case models.TreatRetain, models.TreatKeep:
			if g.Reason != plan.ReasonKeptByMap && !g.LeftOut() {
				mail.Kept = append(mail.Kept, a.kept(l, g))
			}
		default: // a copy has no answer of this kind
		}
	}
	for _, t := range tasks {
		mail.Kept = append(mail.Kept, a.unsearched(l, t)...)
	}
	if mail.LeftOut, err = a.leftOut(ctx, l, p); err != nil {
		return mail, err
	}
	mail.Recipients, mail.AllAnswered, err = a.toldRecipients(ctx, l.req.ID, models.ID{})
	return mail, err
}

// toldRecipients names the recipients that got a notice and says whether all of them have answered.
func (a *Activities) toldRecipients(ctx context.Context, request, deferral models.ID) (names []string, all bool, err error) {
	notices, err := a.deps.Store.Notices(ctx, models.ScopeOperator(), request)
	all = true
	for _, n := range notices {
		if n.DeferralID != deferral {
			continue
		}
		names = append(names, n.Recipient)
		all = all && n.State == store.NoticeAcknowledged
	}
	return names, all, err
}

// portion words a group for the person.
func (a *Activities) portion(l letterContext, g plan.Group) templates.Portion {
	return templates.Portion{What: a.words(l, g), Records: g.Rows}
}

// portionBy is portion with who did the work, where it was not Habeas itself.
func (a *Activities) portionBy(l letterContext, g plan.Group, byHand bool) templates.Portion {
	p := a.portion(l, g)
	p.Elsewhere = g.By == plan.ByDelegate && !byHand
	if byHand {
		p.ByHand = p.Records
	}
	return p
}

// unsearched are the collections in which nobody could search.
func (a *Activities) unsearched(l letterContext, t task.Task) (out []templates.KeptPortion) {
	if t.Action != task.Locate || t.State != task.Refused {
		return nil
	}
	for _, name := range t.Collections {
		out = append(out, templates.KeptPortion{
			Portion: templates.Portion{What: a.wordsOf(l, name), Unknown: true}, Why: templates.WhyUnsearched,
		})
	}
	return out
}

// wordsOf is words for a collection by its address.
func (a *Activities) wordsOf(l letterContext, name string) models.Said {
	dataset, collection, _ := strings.Cut(name, ".")
	return a.words(l, plan.Group{Dataset: dataset, Collection: collection})
}

// words is the collection's description in the data map, else its name, in the language of the request where the map has it.
func (a *Activities) words(l letterContext, g plan.Group) models.Said {
	node := a.deps.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
	if node == nil {
		return models.Said{Text: g.Collection}
	}
	return node.CalledIn(l.lang())
}

// addPortion adds up portions of the same words.
func addPortion(list []templates.Portion, p templates.Portion) []templates.Portion {
	for i := range list {
		if list[i].What == p.What {
			list[i].Records += p.Records
			list[i].ByHand += p.ByHand
			list[i].Elsewhere = list[i].Elsewhere || p.Elsewhere
			list[i].Unknown = list[i].Unknown || p.Unknown
			return list
		}
	}
	return append(list, p)
}

func (a *Activities) kept(l letterContext, g plan.Group) templates.KeptPortion {
	k := templates.KeptPortion{Portion: a.portion(l, g)}
	switch {
	case g.Treatment() == models.TreatRetain:
		k.Why, k.Law, k.Counted, k.Through = templates.WhyLaw, g.Citation, g.Counted, g.HoldThrough
	case g.SharedWith != "":
		k.Why = templates.WhyShared
	default:
		k.Why = templates.WhyDecided
	}
	return k
}
