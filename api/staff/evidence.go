package staff

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/receipt"
	"habeas/models/request"
	"habeas/models/store"
)

//go:embed evidence.txt
var evidenceReadme string

// evidence is everything that proves what was done about a request, in one file that can be verified without Habeas' database.
func (k *Console) evidence(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	ctx, who := c.Request().Context(), caller(c)
	r, err := k.Store.Request(ctx, who.Scope, id)
	if err != nil {
		return err
	}
	e, err := k.Store.Evidence(ctx, who.Scope, id)
	if err != nil {
		return err
	}
	keys, err := k.Keys()
	if err != nil {
		return err
	}
	body, err := evidenceFile(r, e, keys, k.Now())
	if err != nil {
		return err
	}
	name := "evidence-" + r.Reference + ".zip"
	c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return c.Blob(http.StatusOK, "application/zip", body)
}

// checkpointFile is a signed head of the ledger as a file has it: Body is the exact text that was signed.
type checkpointFile struct {
	Size      int64  `json:"size"`
	Body      string `json:"body"`
	KID       string `json:"kid"`
	Signature string `json:"signature"` // base64
}

// evidenceFile writes the zip. Its times are those of what is in it, so that the same evidence gives the same bytes.
func evidenceFile(r request.Request, e store.Evidence, keys []byte, now time.Time) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	write := func(name string, at time.Time, body []byte) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)})
		if err != nil {
			return err
		}
		_, err = f.Write(body)
		return err
	}
	readme := fmt.Sprintf(evidenceReadme, r.Reference, r.ID, now.UTC().Format(time.RFC3339), len(e.Receipts), len(e.Entries), e.Unsealed)
	if err := write("README.txt", now, []byte(readme)); err != nil {
		return nil, err
	}
	if err := write("keys.json", now, keys); err != nil {
		return nil, err
	}
	entries, err := entriesFile(e.Entries)
	if err != nil {
		return nil, err
	}
	if err := write("ledger.jsonl", now, entries); err != nil {
		return nil, err
	}
	if e.Head.Size > 0 {
		head, err := checkpoint(e.Head)
		if err != nil {
			return nil, err
		}
		if err := write("checkpoint.json", now, head); err != nil {
			return nil, err
		}
	}
	for i, one := range e.Receipts {
		if err := write(fmt.Sprintf("receipts/%02d-%s.json", i+1, one.At.Format(time.DateOnly)), one.At, one.Body); err != nil {
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
