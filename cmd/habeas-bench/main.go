package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"habeas/cmd/internal/inboxbench"
	"habeas/cmd/internal/rowbench"
)

type commands struct {
	Intake cli       `cmd:"" default:"withargs" help:"Intake and workflow starts, beside the raw rates of the same PostgreSQL and the same Temporal."`
	Rows   rows      `cmd:"" help:"Locating, erasing and exporting one person's many rows, beside an expert's statements."`
	Inbox  inbox     `cmd:"" help:"The console's inbox, search and pages with very many open requests; fails over 50 ms at the median."`
	Step   childStep `cmd:"" hidden:"" help:"One step of rows, in a process of its own."`
}

type cli struct {
	Rounds  int           `help:"How often everything is measured; the report shows medians." default:"5"`
	For     time.Duration `help:"How long each measurement lasts." default:"2s"`
	Profile string        `help:"Also write a CPU profile of intake with 32 callers to this file." placeholder:"FILE"`
}

type rows struct {
	Rows   int `help:"How many rows the person has, among twice as many of others." default:"1000000"`
	Rounds int `help:"How often everything is measured; the report shows medians." default:"5"`

	Profile string `help:"Also write a CPU profile of each of Habeas' steps into this directory." placeholder:"DIR" type:"existingdir"`
}

type inbox struct {
	Open    int      `help:"How many requests are open; as many are closed." default:"100000"`
	Rounds  int      `help:"How often everything is measured." default:"5"`
	Calls   int      `help:"Calls of each page in each round." default:"20"`
	Without []string `help:"Leave these indexes out, to see what they are worth." placeholder:"INDEX"`
	Plans   bool     `help:"Also write the plans of the queries."`
}

type childStep struct{}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("habeas-bench"), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Description("Measures Habeas beside the raw rates of the same PostgreSQL and the same Temporal."))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "habeas-bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// Run measures rows.
func (r *rows) Run(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return rowbench.Measure(ctx, rowbench.Options{Rows: r.Rows, Rounds: r.Rounds, Profile: r.Profile, Child: []string{program, "step"}, Progress: os.Stderr}, os.Stdout)
}

// Run measures the console.
func (i *inbox) Run(ctx context.Context) error {
	return inboxbench.Measure(ctx, inboxbench.Options{
		Open: i.Open, Rounds: i.Rounds, Calls: i.Calls, Without: i.Without, Plans: i.Plans, Progress: os.Stderr,
	}, os.Stdout)
}

// Run does one step.
func (childStep) Run(ctx context.Context) error { return rowbench.Child(ctx, os.Stdin, os.Stdout) }

// Run measures intake.
func (c *cli) Run(ctx context.Context) (err error) {
	progress("starting PostgreSQL, with fsync, and Temporal on it")
	in, err := start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.stop()) }()
	if err := in.prepare(ctx); err != nil {
		return err
	}
	r := newReport(c, in)
	for round := range c.Rounds {
		progress(fmt.Sprintf("round %d of %d", round+1, c.Rounds))
		for _, m := range in.measurements() {
			s, err := m.run(ctx, c.For)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			r.add(m, s)
		}
	}
	if c.Profile != "" {
		progress("profiling intake")
		if err := in.profile(ctx, c.Profile, 5*c.For); err != nil {
			return err
		}
	}
	return r.write(ctx, os.Stdout)
}

func progress(line string) { fmt.Fprintln(os.Stderr, line) }
