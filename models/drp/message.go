package drp

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"habeas/models"
)

// Version is the version of the text that this package follows.
const Version = "1.0"

// versions are those that are taken: 1.0 is 0.9.4 by another name, as the text says.
var versions = []string{Version, "0.9.4"}

// Key reads an agent's verify_key as the agents' directory has it, section 3.05.1: 32 bytes in base64.
func Key(text string) (ed25519.PublicKey, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	return b, err == nil && len(b) == ed25519.PublicKeySize
}

// Message is a message whose signature was found to be the agent's.
type Message struct {
	Signed []byte // signature and body, the same whichever way the base64 was written
	Body   []byte
}

// Read decodes a message and verifies its signature, which leads the body: the first two of the text's checks, section 3.07. It fails with
// bad_encoding or wrong_signature.
func Read(key ed25519.PublicKey, text []byte) (Message, error) {
	signed := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(signed, text)
	if err != nil || n < ed25519.SignatureSize {
		return Message{}, models.Errorf(models.Invalid, "bad_encoding", "The body must be a signature with the signed JSON behind it, in base64.")
	}
	m := Message{Signed: signed[:n], Body: signed[ed25519.SignatureSize:n]}
	if !ed25519.Verify(key, m.Body, m.Signed[:ed25519.SignatureSize]) {
		return Message{}, models.Errorf(models.Forbidden, "wrong_signature", "The signature is not that of the agent's key.")
	}
	return m, nil
}

// Claims are what a message says of itself, sections 2.01 and 2.05.
type Claims struct {
	AgentID    string `json:"agent-id"`
	BusinessID string `json:"business-id"`
	IssuedAt   Time   `json:"issued-at"`
	ExpiresAt  Time   `json:"expires-at"`
	Version    string `json:"drp.version"`
}

// Check makes the rest of the text's checks in its order, section 3.07, and then that of the version; businesses are those that the message may be
// for. It fails with wrong_agent, wrong_business, issued_later, message_expired or unknown_version.
func (c Claims) Check(agent string, businesses []string, now time.Time) error {
	switch {
	case c.AgentID != agent:
		return models.Errorf(models.Forbidden, "wrong_agent", "agent-id is not the agent that sends this.")
	case !slices.Contains(businesses, c.BusinessID):
		return models.Errorf(models.Forbidden, "wrong_business", "business-id is not the business that this is sent to.")
	case c.IssuedAt.IsZero() || now.Before(c.IssuedAt.Time):
		return models.Errorf(models.Invalid, "issued_later", "issued-at must be an ISO 8601 time that is not in the future.")
	case c.ExpiresAt.IsZero() || !now.Before(c.ExpiresAt.Time):
		return models.Errorf(models.Invalid, "message_expired", "expires-at must be an ISO 8601 time that has not passed.")
	case !slices.Contains(versions, c.Version):
		return models.Errorf(models.Invalid, "unknown_version", "drp.version must be %s.", Version)
	}
	return nil
}

// Exercise is a request to exercise a right, section 2.01, with the claims about the person, section 3.04, that are understood here.
type Exercise struct {
	Claims
	AgentRequestID string `json:"agent-request-id"`
	Action         Action `json:"exercise"`
	Regime         string `json:"regime"`
	// Callback is where the agent wants to be told how the request stands, section 2.03. It may hold a token.
	Callback models.Personal `json:"status_callback"`

	Name          models.Personal `json:"name"`
	Email         models.Personal `json:"email"`
	EmailVerified bool            `json:"email_verified"`
	Phone         models.Personal `json:"phone_number"`
	PhoneVerified bool            `json:"phone_number_verified"`
}

// ReadExercise reads the body of a message; what it does not know it leaves out. It fails with bad_json.
func ReadExercise(body []byte) (Exercise, error) {
	var x Exercise
	if json.Unmarshal(body, &x) != nil {
		return Exercise{}, models.Errorf(models.Invalid, "bad_json", "The body is not a JSON object with members of the right types.")
	}
	return x, nil
}

// Revocation takes a request back, section 2.04. The text gives it none of the claims; it is bound to its request by the address alone. The reason
// may be personal, is needed for nothing and is not read.
type Revocation struct {
	Action Action `json:"exercise"` // of a message that was signed for something else
}

// ReadRevocation reads the body of a message. It fails with bad_json, and with other_message for a message that was signed for something else.
func ReadRevocation(body []byte) error {
	var r Revocation
	if json.Unmarshal(body, &r) != nil {
		return models.Errorf(models.Invalid, "bad_json", "The body is not a JSON object with members of the right types.")
	}
	return other(r.Action)
}

// ReadSetup reads the body of a message that asks for a token, section 2.05. It fails as ReadRevocation does: a request that somebody has seen
// must not get them the agent's token.
func ReadSetup(body []byte) (Claims, error) {
	x, err := ReadExercise(body)
	if err != nil {
		return Claims{}, err
	}
	return x.Claims, other(x.Action)
}

func other(a Action) error {
	if a != "" {
		return models.Errorf(models.Invalid, "other_message", "This message was signed to exercise a right.")
	}
	return nil
}

// layouts are the forms of ISO 8601 that are understood; a time without a zone is UTC.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00"}

// Time is an instant in ISO 8601. What is no time at all is read as none.
type Time struct{ time.Time }

// MarshalJSON writes UTC in whole seconds.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.UTC().Format(time.RFC3339)) }

// UnmarshalJSON never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		return nil
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			t.Time = at.UTC()
			return nil
		}
	}
	return nil
}
