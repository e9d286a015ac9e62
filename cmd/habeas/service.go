package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"habeas/cmd/internal/app"
	"habeas/cmd/internal/config"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/store"
)

// load reads the configuration and checks the parts that the command needs.
func (c *cli) load(need config.Need) (config.Config, error) {
	cfg, err := config.Load(c.Config, config.Environ())
	if err == nil {
		err = cfg.Validate(need)
	}
	return cfg, err
}

func (c *cli) build(ctx context.Context, opts app.Options) (*app.App, error) {
	cfg, err := config.Load(c.Config, config.Environ())
	if err != nil {
		return nil, err
	}
	return app.Build(ctx, cfg, opts)
}

type serveCmd struct{}

// Run serves HTTP until the process is told to stop.
func (serveCmd) Run(ctx context.Context, c *cli) (err error) {
	a, err := c.build(ctx, app.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Config.Listen)
	if err != nil {
		return err
	}
	return a.Serve(ctx, l)
}

type workerCmd struct {
	Systems []string `help:"Work only on the queues of these systems, which have a queue: in the file of systems. Without it, on everything that this process has an address for." placeholder:"NAME"`
}

// Run works until the process is told to stop.
func (w workerCmd) Run(ctx context.Context, c *cli) (err error) {
	a, err := c.build(ctx, app.Options{Systems: w.Systems})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.CheckSystems(ctx); err != nil {
		return err
	}
	return a.Work(ctx)
}

type checkCmd struct{}

// Run names every problem of the configuration, the data maps and the systems.
func (checkCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	a, err := c.build(ctx, app.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Store.Ready(ctx); err != nil {
		return err
	}
	if err := a.CheckSystems(ctx); err != nil {
		return err
	}
	if err := a.Clients.Healthy(ctx); err != nil {
		return models.Errorf(models.Unavailable, "temporal_unavailable", "Temporal does not answer at %s.", a.Config.Temporal.Address)
	}
	_, err = fmt.Fprintln(s.Out, "The configuration, the data maps, the systems, the database and Temporal are in order.")
	return err
}

type migrateCmd struct{}

// Run applies the migrations that are missing, and what only the program can do about data from before; without the keys the worker does that.
func (migrateCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) error {
	cfg, err := c.load(config.NeedDatabase)
	if err != nil {
		return err
	}
	err = store.Migrate(ctx, cfg.DatabaseURL.Reveal(), func(line string) { fmt.Fprintln(s.Out, line) })
	if err != nil || cfg.Validate(config.NeedKeys) != nil {
		return err
	}
	return c.index(ctx, s)
}

// index lets requests from before be found by their identities.
func (c *cli) index(ctx context.Context, s *rulescli.Streams) (err error) {
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for all := 0; ; {
		n, err := db.IndexIdentities(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		all += n
		fmt.Fprintf(s.Out, "%d requests can be found by their identities\n", all)
	}
}

// message is what a person reads: the sentence of a domain error, with what it is about before it and its code behind it.
func message(err error) string {
	e, ok := errors.AsType[*models.Error](err)
	if !ok {
		return err.Error()
	}
	about, _, _ := strings.Cut(err.Error(), e.Error())
	return about + e.Message + " [" + e.Code + "]"
}
