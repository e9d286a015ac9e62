package inboxbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/alexedwards/scs/pgxstore"

	"habeas/api"
	"habeas/cmd/internal/gauge"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgserver"
	"habeas/models/store/vault"
)

// limit is that of the acceptance, for the median.
const limit = 50 * time.Millisecond

// Options are how much is measured.
type Options struct {
	Open     int // requests that are open; as many are closed
	Rounds   int
	Calls    int      // of each page in each round
	Without  []string // indexes to drop first, to see what they are worth
	Plans    bool     // also write the plans of the queries
	Progress io.Writer
}

// bench is one run.
type bench struct {
	Options
	server *pgserver.Server
	logs   string // directory of the server's log
	vault  *vault.Vault
	store  *store.Store
	url    string
	people people
	opened []opened // requests whose data is real
	stops  []func() error
}

// people are the keys to sign in with.
type people struct{ dpo, customer string }

// opened is a request that went the whole way to a plan.
type opened struct {
	id        models.ID
	reference string
	email     string
	number    string // of a customer, that the person claims
}

// Measure fills a database and writes the figures as Markdown. It fails when a median is over the limit.
func Measure(ctx context.Context, o Options, out io.Writer) (err error) {
	b := &bench{Options: o}
	defer func() { err = errors.Join(err, b.stop()) }()
	if err := b.start(ctx); err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil {
		return err
	}
	stop := b.refresh(ctx)
	b.stops = append(b.stops, stop)
	pages, err := b.pages(ctx)
	if err != nil {
		return err
	}
	for round := range o.Rounds {
		b.say("round %d of %d", round+1, o.Rounds)
		for _, p := range pages {
			if err := b.measure(ctx, p); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	if err := b.report(ctx, out, pages); err != nil {
		return err
	}
	if o.Plans {
		return b.explain(ctx, out)
	}
	return nil
}

// refresh counts the figures as the worker does, each minute beside the calls, until it is stopped.
func (b *bench) refresh(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		tick := time.NewTicker(time.Minute)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				done <- nil
				return
			case <-tick.C:
			}
			if _, err := b.store.RefreshFigures(ctx, time.Minute/2); err != nil && ctx.Err() == nil {
				done <- err
				return
			}
		}
	}()
	return func() error { cancel(); return <-done }
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.Progress, format+"\n", args...)
}

func (b *bench) stop() error {
	var errs []error
	for i := len(b.stops) - 1; i >= 0; i-- {
		errs = append(errs, b.stops[i]())
	}
	return errors.Join(errs...)
}

func (b *bench) start(ctx context.Context) (err error) {
	b.say("starting PostgreSQL, with fsync")
	if err := b.keepLogs(); err != nil {
		return err
	}
	b.server, err = pgserver.Start(ctx, pgserver.Options{Durable: true, Settings: map[string]string{
		"logging_collector": "on", "log_directory": b.logs, "log_filename": logName, "log_file_mode": "0644",
	}})
	if err != nil {
		return err
	}
	b.stops = append(b.stops, b.server.Stop)
	if err := b.server.CreateDatabase(ctx, "habeas"); err != nil {
		return err
	}
	if err := store.Migrate(ctx, b.server.DSN("habeas"), func(string) {}); err != nil {
		return err
	}
	if b.vault, err = vault.New(vault.Generate()); err != nil {
		return err
	}
	b.store, b.url, err = b.serve(ctx, b.server.DSN("habeas"))
	return err
}

// serve is the HTTP server as production has it, with its pool of eight connections.
func (b *bench) serve(ctx context.Context, dsn string) (*store.Store, string, error) {
	s, err := store.Open(ctx, store.Config{DSN: dsn, Vault: b.vault})
	if err != nil {
		return nil, "", err
	}
	b.stops = append(b.stops, s.Close)
	// A log line is made for each call, as in production, and written nowhere.
	log := slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // the lines are to be made
	handler, err := api.New(api.Deps{
		Store: s, Sessions: pgxstore.New(s.Pool()), Log: log,
		Config: api.Config{BaseURL: "http://127.0.0.1", Contact: "dpo@bench.example", PostsPerMinute: 1 << 20},
	})
	if err != nil {
		return nil, "", err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	b.stops = append(b.stops, func() error {
		err := server.Close()
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	})
	return s, "http://" + listener.Addr().String(), nil
}

// measure calls a page so many times, one after the other.
func (b *bench) measure(ctx context.Context, p *page) error {
	program, postgres := gauge.OwnCPU(), gauge.TreeCPU(b.server.PID())
	for range b.Calls {
		begin := time.Now()
		if err := p.call(ctx); err != nil {
			return err
		}
		p.waits = append(p.waits, time.Since(begin))
	}
	p.program += gauge.OwnCPU() - program
	p.postgres += gauge.TreeCPU(b.server.PID()) - postgres
	return nil
}

func (b *bench) keys(ctx context.Context, customer request.Controller) (err error) {
	if b.people.dpo, _, err = b.store.CreateKey(ctx, store.KeySpec{Role: models.RoleDPO, Name: "DPO"}); err != nil {
		return err
	}
	b.people.customer, _, err = b.store.CreateKey(ctx, store.KeySpec{Role: models.RoleController, ControllerID: customer.ID, Name: "customer"})
	return err
}
