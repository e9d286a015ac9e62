package register

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/breach"
)

// State is where a breach stands.
type State string

const (
	Suspected State = "suspected" // reported, not yet judged
	Open      State = "open"      // somebody is aware: the clock runs
	Ended     State = "closed"
	NoBreach  State = "dismissed"
)

// Record is a breach as its events make it. Its zero value is a breach before its first event.
type Record struct {
	ID     models.ID
	Zone   *time.Location // of the operator's establishment; required
	EU     bool           // the operator has an establishment in the Union
	Events []Event

	State      State
	Drill      bool
	Source     Source
	Recipient  models.ID // the subprocessor that reported it or at which it was; zero for none
	ReportedAt time.Time
	AwareAt    time.Time // as last corrected; zero while nobody is
	Corrected  int       // how often the instant of awareness was corrected
	Own        bool
	Customers  []CustomerDuty
	Known      Known
	Assessment *breach.Assessment
	Inputs     *breach.Circumstances
	Risk       breach.Risk // the DPO's; empty while undecided
	Exceptions breach.Exceptions
	Duties     breach.Duties
	Concerned  []string // codes of the authorities that are each notified, without an establishment in the Union
	Phases     []Submission
	Messaged   bool
	MessagedAt time.Time
	Incidents  []Event // of kind Incident
	HeardAt    time.Time
	Lessons    []Task
	ClosedAt   time.Time
}

// Known is what has been found so far, the latest of each.
type Known struct {
	Nature, Consequences, Measures, Contact models.Personal
	Persons, Records                        *int
	Categories, PersonKinds                 []string
}

// CustomerDuty is one customer's right to be told.
type CustomerDuty struct {
	Customer
	Since      time.Time // when its data was found to be concerned
	ToldAt     time.Time // the first time
	Updates    int
	AnsweredAt time.Time
}

// Submission is one phase of the notification to an authority.
type Submission struct {
	Authority string
	Phase     int
	At        time.Time
	Final     bool
	File      string
	Reference models.Personal
	By        models.Personal
	Delay     models.Personal
}

// Task is a lesson with its date.
type Task struct {
	No    int
	What  models.Personal
	DueOn string
	Done  bool
}

// Fold makes a record of its events, which were each accepted by Note before they were kept.
func Fold(id models.ID, zone *time.Location, inEU bool, events []Event) Record {
	r := Record{ID: id, Zone: zone, EU: inEU}
	for _, e := range events {
		r.apply(e)
	}
	return r
}

// Note checks an event against the record and gives it its number. It fails with the codes of check; the record is unchanged.
func (r *Record) Note(e Event, now time.Time) (Event, error) {
	e.No, e.At = len(r.Events)+1, now
	e = ofItsKind(e)
	e.Facts.AwareAt, e.Facts.At = e.Facts.AwareAt.UTC(), e.Facts.At.UTC() // the same instant is written in one way
	switch e.Kind {
	case Submitted:
		e.Facts.Phase = r.phasesTo(e.Facts.Authority) + 1
	case Told:
		if d := r.customer(e.Facts.Customer); d != nil {
			e.Facts.Update = d.Updates + 1
		}
	case Lesson:
		e.Facts.Lesson = len(r.Lessons) + 1
	default: // carries no number of its own
	}
	if err := r.check(e, now); err != nil {
		return e, err
	}
	return e, nil
}

func (r *Record) phasesTo(authority string) int {
	n := 0
	for _, p := range r.Phases {
		if p.Authority == authority {
			n++
		}
	}
	return n
}

func (r *Record) customer(id models.ID) *CustomerDuty {
	for i := range r.Customers {
		if r.Customers[i].ID == id {
			return &r.Customers[i]
		}
	}
	return nil
}

func (r *Record) apply(e Event) {
	r.Events = append(r.Events, e)
	switch e.Kind {
	case Reported:
		r.State, r.Drill, r.Source, r.ReportedAt = Suspected, e.Facts.Drill, e.Facts.Source, e.At
		r.Own, r.Recipient = true, e.Facts.Recipient
		r.Known.Nature = e.Words.What
	case Dismissed:
		r.State = NoBreach
	case Aware:
		if !r.AwareAt.IsZero() {
			r.Corrected++
		}
		r.State, r.AwareAt = Open, e.Facts.AwareAt
	case Found:
		r.found(e)
	case Assessed:
		r.Assessment, r.Inputs = e.Facts.Assessment, e.Facts.Inputs
	case Decided:
		r.Risk, r.Exceptions, r.Concerned = e.Facts.Risk, e.Facts.Exceptions, e.Facts.Authorities
	case Submitted:
		r.Phases = append(r.Phases, Submission{
			Authority: e.Facts.Authority, Phase: e.Facts.Phase, At: e.Facts.At, Final: e.Facts.Final, File: e.Facts.File,
			Reference: e.Words.Reference, By: e.Words.By, Delay: e.Words.Delay,
		})
	case Told:
		if d := r.customer(e.Facts.Customer); d != nil {
			if d.ToldAt.IsZero() {
				d.ToldAt = e.Facts.At
			}
			d.Updates++
		}
	case Answered:
		if d := r.customer(e.Facts.Customer); d != nil && d.AnsweredAt.IsZero() {
			d.AnsweredAt = e.Facts.At
		}
	case Messaged:
		r.Messaged, r.MessagedAt = true, e.Facts.At
	case Retried: // changes who waits on the list, and nothing of the record
	case Incident:
		r.Incidents = append(r.Incidents, e)
	case Heard:
		r.HeardAt = e.At
	case Lesson:
		r.Lessons = append(r.Lessons, Task{No: e.Facts.Lesson, What: e.Words.What, DueOn: e.Facts.DueOn})
	case LessonDone:
		r.Lessons[e.Facts.Lesson-1].Done = true
	case Closed:
		r.State, r.ClosedAt = Ended, e.At
	case Reopened:
		r.reopen()
	}
	if r.Risk != "" {
		r.Duties, _ = breach.DutiesFor(r.Risk, r.Exceptions, r.EU) //nolint:errcheck // Note accepted the risk
	}
}

