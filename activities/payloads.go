package activities

import (
	"time"

	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/breach/register"
)

// The payloads below are all that Temporal ever stores: identifiers, enums, instants, counts. A test walks every registered
// type and refuses any field that could hold a name, an address or free text.

// Queue is the name of the task queue of systems that a worker of their own serves, as the file of systems writes it; empty is the main worker's.
type Queue string

// RequestRef names a request.
type RequestRef struct {
	RequestID models.ID
}

// Opened is what a request's workflow has to know to begin.
type Opened struct {
	Right       models.Right
	Verified    bool      // a customer vouched for the identity, or staff checked it
	Instruction bool      // the data is a customer's: its instruction is needed, Art. 28(3)(a)
	LapseAt     time.Time // a request that is not verified by then lapses
	Clock       Clock
	Pace        Pace
	Queues      []Queue // over which the search goes, the main one first; nil: the main one serves all systems
}

// Pace is the policy of reminders, read once when the request starts, so that a changed configuration cannot disturb a replay.
type Pace struct {
	InstructionEvery time.Duration // reminders to the customer
	ReviewEvery      time.Duration // reminders to the DPO while a plan waits
	OverdueEvery     time.Duration // escalation after the due date
}

// Clock is the recorded legal clock, as instants to sleep on.
type Clock struct {
	Paused    bool
	DueBefore time.Time   // zero while paused
	Reminders []time.Time // ascending, all before DueBefore
}

// ClockCause is why a clock was computed anew.
type ClockCause string

const (
	CauseReceived  ClockCause = "received"
	CauseVerified  ClockCause = "verified"
	CauseExtended  ClockCause = "extended"
	CauseNotified  ClockCause = "notified" // the person has been told of the extension
	CauseClarified ClockCause = "clarified"
	CauseAnswered  ClockCause = "answered"
)

// ClockChange asks for the clock to be computed and recorded.
type ClockChange struct {
	RequestID models.ID
	Cause     ClockCause
}

// Advance moves a request to a state; Outcome is set with models.Closed only.
type Advance struct {
	RequestID models.ID
	To        models.State
	Outcome   models.Outcome
}

// ReminderKind is what somebody is reminded of.
type ReminderKind string

const (
	RemindInstruction ReminderKind = "instruction" // to the customer
	RemindReview      ReminderKind = "review"      // to the DPO: a plan waits
	RemindDueSoon     ReminderKind = "due_soon"    // to the DPO: the legal date comes near
	RemindOverdue     ReminderKind = "overdue"     // to the DPO: the legal date has passed
	RemindNotice      ReminderKind = "notice"      // to the DPO: a recipient does not answer
	RemindByHand      ReminderKind = "by_hand"     // to the DPO: people have to tell a recipient
	RemindDeclined    ReminderKind = "declined"    // to the DPO: a recipient declines, with a reason
	RemindIncomplete  ReminderKind = "incomplete"  // to the DPO: something is left after an erasure
	RemindTask        ReminderKind = "task"        // to the DPO: a manual task waits
)

// Reminder is one reminder; Count makes it unique, so that a retry sends it once.
type Reminder struct {
	RequestID  models.ID
	NoticeID   models.ID // RemindNotice, RemindByHand and RemindDeclined only
	Kind       ReminderKind
	Count      int
	DeferralID models.ID // RemindIncomplete and RemindTask only: zero for the request itself
}

// Located is what the walk found.
type Located struct {
	Rows   int64
	Shared int64
	Tasks  int // that wait for people to search
}

// LocateStage is one queue's share of one stage of the search.
type LocateStage struct {
	RequestID models.ID
	Queues    []Queue // all of them, in the order of the whole search
	Part      int     // index of the one whose share it is
	Stage     int     // of the walk; 0 is its start
}

// LocatedStage says whether a row still waits for the stage, on any queue: it is over when none does.
type LocatedStage struct {
	Left bool
}

// LastStage is the last stage of a search.
const LastStage = int(walk.StageSpread)

// Tasks is what people still have to do.
type Tasks struct {
	Open        int
	Refused     bool // the DPO has closed one without its having been done
	RemindEvery time.Duration
}

// DelegationStep is a delegation with the queue of its system.
type DelegationStep struct {
	DelegationID models.ID
	Queue        Queue
}

// DelegationRef names a delegation of a request.
type DelegationRef struct {
	RequestID    models.ID
	DelegationID models.ID
}

// Delegated says whether the other system is not waited for any more.
type Delegated struct {
	Over bool
}

// CopyWork is what has to be fetched before a copy can be put together.
type CopyWork struct {
	Delegations []DelegationStep
	Queues      []Queue // of systems that another worker reads
}

// QueueRef names what one queue's systems have to do for a request.
type QueueRef struct {
	RequestID models.ID
	Queue     Queue
}

// Planned is the plan that was made. Approved is set when there is nothing to decide and the policy asks for no click.
type Planned struct {
	Version   int
	Undecided int
	Approved  bool
	Fetch     bool // parts of a copy come from other workers or companies: see PrepareCopy
}

// Work is what an approved erasure has to do, in this order, children before parents.
type Work struct {
	Restrict    []int   // group numbers
	RestrictOn  []Queue // of the group at the same index; nil: the main one
	Erase       []EraseStep
	Retained    bool // something of the person stays: under a hold, or because the DPO keeps it
	Notices     []models.ID
	Tasks       int     // for people
	Queues      []Queue // other than the main one, on which the erasure has to be proved too
	Delegations []DelegationStep
}

// EraseStep is one step of an erasure: the step of that index in the data map's erase order, applied to one group of the plan.
type EraseStep struct {
	Group int
	Index int
	Queue Queue
}

