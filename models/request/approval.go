package request

import (
	"habeas/models"
)

// FourEyes says which plans two persons have to approve.
type FourEyes string

const (
	FourEyesInherit FourEyes = ""        // what the operator has; for the operator none
	FourEyesNone    FourEyes = "none"    // one person approves
	FourEyesErasure FourEyes = "erasure" // plans by which data is erased
	FourEyesEvery   FourEyes = "every"   // every plan
)

// Known reports whether it is one of those above.
func (f FourEyes) Known() bool {
	return f == FourEyesInherit || f == FourEyesNone || f == FourEyesErasure || f == FourEyesEvery
}

// Asks reports whether two persons have to approve the plan of a request for the right.
func (f FourEyes) Asks(right models.Right) bool {
	return f == FourEyesEvery || f == FourEyesErasure && right.Erases()
}

// AllowedOfTwo is Allowed where two persons have to approve: one of them may be a case handler.
func AllowedOfTwo(kind DecisionKind, role models.Role, state models.State) error {
	if kind == Approve && role == models.RoleHandler {
		return OpenIn(kind, state)
	}
	return Allowed(kind, role, state)
}

// Approval is the first of two approvals of a plan. It is void when the plan is changed.
type Approval struct {
	ID     models.ID
	Digest string // of the plan, with what was chosen
	Actor  models.Actor
}

// Second checks that an approval by another actor completes the first: of the plan with the digest that results from what is chosen. It fails with
// approved_already for the same person, with needs_dpo when both are case handlers, and with approval_differs.
func (a Approval) Second(by models.Actor, digest string) error {
	switch {
	case by.ID == a.Actor.ID:
		return models.Errorf(models.Conflict, "approved_already", "You have approved this plan. Somebody else has to approve it, too.")
	case by.Role != models.RoleDPO && a.Actor.Role != models.RoleDPO:
		return models.Errorf(models.Forbidden, "needs_dpo", "One of the two who approve a plan has to be the data protection officer.")
	case digest != a.Digest:
		return models.Errorf(models.Conflict, "approval_differs", "The first approval is of the plan as it is shown. Change the plan first if something else is to be done.").At("/choices")
	}
	return nil
}
