package activities

import (
	"context"
	"time"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// MailSession is an open connection to the mail server, for one goroutine.
type MailSession interface {
	// Send sends a message once; uncertain says that it failed with the server's last word missing, so that it may have been taken. An error with
	// code CodeMailDeferred or CodeMailBroken is about this message only; the connection is of use after the former.
	Send(ctx context.Context, to models.Personal, mail templates.Mail, key string) (uncertain bool, err error)
	Close() error
}

// BulkMail is what writing to many persons needs.
type BulkMail struct {
	Open func(ctx context.Context) (MailSession, error)
	// Accepted says by the mail server's log which messages it has taken, and of which it has read the beginning and nobody can say more; nil when
	// there is no log.
	Accepted func(ctx context.Context, messages [][]byte) (taken, begun map[string]bool, err error)
	Grace    time.Duration // after it, what a worker has claimed and not reported is settled by the log
}

// SendBreachTest sends the message to the persons to the DPO only.
func (a *Activities) SendBreachTest(ctx context.Context, in BreachTest) error {
	return a.failure(ctx, a.sendBreachTest(ctx, in))
}

func (a *Activities) sendBreachTest(ctx context.Context, in BreachTest) error {
	m, err := a.breachLetter(ctx, in.BreachID)
	if err != nil {
		return err
	}
	m.mail.Test = true
	return a.mailBreach(ctx, in.BreachID, "test/"+in.OrderID.String(), a.deps.Policy.DPOEmail, m.mail)
}

// letterToPersons is the message with what is needed to send it.
type letterToPersons struct {
	mail      templates.BreachPersonMail
	perMinute int
	drill     bool
}

func (a *Activities) breachLetter(ctx context.Context, id models.ID) (letterToPersons, error) {
	b, err := a.deps.Store.Breach(ctx, models.ScopeOperator(), id)
	if err != nil {
		return letterToPersons{}, err
	}
	l, err := a.deps.Store.BreachLetter(ctx, id)
	if err != nil {
		return letterToPersons{}, err
	}
	head, err := a.breachPersonHead(ctx, b)
	if err != nil {
		return letterToPersons{}, err
	}
	mail := templates.BreachPersonMail{MailHead: head, Drill: b.Drill, Title: l.Subject.Reveal(), Body: l.Body, Contact: b.Known.Contact}
	return letterToPersons{mail: mail, perMinute: l.PerMinute, drill: b.Drill}, nil
}

// breachPersonHead is the head of the message to the persons. It is the controller that communicates a breach to them, Art. 34(1): where only one
// customer's data is concerned, the message is in its name and look. There is one message a breach, so that it is the operator's where data of its own,
// or of several customers, is concerned too.
func (a *Activities) breachPersonHead(ctx context.Context, b store.Breach) (templates.MailHead, error) {
	head := a.breachHead(b)
	if b.Own || len(b.Customers) != 1 {
		return head, nil
	}
	c, err := a.deps.Store.ControllerByID(ctx, models.ScopeOperator(), b.Customers[0].ID)
	if err != nil {
		return head, err
	}
	head.Sender = c.Name
	_, head.Look, err = a.branded(ctx, c.ID)
	return head, err
}

// TellBreachPersons writes to everybody of a breach's list who was not written to yet, at the rate of the letter. It may be interrupted anywhere and
// goes on where it was. What a dead worker had in its hands is settled by the mail server's log; without one it is left to people. Whom the server
// puts off is tried again later, at most mailTries times; a server that takes nothing ends the run with an error.
func (a *Activities) TellBreachPersons(ctx context.Context, in BreachRef) (BreachMailed, error) {
	out, err := a.tellBreachPersons(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) tellBreachPersons(ctx context.Context, in BreachRef) (BreachMailed, error) {
	defer beat(ctx)()
	letter, err := a.breachLetter(ctx, in.BreachID)
	if err != nil {
		return BreachMailed{}, err
	}
	if err := a.settleStuck(ctx, in.BreachID); err != nil {
		return BreachMailed{}, err
	}
	if err := a.mailPersons(ctx, in.BreachID, letter); err != nil {
		return BreachMailed{}, err
	}
	return a.mailed(ctx, in.BreachID)
}

// mailed says how far everybody of the list has been told, and finishes the letter when nobody is left.
func (a *Activities) mailed(ctx context.Context, id models.ID) (BreachMailed, error) {
	counts, err := a.deps.Store.CountBreachPersons(ctx, id)
	if err != nil {
		return BreachMailed{}, err
	}
	if counts[store.PersonSending]+counts[store.PersonWaiting] > 0 { // another worker has them in its hands, or had, or somebody has put them back
		return BreachMailed{}, models.Errorf(models.Unavailable, "mail_under_way", "Messages are in the hands of a worker that says nothing; they are looked at again.")
	}
	out := BreachMailed{
		Sent: counts[store.PersonSent] + counts[store.PersonBounced], Refused: counts[store.PersonRefused], Unclear: counts[store.PersonUnclear],
		Deferred: counts[store.PersonDeferred], Unreached: counts[store.PersonUnreached],
	}
	switch {
	case out.Deferred > 0:
		next, err := a.deps.Store.NextBreachPerson(ctx, id)
		out.Pause = max(next.Sub(a.deps.Now()), mailPauseMin)
		return out, err
	case out.Unclear > 0:
		return out, nil
	}
	return out, a.deps.Store.FinishBreachLetter(ctx, id)
}

// settleStuck decides about the messages that a dead worker had in its hands.
func (a *Activities) settleStuck(ctx context.Context, id models.ID) error {
	for {
		stuck, err := a.deps.Store.StuckBreachPersons(ctx, id, a.deps.Now().Add(-a.deps.Bulk.Grace), 10_000)
		if err != nil || len(stuck) == 0 {
			return err
		}
		var taken, begun map[string]bool
		if a.deps.Bulk.Accepted != nil {
			messages := make([][]byte, len(stuck))
			for i, p := range stuck {
				messages[i] = p.Message
			}
			if taken, begun, err = a.deps.Bulk.Accepted(ctx, messages); err != nil {
				return err
			}
		}
		outcomes := make([]store.PersonOutcome, len(stuck))
		for i, p := range stuck {
			outcomes[i] = a.settled(p, taken[string(p.Message)], begun[string(p.Message)])
		}
		if err := a.deps.Store.MarkBreachPersons(ctx, id, outcomes); err != nil {
			return err
		}
	}
}

// settled is what becomes of a message that a dead worker had in its hands. One that the server has not taken is sent again, behind those that nobody
// has tried: it may be this very message that makes the server, or a worker, break off.
func (a *Activities) settled(p store.BreachPerson, taken, begun bool) store.PersonOutcome {
	switch {
	case taken:
		return p.Outcome(store.PersonSent, "")
	case begun, a.deps.Bulk.Accepted == nil:
		return p.Outcome(store.PersonUnclear, "")
	case p.Tries+1 >= mailTries:
		return p.Outcome(store.PersonUnreached, CodeMailBroken)
	}
	out := p.Outcome(store.PersonWaiting, "")
	out.Tries++
	return out
}
