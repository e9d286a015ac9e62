package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"habeas/cmd/internal/devserver"
	"habeas/cmd/internal/devserver/demo"
	"habeas/models/store/pgserver"
)

type cli struct {
	Listen  string `help:"Address of the portal and the console." default:"127.0.0.1:8080"`
	Mail    string `help:"Address of the page that shows all mail." default:"127.0.0.1:8025"`
	Data    string `help:"Folder of the databases; a second one at the same time needs its own." type:"path" placeholder:"FOLDER"`
	Verbose bool   `help:"Show Habeas' own log."`

	Serve serveCmd `cmd:"" default:"1" help:"Start everything with a fresh sample company and serve until interrupted."`
	Demo  demoCmd  `cmd:"" help:"The same, and carry an access, an export and an erasure request and an exercise of a breach through it."`
}

type serveCmd struct{}

type demoCmd struct {
	Output string `help:"Folder for files to look at." type:"path" default:"build"`
	Once   bool   `help:"End after the demonstration; the exit status says whether all went well."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c, kong.Name("habeas-dev"), kong.ShortUsageOnError(), kong.Exit(exit), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Description("Habeas on one machine, for trying it out and for development."))
	if err := k.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "habeas-dev:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// exit ends the program, with status 2 for wrong usage.
func exit(status int) {
	if status != 0 {
		status = 2
	}
	os.Exit(status)
}

// Run serves until interrupted.
func (serveCmd) Run(ctx context.Context, c *cli) (err error) {
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	return c.serve(ctx, s)
}

// Run plays the demonstration, leaves two requests open to try out, and serves until interrupted unless it is to end.
func (d demoCmd) Run(ctx context.Context, c *cli) (err error) {
	if d.Once {
		c.Listen, c.Mail = "", ""
	}
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if err := demo.LeaveOpen(ctx, s); err != nil {
		return err
	}
	if err := demo.Run(ctx, s, os.Stdout, d.Output); err != nil {
		return fmt.Errorf("the demonstration failed: %w", err)
	}
	fmt.Println("\nAll went well.")
	if d.Once {
		return nil
	}
	fmt.Println("\nTwo requests are left open: one waits for the DPO's decision, one for the customer's instruction.")
	return c.serve(ctx, s)
}

func (c *cli) start(ctx context.Context) (*devserver.Server, error) {
	if c.Data == "" {
		dir, err := pgserver.DefaultDataDir("habeas-dev")
		if err != nil {
			return nil, err
		}
		c.Data = dir
	}
	options := devserver.Options{Dir: c.Data, Listen: c.Listen, Mail: c.Mail, Progress: os.Stdout}
	if c.Verbose {
		options.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	fmt.Println("Starting:")
	s, err := devserver.Start(ctx, options)
	switch {
	case errors.Is(err, pgserver.ErrInUse):
		return nil, fmt.Errorf("%w\nA demo runs already. End it with Ctrl-C where it was started, or give this one its own --data, --listen and --mail", err)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w\nGive other addresses with --listen and --mail", err)
	}
	return s, err
}

func (c *cli) serve(ctx context.Context, s *devserver.Server) error {
	fmt.Printf(`
  Portal, for people who ask     %s
  Console, for the DPO           %s/staff
      access key                 %s
  API, for the customer          %s/v1/requests
      access key                 %s
  All mail                       %s
  Temporal, for its own tools    %s (namespace %s)

`, s.Config.BaseURL, s.Config.BaseURL, s.DPOKey, s.Config.BaseURL, s.Customer, s.MailURL, s.Temporal.Address, s.Temporal.Namespace)
	fmt.Println("Accounts of people; each link lets you choose a password, once:")
	for _, a := range s.Accounts {
		fmt.Printf("  %-18s %s, %s\n      %s%s\n", a.Role, a.Name, a.Email, s.Config.BaseURL, a.Link)
	}
	fmt.Println("\nCtrl-C ends everything.")
	<-ctx.Done()
	return nil
}
