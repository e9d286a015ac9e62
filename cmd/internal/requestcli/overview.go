package requestcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
)

// DashboardCmd is `habeas request dashboard`.
type DashboardCmd struct{}

// Run says how requests stand.
func (cmd DashboardCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	got, err := api.GetDashboardWithResponse(ctx)
	if err != nil {
		return err
	}
	if api.json {
		return api.write(got.JSON200)
	}
	d := got.JSON200
	w := aligned(s.Out)
	fmt.Fprintln(w, "\tOPEN\tSOON\tOVERDUE\tCLOSED\tMEDIAN DAYS")
	tallied(w, "all", d.Total)
	for _, part := range []struct {
		name string
		list []client.Tally
	}{{"waits for ", d.Parties}, {"", d.Rights}, {"controller ", d.Controllers}} {
		for _, t := range part.list {
			tallied(w, part.name+t.Key, t)
		}
	}
	return w.Flush()
}

func tallied(w io.Writer, name string, t client.Tally) {
	median := "-"
	if t.Answered > 0 {
		median = fmt.Sprintf("%.1f", float64(t.MedianSeconds)/(24*60*60))
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", name, t.Open, t.Soon, t.Overdue, t.Closed, median)
}

// LedgerCmd is `habeas request ledger`.
type LedgerCmd struct {
	Request string `arg:"" optional:"" help:"Reference or identifier of the request whose entries to list."`
	Verify  bool   `help:"Verify the ledger as a whole instead, on the server; exit status 1 when it is not as it was written."`
}

// Run lists the entries about a request, or verifies all of them.
func (cmd LedgerCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	if cmd.Verify == (cmd.Request != "") {
		return usage("Name a request, or give --verify.")
	}
	if cmd.Verify {
		return verify(ctx, c, env, s)
	}
	api, r, err := c.of(ctx, env, s, Request{cmd.Request})
	if err != nil {
		return err
	}
	all, more, err := pages(Most{10_000}, func(limit int, cursor string) ([]client.Entry, string, error) {
		got, err := api.GetLedgerWithResponse(ctx, r.ID, &client.GetLedgerParams{Limit: limit, Cursor: cursor})
		if err != nil {
			return nil, "", err
		}
		return got.JSON200.Entries, got.JSON200.Next, nil
	})
	if err != nil {
		return err
	}
	return list(api, "entries", all, more, "There is no entry.", "AT\tENTRY\tBY", func(w io.Writer, e client.Entry) {
		fmt.Fprintf(w, "%s\t%s\t%s\n", e.At.Format(time.RFC3339), e.Kind, e.Role)
	})
}

// again is after how long a verification that runs is asked for.
const again = 2 * time.Second

func verify(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	began, err := api.VerifyLedgerWithResponse(ctx, &client.VerifyLedgerParams{IdempotencyKey: uuid.NewString()})
	if err != nil {
		return err
	}
	v := began.JSON200
	for v.State == "running" {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(again):
		}
		got, err := api.GetVerificationWithResponse(ctx)
		if err != nil {
			return err
		}
		v = got.JSON200
	}
	if api.json {
		if err := api.write(v); err != nil {
			return err
		}
	}
	if v.State != "good" {
		return errors.New(v.Reason)
	}
	if api.json {
		return nil
	}
	_, err = fmt.Fprintf(s.Out, "%d entries and %d checkpoints are unchanged, complete and in order.\n", v.Entries, v.Checkpoints)
	return err
}

// ScanCmd is `habeas request scan`.
type ScanCmd struct {
	Request
	Order bool `help:"Order a search of all systems first; it may take hours."`
}

// Run lists where the latest searches found the person's identities.
func (cmd ScanCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, r, err := c.of(ctx, env, s, cmd.Request)
	if err != nil {
		return err
	}
	if cmd.Order {
		if _, err := api.OrderScanWithResponse(ctx, r.ID, &client.OrderScanParams{IdempotencyKey: uuid.NewString()}); err != nil {
			return err
		}
		return api.say(map[string]bool{"ordered": true}, "The search is ordered; look again later without --order.")
	}
	got, err := api.GetScansWithResponse(ctx, r.ID, &client.GetScansParams{Limit: 100})
	if err != nil {
		return err
	}
	return list(api, "scans", got.JSON200.Scans, got.JSON200.Next != "", "Nothing has been searched.", "SYSTEM\tPLACE\tROWS\tDESCRIBED", func(w io.Writer, one client.Scan) {
		if one.Code != "" {
			fmt.Fprintf(w, "%s\t(%s)\t-\t-\n", one.System, one.Code)
		}
		for _, p := range one.Places {
			fmt.Fprintf(w, "%s\t%s.%s\t%d\t%t\n", one.System, p.Table, p.Column, p.Rows, p.Described)
		}
	})
}
