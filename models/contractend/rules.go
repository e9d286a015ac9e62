package contractend

import (
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// rule says who may note an event and in which states.
type rule struct {
	roles  []models.Role
	states []State
	reason bool // a reason in words is mandatory
}

var (
	officer = []models.Role{models.RoleDPO}
	parties = []models.Role{models.RoleController, models.RoleDPO}
	system  = []models.Role{models.RoleSystem}
)

var rules = map[Kind]rule{
	Ordered:   {roles: parties, states: []State{""}, reason: true},
	Approved:  {roles: officer, states: []State{Waiting}},
	Returning: {roles: system, states: []State{Agreed}},
	Fetched:   {roles: system, states: []State{Giving}},
	Unfetched: {roles: system, states: []State{Giving}},
	Released:  {roles: officer, states: []State{Agreed, Giving}, reason: true},
	Erasing:   {roles: system, states: []State{Agreed, Given}},
	Ended:     {roles: system, states: []State{Deleting}},
	Stopped:   {roles: system, states: []State{Deleting}},
	Withdrawn: {roles: parties, states: []State{Waiting, Agreed, Giving, Given}, reason: true},
}

// Kinds are the events that there are, in the order in which they usually come.
func Kinds() []Kind {
	return []Kind{Ordered, Approved, Returning, Fetched, Unfetched, Released, Erasing, Ended, Stopped, Withdrawn}
}

// Allowed says whether a role may note an event of a kind in a state; it fails with unknown_event, event_forbidden or event_not_open.
func Allowed(kind Kind, role models.Role, state State) error {
	r, ok := rules[kind]
	switch {
	case !ok:
		return models.Errorf(models.Invalid, "unknown_event", "There is no such event.")
	case !slices.Contains(r.roles, role):
		return models.Errorf(models.Forbidden, "event_forbidden", "Your role may not do this.")
	case !slices.Contains(r.states, state):
		return models.Errorf(models.Conflict, "event_not_open", "The end of the contract stands where this cannot be done.")
	}
	return nil
}

// Bounds of an order.
const (
	maxWords     = 8000
	maxGraceDays = 365
	maxAhead     = 10 * 365 // days until the contract's last day
)

// Note is the event as it enters the record, numbered and dated. It fails with what Allowed fails with, reason_missing, bad_date, bad_grace,
// same_person, no_return, already_noted, too_early or return_pending.
func (r *Record) Note(e Event, now time.Time) (Event, error) {
	e.No, e.At = r.Latest()+1, now
	if err := Allowed(e.Kind, e.Actor.Role, r.State); err != nil {
		return e, err
	}
	if text := strings.TrimSpace(e.Reason.Reveal()); rules[e.Kind].reason && (text == "" || len(text) > maxWords) {
		return e, invalid("reason_missing", "reason", "Give the reason in words, in at most 8000 characters.")
	}
	return e, r.check(e, now)
}

func (r *Record) check(e Event, now time.Time) error {
	switch e.Kind {
	case Ordered:
		return r.checkOrder(e.Facts, now)
	case Approved:
		if e.Actor.ID == r.OrderedBy.ID {
			return models.Errorf(models.Forbidden, "same_person", "Another person than the one who ordered it must approve the end of a contract.")
		}
	case Returning:
		return r.checkTime(e.Facts.RequestID, r.EndsAt(), now)
	case Erasing:
		if r.State == Agreed && r.Return {
			return models.Errorf(models.Conflict, "return_pending", "The customer has not fetched its data, and nobody has said that this need not be waited for.")
		}
		return r.checkTime(e.Facts.RequestID, r.eraseAt(), now)
	case Released:
		if !r.Return {
			return models.Errorf(models.Conflict, "no_return", "The data is not to be returned, so that nothing waits for it.")
		}
	case Unfetched:
		if r.Unfetched {
			return models.Errorf(models.Conflict, "already_noted", "This was noted already.")
		}
	case Fetched, Ended, Stopped, Withdrawn:
	}
	return nil
}

func (r *Record) checkOrder(f Facts, now time.Time) error {
	today := calendar.DateOf(now.In(r.Zone))
	switch {
	case f.LastDay.IsZero() || f.LastDay.After(today.AddDays(maxAhead)):
		return invalid("bad_date", "last_day", "Give the last day of the contract.")
	case f.GraceDays < 0 || f.GraceDays > maxGraceDays:
		return invalid("bad_grace", "grace_days", "Give the days after it in which nothing is erased, from 0 to 365.")
	}
	return nil
}

// checkTime: a step names its request, and does not come before its instant.
func (r *Record) checkTime(request models.ID, from, now time.Time) error {
	switch {
	case request.IsZero():
		return invalid("bad_request", "request_id", "Name the request.")
	case now.Before(from):
		return models.Errorf(models.Conflict, "too_early", "The day on which this may begin has not come.")
	}
	return nil
}

func invalid(code, field, message string) error {
	return models.Errorf(models.Invalid, code, "%s", message).At("/" + field)
}
