package ledger

import (
	"bytes"
	"encoding/json"
	"time"

	"habeas/models"
)

// Entry says that something happened. It holds no personal data: Data has identifiers, enums, counts, dates and digests only.
type Entry struct {
	ID           models.ID
	At           time.Time // UTC, in whole microseconds
	ControllerID models.ID // zero when no controller is concerned
	RequestID    models.ID // zero when no request is concerned
	Kind         string    // "request.received", "state.locating", "decision.approve" …
	Actor        models.Actor
	Data         map[string]any
}

// body is the stored form. Its member order is part of the format.
type body struct {
	ID           models.ID      `json:"id"`
	At           time.Time      `json:"at"`
	ControllerID models.ID      `json:"controller_id,omitzero"`
	RequestID    models.ID      `json:"request_id,omitzero"`
	Kind         string         `json:"kind"`
	Role         models.Role    `json:"role"`
	ActorID      models.ID      `json:"actor_id,omitzero"`
	Data         map[string]any `json:"data,omitempty"`
}

// Body writes the bytes that are stored and hashed: compact JSON, members in a fixed order, those of Data by name.
func (e Entry) Body() ([]byte, error) {
	return json.Marshal(body{
		ID: e.ID, At: e.At.UTC(), ControllerID: e.ControllerID, RequestID: e.RequestID,
		Kind: e.Kind, Role: e.Actor.Role, ActorID: e.Actor.ID, Data: e.Data,
	})
}

// ParseBody reads what Body wrote; numbers in Data become json.Number. It fails with code bad_entry.
func ParseBody(b []byte) (Entry, error) {
	var v body
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return Entry{}, models.Errorf(models.Invalid, "bad_entry", "The ledger entry cannot be read.").Because(err)
	}
	return Entry{
		ID: v.ID, At: v.At, ControllerID: v.ControllerID, RequestID: v.RequestID,
		Kind: v.Kind, Actor: models.Actor{Role: v.Role, ID: v.ActorID}, Data: v.Data,
	}, nil
}
