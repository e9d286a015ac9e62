package rowbench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/cmd/internal/gauge"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/store/pgserver"
	"habeas/models/store/vault"
)

// Options are how much is measured.
type Options struct {
	Rows     int // events of the person's
	Rounds   int
	Child    []string // the command line by which this program does one step, given as JSON on its standard input
	Profile  string   // a directory for a CPU profile of each step; empty for none
	Progress io.Writer
}

// limits are those of the acceptance: how often the expert's time, and the peak memory of Habeas' process in bytes.
const (
	limitRatio = 1.5
	limitPeak  = 128 << 20
)

// bench is one run: two databases that are never worked in but only copied, so that every measurement begins with the same state.
type bench struct {
	Options
	server *pgserver.Server
	keys   vault.Config
	locate map[models.Right]Result
	plan   map[models.Right]Result
	pairs  []pair
	before time.Duration // processor time of PostgreSQL when what is measured began
}

// serverCPU is what PostgreSQL has spent, ended connections included.
func (b *bench) serverCPU() time.Duration { return gauge.TreeCPU(b.server.PID()) }

// pair is one measurement beside the expert's of the same round. Limited says that the acceptance has a limit for it.
type pair struct {
	name, beside   string
	limited        bool
	ours, theirs   []Result
	expert, habeas func(context.Context) (Result, error)
}

// Measure makes the company, locates the person's rows and then measures in rounds; it writes the report as Markdown.
func Measure(ctx context.Context, o Options, out io.Writer) (err error) {
	b := &bench{Options: o, keys: vault.Generate(), locate: map[models.Right]Result{}, plan: map[models.Right]Result{}}
	b.server, err = pgserver.Start(ctx, pgserver.Options{Durable: true, Settings: map[string]string{
		"shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h", "autovacuum": "off", "maintenance_work_mem": "256MB",
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.Stop()) }()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	b.pairs = b.measurements()
	for round := range b.Rounds {
		b.say("round %d of %d", round+1, b.Rounds)
		for i := range b.pairs {
			if err := b.measure(ctx, &b.pairs[i], round%2 == 0); err != nil {
				return fmt.Errorf("%s: %w", b.pairs[i].name, err)
			}
		}
	}
	return b.report(ctx, out)
}

func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.Progress, time.Now().UTC().Format("15:04:05 ")+format+"\n", args...)
}

// measure runs both sides, the expert first in every other round.
func (b *bench) measure(ctx context.Context, p *pair, expertFirst bool) error {
	sides := []struct {
		run  func(context.Context) (Result, error)
		into *[]Result
	}{{p.expert, &p.theirs}, {p.habeas, &p.ours}}
	if !expertFirst {
		sides[0], sides[1] = sides[1], sides[0]
	}
	for _, side := range sides {
		r, err := side.run(ctx)
		if err != nil {
			return err
		}
		if r.Server == 0 {
			r.Server = b.serverCPU() - b.before
		}
		*side.into = append(*side.into, r)
	}
	b.say("%s: %s, %s %s", p.name, p.ours[len(p.ours)-1].Took.Round(time.Millisecond), p.beside, p.theirs[len(p.theirs)-1].Took.Round(time.Millisecond))
	return nil
}

// prepare makes the company and, in Habeas' database, one request to erase and one to export with all rows located and planned.
func (b *bench) prepare(ctx context.Context) error {
	for _, name := range []string{"company", "habeas"} {
		if err := b.server.CreateDatabase(ctx, name); err != nil {
			return err
		}
	}
	b.say("filling the company with %d events of the person's among %d of others", b.Rows, 2*b.Rows)
	if err := makeCompany(ctx, b.server.DSN("company"), b.Rows); err != nil {
		return err
	}
	if err := store.Migrate(ctx, b.server.DSN("habeas"), func(string) {}); err != nil {
		return err
	}
	for _, right := range []models.Right{models.Erasure, models.Export} {
		s := b.step("habeas", "company", "", "locate")
		s.Right = right
		r, err := b.child(ctx, s)
		if err != nil {
			return err
		}
		b.locate[right] = r
		b.say("%s located: %d rows in %s", right, r.Rows, r.Took.Round(time.Millisecond))
		if r, err = b.child(ctx, b.step("habeas", "company", r.Request, "plan")); err != nil {
			return err
		}
		b.plan[right] = r
		b.say("%s planned in %s", right, r.Took.Round(time.Millisecond))
	}
	return b.vacuum(ctx, "habeas")
}

