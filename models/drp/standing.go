package drp

import (
	"fmt"

	"habeas/models"
)

// Action is a right as the protocol names it, section 3.01.
type Action string

// The actions. The text spells those of sale in two ways.
const (
	Access           Action = "access"
	AccessCategories Action = "access:categories"
	AccessSpecific   Action = "access:specific"
	Deletion         Action = "deletion"
	OptOut           Action = "sale:opt-out"
	OptIn            Action = "sale:opt-in"
)

// rights are the rights that actions exercise. The answer to an access holds the categories and the data, so it answers its two parts too. A sale
// is nothing that this service could stop: it is no right here.
var rights = map[Action]models.Right{
	Access: models.Access, AccessCategories: models.Access, AccessSpecific: models.Access, Deletion: models.Erasure,
	OptOut: "", OptIn: "", "sale:opt_out": "", "sale:opt_in": "",
}

// Right is the right that an action exercises, empty where none of ours does; false for an action that the text does not have.
func (a Action) Right() (models.Right, bool) {
	r, ok := rights[a]
	return r, ok
}

// Status is how a request stands, section 3.02.
type Status string

// The statuses of the text that a business answers with.
const (
	Open       Status = "open"
	InProgress Status = "in_progress"
	Fulfilled  Status = "fulfilled"
	Revoked    Status = "revoked"
	Denied     Status = "denied"
	Expired    Status = "expired"
)

// Reason is why a request stands as it does, section 3.02.
type Reason string

// The reasons of the text.
const (
	NeedVerification    Reason = "need_user_verification"
	SuspectedFraud      Reason = "suspected_fraud"
	InsufVerification   Reason = "insuf_verification"
	NoMatch             Reason = "no_match"
	ClaimNotCovered     Reason = "claim_not_covered"
	OutsideJurisdiction Reason = "outside_jurisdiction"
	TooManyRequests     Reason = "too_many_requests"
	Other               Reason = "other"
)

// Progress is what a status is told from.
type Progress struct {
	Denied   Reason // the request was denied as it came in; empty when it was not
	Revoked  bool   // the agent has taken it back
	Verified bool   // the person has confirmed what the agent sent
	Late     bool   // the time to confirm it is over
	State    models.State
	Outcome  models.Outcome
	Results  bool // the answer waits to be fetched
	Extended bool // the time to answer was extended, section 3.08
}

// Mark is the same for progresses of which an agent need not be told another time.
func (p Progress) Mark() string {
	status, reason := p.Status()
	return fmt.Sprintf("%s/%s/%t/%t", status, reason, p.Results, p.Extended)
}

// Status is how the request stands, and why. As long as the person has not confirmed it nothing of State and Outcome shows, since an agent may have
// sent it with anybody's address, and what is known of them by another way is not for that agent.
func (p Progress) Status() (Status, Reason) {
	switch {
	case p.Denied != "":
		return Denied, p.Denied
	case p.Revoked:
		return Revoked, ""
	case !p.Verified && p.Late:
		return Denied, InsufVerification
	case !p.Verified:
		return InProgress, NeedVerification
	case p.Results:
		return Fulfilled, ""
	case p.State != models.Closed:
		return InProgress, ""
	}
	switch p.Outcome {
	case models.Refused:
		return Denied, Other
	case models.Withdrawn:
		return Revoked, ""
	case models.Lapsed:
		return Denied, InsufVerification
	case models.Fulfilled, models.PartlyFulfilled:
	}
	return Fulfilled, ""
}

// Report is the status of a request, section 3.03.
type Report struct {
	ID             string `json:"request_id"`
	AgentRequestID string `json:"agent_request_id,omitempty"`
	Received       Time   `json:"received_at"`
	ExpectBy       *Time  `json:"expected_by,omitempty"`
	Details        string `json:"processing_details,omitempty"`
	Status         Status `json:"status"`
	Reason         Reason `json:"reason,omitempty"`
	VerifyURL      string `json:"user_verification_url,omitempty"`
	ResultsURL     string `json:"results_url,omitempty"`
	ExpiresAt      *Time  `json:"expires_at,omitempty"`
}

// Failure is an error's answer, section 3.06. Fatal: the same message will never be taken.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Fatal   bool   `json:"fatal,omitempty"`
}

// details are the words for what a status and a reason do not say.
var details = map[Reason]string{
	NeedVerification:    "The person was asked by mail to confirm the request.",
	InsufVerification:   "There is no confirmation by the person.",
	ClaimNotCovered:     "This right is not exercised here.",
	OutsideJurisdiction: "Requests under this regime are not taken.",
	Other:               "The request was refused; the person was told why.",
}

// Details are a sentence for the person about a status, its reason and the outcome; empty when there is nothing to add.
func Details(r Reason, o models.Outcome) string {
	if r == "" && o == models.PartlyFulfilled {
		return "Some of the data is kept for a time because a law demands it; the person was told which."
	}
	return details[r]
}
