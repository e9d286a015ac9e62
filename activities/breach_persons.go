package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// MailSession is an open connection to the mail server, for one goroutine.
type MailSession interface {
	// Send sends a message once; uncertain says that it failed with the server's last word missing, so that it may have been taken.
	Send(ctx context.Context, to models.Personal, mail templates.Mail, key string) (uncertain bool, err error)
	Close() error
}

// BulkMail is what writing to many persons needs.
type BulkMail struct {
	Open     func(ctx context.Context) (MailSession, error)
	Accepted func(ctx context.Context, messages [][]byte) (map[string]bool, error) // by the mail server's log; nil when it cannot be read
	Grace    time.Duration                                                         // after it, what a worker has claimed and not reported is settled by the log
}

const (
	mailSessions = 4   // connections at once
	mailBatch    = 100 // persons handed to a connection at once, at most
)

// A worker begins no message after a third of the grace and gives up on one under way after another third. So whatever it had in its hands has
// reached the mail server or never will before anybody settles it, even when Temporal takes a worker for dead that is not.
func (b BulkMail) third() time.Duration { return b.Grace / 3 }

// batch is how many persons a connection claims at once: as many as it can write to in half of the time in which it may begin.
func (b BulkMail) batch(perMinute int) int {
	inTime := float64(perMinute) / mailSessions * (b.third() / 2).Minutes()
	return max(1, min(mailBatch, int(inTime)))
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
	mail := templates.BreachPersonMail{MailHead: a.breachHead(b), Drill: b.Drill, Title: l.Subject.Reveal(), Body: l.Body, Contact: b.Known.Contact}
	return letterToPersons{mail: mail, perMinute: l.PerMinute, drill: b.Drill}, nil
}

// TellBreachPersons writes to everybody of a breach's list who was not written to yet, at the rate of the letter. It may be interrupted anywhere and
// goes on where it was. What a dead worker had in its hands is settled by the mail server's log; without one it is left to people.
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
	counts, err := a.deps.Store.CountBreachPersons(ctx, in.BreachID)
	if err != nil {
		return BreachMailed{}, err
	}
	if counts[store.PersonSending] > 0 { // another worker has them in its hands, or had
		return BreachMailed{}, models.Errorf(models.Unavailable, "mail_under_way", "Messages are in the hands of a worker that says nothing; they are looked at again.")
	}
	out := BreachMailed{Sent: counts[store.PersonSent] + counts[store.PersonBounced], Refused: counts[store.PersonRefused], Unclear: counts[store.PersonUnclear]}
	if out.Unclear > 0 {
		return out, nil
	}
	return out, a.deps.Store.FinishBreachLetter(ctx, in.BreachID)
}

// settleStuck decides about the messages that a dead worker had in its hands.
func (a *Activities) settleStuck(ctx context.Context, id models.ID) error {
	for {
		stuck, err := a.deps.Store.StuckBreachPersons(ctx, id, a.deps.Now().Add(-a.deps.Bulk.Grace), 10_000)
		if err != nil || len(stuck) == 0 {
			return err
		}
		taken := map[string]bool{}
		if a.deps.Bulk.Accepted != nil {
			messages := make([][]byte, len(stuck))
			for i, p := range stuck {
				messages[i] = p.Message
			}
			if taken, err = a.deps.Bulk.Accepted(ctx, messages); err != nil {
				return err
			}
		}
		outcomes := make([]store.PersonOutcome, len(stuck))
		for i, p := range stuck {
			outcomes[i] = p.Outcome(store.PersonUnclear, "")
			switch {
			case taken[string(p.Message)]:
				outcomes[i].State = store.PersonSent
			case a.deps.Bulk.Accepted != nil:
				outcomes[i].State = store.PersonWaiting
			}
		}
		if err := a.deps.Store.MarkBreachPersons(ctx, id, outcomes); err != nil {
			return err
		}
	}
}

