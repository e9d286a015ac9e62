package register

import (
	"time"

	"habeas/models"
	"habeas/models/breach"
)

// Kind says what was noted about a breach.
type Kind string

// The kinds of events, in the order in which they usually come.
const (
	Reported   Kind = "reported"  // a suspicion, by anybody
	Dismissed  Kind = "dismissed" // triage: no personal data breach
	Aware      Kind = "aware"     // reasonable certainty and its instant; again: a correction
	Found      Kind = "found"     // facts as they become known
	Assessed   Kind = "assessed"  // the severity method's advice
	Decided    Kind = "decided"   // the DPO's finding on the risk, with reasoning
	Submitted  Kind = "submitted" // one phase of the notification went to an authority, Art. 33(1), (4)
	Told       Kind = "told"      // a customer was told, Art. 33(2)
	Answered   Kind = "answered"  // the customer has acknowledged it
	Messaged   Kind = "messaged"  // the persons were told, Art. 34, or the public notice was published
	Retried    Kind = "retried"   // persons who could not be reached are written to again
	Incident   Kind = "incident"  // NIS2 or DORA applies, or one of its reports was made
	Heard      Kind = "heard"     // somebody on call has acknowledged the alarms
	Lesson     Kind = "lesson"    // a task with a date
	LessonDone Kind = "lesson_done"
	Closed     Kind = "closed"
	Reopened   Kind = "reopened"
)

// Source is where a suspicion came from.
type Source string

const (
	FromEmployee     Source = "employee"
	FromSubprocessor Source = "subprocessor"
	FromCustomer     Source = "customer"
	FromMonitoring   Source = "monitoring"
	FromOutside      Source = "outside" // a researcher, a person concerned, the press
)

// Sources are all of them.
func Sources() []Source {
	return []Source{FromEmployee, FromSubprocessor, FromCustomer, FromMonitoring, FromOutside}
}

// Event is one entry of a breach's record. It is never changed: a correction is another event.
type Event struct {
	No    int // from 1
	Kind  Kind
	Actor models.Actor
	At    time.Time // when it was noted
	Facts Facts
	Words Words
}

// Facts are the parts of an event that hold nothing personal. Each kind uses its own.
type Facts struct {
	Source      Source                `json:"source,omitempty"`       // Reported
	Drill       bool                  `json:"drill,omitempty"`        // Reported: an exercise
	Recipient   models.ID             `json:"recipient,omitzero"`     // Reported: the subprocessor; Found: whose breach it was
	AwareAt     time.Time             `json:"aware_at,omitzero"`      // Aware
	Own         *bool                 `json:"own,omitempty"`          // Found: the operator's own data is concerned
	Customers   []Customer            `json:"customers,omitempty"`    // Found: customers whose data is concerned
	Persons     *int                  `json:"persons,omitempty"`      // Found: about
	Records     *int                  `json:"records,omitempty"`      // Found: about
	Categories  []string              `json:"categories,omitempty"`   // Found: of data
	PersonKinds []string              `json:"person_kinds,omitempty"` // Found: categories of persons
	Inputs      *breach.Circumstances `json:"inputs,omitempty"`       // Assessed
	Assessment  *breach.Assessment    `json:"assessment,omitempty"`   // Assessed
	Risk        breach.Risk           `json:"risk,omitempty"`         // Decided
	Exceptions  breach.Exceptions     `json:"exceptions,omitzero"`    // Decided
	Authorities []string              `json:"authorities,omitempty"`  // Decided: those concerned, without an establishment in the Union
	Authority   string                `json:"authority,omitempty"`    // Submitted: code of the register of authorities
	Phase       int                   `json:"phase,omitempty"`        // Submitted: from 1, set by Note
	Final       bool                  `json:"final,omitempty"`        // Submitted: nothing is to follow
	At          time.Time             `json:"at,omitzero"`            // Submitted, Told, Answered, Messaged, Incident: when it happened
	File        string                `json:"file,omitempty"`         // Submitted: SHA-256 of what was sent, hexadecimal
	Customer    models.ID             `json:"customer,omitzero"`      // Told, Answered
	Update      int                   `json:"update,omitempty"`       // Told: from 1, set by Note
	Public      bool                  `json:"public,omitempty"`       // Messaged: by public notice
	Count       int                   `json:"count,omitempty"`        // Messaged: persons told; Retried: persons to be written to again
	Cause       string                `json:"cause,omitempty"`        // Retried: those with this code; empty: all
	Regime      Regime                `json:"regime,omitempty"`       // Incident
	Report      string                `json:"report,omitempty"`       // Incident: which report was made; empty: the regime applies
	Lesson      int                   `json:"lesson,omitempty"`       // Lesson (set by Note), LessonDone
	DueOn       string                `json:"due_on,omitempty"`       // Lesson: a day
}

// Customer is a controller whose data is concerned, with the hours within which its contract wants it told; 0 for none.
type Customer struct {
	ID    models.ID `json:"id"`
	Hours int       `json:"hours"`
}

// Regime is an incident regime beside the GDPR.
type Regime string

const (
	NIS2 Regime = "NIS2"
	DORA Regime = "DORA"
)

// Words are the free texts of an event. They may name people and are sealed with the breach's own key.
type Words struct {
	What         models.Personal // Reported, Found, Lesson: what happened, or what is to be done
	Reason       models.Personal // Dismissed, Aware (correction), Decided, Retried, Closed, Reopened
	Consequences models.Personal // Found, Art. 33(3)(c)
	Measures     models.Personal // Found, Art. 33(3)(d)
	Contact      models.Personal // Found: another contact point than the DPO; Reported: how to reach who reported
	Delay        models.Personal // Submitted: reasons for the delay
	Reference    models.Personal // Submitted, Incident: the authority's number
	By           models.Personal // Submitted: who sent it
}
