package request

import "habeas/models"

// Basis is why somebody may act for the person whose data it is.
type Basis string

const (
	Mandate  Basis = "mandate"  // the person has authorised them
	Parent   Basis = "parent"   // parental responsibility
	Guardian Basis = "guardian" // another legal representation
)

// Bases are all of them, in the order in which a form offers them.
func Bases() []Basis { return []Basis{Mandate, Parent, Guardian} }

// ParseBasis reads a basis; it fails with missing_basis.
func ParseBasis(text string) (Basis, error) {
	for _, b := range Bases() {
		if text == string(b) {
			return b, nil
		}
	}
	return "", models.Errorf(models.Invalid, "missing_basis", "Say why you may act for the person: mandate, parent or guardian.").At("/agent_basis")
}

// Agent is somebody who asks for another person, with the proof of their authority. Nothing is ever disclosed to them: they see how the request
// stands, and the person gets the answer.
type Agent struct {
	Name  models.Personal
	Email models.Personal // as it was typed: nobody has confirmed it, and nothing is sent to it
	Basis Basis
	Proof Proof
}

// AgentState is how the authority of an agent stands.
type AgentState string

const (
	AgentAsked    AgentState = "asked"    // nobody has said anything yet; the person was asked
	AgentAgreed   AgentState = "agreed"   // the person has confirmed, which proves identity and authority
	AgentAccepted AgentState = "accepted" // the DPO has accepted the proof
	AgentRefused  AgentState = "refused"  // the DPO has not; the person may still confirm
	AgentObjected AgentState = "objected" // the person has objected
)

// Decidable fails with already_decided for an authority about which the DPO has nothing to decide any more.
func (s AgentState) Decidable() error {
	if s != AgentAsked {
		return models.Errorf(models.Conflict, "already_decided", "This has been decided already.")
	}
	return nil
}

// Told is what the agent is told: not of an objection, so that nobody is pressed because of one.
func (s AgentState) Told() AgentState {
	if s == AgentObjected {
		return AgentAsked
	}
	return s
}
