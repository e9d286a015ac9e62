package workflows

import (
	"time"

	"habeas/models"
	"habeas/models/request"
)

// TaskQueue is the queue of Habeas' own workflows and activities.
const TaskQueue = "habeas"

// Registered names of the workflows. They are part of the running histories and never change.
const (
	RequestWorkflowName      = "Request"
	NoticeWorkflowName       = "Notice"
	DeferralWorkflowName     = "Deferral"
	DeferralSweepName        = "DeferralSweep"
	HousekeepingWorkflowName = "Housekeeping"
	BreachWorkflowName       = "Breach"
	ScanWorkflowName         = "Scan"
	BreachMailingName        = "BreachMailing"
	BreachTrialName          = "BreachTrial"
	LiftingWorkflowName      = "Lifting"
	SubprocessorChangeName   = "SubprocessorChange"
	RecipientReviewsName     = "RecipientReviews"
	ContractEndName          = "ContractEnd"
)

// Schedules and their IDs.
const (
	DeferralScheduleID     = "deferral-sweep"
	HousekeepingScheduleID = "housekeeping"
	ReviewsScheduleID      = "recipient-reviews"
)

// RequestInput starts a request's workflow.
type RequestInput struct {
	RequestID models.ID
}

// RequestResult is how it ended.
type RequestResult struct {
	Outcome models.Outcome
}

// NoticeInput starts the workflow that sends a notice until it is answered or waived.
type NoticeInput struct {
	NoticeID  models.ID
	RequestID models.ID
}

// NoticeResult is how the notice ended.
type NoticeResult struct {
	Waived   bool
	Attempts int
}

// DeferralInput starts the workflow that finishes a deferral.
type DeferralInput struct {
	DeferralID models.ID
}

// LiftingInput starts the workflow that lifts a restriction, as the DPO has decided.
type LiftingInput struct {
	RequestID  models.ID
	DecisionID models.ID
}

// DecisionInput is the argument of every Update: which recorded decision is delivered.
type DecisionInput struct {
	DecisionID models.ID
	Kind       request.DecisionKind
}

// SweepResult counts the workflows that a sweep started.
type SweepResult struct {
	Started int
}

// BreachNotedUpdate is the name of the Update by which a breach's workflow learns that its record has grown.
const BreachNotedUpdate = "noted"

// BreachInput starts the workflow that watches a breach. After is the instant up to which alarms were sounded; zero at first.
type BreachInput struct {
	BreachID models.ID
	After    time.Time
}

// BreachNoted is the argument of that Update.
type BreachNoted struct {
	BreachID models.ID
}

// BreachMailingSignal is the name of the signal, without an argument, by which a running mailing learns that somebody is to be written to again.
const BreachMailingSignal = "go_on"

// BreachMailingInput starts the workflow that writes to the persons of a breach.
type BreachMailingInput struct {
	BreachID models.ID
}

// BreachTrialInput starts the workflow that sends their message to the DPO.
type BreachTrialInput struct {
	BreachID models.ID
	OrderID  models.ID
}

// BreachMailingID is the ID of the workflow that writes to the persons of a breach.
func BreachMailingID(id models.ID) string { return "breach-mailing-" + id.String() }

// BreachTrialID is the ID of the workflow of one trial.
func BreachTrialID(order models.ID) string { return "breach-trial-" + order.String() }

// BreachWorkflowID is the ID of a breach's workflow.
func BreachWorkflowID(id models.ID) string { return "breach-" + id.String() }

// ChangeNotedUpdate is the name of the Update by which the workflow of a change of subprocessors learns that its record has grown.
const ChangeNotedUpdate = "noted"

// ChangeInput starts the workflow of a change of subprocessors. After is the instant up to which the DPO was reminded; zero at first.
type ChangeInput struct {
	ChangeID models.ID
	After    time.Time
}

// ChangeNoted is the argument of that Update.
type ChangeNoted struct {
	ChangeID models.ID
}

// ChangeWorkflowID is the ID of the workflow of a change of subprocessors.
func ChangeWorkflowID(id models.ID) string { return "subprocessor-change-" + id.String() }

// ProcessorCalledUpdate is the name of the Update by which a request's or a notice's workflow learns that a processor has called back, or that
// somebody wants the next reminder now: what it would have asked later it asks at once.
const ProcessorCalledUpdate = "processor_called"

// ProcessorCalled is the argument of that Update: about which delegation or notice, or about the request itself.
type ProcessorCalled struct {
	ID models.ID
}

// ScanInput starts the workflow that searches all systems for a person.
type ScanInput struct {
	RequestID models.ID
}

// ScanWorkflowID is the ID of the workflow that searches all systems for the person of a request.
func ScanWorkflowID(id models.ID) string { return "scan-" + id.String() }

// RequestWorkflowID is the ID of a request's workflow.
func RequestWorkflowID(id models.ID) string { return "request-" + id.String() }

// NoticeWorkflowID is the ID of a notice's workflow.
func NoticeWorkflowID(id models.ID) string { return "notice-" + id.String() }

// DeferralWorkflowID is the ID of a deferral's workflow.
func DeferralWorkflowID(id models.ID) string { return "deferral-" + id.String() }

// LiftingWorkflowID is the ID of the workflow that lifts a request's restriction.
func LiftingWorkflowID(id models.ID) string { return "lifting-" + id.String() }