// GroupRef names one group of the request's plan and, for an erasure, the step of the erase order and the deferral whose it is.
type GroupRef struct {
	RequestID  models.ID
	Group      int
	Index      int
	DeferralID models.ID
}

// Done counts what happened to the rows of a group.
type Done struct {
	Erased     int64
	Masked     int64
	Restricted int64
	Missing    int64 // already gone
	Tasks      int   // 1 when the connector cannot and people have to
	Lifted     int64 // no longer restricted
}

// RightWork is what an approved restriction, rectification or objection has to do.
type RightWork struct {
	Restrict   []int       // group numbers
	RestrictOn []Queue     // of the group at the same index; nil: the main one
	Rectify    []models.ID // corrections
	RectifyOn  []Queue     // of the correction at the same index; nil: the main one
	Tasks      int         // that may wait for people
}

// Settled is how such a request ended, before its recipients are told.
type Settled struct {
	Outcome models.Outcome
	Notices []models.ID
}

// CorrectionRef names a correction of a request.
type CorrectionRef struct {
	RequestID    models.ID
	CorrectionID models.ID
}

// Rectified counts the rows that carry the corrected value.
type Rectified struct {
	Rows  int64
	Tasks int // 1 when the connector cannot and people have to
}

// LiftWork is what the lifting of a restriction has to do.
type LiftWork struct {
	Groups []int
	On     []Queue // of the group at the same index; nil: the main one
}

// Proof is the result of looking again after an erasure; Left must be zero.
type Proof struct {
	Checked int64
	Left    int64
	Tasks   int // for people: what no connector can prove, and what they said was gone and is not
}

// Scanned counts what a search of whole systems for the person's identities found.
type Scanned struct {
	Systems     int     // searched
	Unsearched  int     // systems that cannot be searched
	Places      int     // columns in which an identity stands
	Undescribed int     // of these, the ones that the data map does not describe
	Skipped     int     // tables that may not be read
	Queues      []Queue // other than the main one, whose systems are to be searched too
}

// Ending is how a request or a deferral ends.
type Ending struct {
	RequestID  models.ID
	DeferralID models.ID
	Outcome    models.Outcome
	Queue      Queue // ProveErased only: of the systems in which it looks
}

// Package is an encrypted package that waits to be fetched.
type Package struct {
	PackageID models.ID
	ExpiresAt time.Time
	Tasks     int  // that people have to do first; there is no package then
	Partly    bool // the DPO has closed a task without what it was to bring
}

// PackageRef names a package of a request.
type PackageRef struct {
	RequestID models.ID
	PackageID models.ID
}

// DecisionRef names a decision whose letter is to be written.
type DecisionRef struct {
	RequestID  models.ID
	DecisionID models.ID
}

// NoticeRef names a notice; Attempt counts from 1.
type NoticeRef struct {
	NoticeID  models.ID
	RequestID models.ID
	Attempt   int
}

// NoticeSent says how long to wait for the recipient before the next attempt.
type NoticeSent struct {
	Answered      bool // it had been answered already
	ReminderAfter time.Duration
}

// DeferralRef names a deferral.
type DeferralRef struct {
	DeferralID models.ID
}

// DeferralWork is what a due deferral has to do. Held is set when a hold still stands and the deferral was given a later date.
type DeferralWork struct {
	RequestID models.ID
	Erase     []EraseStep
	Held      bool
	Notices   []models.ID
	Tasks     int     // for people
	Queues    []Queue // as in Work
}

// DueDeferrals are deferrals whose hold has ended.
type DueDeferrals struct {
	IDs []models.ID
}

// BreachRef names a breach. After is the instant up to which its alarms were sounded.
type BreachRef struct {
	BreachID models.ID
	After    time.Time
}

// BreachNext is what a breach's workflow does next.
type BreachNext struct {
	Over   bool      // closed or dismissed
	At     time.Time // of the alarms; zero when nothing is open
	Alarms []BreachAlarm
	Tell   []models.ID // customers that are to be told now
}

// BreachAlarm is one alarm of an open duty.
type BreachAlarm struct {
	BreachID     models.ID
	At           time.Time
	Duty         register.Duty
	ControllerID models.ID
	Hours        int
	Level        int
}

// BreachTest asks for the message to the persons to be tried; OrderID makes each trial its own.
type BreachTest struct {
	BreachID models.ID
	OrderID  models.ID
}

// BreachMailed counts what became of the messages to the persons. Unclear is left to people; Deferred are tried again after Pause, and Unreached no
// more.
type BreachMailed struct {
	Sent      int64
	Refused   int64
	Unclear   int64
	Deferred  int64
	Unreached int64
	Pause     time.Duration // until the mailing is to go on; zero when there is nothing left to send
}

// BreachCustomer names a customer whose data a breach concerns.
type BreachCustomer struct {
	BreachID     models.ID
	ControllerID models.ID
}

// Housekeeping counts what was cleared away.
type Housekeeping struct {
	KeysDestroyed   int
	PackagesExpired int
}

// ReviewsReminded counts the recipients of whose review the DPO was reminded.
type ReviewsReminded struct {
	Due int
}

// ChangeRef names a change of subprocessors. After is the instant up to which the DPO was reminded.
type ChangeRef struct {
	ChangeID models.ID
	After    time.Time
}

// ChangeNext is what the workflow of a change does next.
type ChangeNext struct {
	Over   bool      // in force or withdrawn
	Tell   bool      // customers are to be told now
	At     time.Time // of the reminder, or of the effect; zero when neither comes by itself
	Effect bool
}

// ChangeTold counts what became of an announcement.
type ChangeTold struct {
	Told      int
	Unreached int
}
