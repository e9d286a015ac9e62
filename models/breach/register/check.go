package register

import (
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/calendar"
)

// rule says who may note an event of a kind and in which states.
type rule struct {
	roles  []models.Role
	states []State
	reason bool // a reason in words is mandatory
}

var (
	officer  = []models.Role{models.RoleDPO}
	handlers = []models.Role{models.RoleDPO, models.RoleHandler}
	anyState = []State{Suspected, Open}
	running  = []State{Open}
)

var rules = map[Kind]rule{
	Reported: {states: []State{""}, roles: []models.Role{
		models.RoleDPO, models.RoleHandler, models.RoleOperator, models.RoleAuditor, models.RoleController, models.RoleRecipient, models.RoleSubject, models.RoleSystem,
	}},
	Dismissed:  {roles: officer, states: []State{Suspected}, reason: true},
	Aware:      {roles: officer, states: anyState},
	Found:      {roles: handlers, states: anyState},
	Assessed:   {roles: handlers, states: anyState},
	Decided:    {roles: officer, states: running, reason: true},
	Submitted:  {roles: officer, states: running},
	Told:       {roles: []models.Role{models.RoleSystem, models.RoleDPO, models.RoleHandler}, states: []State{Suspected, Open, Ended}},
	Answered:   {roles: []models.Role{models.RoleController, models.RoleDPO, models.RoleHandler}, states: []State{Suspected, Open, Ended}},
	Messaged:   {roles: []models.Role{models.RoleSystem, models.RoleDPO}, states: running},
	Retried:    {roles: officer, states: running, reason: true},
	Incident:   {roles: handlers, states: running},
	Heard:      {roles: []models.Role{models.RoleDPO, models.RoleHandler, models.RoleOperator}, states: anyState},
	Lesson:     {roles: handlers, states: []State{Open, Ended}},
	LessonDone: {roles: handlers, states: []State{Open, Ended}},
	Closed:     {roles: officer, states: running, reason: true},
	Reopened:   {roles: officer, states: []State{Ended, NoBreach}, reason: true},
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
		return models.Errorf(models.Conflict, "event_not_open", "The breach is %s, in which this cannot be done.", named(state))
	}
	return nil
}

func named(s State) string {
	if s == "" {
		return "not reported yet"
	}
	return string(s)
}

// NeedsReason reports whether an event of the kind must come with a reason in words.
func NeedsReason(kind Kind) bool { return rules[kind].reason }

func invalid(code, field, message string) error {
	return models.Errorf(models.Invalid, code, "%s", message).At("/" + field)
}

func blank(p models.Personal) bool { return strings.TrimSpace(p.Reveal()) == "" }

// check fails with what Allowed fails with, reason_missing, text_missing, or a code of the event's own kind.
func (r *Record) check(e Event, now time.Time) error {
	if err := Allowed(e.Kind, e.Actor.Role, r.State); err != nil {
		return err
	}
	if NeedsReason(e.Kind) && blank(e.Words.Reason) {
		return invalid("reason_missing", "reason", "Give the reason in words.")
	}
	switch e.Kind {
	case Reported:
		return checkReport(e)
	case Aware:
		return r.checkAware(e, now)
	case Found:
		return checkFound(e.Facts)
	case Assessed:
		return checkAssessed(e.Facts)
	case Decided:
		return r.checkDecided(e.Facts)
	case Submitted:
		return r.checkSubmitted(e, now)
	case Told, Answered:
		return r.checkCustomer(e, now)
	case Messaged:
		return r.checkMessaged(e, now)
	case Incident:
		return r.checkIncident(e, now)
	case Lesson, LessonDone:
		return r.checkLesson(e)
	case Closed:
		return r.checkClosed(now)
	case Dismissed, Heard, Retried, Reopened:
	}
	return nil
}

func checkReport(e Event) error {
	if blank(e.Words.What) {
		return invalid("text_missing", "what", "Say what happened, as far as it is known.")
	}
	if !slices.Contains(Sources(), e.Facts.Source) {
		return invalid("bad_source", "source", "Say where the report comes from.")
	}
	return nil
}

// checkAware: the instant is past, not before the event could be known of at all, and a correction says why.
func (r *Record) checkAware(e Event, now time.Time) error {
	switch at := e.Facts.AwareAt; {
	case at.IsZero():
		return invalid("aware_missing", "aware_at", "Give the instant of becoming aware, with its zone.")
	case at.After(now):
		return invalid("aware_in_future", "aware_at", "Nobody can have become aware in the future.")
	case !r.AwareAt.IsZero() && blank(e.Words.Reason):
		return invalid("reason_missing", "reason", "Say why the instant is corrected. Both stay in the record.")
	case !r.AwareAt.IsZero() && at.Equal(r.AwareAt):
		return invalid("aware_unchanged", "aware_at", "The record has this instant already.")
	}
	for _, p := range r.Phases {
		if p.At.Before(e.Facts.AwareAt) {
			return invalid("notified_before_aware", "aware_at", "The authority was notified before that instant.")
		}
	}
	return nil
}

func checkFound(f Facts) error {
	for name, n := range map[string]*int{"persons": f.Persons, "records": f.Records} {
		if n != nil && *n < 0 {
			return invalid("bad_count", name, "A number of persons or records is not negative.")
		}
	}
	for _, c := range f.Customers {
		if c.ID.IsZero() || c.Hours < 0 || c.Hours > 8760 {
			return invalid("bad_customer", "customers", "Name the customers concerned, with the hours of their contracts.")
		}
	}
	return nil
}

