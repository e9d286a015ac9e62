package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/activities/mail"
	"habeas/activities/webhook"
	"habeas/api/drp"
	"habeas/cmd/internal/config"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/opendsr"
	"habeas/models/store"
	"habeas/models/store/vault"
	"habeas/workflows"
)

// App is Habeas, put together and not yet running.
type App struct {
	Store    *store.Store
	Vault    *vault.Vault
	Config   config.Config
	Clients  *workflows.Client
	Graph    *datamap.Graph
	temporal client.Client

	connections *connectors.Systems
	systems     map[string]connectors.System // that this process reaches, open
	queues      map[string]activities.Queue  // of the systems that have one of their own
	publicNames map[string]string            // under which the public page shows a system, by the name that the data maps use
	only        []string                     // of Options
	law         *law
	rules       hold.Catalogue
	mapID       string
	mail        *mail.Sender
	processor   *opendsr.Processor // nil: this installation answers no OpenDSR
	drp         *drp.Config        // nil: this installation does not speak the Data Rights Protocol
	log         *slog.Logger
	now         func() time.Time
}

// Options are what a program may change: the dev command moves the clock, tests catch the log.
type Options struct {
	Log     *slog.Logger     // nil: as configured, to standard error
	Now     func() time.Time // nil: time.Now
	Systems []string         // only these are reached, and only their queues are worked on; nil: all that have an address
}

// Build checks the configuration and puts the App together. It opens no connection that has to be up: PostgreSQL, Temporal, mail and the
// systems may be down and come back later.
func Build(ctx context.Context, cfg config.Config, opts Options) (*App, error) {
	if err := cfg.Validate(config.NeedDatabase | config.NeedKeys | config.NeedPortal | config.NeedWorker); err != nil {
		return nil, err
	}
	a := &App{Config: cfg, log: opts.Log, now: opts.Now, only: opts.Systems}
	if a.log == nil {
		a.log = NewLog(cfg.Log)
	}
	if a.now == nil {
		a.now = time.Now
	}
	steps := []func(context.Context) error{a.openStore, a.loadLaw, a.loadMaps, a.openProcessor, a.openDRP, a.openSystems, a.openMail, a.openTemporal}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

func (a *App) openStore(ctx context.Context) (err error) {
	a.Vault, err = vault.New(vault.Config{Master: a.Config.MasterKey.Reveal(), Signing: a.Config.SigningKey.Reveal()})
	if err != nil {
		return err
	}
	a.Store, err = store.Open(ctx, store.Config{DSN: a.Config.DatabaseURL.Reveal(), Vault: a.Vault, Now: a.now})
	return err
}

func (a *App) openTemporal(context.Context) error {
	data, failure, err := workflows.Converters(a.Vault.Own().Digest("temporal payloads", nil), "1")
	if err != nil {
		return err
	}
	tls, err := temporalTLS(a.Config.Temporal)
	if err != nil {
		return err
	}
	options := client.Options{
		HostPort: a.Config.Temporal.Address, Namespace: a.Config.Temporal.Namespace, Logger: tlog.NewStructuredLogger(a.log),
		DataConverter: data, FailureConverter: failure, ConnectionOptions: client.ConnectionOptions{TLS: tls},
	}
	if key := a.Config.Temporal.APIKey.Reveal(); key != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(key)
	}
	a.temporal, err = client.NewLazyClient(options)
	if err == nil {
		a.Clients = workflows.NewClient(a.temporal)
	}
	return err
}

// activities are the steps of the workflows with everything that they need.
func (a *App) activities() *activities.Activities {
	p := a.Config.Policy
	return activities.New(activities.Deps{
		Store: a.Store, Systems: a.systems, Queues: a.queues, Graph: a.Graph, MapID: a.mapID, Rules: a.rules, Law: a.law, Mail: a.mail,
		Bulk: a.bulkMail(), Webhook: webhook.New(p.PrivateWebhooks), Links: activities.Links{Base: a.Config.BaseURL},
		Policy: activities.Policy{
			DPOEmail: a.Config.DPOEmail, OperatorName: a.Config.OperatorName, ApproveUndecided: p.ApproveUndecided,
			LapseAfter: p.LapseAfter, RemindBefore: p.RemindBefore, InstructionEvery: p.InstructionEvery, ReviewEvery: p.ReviewEvery,
			OverdueEvery: p.OverdueEvery, PackageFor: p.PackageFor, KeepKeysFor: p.KeepKeysFor,
			BreachOnCall: a.Config.Breach.OnCall, BreachManagement: a.Config.Breach.Management,
		},
		Log: a.log, Now: a.now,
	})
}

// Close lets go of every connection.
func (a *App) Close() error {
	var errs []error
	if a.temporal != nil {
		a.temporal.Close()
	}
	if a.connections != nil {
		errs = append(errs, a.connections.Close())
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	return errors.Join(errs...)
}

// NewLog writes to standard error as configured.
func NewLog(c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, opts))
}
