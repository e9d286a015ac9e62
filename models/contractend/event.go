package contractend

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Kind says what was noted about the end of a contract.
type Kind string

// The kinds of events, in the order in which they usually come.
const (
	Ordered   Kind = "ordered"   // by the customer, or by the officer on its instruction
	Approved  Kind = "approved"  // by another person, the officer
	Returning Kind = "returning" // the request that returns the data was opened
	Fetched   Kind = "fetched"   // the customer has the data
	Unfetched Kind = "unfetched" // the data was ready and is gone, and nobody fetched it; or it was not put together
	Released  Kind = "released"  // the officer: the erasure need not wait for the return
	Erasing   Kind = "erasing"   // the request that erases the data was opened
	Ended     Kind = "ended"     // erased; the customer's access is over
	Stopped   Kind = "stopped"   // the request that was to erase the data ended before it had
	Withdrawn Kind = "withdrawn" // the contract goes on, or something was wrong with the order
)

// Event is one entry of the record. It is never changed: a correction is another event.
type Event struct {
	No     int // from 1
	Kind   Kind
	Actor  models.Actor
	At     time.Time // when it was noted
	Facts  Facts
	Reason models.Personal // free text; it may name people and is sealed
}

// Facts are the parts of an event that hold nothing personal. Each kind uses its own.
type Facts struct {
	LastDay   calendar.Date `json:"last_day,omitzero"`    // Ordered: of the contract, in the customer's zone
	GraceDays int           `json:"grace_days,omitempty"` // Ordered: days after it in which nothing is erased
	Return    bool          `json:"return,omitempty"`     // Ordered: the customer wants its data back first
	RequestID models.ID     `json:"request_id,omitzero"`  // Returning, Erasing
	Members   int           `json:"members,omitempty"`    // Ended: accounts of its people that were deactivated
	Keys      int           `json:"keys,omitempty"`       // Ended: access keys that were revoked
	Webhooks  int           `json:"webhooks,omitempty"`   // Ended: webhooks that were switched off
	Partly    bool          `json:"partly,omitempty"`     // Ended: something is kept, as the receipt says
}
