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
)

type cli struct {
	Rounds  int           `help:"How often everything is measured; the report shows medians." default:"5"`
	For     time.Duration `help:"How long each measurement lasts." default:"2s"`
	Profile string        `help:"Also write a CPU profile of intake with 32 callers to this file." placeholder:"FILE"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	kong.Parse(&c, kong.Name("habeas-bench"), kong.UsageOnError(),
		kong.Description("Measures intake and workflow starts beside the raw rates of the same PostgreSQL and the same Temporal."))
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "habeas-bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func (c *cli) run(ctx context.Context) (err error) {
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
