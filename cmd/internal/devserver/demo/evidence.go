package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models/receipt"
)

// checkReceipts waits for the n-th receipt of a request and verifies all of them with the published keys.
func (d *demo) checkReceipts(ctx context.Context, a actor.Asked, n int) error {
	files, err := d.dpo.AwaitReceipts(ctx, a.ID, n)
	if err != nil {
		return err
	}
	keys, err := d.public.Keys(ctx)
	if err != nil {
		return err
	}
	for _, file := range files {
		if _, err := receipt.Verify(file, keys); err != nil {
			return err
		}
	}
	if a.ID == d.erasure.ID {
		d.receipts = files
	}
	d.ok("receipt %d is signed and verifies", n)
	return nil
}

// awaitDeferralMail waits for the message that tells the person of the end of the hold.
func (d *demo) awaitDeferralMail(ctx context.Context) error {
	email := d.s.Company.People.Erasure.Subject.Email.Reveal()
	_, err := d.s.Mailbox.Wait(ctx, func(m mailbox.Message) bool {
		return m.For(email) && strings.Contains(m.Text, "erased") && strings.Contains(m.Text, d.erasure.Reference) && m.At.After(d.begun) &&
			strings.Contains(strings.ToLower(m.Text), "had to be kept")
	})
	if err != nil {
		return fmt.Errorf("waiting for the message about the deferral: %w", err)
	}
	d.ok("the person was told")
	return nil
}

// evidence proves the end: the address is nowhere but in held rows, it never entered Temporal, and the ledger verifies.
func (d *demo) evidence(ctx context.Context) error {
	d.title("The evidence")
	email := d.s.Company.People.Erasure.Subject.Email.Reveal()
	hits, err := d.s.Company.Search(ctx, email)
	if err != nil {
		return err
	}
	held := map[string]bool{}
	for _, g := range d.plan.Groups {
		if g.HoldThrough != "" {
			held[g.Dataset+"."+g.Collection] = true
		}
	}
	for _, h := range hits {
		if !held[h.System+"."+h.Table] {
			return fmt.Errorf("the address is still in %s, which is not held", h)
		}
	}
	d.ok("the address stands in %d places, all of them held by law", len(hits))
	for _, database := range []string{"temporal", "temporal_visibility"} {
		found, scanned, err := Leaks(ctx, d.s.Postgres.DSN(database), email)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fmt.Errorf("the address is in Temporal's database: %s", strings.Join(found, ", "))
		}
		d.ok("the address is in none of the %d tables of Temporal's database %s, in no encoding", scanned, database)
	}
	if _, err := d.s.App.Store.Seal(ctx); err != nil {
		return err
	}
	keys, err := d.public.Keys(ctx)
	if err != nil {
		return err
	}
	report, err := d.s.App.Store.VerifyLedger(ctx, keys)
	if err != nil {
		return fmt.Errorf("the ledger: %w", err)
	}
	d.ok("the ledger verifies: %d entries, chained and signed", report.Entries)
	return d.tamper()
}

// tamper changes one byte of a receipt and expects to be caught.
func (d *demo) tamper() error {
	keys, err := d.s.App.PublicKeys()
	if err != nil {
		return err
	}
	changed := []byte(strings.Replace(string(d.receipts[0]), `"erasure"`, `"erasurE"`, 1))
	_, err = receipt.Verify(changed, keys)
	fault, ok := errors.AsType[*receipt.Fault](err)
	if !ok {
		return errors.New("a receipt with a changed byte still verifies")
	}
	d.ok("a receipt with one changed byte does not: %s", fault.Part)
	return nil
}

// timeline prints what the ledger says of the erasure.
func (d *demo) timeline(ctx context.Context) error {
	entries, err := d.dpo.Ledger(ctx, d.erasure.ID)
	if err != nil {
		return err
	}
	d.title("Timeline of the erasure %s, from the ledger", d.erasure.Reference)
	for _, e := range entries {
		fmt.Fprintf(d.out, "  %s  %s\n", e.At.Format("2006-01-02 15:04:05.000 MST"), e.Kind)
	}
	return nil
}
