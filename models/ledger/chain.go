package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Genesis is the hash before the first entry.
var Genesis = make([]byte, sha256.Size)

// Hash is the hash of an entry's stored body in the chain after prev: SHA-256(prev || body).
func Hash(prev, body []byte) []byte {
	h := sha256.New()
	h.Write(prev)
	h.Write(body)
	return h.Sum(nil)
}

const checkpointPurpose = "ledger checkpoint v1"

// Checkpoint says which hash the chain has after Size entries. Body is the signed text, as it is stored.
type Checkpoint struct {
	Size      int64
	Body      []byte
	KID       string
	Signature []byte
}

type checkpointBody struct {
	Size int64     `json:"size"`
	Hash string    `json:"hash"`
	At   time.Time `json:"at"`
}

// NewCheckpoint signs the head of a chain.
func NewCheckpoint(s Signer, size int64, hash []byte, at time.Time) (Checkpoint, error) {
	body, err := json.Marshal(checkpointBody{Size: size, Hash: hex.EncodeToString(hash), At: at.UTC()})
	if err != nil {
		return Checkpoint{}, err
	}
	return Checkpoint{Size: size, Body: body, KID: s.KID(), Signature: s.Sign(checkpointPurpose, body)}, nil
}

// read checks the signature and gives what was signed; ok is false when the checkpoint is not what the key signed.
func (c Checkpoint) read(keys Keys) (body checkpointBody, ok bool) {
	if !keys.Verify(c.KID, checkpointPurpose, c.Body, c.Signature) || json.Unmarshal(c.Body, &body) != nil {
		return checkpointBody{}, false
	}
	return body, body.Size == c.Size
}
