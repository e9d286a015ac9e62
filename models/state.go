package models

import "slices"

// State is where a request stands. Only the transition table below moves it; no client ever sets it.
type State string

const (
	Received            State = "received"
	Verifying           State = "verifying"
	AwaitingInstruction State = "awaiting_instruction"
	Locating            State = "locating"
	InReview            State = "in_review"
	Executing           State = "executing"
	Notifying           State = "notifying"
	Delivering          State = "delivering"
	Closed              State = "closed"
)

// Outcome is how a closed request ended; an open request has none.
type Outcome string

const (
	Fulfilled       Outcome = "fulfilled"
	PartlyFulfilled Outcome = "partly_fulfilled" // something is retained: a deferral each
	Refused         Outcome = "refused"          // Art. 12(4), 12(5)
	Withdrawn       Outcome = "withdrawn"
	Lapsed          Outcome = "lapsed" // never verified
)

// Outcomes are all outcomes, that of a request in which everything was done first.
func Outcomes() []Outcome { return []Outcome{Fulfilled, PartlyFulfilled, Refused, Withdrawn, Lapsed} }

// transitions lists, for each state, the states that may follow it. Locating follows InReview again when the plan must be made anew.
var transitions = map[State][]State{
	Received:            {Verifying, AwaitingInstruction, Locating, Closed},
	Verifying:           {AwaitingInstruction, Locating, Closed},
	AwaitingInstruction: {Locating, Closed},
	Locating:            {InReview, Closed},
	InReview:            {Locating, Executing, Delivering, Closed},
	Executing:           {Notifying, Delivering},
	Notifying:           {Delivering},
	Delivering:          {Closed},
	Closed:              {},
}

// States are all states in the order of a request's life.
func States() []State {
	return []State{Received, Verifying, AwaitingInstruction, Locating, InReview, Executing, Notifying, Delivering, Closed}
}

// CanFollow reports whether a request may go from one state to the next.
func CanFollow(from, to State) bool { return slices.Contains(transitions[from], to) }

// Verified reports whether a request in this state has a proven identity behind it, so that more than "check your mail" may be said.
func (s State) Verified() bool { return s != Received && s != Verifying }

// Destructive reports whether data may already have been changed in this state, after which nothing can be withdrawn.
func (s State) Destructive() bool {
	return s == Executing || s == Notifying || s == Delivering || s == Closed
}
