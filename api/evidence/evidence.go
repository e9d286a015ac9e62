package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/receipt"
	"habeas/models/request"
	"habeas/models/store"
)

//go:embed readme.txt
var readme string

// Of is the evidence of a request inside the scope as a file, with the keys that verify it. It fails with not_found.
func Of(ctx context.Context, s *store.Store, scope models.Scope, id models.ID, keys []byte, now time.Time) (File, error) {
	r, err := s.Request(ctx, scope, id)
	if err != nil {
		return File{}, err
	}
	e, err := s.Evidence(ctx, scope, id)
	if err != nil {
		return File{}, err
	}
	body, err := write(r, e, keys, now)
	return File{Name: "evidence-" + r.Reference + ".zip", Body: body}, err
}

// File is a zip with a name.
type File struct {
	Name string
	Body []byte
}

// checkpointFile is a signed head of the ledger as a file has it: Body is the exact text that was signed.
type checkpointFile struct {
	Size      int64  `json:"size"`
	Body      string `json:"body"`
	KID       string `json:"kid"`
	Signature string `json:"signature"` // base64
}

// write writes the zip. Its times are those of what is in it, so that the same evidence gives the same bytes.
func write(r request.Request, e store.Evidence, keys []byte, now time.Time) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, at time.Time, body []byte) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)})
		if err != nil {
			return err
		}
		_, err = f.Write(body)
		return err
	}
	about := fmt.Sprintf(readme, r.Reference, r.ID, now.UTC().Format(time.RFC3339), len(e.Receipts), len(e.Entries), e.Unsealed)
	if err := add("README.txt", now, []byte(about)); err != nil {
		return nil, err
	}
	if err := add("keys.json", now, keys); err != nil {
		return nil, err
	}
	entries, err := entriesFile(e.Entries)
	if err != nil {
		return nil, err
	}
	if err := add("ledger.jsonl", now, entries); err != nil {
		return nil, err
	}
	if e.Head.Size > 0 {
		head, err := checkpoint(e.Head)
		if err != nil {
			return nil, err
		}
		if err := add("checkpoint.json", now, head); err != nil {
			return nil, err
		}
	}
	for i, one := range e.Receipts {
		if err := add(fmt.Sprintf("receipts/%02d-%s.json", i+1, one.At.Format(time.DateOnly)), one.At, one.Body); err != nil {
			return nil, err
		}
	}
	err = z.Close()
	return out.Bytes(), err
}

// entriesFile is one entry a line.
func entriesFile(entries []receipt.Entry) ([]byte, error) {
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	for _, e := range entries {
		if err := lines.Encode(e); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func checkpoint(c ledger.Checkpoint) ([]byte, error) {
	b, err := json.MarshalIndent(checkpointFile{
		Size: c.Size, Body: string(c.Body), KID: c.KID, Signature: base64.StdEncoding.EncodeToString(c.Signature),
	}, "", "  ")
	return append(b, '\n'), err
}
