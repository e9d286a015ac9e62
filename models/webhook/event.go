package webhook

import (
	"encoding/json"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/subprocessor"
)

// Kind is a kind of event, the member type of its message.
type Kind string

// The kinds.
const (
	RequestCreated     Kind = "request.created"
	RequestInstructed  Kind = "request.instructed"
	RequestDueSoon     Kind = "request.due_soon"
	RequestClosed      Kind = "request.closed"
	BreachTold         Kind = "breach.told"         // a breach that concerns the controller's data, Art. 33(2)
	SubprocessorChange Kind = "subprocessor.change" // Art. 28(2): announced, decided, withdrawn or in force
	Test               Kind = "webhook.test"        // somebody pressed the button; every endpoint gets it
)

// Kinds are the kinds that an endpoint can ask for.
func Kinds() []Kind {
	return []Kind{RequestCreated, RequestInstructed, RequestDueSoon, RequestClosed, BreachTold, SubprocessorChange}
}

// Known reports whether an endpoint can ask for the kind.
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// Request is the data of an event about a request.
type Request struct {
	ID         models.ID      `json:"request_id"`
	Reference  string         `json:"reference"`
	Right      models.Right   `json:"right"`
	State      models.State   `json:"state"`
	Outcome    models.Outcome `json:"outcome,omitempty"`
	Channel    string         `json:"channel"`
	ReceivedAt time.Time      `json:"received_at"`
	DueBefore  time.Time      `json:"due_before,omitzero"` // the first instant after the legal date
}

// Breach is the data of an event about a breach.
type Breach struct {
	ID        models.ID `json:"breach_id"`
	Reference string    `json:"reference"`
	Update    int       `json:"update"` // which message to this controller it was, from 1
}

// Change is the data of an event about a change of subprocessors.
type Change struct {
	ID          models.ID          `json:"change_id"`
	Reference   string             `json:"reference"`
	Sort        subprocessor.Sort  `json:"kind"`
	State       subprocessor.State `json:"state"`
	Name        string             `json:"name"` // of the company
	EffectiveOn calendar.Date      `json:"effective_on,omitzero"`
}

// Body is the message of an event: type, timestamp and data, as Standard Webhooks proposes.
func Body(kind Kind, at time.Time, data any) ([]byte, error) {
	return json.Marshal(struct {
		Type Kind      `json:"type"`
		At   time.Time `json:"timestamp"`
		Data any       `json:"data"`
	}{kind, at.UTC(), data})
}
