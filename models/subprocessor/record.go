package subprocessor

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// State is where a change stands.
type State string

const (
	Draft     State = "draft"
	Open      State = "open"      // announced: objections come in, until the officer decides
	Scheduled State = "scheduled" // it takes effect on a day
	Effective State = "in_force"
	Abandoned State = "withdrawn"
)

// Record is a change as its events make it. Its zero value is a change before its first event.
type Record struct {
	ID     models.ID
	Zone   *time.Location // of the operator; required
	Events []Event

	State       State
	Proposal    Proposal
	Why         models.Personal
	Address     models.Personal
	DraftedAt   time.Time
	AnnouncedAt time.Time
	Customers   []Standing
	DecidedAt   time.Time
	Decision    models.Personal // the officer's reason
	EffectiveOn calendar.Date
	ClosedAt    time.Time

	index map[models.ID]int // of Customers
}

// Standing is one customer's part in a change.
type Standing struct {
	Customer
	ToldAt    time.Time // zero while it was not
	Unreached bool      // the mail could not be delivered
	Window    Window    // zero while it was not told
	Objection *Objection
}

// Objection is what a customer said, and what it was answered.
type Objection struct {
	At         time.Time
	Late       bool
	Reason     models.Personal
	Answer     Answer // empty while it is open
	AnsweredAt time.Time
	Words      models.Personal
}

// Counts are the customers of a change by what they did.
type Counts struct{ Concerned, Told, Objected, Late, Silent int }

// Fold makes a record of its events, which were each accepted by Note before they were kept.
func Fold(id models.ID, zone *time.Location, events []Event) Record {
	r := Record{ID: id, Zone: zone, index: map[models.ID]int{}}
	for _, e := range events {
		r.apply(e)
	}
	return r
}

// Latest is the number of the last event.
func (r *Record) Latest() int { return len(r.Events) }

// Early reports whether the change came in force with its announcement, in an emergency. What is decided at its end is only whose data stays out.
func (r *Record) Early() bool { return r.Proposal.Emergency && !r.AnnouncedAt.IsZero() }

// Over reports whether nothing more happens to the change.
func (r *Record) Over() bool { return r.State == Effective || r.State == Abandoned }

// Note checks an event against the record and gives it its number. It fails with the codes of check; the record is unchanged.
func (r *Record) Note(e Event, now time.Time) (Event, error) {
	e.No, e.At = len(r.Events)+1, now
	e = ofItsKind(e)
	if c := r.Standing(e.Facts.Customer); e.Kind == Objected && c != nil {
		e.Facts.Late = !c.ToldAt.IsZero() && !c.Window.Open(now)
	}
	return e, r.check(e, now)
}

// ofItsKind drops what an event of this kind does not have: nobody checks it, and the record keeps it for ever.
func ofItsKind(e Event) Event {
	f, w := e.Facts, e.Words
	e.Facts, e.Words = Facts{}, Words{}
	switch e.Kind {
	case Drafted:
		e.Facts, e.Words = Facts{Proposal: f.Proposal}, w
	case Announced:
		e.Facts = Facts{Customers: f.Customers}
	case Told:
		e.Facts = Facts{Told: f.Told}
	case Unreached:
		e.Facts = Facts{Customer: f.Customer}
	case Objected:
		e.Facts, e.Words = Facts{Customer: f.Customer}, Words{Reason: w.Reason}
	case Answered:
		e.Facts, e.Words = Facts{Customer: f.Customer, Answer: f.Answer}, Words{Reason: w.Reason}
	case Decided:
		e.Facts, e.Words = Facts{EffectiveOn: f.EffectiveOn}, Words{Reason: w.Reason}
	case Withdrawn:
		e.Words = Words{Reason: w.Reason}
	case InForce:
	}
	return e
}

// Standing is a customer's part, nil when the change does not concern it.
func (r *Record) Standing(id models.ID) *Standing {
	if i, ok := r.index[id]; ok {
		return &r.Customers[i]
	}
	return nil
}

