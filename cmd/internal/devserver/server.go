package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"habeas/cmd/internal/app"
	"habeas/cmd/internal/config"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/cmd/internal/devserver/sample"
	"habeas/cmd/internal/devserver/temporaldev"
	"habeas/models/store/pgserver"
)

// readyPatience is far above what the portal takes to start on a busy machine.
const readyPatience = 5 * time.Minute

// Options say what to start. The zero value is a throw-away installation on free ports, for tests.
type Options struct {
	Dir      string    // where PostgreSQL keeps its data; empty for a temporary place
	Listen   string    // address of the portal; empty for a free port of this machine
	Mail     string    // address of the mailbox's page; empty for a free port of this machine
	Progress io.Writer // gets a line for each part that was started; nil for none
	Log      *slog.Logger
	Clock    *Clock // nil for one that shows the real time
	Detached bool   // only the parts around Habeas: the caller runs the App itself, on Listener or in a process after Vacate
	// Configure may change the configuration before it is used; nil for none.
	Configure func(*config.Config)
}

// Server is a running installation.
type Server struct {
	Config     config.Config
	App        *app.App // nil when Detached
	Company    *sample.Company
	Mailbox    *mailbox.Mailbox
	Postgres   *pgserver.Server
	Temporal   *temporaldev.Server
	Recipients *sample.Simulators
	Clock      *Clock
	MailURL    string
	Listener   net.Listener // of the portal
	DPOKey     string       // access key of a data protection officer
	Customer   string       // access key of the sample customer
	Accounts   []Account    // people who were invited to the consoles

	options  Options
	files    string
	mailPage net.Listener
	closers  []func() error
	group    *errgroup.Group
	stop     context.CancelFunc
}

// Start starts everything and returns when requests can be made. It says how long each part took.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.Progress == nil {
		options.Progress = io.Discard
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Clock == nil {
		options.Clock = &Clock{}
	}
	s := &Server{options: options, Clock: options.Clock}
	begun := time.Now()
	parts := []struct {
		name string
		run  func(context.Context) error
	}{
		{"PostgreSQL", s.startPostgres},
		{"Temporal", s.startTemporal},
		{"mailbox", s.startMailbox},
		{"sample company", s.seed},
		{"recipients", s.startRecipients},
		{"database of Habeas", s.prepareDatabase},
		{"Habeas", s.startApp},
	}
	for _, part := range parts {
		since := time.Now()
		if err := part.run(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", part.name, err), s.Stop())
		}
		s.say("  %-20s %6.2f s", part.name, time.Since(since).Seconds())
	}
	s.say("  %-20s %6.2f s", "all together", time.Since(begun).Seconds())
	return s, nil
}

func (s *Server) say(format string, args ...any) {
	fmt.Fprintf(s.options.Progress, format+"\n", args...)
}

func (s *Server) onStop(f func() error) { s.closers = append(s.closers, f) }

func (s *Server) startPostgres(ctx context.Context) (err error) {
	if s.files, err = os.MkdirTemp("", "habeas-dev-"); err != nil {
		return err
	}
	s.onStop(func() error { return os.RemoveAll(s.files) })
	s.Postgres, err = pgserver.Start(ctx, pgserver.Options{DataDir: s.options.Dir, Settings: map[string]string{"max_connections": "200"}})
	if err != nil {
		return err
	}
	s.onStop(s.Postgres.Stop)
	for _, name := range []string{"habeas", "temporal", "temporal_visibility"} { // every start is a fresh installation
		if err := s.Postgres.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return s.Postgres.CreateDatabase(ctx, "habeas")
}

func (s *Server) startTemporal(ctx context.Context) (err error) {
	s.Temporal, err = temporaldev.Start(ctx, temporaldev.Options{PGDSN: s.Postgres.DSN("temporal"), Progress: s.options.Progress})
	if err == nil {
		s.onStop(func() error { return s.Temporal.Stop() }) // of the one that runs then
	}
	return err
}

// RestartTemporal brings Temporal back after Temporal.Stop or Temporal.Kill: at the same address, with what it knew.
func (s *Server) RestartTemporal(ctx context.Context) error {
	_, port, err := net.SplitHostPort(s.Temporal.Address)
	if err != nil {
		return err
	}
	options := temporaldev.Options{PGDSN: s.Postgres.DSN("temporal"), Progress: s.options.Progress}
	if options.Port, err = strconv.Atoi(port); err != nil {
		return err
	}
	again, err := temporaldev.Start(ctx, options)
	if err == nil {
		s.Temporal = again
	}
	return err
}

func (s *Server) startMailbox(ctx context.Context) (err error) {
	if s.Mailbox, err = mailbox.Start(); err != nil { //nolint:contextcheck // it outlives the call
		return err
	}
	s.onStop(s.Mailbox.Close)
	if s.mailPage, err = listen(ctx, s.options.Mail); err != nil {
		return err
	}
	s.MailURL = "http://" + s.mailPage.Addr().String()
	page := &http.Server{Handler: s.Mailbox.Handler(), ReadHeaderTimeout: 5 * time.Second}
	s.onStop(page.Close)
	go page.Serve(s.mailPage) //nolint:errcheck // ends with Close
	return nil
}

func (s *Server) seed(ctx context.Context) (err error) {
	s.Company, err = sample.Seed(ctx, s.Postgres.DSN, s.Clock.Now())
	if err == nil && s.options.Dir != "" { // what was kept has been erased from
		err = s.Company.Reset(ctx, s.Clock.Now())
	}
	return err
}

func (s *Server) startRecipients(ctx context.Context) (err error) {
	s.Recipients, err = s.Company.StartRecipients(context.WithoutCancel(ctx), s.Mailbox, sample.Options{})
	if err == nil {
		s.onStop(s.Recipients.Close)
	}
	return err
}

func (s *Server) startApp(ctx context.Context) (err error) {
	if s.options.Detached {
		s.onStop(func() error {
			if err := s.Listener.Close(); !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		})
		return nil
	}
	s.App, err = app.Build(ctx, s.Config, app.Options{Log: s.options.Log, Now: s.Clock.Now})
	if err != nil {
		return err
	}
	s.onStop(s.App.Close)
	if err := s.App.CheckSystems(ctx); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = cancel
	s.group, running = errgroup.WithContext(running)
	s.group.Go(func() error { return s.App.Serve(running, s.Listener) })
	s.group.Go(func() error { return s.App.Work(running) })
	return s.awaitReady(ctx)
}

// Vacate leaves the portal's address to a process that the caller starts. One connection is made over it and closed by this side first, so that the
// kernel remembers the port for a minute and gives it to nobody else who asks for any port.
func (s *Server) Vacate(ctx context.Context) error {
	client, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Config.Listen)
	if err != nil {
		return err
	}
	accepted, err := s.Listener.Accept()
	if err == nil {
		err = accepted.Close()
	}
	return errors.Join(err, client.Close(), s.Listener.Close())
}

// awaitReady waits until the portal answers and the worker has made its schedules.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Config.BaseURL+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := (&http.Client{}).Do(req)
		if err == nil {
			ready := res.StatusCode == http.StatusOK
			if err := res.Body.Close(); err != nil {
				return err
			}
			if ready {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the portal does not become ready: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Wait blocks until the App has stopped and returns why.
func (s *Server) Wait() error { return s.group.Wait() }

// Stop ends everything that Start started, in the reverse order.
func (s *Server) Stop() error {
	var errs []error
	if s.stop != nil {
		s.stop()
		errs = append(errs, s.group.Wait())
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", address)
}
