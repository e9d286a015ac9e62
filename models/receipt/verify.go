package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"

	"habeas/models"
	"habeas/models/ledger"
)

// Fault is the first thing found wrong with a receipt. It is an error that names the part and, inside the entries, the entry.
type Fault struct {
	Part    string    `json:"part"`              // file, request, clock, plan, rows, notices, deferrals, tasks, ledger, entries, digests or signature
	Entry   int       `json:"entry,omitempty"`   // 1-based, in the part "entries"
	EntryID models.ID `json:"entry_id,omitzero"` // as the entry's own text says, where it can be read
	Detail  string    `json:"detail"`
}

func (f *Fault) Error() string {
	name := f.Part
	if f.Entry > 0 {
		name = fmt.Sprintf("%s: entry %d", f.Part, f.Entry)
	}
	if !f.EntryID.IsZero() {
		name += " (" + f.EntryID.String() + ")"
	}
	return "receipt: " + name + ": " + f.Detail
}

// Verify checks a receipt's file with the public keys of a JWK set and returns what it states. It fails with a *Fault, or with bad_jwks. Any
// changed byte fails: the file must be exactly what its own content is written as.
func Verify(b, jwks []byte) (Receipt, error) {
	keys, err := ledger.ParseJWKS(jwks)
	if err != nil {
		return Receipt{}, err
	}
	f, fault := read(b)
	if fault != nil {
		return Receipt{}, fault
	}
	for _, check := range []func(file) *Fault{checkEntries, checkParts, func(f file) *Fault { return checkSignature(f, keys) }} {
		if fault := check(f); fault != nil {
			return Receipt{}, fault
		}
	}
	again, err := write(f)
	if err != nil {
		return Receipt{}, err
	}
	if !bytes.Equal(again, b) {
		return Receipt{}, &Fault{Part: "file", Detail: fmt.Sprintf("it is not written as a receipt is, from byte %d on", differ(again, b))}
	}
	return f.Receipt, nil
}

func read(b []byte) (f file, fault *Fault) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return file{}, &Fault{Part: "file", Detail: fmt.Sprintf("it cannot be read, near byte %d", dec.InputOffset())}
	}
	if f.Format != format {
		return file{}, &Fault{Part: "file", Detail: "it is not a receipt of format " + format}
	}
	return f, nil
}

// checkEntries recomputes each entry's hash, before the digests, so that the entry at fault is named.
func checkEntries(f file) *Fault {
	var seq int64
	for i, e := range f.Receipt.Entries {
		body := e.compact()
		parsed, err := ledger.ParseBody(body)
		fault := func(detail string) *Fault {
			return &Fault{Part: "entries", Entry: i + 1, EntryID: parsed.ID, Detail: detail}
		}
		switch {
		case !bytes.Equal(e.Hash, ledger.Hash(e.Prev, body)):
			return fault("its text and its hash do not fit")
		case err != nil:
			return fault("it is no ledger entry")
		case parsed.RequestID != f.Receipt.Request.ID:
			return fault("it is about another request")
		case e.Seq <= seq:
			return fault("it is out of order")
		}
		seq = e.Seq
	}
	return nil
}

func checkParts(f file) *Fault {
	want := f.Digests
	have, err := digestsOf(f.Receipt)
	if err != nil {
		return &Fault{Part: "file", Detail: "it cannot be written again"}
	}
	wanted := f.Receipt.parts(&want)
	for i, p := range f.Receipt.parts(&have) {
		if !bytes.Equal(*p.digest, *wanted[i].digest) {
			return &Fault{Part: p.name, Detail: "it and its digest do not fit"}
		}
	}
	return nil
}

func checkSignature(f file, keys ledger.Keys) *Fault {
	if _, known := keys[f.KID]; !known {
		return &Fault{Part: "signature", Detail: "it was made with a key that is not in the key file"}
	}
	text, err := signedText(f.Digests)
	if err != nil || !keys.Verify(f.KID, signPurpose, text, f.Signature) {
		return &Fault{Part: "signature", Detail: "it is not the key's signature of these digests"}
	}
	return nil
}

func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
