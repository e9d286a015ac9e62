package receipt

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/ledger"
	"habeas/models/plan"
)

// Receipt is what a receipt states. It is also a part of the file, whose member order is the order of these fields.
type Receipt struct {
	Request   Request    `json:"request"`
	Clock     Clock      `json:"clock"`
	Plan      Plan       `json:"plan"`
	Rows      []Rows     `json:"rows"`
	Notices   []Notice   `json:"notices"`
	Deferrals []Deferral `json:"deferrals"`
	Tasks     []Task     `json:"tasks,omitempty"` // what was left to people; absent when there was nothing
	Ledger    Ledger     `json:"ledger"`
	Entries   []Entry    `json:"entries"`
}

// Request is which request it was and how it ended.
type Request struct {
	ID             models.ID      `json:"id"`
	Reference      string         `json:"reference"`
	Right          models.Right   `json:"right"`
	Article        string         `json:"article"` // of the GDPR
	Controller     string         `json:"controller"`
	ControllerName string         `json:"controller_name"`
	Channel        string         `json:"channel"`
	ReceivedAt     time.Time      `json:"received_at"`
	VerifiedAt     time.Time      `json:"verified_at,omitzero"`
	ClosedAt       time.Time      `json:"closed_at,omitzero"`
	Outcome        models.Outcome `json:"outcome,omitempty"`
	DeferralID     models.ID      `json:"deferral_id,omitzero"` // of a receipt for a deferral that was finished
	Ground         string         `json:"ground,omitempty"`     // of a restriction, Art. 18(1)
	Purposes       []string       `json:"purposes,omitempty"`   // that were objected to, Art. 21
	IssuedAt       time.Time      `json:"issued_at"`
}

// Clock is the legal clock as last recorded.
type Clock struct {
	Regime       string        `json:"regime"`
	Timezone     string        `json:"timezone"`
	StartOn      calendar.Date `json:"start_on,omitzero"`
	DueOn        calendar.Date `json:"due_on,omitzero"`
	ExtendedTo   calendar.Date `json:"extended_to,omitzero"`
	RuleSet      string        `json:"rule_set"`
	InputsDigest string        `json:"inputs_digest"`
	Steps        []string      `json:"steps"` // how the dates were computed, in words
}

// Plan is the plan as decided, with rules, citations and dates of each group; its zero value says that there was none.
type Plan struct {
	Version       int            `json:"version"`
	Digest        string         `json:"digest"`
	RuleSet       string         `json:"rule_set"`
	DataMapDigest string         `json:"data_map_digest"`
	Groups        []plan.Group   `json:"groups"`
	Narrowed      *plan.Narrowed `json:"narrowed,omitempty"` // by whose instruction data was left out; absent when the whole was instructed
}

// Rows counts the rows of a group of the plan by what became of them.
type Rows struct {
	Group  int    `json:"group"`
	Status string `json:"status"` // erased, masked, restricted, kept, missing …
	Rows   int64  `json:"rows"`
}

// Notice is one message to one recipient (Art. 19) and what it answered.
type Notice struct {
	ID         models.ID `json:"id"`
	Recipient  string    `json:"recipient"`
	State      string    `json:"state"`
	Categories []string  `json:"categories"`
	QueuedAt   time.Time `json:"queued_at"`
	SentAt     time.Time `json:"sent_at,omitzero"`
	ClosedAt   time.Time `json:"closed_at,omitzero"`
	Answer     string    `json:"answer,omitempty"`
	DeferralID models.ID `json:"deferral_id,omitzero"`
}

// Deferral is a retained group that is erased when its hold has ended.
type Deferral struct {
	ID         models.ID     `json:"id"`
	Group      int           `json:"group"`
	Rows       int64         `json:"rows"`
	Rule       string        `json:"rule"`
	Citation   string        `json:"citation"`
	DueOn      calendar.Date `json:"due_on"`
	State      string        `json:"state"`
	FinishedAt time.Time     `json:"finished_at,omitzero"`
}

// Task is a step that people did, because no connector could. Counts are records by collection, as the person said who did it.
type Task struct {
	ID          models.ID        `json:"id"`
	System      string           `json:"system"`
	Action      string           `json:"action"`
	State       string           `json:"state"` // confirmed, or refused
	Reason      string           `json:"reason"`
	Counts      map[string]int64 `json:"counts,omitempty"`
	DoneAt      time.Time        `json:"done_at,omitzero"`
	DoneBy      models.ID        `json:"done_by,omitzero"`
	ConfirmedAt time.Time        `json:"confirmed_at,omitzero"`
	ConfirmedBy models.ID        `json:"confirmed_by,omitzero"`
	DeferralID  models.ID        `json:"deferral_id,omitzero"`
}

