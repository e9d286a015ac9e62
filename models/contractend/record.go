package contractend

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// State is where the end of a contract stands.
type State string

const (
	Waiting   State = "ordered"   // for the officer
	Agreed    State = "approved"  // nothing has begun yet
	Giving    State = "returning" // the data is being returned
	Given     State = "returned"  // fetched, or released
	Deleting  State = "erasing"
	Over      State = "ended"
	Abandoned State = "withdrawn" // by people, or because the erasure was stopped
)

// Record is the end of a contract as its events make it. Its zero value is one before its first event.
type Record struct {
	ID         models.ID
	Controller models.ID
	Zone       *time.Location // of the customer; required
	Events     []Event

	State     State
	LastDay   calendar.Date
	GraceDays int
	Return    bool
	OrderedBy models.Actor
	OrderedAt time.Time
	Unfetched bool // the package has expired, or there was none: only the officer can release
	Returns   models.ID
	Erases    models.ID
	ClosedAt  time.Time
}

// Fold makes a record of its events, which were each accepted by Note before they were kept.
func Fold(id, controller models.ID, zone *time.Location, events []Event) Record {
	r := Record{ID: id, Controller: controller, Zone: zone}
	for _, e := range events {
		r.apply(e)
	}
	return r
}

func (r *Record) apply(e Event) {
	r.Events = append(r.Events, e)
	switch e.Kind {
	case Ordered:
		r.State, r.OrderedBy, r.OrderedAt = Waiting, e.Actor, e.At
		r.LastDay, r.GraceDays, r.Return = e.Facts.LastDay, e.Facts.GraceDays, e.Facts.Return
	case Approved:
		r.State = Agreed
	case Returning:
		r.State, r.Returns = Giving, e.Facts.RequestID
	case Fetched, Released:
		r.State = Given
	case Unfetched:
		r.Unfetched = true
	case Erasing:
		r.State, r.Erases = Deleting, e.Facts.RequestID
	case Ended:
		r.State, r.ClosedAt = Over, e.At
	case Stopped, Withdrawn:
		r.State, r.ClosedAt = Abandoned, e.At
	}
}

// Latest is the number of the last event.
func (r *Record) Latest() int { return len(r.Events) }

// Closed reports whether nothing more happens.
func (r *Record) Closed() bool { return r.State == Over || r.State == Abandoned }

// EndsAt is the first instant after the contract's last day.
func (r *Record) EndsAt() time.Time { return r.LastDay.EndIn(r.Zone) }

// EraseFrom is the first day on which something may be erased.
func (r *Record) EraseFrom() calendar.Date { return r.LastDay.AddDays(1 + r.GraceDays) }

// eraseAt is the first instant of that day.
func (r *Record) eraseAt() time.Time { return r.LastDay.AddDays(r.GraceDays).EndIn(r.Zone) }

// Step is what Habeas does by itself.
type Step string

const (
	Nothing  Step = ""       // it waits for people, or for a request
	Give     Step = "return" // open the request that returns the data
	Erase    Step = "erase"  // open the request that erases it
	Remember Step = "remind" // remind the officer of what only they can do
)

// Next is what comes next, at an instant.
type Next struct {
	Step Step
	At   time.Time // zero with Nothing
}

// week is how long an open question waits before the officer is reminded of it again.
const week = 7 * 24 * time.Hour

// Next is the next step; after is the instant up to which the officer was reminded.
func (r *Record) Next(after time.Time) Next {
	switch {
	case r.State == Agreed && r.Return:
		return Next{Give, r.EndsAt()}
	case r.State == Agreed, r.State == Given:
		return Next{Erase, r.eraseAt()}
	case r.State == Waiting:
		return Next{Remember, again(r.OrderedAt, after)}
	case r.State == Giving && r.Unfetched:
		i := slices.IndexFunc(r.Events, func(e Event) bool { return e.Kind == Unfetched })
		return Next{Remember, again(r.Events[i].At, after)}
	}
	return Next{}
}

// again is the first instant after another at which the officer is reminded of a question: at once, and each week.
func again(since, after time.Time) time.Time {
	if late := after.Sub(since); late >= 0 {
		return since.Add((late/week + 1) * week)
	}
	return since
}
