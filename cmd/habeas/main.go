package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"habeas/cmd/internal/app"
	"habeas/cmd/internal/datamapcli"
	"habeas/cmd/internal/ledgercli"
	"habeas/cmd/internal/requestcli"
	"habeas/cmd/internal/rulescli"
)

type cli struct {
	Config string `help:"Configuration file (YAML). Environment variables HABEAS_… override it." type:"path" env:"HABEAS_CONFIG"`

	Serve      serveCmd             `cmd:"" help:"Serve the portal, the console and the API."`
	Worker     workerCmd            `cmd:"" help:"Run workflows and their activities, deliver decisions, seal the ledger."`
	Migrate    migrateCmd           `cmd:"" help:"Bring the database's tables up to date."`
	Apply      applyCmd             `cmd:"" help:"Write controllers and recipients from a file to the database."`
	Request    requestcli.Cmd       `cmd:"" help:"Requests, over the API of an installation."`
	Recipients recipientsCmd        `cmd:"" help:"The register of recipients and subprocessors."`
	Key        keyCmd               `cmd:"" help:"Access keys of staff and customers."`
	Member     memberCmd            `cmd:"" help:"Accounts of people: staff, and customers' people."`
	Keys       keysCmd              `cmd:"" help:"Secrets of the installation, and the public keys that verify its evidence."`
	Check      checkCmd             `cmd:"" name:"check" help:"Check the configuration, the data maps and every system, and name each problem."`
	Breach     breachCmd            `cmd:"" help:"Breaches of personal data."`
	Bounce     bounceCmd            `cmd:"" help:"Read a delivery status notification from standard input, as a mail server's pipe writes it."`
	Rules      rulescli.Cmd         `cmd:"" help:"The law as rules: deadlines, breach clocks, retention."`
	Datamap    datamapcli.Cmd       `cmd:"" help:"Data maps."`
	Ledger     ledgercli.LedgerCmd  `cmd:"" help:"The append-only ledger."`
	Receipt    ledgercli.ReceiptCmd `cmd:"" help:"Signed receipts."`
}

func main() {
	os.Exit(run(os.Args[1:], rulescli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// commandOf is the command that a mistake in the command line is about, as far as it was understood: "habeas member add".
func commandOf(err error) string {
	name := "habeas"
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		for _, step := range wrong.Context.Path {
			if step.Command != nil {
				name += " " + step.Command.Name
			}
		}
	}
	return name
}

// run parses the command line, runs the command and returns the exit status: 0, 1 for a failed check, 2 for wrong usage.
func run(args []string, streams rulescli.Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("habeas"), kong.Description("GDPR data-subject requests, from the first message to provable completion."),
		kong.UsageOnError(), kong.Writers(streams.Out, streams.Err), kong.Exit(func(status int) { exited = status }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&streams, ledgercli.Source(c.evidence), app.Kinds(), requestcli.Env(os.Getenv), &c.Request),
	)
	if err != nil {
		fmt.Fprintln(streams.Err, "habeas:", err)
		return rulescli.Failed
	}
	k, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintln(streams.Err, "habeas:", err)
		fmt.Fprintf(streams.Err, "See %s --help.\n", commandOf(err))
		return rulescli.Usage
	}
	if err := k.Run(&c); err != nil {
		fmt.Fprintln(streams.Err, "habeas:", message(err))
		if exit, ok := errors.AsType[*rulescli.ExitError](err); ok {
			return exit.Status
		}
		return rulescli.Failed
	}
	return 0
}
