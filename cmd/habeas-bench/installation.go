package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"habeas/cmd/internal/app"
	"habeas/cmd/internal/config"
	"habeas/cmd/internal/devserver/temporaldev"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgserver"
	"habeas/models/store/vault"
)

// mostCallers is how many calls are made at a time when the servers are to be saturated.
const mostCallers = 32

// installation is Habeas as production runs it, but for the worker: it serves, and its dispatcher runs when it is measured.
type installation struct {
	postgres   *pgserver.Server
	temporal   *temporaldev.Server
	app        *app.App
	controller request.Controller
	raw        *pgxpool.Pool // connections that Habeas knows nothing of
	bare       client.Client
	http       *http.Client
	url        string
	rowSize    int // bytes of all rows that one submission writes
	people     counter
	closers    []func() error
}

func (in *installation) onStop(f func() error) { in.closers = append(in.closers, f) }

func (in *installation) stop() error {
	var errs []error
	for i := len(in.closers) - 1; i >= 0; i-- {
		errs = append(errs, in.closers[i]())
	}
	return errors.Join(errs...)
}

func start(ctx context.Context) (*installation, error) {
	in := &installation{}
	for _, part := range []func(context.Context) error{in.startPostgres, in.startTemporal, in.startApp, in.connect} {
		if err := part(ctx); err != nil {
			return nil, errors.Join(err, in.stop())
		}
	}
	return in, nil
}

func (in *installation) startPostgres(ctx context.Context) (err error) {
	in.postgres, err = pgserver.Start(ctx, pgserver.Options{Durable: true, Settings: map[string]string{"max_connections": "200"}})
	if err != nil {
		return err
	}
	in.onStop(in.postgres.Stop)
	return in.postgres.CreateDatabase(ctx, "habeas")
}

func (in *installation) startTemporal(ctx context.Context) (err error) {
	in.temporal, err = temporaldev.Start(ctx, temporaldev.Options{PGDSN: in.postgres.DSN("temporal"), Progress: os.Stderr})
	if err == nil {
		in.onStop(in.temporal.Stop)
	}
	return err
}

// dataMap is the smallest one: nothing is located here.
const dataMap = `dataset:
  - fides_key: people
    collections:
      - name: people
        data_categories: [user.contact.email]
        habeas: {erase: delete}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
`

func (in *installation) startApp(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c, err := in.configure(listener.Addr().String())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := store.Migrate(ctx, c.DatabaseURL.Reveal(), func(string) {}); err != nil {
		return errors.Join(err, listener.Close())
	}
	// A log line is made for each call, as in production, and written nowhere.
	in.app, err = app.Build(ctx, c, app.Options{Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}) //nolint:sloglint // the lines are to be made
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	in.onStop(in.app.Close)
	in.controller, err = in.app.Store.PutController(ctx, request.Controller{
		Slug: "bench", Name: "Bench", Operator: true, Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", Subdivision: "HH",
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	in.url = c.BaseURL
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { label(serving, "server", func(ctx context.Context) { served <- in.app.Serve(ctx, listener) }) }()
	in.onStop(func() error { cancel(); return <-served })
	return nil
}

// configure is the configuration of production behind a proxy, whose word on client addresses counts: each person calls from their own,
// so that the limit by address holds nobody up.
func (in *installation) configure(address string) (config.Config, error) {
	dir, err := os.MkdirTemp("", "habeas-bench-")
	if err != nil {
		return config.Config{}, err
	}
	in.onStop(func() error { return os.RemoveAll(dir) })
	c := config.Default()
	secrets := vault.Generate()
	c.DatabaseURL = models.Personal(in.postgres.DSN("habeas"))
	c.MasterKey, c.SigningKey = models.Personal(secrets.Master), models.Personal(secrets.Signing)
	c.Listen, c.BaseURL, c.TrustedProxies = address, "http://"+address, []string{"127.0.0.1/32"}
	c.OperatorName, c.DPOEmail = "Bench", "dpo@bench.example"
	c.Temporal = config.Temporal{Address: in.temporal.Address, Namespace: in.temporal.Namespace}
	c.SMTP = config.SMTP{Host: "127.0.0.1", Port: 25, TLS: "none", From: "privacy@bench.example"}
	maps, systems := filepath.Join(dir, "people.yml"), filepath.Join(dir, "systems.yml")
	c.DataMaps, c.Systems = []string{maps}, systems
	return c, errors.Join(
		os.WriteFile(maps, []byte(dataMap), 0o600),
		os.WriteFile(systems, []byte("systems: {people: {kind: postgres, dsn: '"+in.postgres.DSN("habeas")+"'}}\n"), 0o600),
	)
}

// connect opens what the raw rates are measured through, and the callers' side of HTTP.
func (in *installation) connect(ctx context.Context) error {
	c, err := pgxpool.ParseConfig(in.postgres.DSN("habeas"))
	if err != nil {
		return err
	}
	c.MaxConns = mostCallers
	if in.raw, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return err
	}
	in.onStop(func() error { in.raw.Close(); return nil })
	in.bare, err = client.DialContext(ctx, client.Options{
		HostPort: in.temporal.Address, Namespace: in.temporal.Namespace, Logger: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	in.onStop(func() error { in.bare.Close(); return nil })
	transport := &http.Transport{MaxIdleConns: mostCallers, MaxIdleConnsPerHost: mostCallers}
	in.http = &http.Client{Transport: transport}
	in.onStop(func() error { transport.CloseIdleConnections(); return nil })
	return nil
}
