package actor

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models"
	"habeas/models/request"
)

// Asked is the answer to a request.
type Asked struct {
	ID        models.ID `json:"id"`
	Reference string    `json:"reference"`
	StatusURL string    `json:"status_url"`
	State     string    `json:"state"`
}

// Status is the path of the status in the JSON API.
func (a Asked) Status() string {
	return "/v1/status/" + a.StatusURL[strings.LastIndex(a.StatusURL, "/")+1:]
}

type newRequest struct {
	Controller string     `json:"controller,omitempty"`
	Right      string     `json:"right"`
	Name       string     `json:"name,omitempty"`
	Email      string     `json:"email"`
	Identities []identity `json:"identities,omitempty"`
	Message    string     `json:"message,omitempty"`
	Vouched    bool       `json:"identity_vouched,omitempty"`

	Ground      request.Ground    `json:"ground,omitempty"`
	Purposes    []request.Purpose `json:"purposes,omitempty"`
	Situation   string            `json:"situation,omitempty"`
	Wrong       string            `json:"wrong,omitempty"`
	Correct     string            `json:"correct,omitempty"`
	Corrections []said            `json:"corrections,omitempty"`
}

type said struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

type identity struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// Ask files a request for a subject of a controller. With a customer's key it vouches for the subject.
func (c Client) Ask(ctx context.Context, right models.Right, controller string, s request.Subject, header ...string) (Asked, error) {
	in := newRequest{Controller: controller, Right: string(right), Name: s.Name.Reveal(), Email: s.Email.Reveal(), Message: s.Message.Reveal(), Vouched: c.Key != ""}
	in.Ground, in.Purposes, in.Situation = s.Statement.Ground, s.Statement.Purposes, s.Statement.Situation.Reveal()
	in.Wrong, in.Correct = s.Statement.Wrong.Reveal(), s.Statement.Correct.Reveal()
	for _, one := range s.Statement.Corrections {
		in.Corrections = append(in.Corrections, said{one.Field.Reveal(), one.Value.Reveal()})
	}
	for _, i := range s.Identities {
		if i.Value != s.Email {
			in.Identities = append(in.Identities, identity{i.Kind, i.Value.Reveal()})
		}
	}
	var out Asked
	err := c.JSON(ctx, http.MethodPost, "/v1/requests", in, &out, header...)
	return out, err
}

// Confirm waits for the mail with the one-time code and enters the code on the status page.
func (c Client) Confirm(ctx context.Context, box *mailbox.Mailbox, a Asked, s request.Subject) error {
	mail, err := box.Wait(ctx, func(m mailbox.Message) bool {
		return m.For(s.Email.Reveal()) && m.Code() != "" && strings.Contains(m.Text, a.Reference)
	})
	if err != nil {
		return fmt.Errorf("waiting for the verification mail: %w", err)
	}
	return c.JSON(ctx, http.MethodPost, a.Status()+"/verify", map[string]string{"code": mail.Code()}, nil)
}

// Package is what a person has fetched.
type Package struct {
	Files map[string][]byte
	Size  int
}

// Fetch waits for the mail with the link of the package, asks for a one-time code, waits for it, downloads the package and checks every digest
// of its manifest.
func (c Client) Fetch(ctx context.Context, box *mailbox.Mailbox, a Asked, s request.Subject) (Package, error) {
	link, err := box.Wait(ctx, func(m mailbox.Message) bool {
		return m.For(s.Email.Reveal()) && strings.Contains(m.Text, "/package/") && strings.Contains(m.Text, a.Reference)
	})
	if err != nil {
		return Package{}, fmt.Errorf("waiting for the package mail: %w", err)
	}
	path := ""
	for _, l := range link.Links() {
		if strings.Contains(l, "/package/") {
			path = strings.TrimPrefix(l, c.Base)
		}
	}
	if _, err := c.Form(ctx, path+"/code", url.Values{}); err != nil {
		return Package{}, fmt.Errorf("asking for the code: %w", err)
	}
	code, err := box.Wait(ctx, func(m mailbox.Message) bool {
		return m.ID > link.ID && m.For(s.Email.Reveal()) && m.Code() != ""
	})
	if err != nil {
		return Package{}, fmt.Errorf("waiting for the code: %w", err)
	}
	b, err := c.Form(ctx, path+"/download", url.Values{"code": {code.Code()}})
	if err != nil {
		return Package{}, fmt.Errorf("downloading the package: %w", err)
	}
	return open(b)
}

// open reads the archive and compares it with its manifest.
func open(b []byte) (Package, error) {
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return Package{}, fmt.Errorf("the package is not a zip file: %w", err)
	}
	p := Package{Files: map[string][]byte{}, Size: len(b)}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			return p, err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return p, err
		}
		p.Files[f.Name] = content
	}
	var manifest struct {
		Files []struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
		} `json:"files"`
	}
	if err := json.Unmarshal(p.Files["manifest.json"], &manifest); err != nil {
		return p, fmt.Errorf("the manifest cannot be read: %w", err)
	}
	if len(manifest.Files) != len(p.Files)-1 {
		return p, fmt.Errorf("the manifest lists %d files, the package has %d", len(manifest.Files), len(p.Files)-1)
	}
	for _, f := range manifest.Files {
		sum := sha256.Sum256(p.Files[f.Name])
		if hex.EncodeToString(sum[:]) != f.SHA256 {
			return p, fmt.Errorf("the digest of %s does not fit", f.Name)
		}
	}
	return p, nil
}

// Has reports whether the package has a file whose name begins with the prefix.
func (p Package) Has(prefix string) bool {
	for name := range p.Files {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
