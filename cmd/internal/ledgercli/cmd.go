package ledgercli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/receipt"
	"habeas/models/store"
)

// LedgerCmd is `habeas ledger …` for kong. Its commands' Run methods need a bound context.Context, *rulescli.Streams and Source.
type LedgerCmd struct {
	Verify LedgerVerifyCmd `cmd:"" help:"Recompute the whole ledger and check its signed checkpoints."`
}

// ReceiptCmd is `habeas receipt …` for kong. Its commands' Run methods need a bound *rulescli.Streams and no database.
type ReceiptCmd struct {
	Verify ReceiptVerifyCmd `cmd:"" help:"Check a signed receipt; needs no database."`
}

// Source gives the configured database and the published keys as a JWK set; the keys are empty when no signing key is configured, as
// with an auditor.
type Source func(ctx context.Context) (s *store.Store, jwks []byte, err error)

// LedgerVerifyCmd is `habeas ledger verify`.
type LedgerVerifyCmd struct {
	Keys     string   `help:"JWK set with the public keys, from /.well-known/habeas-keys.json; default: of the configured signing key." type:"path" placeholder:"JWKS"`
	Receipts []string `name:"receipt" help:"Receipts to compare the ledger with; they also tell a ledger that was cut with all its traces." type:"path" placeholder:"FILE"`
	JSON     bool     `name:"json" help:"Write the result as one JSON object."`
}

// ledgerResult is what --json writes.
type ledgerResult struct {
	OK    bool          `json:"ok"`
	Fault *ledger.Fault `json:"fault,omitempty"`
	ledger.Report
}

// Run ends with status 1 when something was changed, cut or reordered, and names the first bad entry; with 2 when a file cannot be read.
func (c *LedgerVerifyCmd) Run(ctx context.Context, s *rulescli.Streams, source Source) (err error) {
	db, jwks, err := source(ctx)
	if err != nil {
		return usage(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if c.Keys != "" {
		if jwks, err = os.ReadFile(c.Keys); err != nil {
			return usage(err)
		}
	}
	anchors, err := anchors(c.Receipts, jwks)
	if err != nil {
		return err
	}
	report, err := db.VerifyLedger(ctx, jwks, anchors...)
	fault, faulty := errors.AsType[*ledger.Fault](err)
	switch {
	case err != nil && !faulty:
		return failure(err)
	case c.JSON:
		if err := write(s, ledgerResult{OK: !faulty, Fault: fault, Report: report}); err != nil {
			return err
		}
	case !faulty:
		_, _ = fmt.Fprintf(s.Out, "ledger: %d entries and %d checkpoints: unchanged, complete and in order; head %s\n",
			report.Entries, report.Checkpoints, report.Head)
	}
	if faulty {
		return failure(fault)
	}
	return nil
}

// anchors are the places of the ledger that verified receipts saw.
func anchors(files []string, jwks []byte) (out []ledger.Anchor, err error) {
	for _, name := range files {
		b, err := os.ReadFile(name) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, usage(err)
		}
		r, err := receipt.Verify(b, jwks)
		if err != nil {
			return nil, failure(fmt.Errorf("%s: %w", name, err))
		}
		out = append(out, r.Anchors()...)
	}
	return out, nil
}

// ReceiptVerifyCmd is `habeas receipt verify FILE --keys JWKS`.
type ReceiptVerifyCmd struct {
	File string `arg:"" help:"The receipt." type:"path"`
	Keys string `required:"" help:"JWK set with the public keys, from /.well-known/habeas-keys.json." type:"path" placeholder:"JWKS"`
	JSON bool   `name:"json" help:"Write the result as one JSON object."`
}

// receiptResult is what --json writes.
type receiptResult struct {
	OK      bool             `json:"ok"`
	Fault   *receipt.Fault   `json:"fault,omitempty"`
	Request *receipt.Request `json:"request,omitempty"`
	Entries int              `json:"entries"`
}

// Run ends with status 1 when any byte was changed, and names the part or entry; with 2 when a file cannot be read.
func (c *ReceiptVerifyCmd) Run(s *rulescli.Streams) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return usage(err)
	}
	jwks, err := os.ReadFile(c.Keys)
	if err != nil {
		return usage(err)
	}
	r, err := receipt.Verify(b, jwks)
	fault, faulty := errors.AsType[*receipt.Fault](err)
	switch {
	case err != nil && !faulty:
		return failure(err)
	case c.JSON:
		result := receiptResult{OK: !faulty, Fault: fault, Entries: len(r.Entries)}
		if !faulty {
			result.Request = &r.Request
		}
		if err := write(s, result); err != nil {
			return err
		}
	case !faulty:
		_, _ = fmt.Fprintf(s.Out, "receipt: request %s (%s, %s) at %s: genuine, with %d ledger entries\n",
			r.Request.Reference, r.Request.Right, r.Request.Article, r.Request.ControllerName, len(r.Entries))
	}
	if faulty {
		return failure(fault)
	}
	return nil
}

func write(s *rulescli.Streams, v any) error {
	enc := json.NewEncoder(s.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return failure(err)
	}
	return nil
}

func usage(err error) error { return &rulescli.ExitError{Status: rulescli.Usage, Err: err} }

// failure is a check that failed; keys that are no key set are wrong usage.
func failure(err error) error {
	if models.CodeOf(err) == "bad_jwks" {
		return usage(err)
	}
	return &rulescli.ExitError{Status: rulescli.Failed, Err: err}
}
