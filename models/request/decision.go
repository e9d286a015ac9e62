package request

import (
	"slices"

	"habeas/models"
)

// DecisionKind names a decision that somebody takes about a request; it is also the name of the workflow's Update.
type DecisionKind string

const (
	Verify      DecisionKind = "verify"      // the subject proves who they are
	Resend      DecisionKind = "resend"      // the subject asks for another verification mail
	Withdraw    DecisionKind = "withdraw"    // the subject takes the request back
	Instruct    DecisionKind = "instruct"    // the customer instructs processing of its data, Art. 28(3)(a)
	Decline     DecisionKind = "decline"     // the customer refuses, with a reason
	Approve     DecisionKind = "approve"     // the DPO approves the plan as shown, with choices for what is referred
	Change      DecisionKind = "change"      // the DPO changes the plan; a new version is made and shown
	Refuse      DecisionKind = "refuse"      // the DPO refuses the request, Art. 12(4), 12(5)
	Extend      DecisionKind = "extend"      // two further months, Art. 12(3)
	Clarify     DecisionKind = "clarify"     // a question to the subject; pauses the clock where the regime says so
	Answer      DecisionKind = "answer"      // the subject's answer
	Acknowledge DecisionKind = "acknowledge" // a recipient has answered a notice, Art. 19: by its link, or to staff, who say how
	Waive       DecisionKind = "waive"       // the DPO closes a notice that nobody answers, with a reason
	Collect     DecisionKind = "collect"     // the subject has fetched the package
	Complete    DecisionKind = "complete"    // a person has done a manual task and gives evidence
	Confirm     DecisionKind = "confirm"     // a second person confirms a manual task that was done
	Return      DecisionKind = "return"      // a second person is not satisfied: the task is open again
	Abandon     DecisionKind = "abandon"     // the DPO closes a manual task that cannot or need not be done, with a reason
	Lift        DecisionKind = "lift"        // the DPO lifts a restriction that was put in place, Art. 18(3)
)

// rule says who may take a decision and in which states.
type rule struct {
	roles  []models.Role
	states []models.State
	reason bool // a reason in words is mandatory
}

var beforeExecution = []models.State{models.Verifying, models.AwaitingInstruction, models.Locating, models.InReview}

// afterExecution includes Closed, because a deferral that ends later has notices of its own.
var afterExecution = []models.State{models.Executing, models.Notifying, models.Closed}

// atWork are the states in which manual tasks are worked on; Closed is for those of a deferral.
var atWork = []models.State{models.Locating, models.Executing, models.Closed}

var dpo = []models.Role{models.RoleDPO}

var casework = []models.Role{models.RoleDPO, models.RoleHandler}

var rules = map[DecisionKind]rule{
	Verify:      {roles: []models.Role{models.RoleSubject}, states: []models.State{models.Received, models.Verifying}},
	Resend:      {roles: []models.Role{models.RoleSubject}, states: models.States()[:len(models.States())-1]}, // of a later submission, too
	Withdraw:    {roles: []models.Role{models.RoleSubject, models.RoleController}, states: append([]models.State{models.Received}, beforeExecution...)},
	Instruct:    {roles: []models.Role{models.RoleController}, states: []models.State{models.AwaitingInstruction}},
	Decline:     {roles: []models.Role{models.RoleController}, states: []models.State{models.AwaitingInstruction}, reason: true},
	Approve:     {roles: dpo, states: []models.State{models.InReview}},
	Change:      {roles: dpo, states: []models.State{models.InReview}, reason: true},
	Refuse:      {roles: dpo, states: beforeExecution, reason: true}, // of a person who has not confirmed, too: whoever asks has a right to an answer
	Extend:      {roles: []models.Role{models.RoleDPO, models.RoleHandler}, states: beforeExecution, reason: true},
	Clarify:     {roles: []models.Role{models.RoleDPO, models.RoleHandler}, states: beforeExecution[1:], reason: true},
	Answer:      {roles: []models.Role{models.RoleSubject}, states: beforeExecution},
	Acknowledge: {roles: []models.Role{models.RoleRecipient, models.RoleDPO, models.RoleHandler}, states: afterExecution},
	Waive:       {roles: dpo, states: afterExecution, reason: true},
	Collect:     {roles: []models.Role{models.RoleSubject}, states: []models.State{models.Delivering}},
	Complete:    {roles: casework, states: atWork, reason: true},
	Confirm:     {roles: casework, states: atWork},
	Return:      {roles: casework, states: atWork, reason: true},
	Abandon:     {roles: dpo, states: atWork, reason: true},
	Lift:        {roles: dpo, states: []models.State{models.Closed}, reason: true},
}

// DecisionKinds are all kinds, in the order of a request's life.
func DecisionKinds() []DecisionKind {
	return []DecisionKind{
		Verify, Resend, Withdraw, Instruct, Decline, Approve, Change, Refuse,
		Extend, Clarify, Answer, Acknowledge, Waive, Collect, Complete, Confirm, Return, Abandon, Lift,
	}
}

// OfTask reports whether the decision is about a manual task.
func OfTask(kind DecisionKind) bool {
	return kind == Complete || kind == Confirm || kind == Return || kind == Abandon
}

// Allowed says whether a role may take a decision in a state. It fails with unknown_decision, decision_forbidden (wrong role) or
// decision_not_open (wrong state). The API, the store and the workflow's validators all call it.
func Allowed(kind DecisionKind, role models.Role, state models.State) error {
	r, ok := rules[kind]
	if !ok {
		return models.Errorf(models.Invalid, "unknown_decision", "There is no such decision.")
	}
	if !slices.Contains(r.roles, role) {
		return models.Errorf(models.Forbidden, "decision_forbidden", "Your role may not take this decision.")
	}
	return OpenIn(kind, state)
}

// OpenIn says whether a decision can be taken in a state, by whoever may; it fails with decision_not_open.
func OpenIn(kind DecisionKind, state models.State) error {
	if !slices.Contains(rules[kind].states, state) {
		return models.Errorf(models.Conflict, "decision_not_open", "The request is in state %s, in which this cannot be decided.", state)
	}
	return nil
}

// NeedsReason reports whether the decision must come with a reason in words.
func NeedsReason(kind DecisionKind) bool { return rules[kind].reason }

// Decision is one decision as it is taken. Reason is free text: it is sealed with the request's key and never leaves the store.
type Decision struct {
	ID         models.ID // set by the store
	RequestID  models.ID
	Kind       DecisionKind
	Actor      models.Actor
	Reason     models.Personal
	PlanDigest string                   // Approve, Change: the plan that was shown; another one is refused with plan_changed
	Choices    map[int]models.Treatment // Approve, Change: by group number
	NoticeID   models.ID                // Acknowledge, Waive
	Answer     string                   // Acknowledge, by staff: what the recipient says that it did
	TaskID     models.ID                // of a manual task
	Counts     map[string]int64         // Complete: records by collection
	Narrowing  Narrowing                // Instruct: what the instruction leaves out
	Waits      bool                     // Approve: set by the store when it is the first of two, which decides nothing yet
}
