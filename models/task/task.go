package task

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/request"
)

// Action is what has to be done by hand.
type Action string

const (
	Locate   Action = "locate"   // search, and say how many records are held
	Export   Action = "export"   // upload the person's data
	Erase    Action = "erase"    // erase, and say how
	Restrict Action = "restrict" // set apart, Art. 18
	Rectify  Action = "rectify"  // correct, Art. 16
	Prove    Action = "prove"    // look again after an erasure
)

// Actions are all actions, in the order of a request's life.
func Actions() []Action { return []Action{Locate, Export, Restrict, Rectify, Erase, Prove} }

// State is how far a task has got.
type State string

const (
	Open      State = "open"
	Done      State = "done"      // waits for a second person
	Confirmed State = "confirmed" // by a second person
	Refused   State = "refused"   // it cannot be done, or need not; the DPO has said why
)

// States are all states, in their order.
func States() []State { return []State{Open, Done, Confirmed, Refused} }

// Settled reports whether nothing more is expected.
func (s State) Settled() bool { return s == Confirmed || s == Refused }

// Reason is why a person has to do it.
type Reason string

const (
	Unsupported     Reason = "unsupported"      // the connector cannot
	StillThere      Reason = "still_there"      // the system shows records that a person had confirmed as erased
	DelegateRefused Reason = "delegate_refused" // the processor that should have done it refused, or lost it
	DelegateOverdue Reason = "delegate_overdue" // it has not done it in time
	DelegatePartly  Reason = "delegate_partly"  // it can only do all, and a part of its records has to stay
)

// Spec says which task is needed. Request, deferral, system and action name it; a request has one of each.
type Spec struct {
	RequestID    models.ID
	DeferralID   models.ID // zero for the request itself
	System       string    // of the data map
	Action       Action
	Reason       Reason
	Collections  []string // dataset.collection
	Groups       []int    // of the plan; nil before there is one
	Instructions string   // the operator's, from the configuration of the system
}

// Task is a manual task. It holds no personal data.
type Task struct {
	ID models.ID
	Spec
	State       State
	Counts      map[string]int64 // records by collection, as the person who did it says; nil until done
	CreatedAt   time.Time
	DoneAt      time.Time    // zero until done
	DoneBy      models.Actor // zero until done
	ConfirmedAt time.Time    // zero until confirmed or refused
	ConfirmedBy models.Actor // who confirmed or refused it; zero until then
}

// Records is how many records the person counted.
func (t Task) Records() int64 {
	var n int64
	for _, c := range t.Counts {
		n += c
	}
	return n
}

// Covers reports whether the task is about a group of the plan.
func (t Task) Covers(group int) bool { return slices.Contains(t.Groups, group) }

// Allows says whether a decision about the task can be taken now by the actor. It fails with no_principal, task_not_open, task_not_done,
// task_settled or same_person: who has done a task never confirms it.
func (t Task) Allows(kind request.DecisionKind, by models.Actor) error {
	if by.ID.IsZero() {
		return models.Errorf(models.Forbidden, "no_principal", "Sign in with a key of your own.")
	}
	switch kind {
	case request.Complete:
		if t.State != Open {
			return models.Errorf(models.Conflict, "task_not_open", "This task has been done already.")
		}
	case request.Confirm, request.Return:
		if t.State != Done {
			return models.Errorf(models.Conflict, "task_not_done", "This task is not waiting for a second person.")
		}
		if kind == request.Confirm && t.DoneBy.ID == by.ID {
			return models.Errorf(models.Forbidden, "same_person", "Somebody else has to confirm what you have done.")
		}
	case request.Abandon:
		if t.State.Settled() {
			return models.Errorf(models.Conflict, "task_settled", "This task has been closed already.")
		}
	default:
		return models.Errorf(models.Invalid, "unknown_decision", "There is no such decision about a task.")
	}
	return nil
}

// maxCount is the largest number of records that a person may count.
const maxCount = 1_000_000_000

// CheckCounts checks what a person says of a task: a number for each collection and for no other. It fails with count_missing,
// unknown_collection or bad_count, and for an export of something without a file with file_missing.
func (t Task) CheckCounts(counts map[string]int64, files int) error {
	var sum int64
	for _, c := range t.Collections {
		n, given := counts[c]
		if !given {
			return models.Errorf(models.Invalid, "count_missing", "Say how many records there are of each collection; none is 0.").At("/counts")
		}
		if n < 0 || n > maxCount {
			return models.Errorf(models.Invalid, "bad_count", "A number of records must be between 0 and 1,000,000,000.").At("/counts")
		}
		sum += n
	}
	if len(counts) != len(t.Collections) {
		return models.Errorf(models.Invalid, "unknown_collection", "The task is not about all of these collections.").At("/counts")
	}
	if t.Action == Export && sum > 0 && files == 0 {
		return models.Errorf(models.Invalid, "file_missing", "Upload the records first, or say that there are none.").At("/files")
	}
	return nil
}
