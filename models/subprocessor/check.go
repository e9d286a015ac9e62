package subprocessor

import (
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
)

// rule says who may note an event of a kind and in which states.
type rule struct {
	roles  []models.Role
	states []State
	reason bool // a reason in words is mandatory
}

var (
	officer = []models.Role{models.RoleDPO}
	system  = []models.Role{models.RoleSystem}
)

var rules = map[Kind]rule{
	Drafted:   {roles: officer, states: []State{"", Draft}, reason: true},
	Announced: {roles: officer, states: []State{Draft}},
	Told:      {roles: []models.Role{models.RoleSystem, models.RoleDPO}, states: []State{Open}},
	Unreached: {roles: system, states: []State{Open}},
	Objected:  {roles: []models.Role{models.RoleController}, states: []State{Open, Scheduled, Effective}, reason: true},
	Answered:  {roles: officer, states: []State{Open, Scheduled, Effective}, reason: true},
	Decided:   {roles: officer, states: []State{Open}, reason: true},
	Withdrawn: {roles: officer, states: []State{Draft, Open, Scheduled}, reason: true},
	InForce:   {roles: system, states: []State{Scheduled}},
}

// Kinds are the events that there are, in the order in which they usually come.
func Kinds() []Kind {
	return []Kind{Drafted, Announced, Told, Unreached, Objected, Answered, Decided, Withdrawn, InForce}
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
		return models.Errorf(models.Conflict, "event_not_open", "The change stands where this cannot be done.")
	}
	return nil
}

func invalid(code, field, message string) error {
	return models.Errorf(models.Invalid, code, "%s", message).At("/" + field)
}

// maxWords bounds what a customer, who needs no account, can make the record keep.
const maxWords = 8000

// check fails with what Allowed fails with, reason_missing, or a code of the event's own kind.
func (r *Record) check(e Event, now time.Time) error {
	if err := Allowed(e.Kind, e.Actor.Role, r.State); err != nil {
		return err
	}
	if text := strings.TrimSpace(e.Words.Reason.Reveal()); rules[e.Kind].reason && (text == "" || len(text) > maxWords) {
		return invalid("reason_missing", "reason", "Give the reason in words, in at most 8000 characters.")
	}
	switch e.Kind {
	case Drafted:
		return checkProposal(e)
	case Announced:
		return checkCustomers(e.Facts.Customers)
	case Told:
		return r.checkTold(e.Facts.Told, now)
	case Unreached, Objected, Answered:
		return r.checkCustomer(e)
	case Decided:
		return r.checkDecided(e.Facts.EffectiveOn, now)
	case InForce:
		if now.Before(r.EffectiveFrom()) {
			return models.Errorf(models.Conflict, "too_early", "The day on which the change takes effect has not come.")
		}
	case Withdrawn:
		if r.Early() {
			return models.Errorf(models.Conflict, "in_force_already", "The replacement is in force already; draft another change instead.")
		}
	}
	return nil
}

func checkProposal(e Event) error {
	p := e.Facts.Proposal
	switch {
	case p == nil || !slices.Contains(Sorts(), p.Sort):
		return invalid("bad_proposal", "sort", "Say what becomes of the subprocessor: add, replace, remove or change.")
	case p.Slug == "" || strings.ContainsAny(p.Slug, " \t\r\n/"):
		return invalid("bad_proposal", "slug", "Name the subprocessor by its slug.")
	case p.Emergency && p.Sort != Replace:
		return invalid("bad_proposal", "emergency", "Only a replacement can be in force before customers were heard.")
	case (p.Sort == Replace) != (p.Old != "") || p.Old == p.Slug:
		return invalid("bad_proposal", "old", "Only a replacement names another subprocessor that goes.")
	case p.Sort != Remove && (p.Name == "" || p.Country == "" || len(p.Purposes) == 0 || len(p.Categories) == 0):
		return invalid("bad_proposal", "name", "Customers must learn its name, country, purposes and categories.")
	}
	if p.Sort == Add || p.Sort == Replace {
		if at := strings.LastIndexByte(e.Words.Address.Reveal(), '@'); at < 1 || at == len(e.Words.Address)-1 {
			return invalid("bad_proposal", "address", "The address must be a mail address.")
		}
	}
	facts := recipient.Facts{LegalName: p.LegalName, Transfer: p.Transfer, Purposes: p.Purposes, Controllers: p.Controllers}
	return facts.Check()
}

