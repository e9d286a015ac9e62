package opendsr

import (
	"encoding/json"
	"time"

	"habeas/models"
)

// rights are the rights that the protocol's types of request exercise.
var rights = map[Type]models.Right{Access: models.Access, Portability: models.Export, Erasure: models.Erasure}

// Types are all types of request, in the text's order.
func Types() []Type { return []Type{Access, Portability, Erasure} }

// Right is the right that a type of request exercises; false for a type that the text does not have, such as rectification or restriction.
func (t Type) Right() (models.Right, bool) {
	r, ok := rights[t]
	return r, ok
}

// Progress is what a processor's status is told from.
type Progress struct {
	Right     models.Right
	State     models.State
	Outcome   models.Outcome
	Decided   bool // the plan is settled: from here on nothing can be taken back
	Withdrawn bool // a withdrawal was accepted
}

// Status is the status of a request that this processor carries out. It is pending as long as it can be cancelled. A copy is completed when it can
// be fetched. A request that was refused is denied, a word that the text lacks: completed or cancelled would be untrue.
func (p Progress) Status() Status {
	switch {
	case p.State == models.Closed && p.Outcome == models.Refused:
		return Denied
	case p.Withdrawn, p.State == models.Closed && (p.Outcome == models.Withdrawn || p.Outcome == models.Lapsed):
		return Cancelled
	case p.State == models.Closed, p.State == models.Delivering && p.Right != models.Erasure:
		return Completed
	case p.State.Destructive(), p.Decided:
		return InProgress
	}
	return Pending
}

// Standing is how a request stands with this processor.
type Standing struct {
	Controller string // as this processor names it
	ID         models.ID
	ExpectBy   time.Time
	Status     Status
	ResultsURL string
	Reference  string // this processor's own
	Outcome    models.Outcome
}

// extension is what this processor says beyond the text, under its domain.
type extension struct {
	Reference string         `json:"reference"`
	Outcome   models.Outcome `json:"outcome,omitempty"`
}

// Report is the answer to a question for the status and, with a callback's URL, the callback's body. What the text has no member for stands
// under extensions, by the processor's domain, as it does in requests.
func (s Standing) Report(domain, version, callback string) (StatusReport, error) {
	own, err := json.Marshal(extension{s.Reference, s.Outcome})
	return StatusReport{
		Controller: s.Controller, ExpectBy: Time{s.ExpectBy}, CallbackURL: callback, ID: s.ID.String(), Status: string(s.Status), Version: version,
		ResultsURL: s.ResultsURL, Extensions: map[string]json.RawMessage{domain: own},
	}, err
}

// ResultsURL is where the controller of a request fetches its result, with its key; base is the installation's address. Nobody gets in by knowing it.
func ResultsURL(base string, id models.ID) string {
	return base + "/opendsr/v2/requests/" + id.String() + "/results"
}

// CallbackPath is where an installation takes the callbacks of the processors that it hands requests to.
const CallbackPath = "/opendsr/v2/callbacks"

// CallbackURL is the address of the callbacks of an installation; base is its address.
func CallbackURL(base string) string { return base + CallbackPath }