func (b *bench) vacuum(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, b.server.DSN(database))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "VACUUM (ANALYZE)")
	return errors.Join(err, conn.Close(ctx))
}

// fresh is the DSN of a copy of a database as it was prepared, with all of it on the disk.
func (b *bench) fresh(ctx context.Context, name string) (string, error) {
	dsn := b.server.DSN(name + "_copy")
	for _, sql := range []string{
		"DROP DATABASE IF EXISTS " + name + "_copy", "CREATE DATABASE " + name + "_copy TEMPLATE " + name + " STRATEGY file_copy", "CHECKPOINT",
	} {
		if err := b.server.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	return dsn, nil
}

func (b *bench) step(habeas, company, request, what string) Step {
	profile := ""
	if b.Profile != "" {
		profile = filepath.Join(b.Profile, what+".pprof")
	}
	return Step{
		Profile: profile, Habeas: b.server.DSN(habeas), Company: b.server.DSN(company), Master: b.keys.Master, Signing: b.keys.Signing, Request: request, Do: what,
	}
}

// child does a step in a process of its own.
func (b *bench) child(ctx context.Context, s Step) (r Result, err error) {
	in, err := json.Marshal(s)
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, b.Child[0], b.Child[1:]...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w", s.Do, err)
	}
	return r, json.Unmarshal(out, &r)
}

// Child does the step that standard input describes and writes what it found to standard output.
func Child(ctx context.Context, in io.Reader, out io.Writer) error {
	var s Step
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		return err
	}
	r, err := Run(ctx, s)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// measurements are what a round compares. Each side begins with databases as they were prepared.
func (b *bench) measurements() []pair {
	erasure, export := b.locate[models.Erasure].Request, b.locate[models.Export].Request
	inCompany := func(run func(context.Context, string) (Result, error)) func(context.Context) (Result, error) {
		return func(ctx context.Context) (Result, error) {
			dsn, err := b.fresh(ctx, "company")
			if err != nil {
				return Result{}, err
			}
			b.before = b.serverCPU()
			return run(ctx, dsn)
		}
	}
	inBoth := func(run func(ctx context.Context) (Result, error)) func(context.Context) (Result, error) {
		return inCompany(func(ctx context.Context, _ string) (Result, error) {
			if _, err := b.fresh(ctx, "habeas"); err != nil {
				return Result{}, err
			}
			b.before = b.serverCPU()
			return run(ctx)
		})
	}
	ours := func(request, what string) func(context.Context) (Result, error) {
		return inBoth(func(ctx context.Context) (Result, error) {
			return b.child(ctx, b.step("habeas_copy", "company_copy", request, what))
		})
	}
	expertExports := func(csvOnly bool) func(context.Context) (Result, error) {
		return inBoth(func(ctx context.Context) (Result, error) {
			return expertExport(ctx, b.step("habeas_copy", "company_copy", export, ""), csvOnly)
		})
	}
	return []pair{
		{name: "erase", beside: "DELETE, one a table", limited: true, expert: inCompany(expertErase), habeas: ours(erasure, "erase")},
		{
			name: "prove (after erasing)", beside: "SELECT count(*)",
			expert: func(ctx context.Context) (Result, error) {
				b.before = b.serverCPU()
				return expertCount(ctx, b.server.DSN("company_copy"))
			},
			habeas: func(ctx context.Context) (Result, error) {
				b.before = b.serverCPU()
				return b.child(ctx, b.step("habeas_copy", "company_copy", erasure, "prove"))
			},
		},
		{name: "export, JSON and CSV", beside: "COPY of both into the same archive", limited: true, expert: expertExports(false), habeas: ours(export, "export")},
		{name: "export, JSON and CSV", beside: "COPY of CSV alone", expert: expertExports(true), habeas: func(context.Context) (Result, error) {
			done := b.pairs[2].ours
			return done[len(done)-1], nil
		}},
	}
}