func checkCustomers(list []Customer) error {
	seen := map[models.ID]bool{}
	for _, c := range list {
		if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" || c.ID.IsZero() || seen[c.ID] || c.Days < 0 {
			return invalid("bad_customer", "customers", "A customer needs the days of its contract and a time zone that is known.")
		}
		seen[c.ID] = true
	}
	return nil
}

func (r *Record) checkTold(list []Telling, now time.Time) error {
	seen := map[models.ID]bool{}
	for _, t := range list {
		c := r.Standing(t.Customer)
		switch {
		case c == nil:
			return notConcerned()
		case seen[t.Customer] || !c.ToldAt.IsZero():
			return models.Errorf(models.Conflict, "already_told", "This customer was told already.")
		case t.At.Before(r.AnnouncedAt) || t.At.After(now):
			return invalid("bad_instant", "at", "Nobody was told before the announcement, or will be.")
		}
		seen[t.Customer] = true
	}
	if len(list) == 0 {
		return invalid("bad_customer", "customers", "Name who was told.")
	}
	return nil
}

func notConcerned() error {
	return models.Errorf(models.NotFound, "not_found", "The change does not concern this customer.")
}

func (r *Record) checkCustomer(e Event) error {
	c := r.Standing(e.Facts.Customer)
	switch {
	case c == nil:
		return notConcerned()
	case e.Kind == Unreached && (!c.ToldAt.IsZero() || c.Unreached):
		return models.Errorf(models.Conflict, "already_told", "This customer was told already, or is known not to be.")
	case e.Kind == Objected && c.Objection != nil:
		return models.Errorf(models.Conflict, "already_objected", "This customer has objected already.")
	case e.Kind == Answered && c.Objection == nil:
		return models.Errorf(models.Conflict, "no_objection", "This customer has not objected.")
	case e.Kind == Answered && c.Objection.Answer != "":
		return models.Errorf(models.Conflict, "already_answered", "This objection was answered already.")
	case e.Kind == Answered && e.Facts.Answer != Accept && e.Facts.Answer != Overrule:
		return invalid("bad_answer", "answer", "An objection is accepted or overruled.")
	case e.Kind == Answered && e.Facts.Answer == Accept && r.State != Open:
		return models.Errorf(models.Conflict, "decided_already", "The change is decided; withdraw it, or make another one for this customer.")
	}
	return nil
}

// checkDecided: the officer decides when every window is over and every objection in time is answered.
func (r *Record) checkDecided(on calendar.Date, now time.Time) error {
	end, told := r.WindowsEnd()
	open := slices.ContainsFunc(r.Customers, func(c Standing) bool { return c.Objection != nil && !c.Objection.Late && c.Objection.Answer == "" })
	switch {
	case !told:
		return models.Errorf(models.Conflict, "untold", "A customer has not been told yet; its time to object has not begun.")
	case now.Before(end):
		return models.Errorf(models.Conflict, "window_open", "Customers may still object.")
	case open:
		return models.Errorf(models.Conflict, "objection_open", "An objection waits for its answer.")
	case r.Proposal.Sort == Change && len(r.Spared()) > 0:
		return models.Errorf(models.Conflict, "objection_accepted", "A change of what one subprocessor does concerns all of its customers; an objection to it was accepted, so withdraw it.")
	case !r.Early() && (on.IsZero() || on.Before(calendar.DateOf(now.In(r.Zone)))):
		return invalid("bad_date", "effective_on", "Give a day from today on, on which the change takes effect.")
	}
	return nil
}