// Ledger is the head of the whole ledger when the receipt was issued, so that a ledger cut later can be told by any receipt.
type Ledger struct {
	Size int64 `json:"size"`
	Hash Hash  `json:"hash"`
}

// Anchors are the places of the ledger that the receipt saw, to verify the ledger against.
func (r Receipt) Anchors() []ledger.Anchor {
	var out []ledger.Anchor
	for _, e := range r.Entries {
		out = append(out, ledger.Anchor{Seq: e.Seq, Hash: e.Hash})
	}
	if r.Ledger.Size > 0 {
		out = append(out, ledger.Anchor{Seq: r.Ledger.Size, Hash: r.Ledger.Hash})
	}
	return out
}

// Entry is one ledger entry about the request with its place in the chain: Hash is SHA-256(Prev || compact Body).
type Entry struct {
	Seq  int64           `json:"seq"`
	Prev Hash            `json:"prev"`
	Hash Hash            `json:"hash"`
	Body json.RawMessage `json:"body"`
}

// Hash is a SHA-256, written in hex.
type Hash []byte

// MarshalText writes lower-case hex.
func (h Hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads hex.
func (h *Hash) UnmarshalText(b []byte) error {
	v, err := hex.DecodeString(string(b))
	*h = v
	return err
}

// format names the file's form; signPurpose is what the signature is for.
const (
	format      = "habeas-receipt/1"
	signPurpose = "receipt v1"
)

// file is the receipt's file. The signature is over the compact JSON of format and digests, and each digest over the compact JSON of the
// part that it names, so that verification can say which part was changed.
type file struct {
	Format    string  `json:"format"`
	Receipt   Receipt `json:"receipt"`
	Digests   digests `json:"digests"`
	KID       string  `json:"kid"`
	Signature []byte  `json:"signature"`
}

type digests struct {
	Request   Hash `json:"request"`
	Clock     Hash `json:"clock"`
	Plan      Hash `json:"plan"`
	Rows      Hash `json:"rows"`
	Notices   Hash `json:"notices"`
	Deferrals Hash `json:"deferrals"`
	Tasks     Hash `json:"tasks,omitempty"` // as the part
	Ledger    Hash `json:"ledger"`
	Entries   Hash `json:"entries"`
}

// Sign writes a receipt's file: indented JSON, one newline at its end.
func Sign(r Receipt, s ledger.Signer) ([]byte, error) {
	d, err := digestsOf(r)
	if err != nil {
		return nil, err
	}
	text, err := signedText(d)
	if err != nil {
		return nil, err
	}
	return write(file{Format: format, Receipt: r, Digests: d, KID: s.KID(), Signature: s.Sign(signPurpose, text)})
}

func write(f file) ([]byte, error) {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

func signedText(d digests) ([]byte, error) {
	return json.Marshal(struct {
		Format  string  `json:"format"`
		Digests digests `json:"digests"`
	}{format, d})
}

func digestsOf(r Receipt) (d digests, err error) {
	for _, p := range r.parts(&d) {
		if p.name == "tasks" && len(r.Tasks) == 0 {
			continue // receipts from before there were tasks have no such part
		}
		text, err := json.Marshal(p.value)
		if err != nil {
			return digests{}, err
		}
		*p.digest = ledger.Hash(nil, text)
	}
	return d, nil
}

type part struct {
	name   string
	value  any
	digest *Hash // in the digests given
}

func (r Receipt) parts(d *digests) []part {
	return []part{
		{"request", r.Request, &d.Request},
		{"clock", r.Clock, &d.Clock},
		{"plan", r.Plan, &d.Plan},
		{"rows", r.Rows, &d.Rows},
		{"notices", r.Notices, &d.Notices},
		{"deferrals", r.Deferrals, &d.Deferrals},
		{"tasks", r.Tasks, &d.Tasks},
		{"ledger", r.Ledger, &d.Ledger},
		{"entries", r.Entries, &d.Entries},
	}
}

// compact is an entry's body as it was hashed.
func (e Entry) compact() []byte {
	var b bytes.Buffer
	if json.Compact(&b, e.Body) != nil {
		return nil // no text has the hash of nothing and the previous hash
	}
	return b.Bytes()
}