func (r *Record) reopen() {
	r.ClosedAt = time.Time{}
	r.State = Suspected
	if !r.AwareAt.IsZero() {
		r.State = Open
	}
}

func (r *Record) found(e Event) {
	f, w, k := e.Facts, e.Words, &r.Known
	for _, text := range []struct {
		to   *models.Personal
		from models.Personal
	}{{&k.Nature, w.What}, {&k.Consequences, w.Consequences}, {&k.Measures, w.Measures}, {&k.Contact, w.Contact}} {
		if text.from != "" {
			*text.to = text.from
		}
	}
	if !f.Recipient.IsZero() {
		r.Recipient = f.Recipient
	}
	if f.Own != nil {
		r.Own = *f.Own
	}
	if f.Persons != nil {
		k.Persons = f.Persons
	}
	if f.Records != nil {
		k.Records = f.Records
	}
	if len(f.Categories) > 0 {
		k.Categories = f.Categories
	}
	if len(f.PersonKinds) > 0 {
		k.PersonKinds = f.PersonKinds
	}
	for _, c := range f.Customers {
		if r.customer(c.ID) == nil {
			r.Customers = append(r.Customers, CustomerDuty{Customer: c, Since: e.At})
		}
	}
}

// Untold are the customers to be told now: those that were not told yet, and those to whom something that became known since is news. None as
// long as the breach is dismissed.
func (r *Record) Untold() []models.ID {
	if r.State == NoBreach || r.State == "" {
		return nil
	}
	var list []models.ID
	for i := range r.Customers {
		if d := &r.Customers[i]; d.ToldAt.IsZero() || r.newsFor(d) {
			list = append(list, d.ID)
		}
	}
	return list
}

// newsFor reports whether something was found after the customer was last told.
func (r *Record) newsFor(d *CustomerDuty) bool {
	news := false
	for _, e := range r.Events {
		switch {
		case e.Kind == Told && e.Facts.Customer == d.ID:
			news = false
		case e.Kind == Found:
			news = true
		}
	}
	return news
}

// ofItsKind drops what an event of this kind does not have: nobody checks it, and the record keeps it for ever.
func ofItsKind(e Event) Event {
	f, w := e.Facts, e.Words
	e.Facts, e.Words = Facts{}, Words{}
	switch e.Kind {
	case Reported:
		e.Facts = Facts{Source: f.Source, Drill: f.Drill, Recipient: f.Recipient}
		e.Words = Words{What: w.What, Contact: w.Contact}
	case Aware:
		e.Facts, e.Words = Facts{AwareAt: f.AwareAt}, Words{Reason: w.Reason}
	case Found:
		e.Facts = Facts{
			Own: f.Own, Customers: f.Customers, Persons: f.Persons, Records: f.Records, Categories: f.Categories, PersonKinds: f.PersonKinds,
			Recipient: f.Recipient,
		}
		e.Words = Words{What: w.What, Consequences: w.Consequences, Measures: w.Measures, Contact: w.Contact}
	case Assessed:
		e.Facts = Facts{Inputs: f.Inputs, Assessment: f.Assessment}
	case Decided:
		e.Facts, e.Words = Facts{Risk: f.Risk, Exceptions: f.Exceptions, Authorities: f.Authorities}, Words{Reason: w.Reason}
	case Submitted:
		e.Facts = Facts{Authority: f.Authority, At: f.At, Final: f.Final, File: f.File}
		e.Words = Words{Delay: w.Delay, Reference: w.Reference, By: w.By}
	case Told, Answered:
		e.Facts = Facts{Customer: f.Customer, At: f.At}
	case Messaged:
		e.Facts = Facts{At: f.At, Public: f.Public, Count: f.Count}
	case Retried:
		e.Facts, e.Words = Facts{Cause: f.Cause, Count: f.Count}, Words{Reason: w.Reason}
	case Incident:
		e.Facts, e.Words = Facts{Regime: f.Regime, Report: f.Report, At: f.At}, Words{Reference: w.Reference}
	case Lesson:
		e.Facts, e.Words = Facts{DueOn: f.DueOn}, Words{What: w.What}
	case LessonDone:
		e.Facts = Facts{Lesson: f.Lesson}
	case Dismissed, Closed, Reopened:
		e.Words = Words{Reason: w.Reason}
	case Heard:
	}
	return e
}

// Latest is the number of the last event, by which somebody says what they have seen before they decide.
func (r *Record) Latest() int { return len(r.Events) }

// Kinds are all kinds of events, in order.
func Kinds() []Kind {
	return []Kind{
		Reported, Dismissed, Aware, Found, Assessed, Decided, Submitted, Told, Answered, Messaged, Retried, Incident, Heard, Lesson, LessonDone, Closed, Reopened,
	}
}

// Valid reports whether there is such a kind.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }
