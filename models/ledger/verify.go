package ledger

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"time"

	"habeas/models"
)

// Stored is an entry as the database has it: the columns it is found by and the bytes that are hashed.
type Stored struct {
	ID           models.ID
	At           time.Time
	ControllerID models.ID
	RequestID    models.ID
	Kind         string
	Body         []byte
}

// Link is one place of the chain, with the entry that it names and the checkpoint that was made there.
type Link struct {
	Seq        int64
	EntryID    models.ID
	Prev       []byte
	Hash       []byte
	Entry      *Stored     // nil when it is gone
	Checkpoint *Checkpoint // nil when none was made after this entry
}

// Problem says what is wrong with a ledger.
type Problem string

const (
	EntryChanged    Problem = "entry_changed"    // body and hash do not fit
	EntryMissing    Problem = "entry_missing"    // the chain names an entry that is gone
	ColumnChanged   Problem = "column_changed"   // a column says something else than the body
	LinkMissing     Problem = "link_missing"     // a place of the chain is gone
	ChainBroken     Problem = "chain_broken"     // a place does not follow the one before: reordered, or changed and hashed anew
	CheckpointBad   Problem = "checkpoint_bad"   // its signature or key is wrong
	CheckpointWrong Problem = "checkpoint_wrong" // it is genuine and says another hash: the chain before it was made anew
	AnchorWrong     Problem = "anchor_wrong"     // evidence kept elsewhere, such as a receipt, saw another hash here
	ChainCut        Problem = "chain_cut"        // a checkpoint or an anchor says that there were more entries
	Unsealed        Problem = "entry_unsealed"   // an entry was left out of the chain
)

// Fault is the first thing found wrong. It is an error that names the entry.
type Fault struct {
	Problem Problem   `json:"problem"`
	Seq     int64     `json:"seq,omitempty"`     // place in the chain; 0 for an unsealed entry
	EntryID models.ID `json:"entry_id,omitzero"` // zero when the place itself is gone
	Detail  string    `json:"detail"`
}

func (f *Fault) Error() string {
	name := fmt.Sprintf("place %d", f.Seq)
	if !f.EntryID.IsZero() {
		name = fmt.Sprintf("entry %s at place %d", f.EntryID, f.Seq)
		if f.Seq == 0 {
			name = "entry " + f.EntryID.String()
		}
	}
	return fmt.Sprintf("ledger: %s: %s: %s", f.Problem, name, f.Detail)
}

// Anchor is a place of the chain and its hash as seen by evidence that is kept elsewhere: a receipt, or the report of an earlier
// verification. Without one, a ledger whose last entries, places and checkpoints were all removed looks like a shorter ledger.
type Anchor struct {
	Seq  int64
	Hash []byte
}

// Report is what was checked.
type Report struct {
	Entries     int64     `json:"entries"`
	Checkpoints int64     `json:"checkpoints"`
	Head        string    `json:"head"` // hash of the last entry, hex
	SealedTo    time.Time `json:"sealed_to,omitzero"`
}

// Verify recomputes a chain from its stored bytes. links are the places in order, tail the checkpoints beyond the last place (there must be
// none), anchors what others have seen of it. It returns a *Fault for the first thing wrong, or the error that reading met.
func Verify(links iter.Seq2[Link, error], tail []Checkpoint, keys Keys, anchors ...Anchor) (Report, error) {
	v := verifier{keys: keys, head: Genesis, anchors: map[int64][]byte{}, seen: slices.Max(append(sizes(anchors), 0))}
	for _, a := range anchors {
		v.anchors[a.Seq] = a.Hash
	}
	var last *Link
	for link, err := range links {
		if err != nil {
			return v.report, err
		}
		if fault := v.check(link); fault != nil {
			return v.report, fault
		}
		last = &link
	}
	v.report.Head = hex.EncodeToString(v.head)
	if fault := v.cut(tail); fault != nil {
		return v.report, fault
	}
	if last != nil && last.Checkpoint == nil {
		// Each seal ends with a checkpoint, so the last place always has one.
		return v.report, &Fault{Problem: CheckpointBad, Seq: last.Seq, EntryID: last.EntryID, Detail: "the last entry has no checkpoint"}
	}
	return v.report, nil
}

func sizes(anchors []Anchor) []int64 {
	out := make([]int64, len(anchors))
	for i, a := range anchors {
		out[i] = a.Seq
	}
	return out
}

type verifier struct {
	keys    Keys
	anchors map[int64][]byte
	seen    int64 // how many entries the anchors say there were
	head    []byte
	report  Report
}

// cut finds that the chain was longer once.
func (v *verifier) cut(tail []Checkpoint) *Fault {
	witness, size := "an anchor", v.seen
	if len(tail) > 0 {
		witness, size = "a signed checkpoint", tail[0].Size
		if _, ok := tail[0].read(v.keys); !ok {
			return &Fault{Problem: CheckpointBad, Seq: size, Detail: "the checkpoint is not what its key signed"}
		}
	}
	if size <= v.report.Entries {
		return nil
	}
	return &Fault{
		Problem: ChainCut, Seq: v.report.Entries + 1,
		Detail: fmt.Sprintf("%s says that there were %d entries; there are %d", witness, size, v.report.Entries),
	}
}

func (v *verifier) check(l Link) *Fault {
	fault := func(p Problem, detail string) *Fault {
		return &Fault{Problem: p, Seq: l.Seq, EntryID: l.EntryID, Detail: detail}
	}
	switch {
	case l.Seq != v.report.Entries+1:
		return &Fault{Problem: LinkMissing, Seq: v.report.Entries + 1, Detail: "this place of the chain is gone"}
	case l.Entry == nil:
		return fault(EntryMissing, "the chain names it, but it is gone")
	case !bytes.Equal(l.Prev, v.head):
		return fault(ChainBroken, "it does not follow the entry before it")
	case !bytes.Equal(l.Hash, Hash(l.Prev, l.Entry.Body)):
		return fault(EntryChanged, "its text and its hash do not fit")
	}
	if column := l.Entry.differs(); column != "" {
		return fault(ColumnChanged, "column "+column+" differs from the text that was hashed")
	}
	if hash, ok := v.anchors[l.Seq]; ok && !bytes.Equal(hash, l.Hash) {
		return fault(AnchorWrong, "evidence kept elsewhere has another hash for this place")
	}
	if c := l.Checkpoint; c != nil {
		signed, ok := c.read(v.keys)
		if !ok {
			return fault(CheckpointBad, "the checkpoint after it is not what its key signed")
		}
		if signed.Hash != hex.EncodeToString(l.Hash) {
			return fault(CheckpointWrong, "the signed checkpoint after it has another hash")
		}
		v.report.Checkpoints++
	}
	v.report.Entries, v.report.SealedTo, v.head = l.Seq, l.Entry.At, l.Hash
	return nil
}

// differs names the first column that says something else than the body; empty when all agree.
func (s *Stored) differs() string {
	e, err := ParseBody(s.Body)
	switch {
	case err != nil:
		return "body"
	case e.ID != s.ID:
		return "id"
	case !e.At.Equal(s.At):
		return "at"
	case e.ControllerID != s.ControllerID:
		return "controller_id"
	case e.RequestID != s.RequestID:
		return "request_id"
	case e.Kind != s.Kind:
		return "kind"
	}
	return ""
}