func (r *Record) apply(e Event) {
	r.Events = append(r.Events, e)
	switch e.Kind {
	case Drafted:
		r.State, r.Proposal, r.Why, r.Address = Draft, *e.Facts.Proposal, e.Words.Reason, e.Words.Address
		if r.DraftedAt.IsZero() {
			r.DraftedAt = e.At
		}
	case Announced:
		r.State, r.AnnouncedAt = Open, e.At
		if r.Proposal.Emergency {
			r.EffectiveOn = calendar.DateOf(e.At.In(r.Zone))
		}
		for _, c := range e.Facts.Customers {
			r.index[c.ID] = len(r.Customers)
			r.Customers = append(r.Customers, Standing{Customer: c})
		}
	case Told:
		for _, t := range e.Facts.Told {
			r.told(t)
		}
	case Unreached:
		r.Standing(e.Facts.Customer).Unreached = true
	case Objected:
		r.Standing(e.Facts.Customer).Objection = &Objection{At: e.At, Late: e.Facts.Late, Reason: e.Words.Reason}
	case Answered:
		o := r.Standing(e.Facts.Customer).Objection
		o.Answer, o.AnsweredAt, o.Words = e.Facts.Answer, e.At, e.Words.Reason
	case Decided:
		r.State, r.DecidedAt, r.Decision = Scheduled, e.At, e.Words.Reason
		if !r.Proposal.Emergency {
			r.EffectiveOn = e.Facts.EffectiveOn
		}
	case Withdrawn:
		r.State, r.ClosedAt, r.Decision = Abandoned, e.At, e.Words.Reason
	case InForce:
		r.State, r.ClosedAt = Effective, e.At
	}
}

func (r *Record) told(t Telling) {
	c := r.Standing(t.Customer)
	zone, err := time.LoadLocation(c.Zone)
	if err != nil { // Note accepted the zone; where it is no longer known, the operator's counts
		zone = r.Zone
	}
	c.ToldAt, c.Unreached, c.Window = t.At, false, WindowOf(t.At, c.Days, zone)
}

// Only is the record as one customer may see it: without the other customers, and without what was noted.
func (r *Record) Only(id models.ID) Record {
	out := *r
	out.Events, out.Customers, out.index = nil, nil, map[models.ID]int{}
	if c := r.Standing(id); c != nil {
		out.Customers, out.index[id] = []Standing{*c}, 0
	}
	return out
}

// Untold are the customers that a mail may still reach, in the order in which the change concerns them; none before it is announced and after it
// is over.
func (r *Record) Untold() []models.ID {
	var out []models.ID
	if r.State != Open {
		return nil
	}
	for _, c := range r.Customers {
		if c.ToldAt.IsZero() && !c.Unreached {
			out = append(out, c.ID)
		}
	}
	return out
}

// WindowsEnd is the instant from which on no objection is in time any more; false while somebody was not told.
func (r *Record) WindowsEnd() (time.Time, bool) {
	end := r.AnnouncedAt
	for _, c := range r.Customers {
		if c.ToldAt.IsZero() {
			return time.Time{}, false
		}
		if c.Window.Until.After(end) {
			end = c.Window.Until
		}
	}
	return end, !r.AnnouncedAt.IsZero()
}

// Unanswered are the customers whose objection waits for its answer.
func (r *Record) Unanswered() []models.ID {
	var out []models.ID
	for _, c := range r.Customers {
		if c.Objection != nil && c.Objection.Answer == "" {
			out = append(out, c.ID)
		}
	}
	return out
}

// Spared are the slugs of the customers whose objection was accepted: the change does not concern their data.
func (r *Record) Spared() []string {
	var out []string
	for _, c := range r.Customers {
		if c.Objection != nil && c.Objection.Answer == Accept {
			out = append(out, c.Slug)
		}
	}
	slices.Sort(out)
	return out
}

// Count counts the customers. One that objected late is silent no more; Objected counts those in time.
func (r *Record) Count() Counts {
	n := Counts{Concerned: len(r.Customers)}
	for _, c := range r.Customers {
		if !c.ToldAt.IsZero() {
			n.Told++
		}
		switch {
		case c.Objection == nil:
			n.Silent++
		case c.Objection.Late:
			n.Late++
		default:
			n.Objected++
		}
	}
	return n
}

// EffectiveFrom is the instant at which a decided change takes effect: the beginning of its day in the operator's zone.
func (r *Record) EffectiveFrom() time.Time { return r.EffectiveOn.AddDays(-1).EndIn(r.Zone) }