func checkAssessed(f Facts) error {
	if f.Inputs == nil {
		return invalid("missing_field", "inputs", "The assessment is incomplete.")
	}
	advice, err := breach.Assess(*f.Inputs)
	if err != nil {
		return err
	}
	if f.Assessment == nil || f.Assessment.Score != advice.Score {
		return invalid("bad_assessment", "assessment", "The assessment does not follow from its inputs.")
	}
	return nil
}

// checkDecided: without an establishment in the Union nobody but the DPO can say which authorities are concerned.
func (r *Record) checkDecided(f Facts) error {
	duties, err := breach.DutiesFor(f.Risk, f.Exceptions, r.EU)
	if err == nil && duties.Authorities == breach.EveryAuthority && len(f.Authorities) == 0 {
		return invalid("authorities_missing", "authorities", "Without an establishment in the Union, name every authority concerned.")
	}
	return err
}

func happened(at, since, now time.Time) error {
	switch {
	case at.IsZero():
		return invalid("instant_missing", "at", "Give the instant, with its zone.")
	case at.After(now):
		return invalid("instant_in_future", "at", "This cannot have happened in the future.")
	case at.Before(since):
		return invalid("instant_too_early", "at", "This cannot have happened before anybody was aware.")
	}
	return nil
}

func (r *Record) checkSubmitted(e Event, now time.Time) error {
	if e.Facts.Authority == "" {
		return invalid("authority_missing", "authority", "Name the authority.")
	}
	if err := happened(e.Facts.At, r.AwareAt, now); err != nil {
		return err
	}
	late := e.Facts.Phase == 1 && e.Facts.At.After(r.AwareAt.Add(breach.Hours*time.Hour))
	gaps := breach.CheckAuthority(r.Notification(e.Words.Delay), late)
	for _, g := range gaps {
		if !g.Later || e.Facts.Final {
			return models.Errorf(models.Invalid, g.Code, "%s (%s)", g.Message, g.Citation).At("/" + strings.TrimSuffix(g.Code, "_missing"))
		}
	}
	return nil
}

func (r *Record) checkCustomer(e Event, now time.Time) error {
	d := r.customer(e.Facts.Customer)
	switch {
	case d == nil:
		return models.Errorf(models.NotFound, "not_concerned", "This customer's data is not concerned.")
	case e.Kind == Answered && d.ToldAt.IsZero():
		return models.Errorf(models.Conflict, "not_told", "This customer has not been told yet.")
	case e.Kind == Answered && !d.AnsweredAt.IsZero():
		return models.Errorf(models.Conflict, "already_answered", "This customer has acknowledged it already.")
	}
	return happened(e.Facts.At, r.ReportedAt, now)
}

func (r *Record) checkMessaged(e Event, now time.Time) error {
	switch {
	case r.Duties.Persons != breach.TellEach && r.Duties.Persons != breach.PublicNotice:
		return models.Errorf(models.Conflict, "not_owed", "The persons need not be told by the decision as it stands.")
	case e.Facts.Public != (r.Duties.Persons == breach.PublicNotice):
		return models.Errorf(models.Conflict, "wrong_way", "The decision asks for another way of telling the persons.")
	}
	return happened(e.Facts.At, r.AwareAt, now)
}

func (r *Record) checkIncident(e Event, now time.Time) error {
	if e.Facts.Regime != NIS2 && e.Facts.Regime != DORA {
		return invalid("unknown_regime", "regime", "The regime is NIS2 or DORA.")
	}
	applies := slices.ContainsFunc(r.Incidents, func(i Event) bool { return i.Facts.Regime == e.Facts.Regime && i.Facts.Report == "" })
	if e.Facts.Report == "" {
		if applies {
			return models.Errorf(models.Conflict, "already_applies", "The regime applies already.")
		}
		return happened(e.Facts.At, r.AwareAt, now)
	}
	switch {
	case !applies:
		return models.Errorf(models.Conflict, "not_owed", "The regime does not apply to this breach as it stands.")
	case !slices.Contains(Reports(e.Facts.Regime), e.Facts.Report):
		return invalid("unknown_report", "report", "The regime has no such report.")
	}
	return happened(e.Facts.At, r.AwareAt, now)
}

func (r *Record) checkLesson(e Event) error {
	if e.Kind == LessonDone {
		if n := e.Facts.Lesson; n < 1 || n > len(r.Lessons) || r.Lessons[n-1].Done {
			return models.Errorf(models.Conflict, "no_open_task", "There is no such open task.")
		}
		return nil
	}
	if blank(e.Words.What) {
		return invalid("text_missing", "what", "Say what is to be done.")
	}
	if _, err := calendar.ParseDate(e.Facts.DueOn); err != nil {
		return invalid("bad_date", "due_on", "Give the day by which it is to be done.")
	}
	return nil
}

// checkClosed: a breach is closed when nothing is owed any more.
func (r *Record) checkClosed(now time.Time) error {
	for _, d := range r.Clocks(now) {
		if !d.Done {
			return models.Errorf(models.Conflict, "duty_open", "The breach cannot be closed: %s.", d.Missing)
		}
	}
	return nil
}

// Notification is what the record holds for a notification under Art. 33(3).
func (r *Record) Notification(delay models.Personal) breach.Authority {
	n := breach.Authority{
		Nature: r.Known.Nature.Reveal(), PersonCategories: strings.Join(r.Known.PersonKinds, ", "), RecordCategories: strings.Join(r.Known.Categories, ", "),
		Contact: r.Known.Contact.Reveal(), Consequences: r.Known.Consequences.Reveal(), Measures: r.Known.Measures.Reveal(), ReasonsForDelay: delay.Reveal(),
	}
	if r.Known.Persons != nil {
		n.PersonCount, n.PersonCountKnown = *r.Known.Persons, true
	}
	if r.Known.Records != nil {
		n.RecordCount, n.RecordCountKnown = *r.Known.Records, true
	}
	return n
}
