package subprocessor

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
)

// Kind says what was noted about a change.
type Kind string

// The kinds of events, in the order in which they usually come.
const (
	Drafted   Kind = "drafted"   // what is intended; again: another draft
	Announced Kind = "announced" // from now on the customers concerned are told
	Told      Kind = "told"      // some customers were told
	Unreached Kind = "unreached" // a customer's mail server refused the announcement: it must be told otherwise
	Objected  Kind = "objected"  // a customer objects, with its reason
	Answered  Kind = "answered"  // the officer answers an objection
	Decided   Kind = "decided"   // the change takes effect on a day
	Withdrawn Kind = "withdrawn" // it does not
	InForce   Kind = "in_force"  // the day has come, and the register follows
)

// Sort is what becomes of the subprocessor.
type Sort string

const (
	Add     Sort = "add"
	Replace Sort = "replace" // another one, named by Old, goes
	Remove  Sort = "remove"
	Change  Sort = "change" // of purposes, country or categories
)

// Sorts are all of them.
func Sorts() []Sort { return []Sort{Add, Replace, Remove, Change} }

// Proposal is what is to change. Its entry holds nothing personal; the address of a new subprocessor is in the event's words.
type Proposal struct {
	Sort        Sort               `json:"sort"`
	Slug        string             `json:"slug"`
	Old         string             `json:"old,omitempty"` // Replace: slug of the one that goes
	Name        string             `json:"name,omitempty"`
	LegalName   string             `json:"legal_name,omitempty"`
	Country     string             `json:"country,omitempty"`
	Transfer    recipient.Transfer `json:"transfer,omitempty"`
	Safeguard   string             `json:"safeguard,omitempty"`
	Purposes    []string           `json:"purposes,omitempty"`
	Categories  []string           `json:"categories,omitempty"`
	Controllers []string           `json:"controllers,omitempty"` // Add, Replace: whose data; none named: all. Change: whose data as well
	Emergency   bool               `json:"emergency,omitempty"`   // Replace: in force with its announcement; objections come afterwards
}

// Customer is a controller whose data the change concerns, with its contract's days and its zone.
type Customer struct {
	ID   models.ID `json:"id"`
	Slug string    `json:"slug"`
	Days int       `json:"days"`
	Zone string    `json:"zone"`
}

// Telling is that a customer was told at an instant.
type Telling struct {
	Customer models.ID `json:"customer"`
	At       time.Time `json:"at"`
}

// Answer is what the officer says to an objection.
type Answer string

const (
	Accept   Answer = "accept"   // the change does not concern this customer's data
	Overrule Answer = "overrule" // it takes effect all the same
)

// Event is one entry of a change's record. It is never changed: a correction is another event.
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
	Proposal    *Proposal     `json:"proposal,omitempty"`    // Drafted
	Customers   []Customer    `json:"customers,omitempty"`   // Announced: those concerned
	Told        []Telling     `json:"told,omitempty"`        // Told
	Customer    models.ID     `json:"customer,omitzero"`     // Unreached, Objected, Answered
	Late        bool          `json:"late,omitempty"`        // Objected: after the window; set by Note
	Answer      Answer        `json:"answer,omitempty"`      // Answered
	EffectiveOn calendar.Date `json:"effective_on,omitzero"` // Decided: in the operator's zone
}

// Words are the free texts of an event. They may name people and are sealed with the change's own key.
type Words struct {
	Reason  models.Personal // Drafted: why; Objected, Answered, Decided, Withdrawn
	Address models.Personal // Drafted: mail address of the new subprocessor
}
