package activities

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// Codes of a MailSession that concern one message. With any other of kind Unavailable the server takes nothing now.
const (
	CodeMailDeferred = "mail_deferred" // the server asks to try this message again later
	CodeMailBroken   = "mail_broken"   // the connection broke, or the server said nothing, while this message was handed over
)

const (
	mailSessions = 4   // connections at once
	mailBatch    = 100 // persons handed to a connection at once, at most
	mailRow      = 20  // persons put off in a row, after which it is taken to be the server and not the persons

	mailTries    = 16 // after so many, over about two days, a person counts as not reached
	mailPauseMin = time.Minute
	mailPauseMax = 6 * time.Hour
)

// mailPause is how long a person waits whose message was tried so often in vain.
func mailPause(tries int) time.Duration {
	return min(mailPauseMin<<min(tries-1, 20), mailPauseMax)
}

// A worker begins no message after a third of the grace and gives up on one under way after another third. So whatever it had in its hands has
// reached the mail server or never will before anybody settles it, even when Temporal takes a worker for dead that is not.
func (b BulkMail) third() time.Duration { return b.Grace / 3 }

// batch is how many persons a connection claims at once: as many as it can write to in half of the time in which it may begin.
func (b BulkMail) batch(perMinute int) int {
	inTime := float64(perMinute) / mailSessions * (b.third() / 2).Minutes()
	return max(1, min(mailBatch, int(inTime)))
}

// mailing is one run over the list of a breach.
type mailing struct {
	*Activities
	breachID models.ID
	letter   letterToPersons
	turn     func() error
	row      atomic.Int64 // how many were put off since the server last decided about a message
}

// mailPersons lets several connections work until nobody is left to be written to now, or one of them fails.
func (a *Activities) mailPersons(ctx context.Context, id models.ID, letter letterToPersons) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	m := &mailing{Activities: a, breachID: id, letter: letter, turn: paced(ctx, letter.perMinute)}
	var group sync.WaitGroup
	for range mailSessions {
		group.Go(func() {
			if err := m.over(ctx); err != nil {
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

// over sends over one connection until nobody is left. What it had taken and not sent goes back.
func (m *mailing) over(ctx context.Context) error {
	line := &line{open: m.deps.Bulk.Open}
	defer line.hangUp()
	settled := context.WithoutCancel(ctx) // who was claimed, and what became of them, is noted also by a worker that is told to stop
	for ctx.Err() == nil {
		people, err := m.deps.Store.ClaimBreachPersons(settled, m.breachID, m.deps.Bulk.batch(m.letter.perMinute))
		if err != nil || len(people) == 0 {
			return err
		}
		outcomes := waiting(people)
		if err = line.dial(ctx); err == nil {
			outcomes, err = m.batch(ctx, line, people)
		}
		if noted := m.deps.Store.MarkBreachPersons(settled, m.breachID, outcomes); noted != nil {
			return noted
		}
		if err != nil && !line.wornOut(err) {
			return err
		}
		alive(ctx)
	}
	return context.Cause(ctx)
}

func waiting(people []store.BreachPerson) []store.PersonOutcome {
	var out []store.PersonOutcome
	for _, p := range people {
		out = append(out, p.Outcome(store.PersonWaiting, ""))
	}
	return out
}

// batch sends to each of a batch. Whom the server puts off waits for later, and the others go on. After a failure of the server the rest waits again; a
// message of which nobody can say whether it was taken stays in hand, and is settled later.
func (m *mailing) batch(ctx context.Context, line *line, people []store.BreachPerson) (out []store.PersonOutcome, err error) {
	for i, p := range people {
		if err := m.turn(); err != nil {
			return append(out, waiting(people[i:])...), err
		}
		if m.deps.Now().Sub(p.ClaimedAt) > m.deps.Bulk.third() {
			return append(out, waiting(people[i:])...), nil
		}
		mail, err := m.write(p)
		if err != nil {
			return append(out, waiting(people[i:])...), err
		}
		uncertain, err := m.send(ctx, line.session, mail, p)
		switch outcome, settled := m.outcome(p, err); {
		case uncertain:
			return append(out, waiting(people[i+1:])...), err
		case !settled:
			return append(out, waiting(people[i:])...), err
		default:
			out, line.used = append(out, outcome), true
		}
		if m.stops(err) {
			return append(out, waiting(people[i+1:])...), err
		}
	}
	return out, nil
}

// outcome is what a dialogue means for the person; settled is false when it says nothing about them.
func (m *mailing) outcome(p store.BreachPerson, err error) (out store.PersonOutcome, settled bool) {
	code := models.CodeOf(err)
	switch {
	case err == nil:
		return p.Outcome(store.PersonSent, ""), true
	case models.KindOf(err) == models.Invalid:
		return p.Outcome(store.PersonRefused, code), true
	case code != CodeMailDeferred && code != CodeMailBroken:
		return store.PersonOutcome{}, false
	case p.Tries+1 >= mailTries:
		return p.Outcome(store.PersonUnreached, code), true
	}
	return p.Deferred(code, m.deps.Now().Add(mailPause(p.Tries+1))), true
}

// stops reports whether the run ends with this outcome of a dialogue: the connection broke, or so many were put off in a row that it is the server.
func (m *mailing) stops(err error) bool {
	switch models.CodeOf(err) {
	case CodeMailBroken:
		return true
	case CodeMailDeferred:
		return m.row.Add(1) >= mailRow
	}
	m.row.Store(0)
	return false
}

// send hands over one message. It is not cut short when another connection fails or the worker is told to stop: then nobody could say whether it was
// taken.
func (m *mailing) send(ctx context.Context, session MailSession, mail templates.Mail, p store.BreachPerson) (uncertain bool, err error) {
	to := p.Email
	if m.letter.drill { // an exercise never leaves the house
		to = m.deps.Policy.DPOEmail
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.deps.Bulk.third())
	defer cancel()
	return session.Send(ctx, to, mail, p.ID.String())
}

func (m *mailing) write(p store.BreachPerson) (templates.Mail, error) {
	letter := m.letter.mail
	letter.Name = p.Name
	return write(letter)
}