// mailPersons lets several connections work until nobody waits, or one of them fails.
func (a *Activities) mailPersons(ctx context.Context, id models.ID, letter letterToPersons) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	turn := paced(ctx, letter.perMinute)
	var group sync.WaitGroup
	for range mailSessions {
		group.Go(func() {
			if err := a.mailOver(ctx, id, letter, turn); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// paced gives a turn for each message that may go out now: never more in a minute than allowed.
func paced(ctx context.Context, perMinute int) func() error {
	var mu sync.Mutex
	next := time.Time{}
	every := time.Minute / time.Duration(perMinute)
	return func() error {
		mu.Lock()
		at := time.Now()
		if next.After(at) {
			at = next
		}
		next = at.Add(every)
		mu.Unlock()
		timer := time.NewTimer(time.Until(at))
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// mailOver sends over one connection until nobody waits. What it had taken and not sent goes back.
func (a *Activities) mailOver(ctx context.Context, id models.ID, letter letterToPersons, turn func() error) error {
	var session MailSession
	defer func() {
		if session != nil {
			_ = session.Close() //nolint:errcheck // what was taken is taken
		}
	}()
	for ctx.Err() == nil {
		people, err := a.deps.Store.ClaimBreachPersons(ctx, id, a.deps.Bulk.batch(letter.perMinute))
		if err != nil || len(people) == 0 {
			return err
		}
		if session == nil {
			session, err = a.openMail(ctx)
		}
		var outcomes []store.PersonOutcome
		if err == nil {
			outcomes, err = a.mailBatch(ctx, session, letter, people, turn)
		} else {
			outcomes = waiting(people)
		}
		// What became of a batch is noted also by a worker that is told to stop.
		if noted := a.deps.Store.MarkBreachPersons(context.WithoutCancel(ctx), id, outcomes); noted != nil {
			return noted
		}
		if err != nil {
			return err
		}
		activity.RecordHeartbeat(ctx)
	}
	return context.Cause(ctx)
}

// openMail gives no session beside an error, whatever Bulk.Open gives: one that holds nothing cannot be closed.
func (a *Activities) openMail(ctx context.Context) (MailSession, error) {
	session, err := a.deps.Bulk.Open(ctx)
	if err != nil {
		return nil, err
	}
	return session, nil
}

func waiting(people []store.BreachPerson) []store.PersonOutcome {
	var out []store.PersonOutcome
	for _, p := range people {
		out = append(out, p.Outcome(store.PersonWaiting, ""))
	}
	return out
}

// mailBatch sends to each of a batch. After a failure of the server the rest waits again; a message of which nobody can say whether it was taken stays
// in hand, and is settled later.
func (a *Activities) mailBatch(
	ctx context.Context, session MailSession, letter letterToPersons, people []store.BreachPerson, turn func() error,
) ([]store.PersonOutcome, error) {
	var out []store.PersonOutcome
	for i, p := range people {
		if err := turn(); err != nil {
			return append(out, waiting(people[i:])...), err
		}
		if a.deps.Now().Sub(p.ClaimedAt) > a.deps.Bulk.third() {
			return append(out, waiting(people[i:])...), nil
		}
		letter.mail.Name = p.Name
		mail, err := write(letter.mail)
		if err != nil {
			return append(out, waiting(people[i:])...), err
		}
		to := p.Email
		if letter.drill { // an exercise never leaves the house
			to = a.deps.Policy.DPOEmail
		}
		uncertain, err := a.mailPerson(ctx, session, to, mail, p)
		switch {
		case err == nil:
			out = append(out, p.Outcome(store.PersonSent, ""))
		case models.KindOf(err) == models.Invalid:
			out = append(out, p.Outcome(store.PersonRefused, models.CodeOf(err)))
		case uncertain:
			return append(out, waiting(people[i+1:])...), err
		default:
			return append(out, waiting(people[i:])...), err
		}
	}
	return out, nil
}

func (a *Activities) mailPerson(ctx context.Context, session MailSession, to models.Personal, mail templates.Mail, p store.BreachPerson) (uncertain bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.deps.Bulk.third())
	defer cancel()
	return session.Send(ctx, to, mail, p.ID.String())
}
