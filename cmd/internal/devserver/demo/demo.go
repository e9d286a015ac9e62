package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"habeas/cmd/internal/devserver"
	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/sample"
	"habeas/models"
)

// patience bounds each request; the slowest recipient answers only a reminder.
const patience = 3 * time.Minute

// Run carries an access, an export and an erasure request of the sample company to their ends, holds an exercise of a breach, lets the hold of a
// deferral end, and proves what is claimed. It writes what happens to out, files to look at into the folder output, and fails with the first thing that is not as it should be.
func Run(ctx context.Context, s *devserver.Server, out io.Writer, output string) error {
	d := &demo{
		s: s, out: out, output: output, begun: time.Now(),
		public: actor.Client{Base: s.Config.BaseURL}, dpo: actor.Client{Base: s.Config.BaseURL, Key: s.DPOKey},
	}
	people := s.Company.People
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return d.copy(ctx, people.Access, "report.html") },
		func(ctx context.Context) error { return d.copy(ctx, people.Export, "data/") },
		d.erase, d.exercise, d.deferral, d.evidence, d.timeline,
	} {
		bounded, cancel := context.WithTimeout(ctx, patience)
		err := step(bounded)
		cancel()
		if err != nil {
			d.line("✗", "%v", err)
			return err
		}
	}
	return nil
}

type demo struct {
	s           *devserver.Server
	out         io.Writer
	output      string // folder for files to look at
	begun       time.Time
	public, dpo actor.Client
	erasure     actor.Asked
	plan        actor.Plan
	receipts    [][]byte
}

func (d *demo) title(format string, args ...any) {
	fmt.Fprintf(d.out, "\n%s\n", fmt.Sprintf(format, args...))
}

func (d *demo) line(mark, format string, args ...any) {
	fmt.Fprintf(d.out, "  %s %6.1f s  %s\n", mark, time.Since(d.begun).Seconds(), fmt.Sprintf(format, args...))
}

func (d *demo) ok(format string, args ...any) { d.line("✓", format, args...) }

// begin files a request, confirms it and has the DPO decide what there is to decide.
func (d *demo) begin(ctx context.Context, p sample.Person) (actor.Asked, actor.Plan, error) {
	asked, err := d.public.Ask(ctx, p.Right, p.Controller, p.Subject)
	if err != nil {
		return asked, actor.Plan{}, fmt.Errorf("asking: %w", err)
	}
	d.ok("request %s was received", asked.Reference)
	if err := d.public.Confirm(ctx, d.s.Mailbox, asked, p.Subject); err != nil {
		return asked, actor.Plan{}, err
	}
	d.ok("the person confirmed their address with the code from the mail")
	plan, err := d.dpo.Settle(ctx, asked.ID)
	if err != nil {
		return asked, plan, fmt.Errorf("deciding: %w", err)
	}
	var rows int64
	choices := 0
	for _, g := range plan.Groups {
		rows += g.Rows
		if len(g.Options) > 0 {
			choices++
		}
	}
	r, err := d.dpo.Request(ctx, asked.ID)
	if err != nil {
		return asked, plan, err
	}
	d.ok("located: %s in %s; to decide by the DPO: %d; due by %s", models.Count(rows, "row"), models.Count(len(plan.Groups), "group"), choices, r.Clock.DueOn)
	return asked, plan, nil
}

// copy carries an access or export request to the package in the person's hands.
func (d *demo) copy(ctx context.Context, p sample.Person, want string) error {
	d.title("%s asks for %s (%s)", p.Subject.Name.Reveal(), p.Right, p.Right.Article())
	asked, _, err := d.begin(ctx, p)
	if err != nil {
		return err
	}
	pkg, err := d.public.Fetch(ctx, d.s.Mailbox, asked, p.Subject)
	if err != nil {
		return err
	}
	if !pkg.Has(want) {
		return fmt.Errorf("the package has no %s", want)
	}
	d.ok("the package of %d files (%d kB) was fetched with a one-time code; every digest of its manifest fits", len(pkg.Files), pkg.Size/1000)
	r, err := d.dpo.AwaitState(ctx, asked.ID, models.Closed)
	if err != nil {
		return err
	}
	if r.Outcome != string(models.Fulfilled) {
		return fmt.Errorf("the request was closed as %s", r.Outcome)
	}
	d.ok("the package was shredded; the request is closed as %s", r.Outcome)
	return d.checkReceipts(ctx, asked, 1)
}

// erase carries the erasure to its end: something is retained by law, everybody else has answered.
func (d *demo) erase(ctx context.Context) error {
	p := d.s.Company.People.Erasure
	d.title("%s asks for %s (%s)", p.Subject.Name.Reveal(), p.Right, p.Right.Article())
	before, err := d.s.Company.Search(ctx, p.Subject.Email.Reveal())
	if err != nil {
		return err
	}
	d.ok("before: the address stands in %d places of the sample company's databases", len(before))
	if d.erasure, d.plan, err = d.begin(ctx, p); err != nil {
		return err
	}
	for _, g := range d.plan.Groups {
		if g.HoldThrough != "" {
			d.ok("  held until %s: %s of %s.%s (%s)", g.HoldThrough, models.Count(g.Rows, "row"), g.Dataset, g.Collection, g.Citation)
		}
	}
	if _, err := d.dpo.AwaitState(ctx, d.erasure.ID, models.Notifying, models.Delivering, models.Closed); err != nil {
		return err
	}
	d.ok("erased and proved; now the recipients are told")
	r, err := d.dpo.AwaitState(ctx, d.erasure.ID, models.Closed)
	if err != nil {
		return err
	}
	notices, err := d.dpo.Notices(ctx, d.erasure.ID)
	if err != nil {
		return err
	}
	for _, n := range notices {
		if n.State != "acknowledged" {
			return fmt.Errorf("%s was closed although %s has not answered", d.erasure.Reference, n.Recipient)
		}
		d.ok("  %s answered %q after %s", n.Recipient, n.Answer, models.Count(n.Attempts, "message"))
	}
	if r.Outcome != string(models.PartlyFulfilled) {
		return fmt.Errorf("the request was closed as %s", r.Outcome)
	}
	d.ok("the request is closed as %s", r.Outcome)
	return d.checkReceipts(ctx, d.erasure, 1)
}

// deferral lets a day pass: the shortest hold ends, and the erasure finishes by itself.
func (d *demo) deferral(ctx context.Context) error {
	d.title("A day later: the shortest hold has ended")
	d.s.Clock.Advance(24 * time.Hour)
	if err := d.s.App.Clients.Sweep(ctx); err != nil {
		return fmt.Errorf("starting the sweep: %w", err)
	}
	if err := d.checkReceipts(ctx, d.erasure, 2); err != nil {
		return err
	}
	deferrals, err := d.dpo.Deferrals(ctx, d.erasure.ID)
	if err != nil {
		return err
	}
	done := 0
	for _, x := range deferrals {
		if x.State == "done" {
			done++
			d.ok("the deferral under %s, due on %s, is finished", x.Rule, x.DueOn)
		} else {
			d.ok("  still held: %s until the day before %s", x.Rule, x.DueOn)
		}
	}
	if done == 0 {
		return errors.New("no deferral was finished")
	}
	return d.awaitDeferralMail(ctx)
}
