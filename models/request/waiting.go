package request

import "habeas/models"

// Party is whom an open request waits for.
type Party string

const (
	WaitsPerson     Party = "person"     // to prove who they are, or to answer a question
	WaitsController Party = "controller" // for its instruction, Art. 28(3)(a)
	WaitsDPO        Party = "dpo"        // for a decision on the plan
	WaitsRecipients Party = "recipients" // for the answers to notices, Art. 19
	WaitsSystems    Party = "systems"    // for work that is under way, some of it by hand
)

// Parties are all of them, in the order of a request's life.
func Parties() []Party {
	return []Party{WaitsPerson, WaitsController, WaitsSystems, WaitsDPO, WaitsRecipients}
}

// WaitsFor is whom a request in a state waits for; asked says that the person has not yet answered a question, which counts until the plan is
// carried out. A closed request waits for nobody: "". The column requests.waits_for says the same in SQL.
func WaitsFor(state models.State, asked bool) Party {
	switch state {
	case models.Received, models.Verifying:
		return WaitsPerson
	case models.AwaitingInstruction, models.Locating, models.InReview:
		switch {
		case asked:
			return WaitsPerson
		case state == models.AwaitingInstruction:
			return WaitsController
		case state == models.InReview:
			return WaitsDPO
		}
		return WaitsSystems
	case models.Executing, models.Delivering:
		return WaitsSystems
	case models.Notifying:
		return WaitsRecipients
	default:
		return ""
	}
}
