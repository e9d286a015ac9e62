// Command temporal-dev is a Temporal server in one process, for Habeas' dev command and its tests. It listens on
// 127.0.0.1 only, authenticates nobody, and must not be used in production.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// ready is the one line that a server prints on standard output, when it accepts work.
type ready struct {
	Address   string `json:"address"`   // 127.0.0.1:port of the frontend's gRPC service
	Namespace string `json:"namespace"` // registered and usable
	PID       int    `json:"pid"`
}

func main() {
	options, err := parse(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "temporal-dev: %v\n", err)
		os.Exit(exitUsage)
	case options.version:
		fmt.Println(version())
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if options.stdin {
		ctx = untilEOF(ctx, os.Stdin)
	}
	if err := run(ctx, options); err != nil {
		fmt.Fprintf(os.Stderr, "temporal-dev: %v\n", err)
		os.Exit(exitFailed)
	}
}

func run(ctx context.Context, options options) error {
	server, err := newServer(options)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	err = announce(ctx, server, options)
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, server.Stop())
}

// announce registers the namespace and says that the server is ready, in the way the starter asked for.
func announce(ctx context.Context, server *server, options options) error {
	if err := ensureNamespace(ctx, server.address, options.namespace, options.retention); err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while starting
		}
		return fmt.Errorf("namespace %s: %w", options.namespace, err)
	}
	line, err := json.Marshal(ready{Address: server.address, Namespace: options.namespace, PID: os.Getpid()})
	if err != nil {
		return err
	}
	if _, err := fmt.Printf("%s\n", line); err != nil {
		return err
	}
	if options.readyFile == "" {
		return nil
	}
	// A reader must never see half a line.
	if err := os.WriteFile(options.readyFile+".new", append(line, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(options.readyFile+".new", options.readyFile)
}

// untilEOF ends the context when in ends: its writer is the process that started us, and dies with it.
func untilEOF(parent context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		_, err := io.Copy(io.Discard, in)
		cancel(err)
	}()
	return ctx
}

func version() string {
	text := "temporal-dev"
	info, known := debug.ReadBuildInfo()
	if !known {
		return text
	}
	for _, module := range info.Deps {
		switch module.Path {
		case "go.temporal.io/server", "go.temporal.io/sdk":
			text += " " + module.Path + " " + module.Version
		}
	}
	return text + " " + info.GoVersion
}

type options struct {
	store, dsn, namespace, readyFile, logLevel string
	port, shards                               int
	retention                                  time.Duration
	stdin, version                             bool
}

const usage = `temporal-dev runs a Temporal server on 127.0.0.1, for development and tests only. When it is ready it prints one line
of JSON: {"address":"127.0.0.1:7233","namespace":"habeas","pid":4711}. SIGINT or SIGTERM stops it.

`

func parse(arguments []string, out io.Writer) (options, error) {
	var parsed options
	flags := flag.NewFlagSet("temporal-dev", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&parsed.store, "store", "sqlite", "postgres, or sqlite (in memory: all is lost at the end)")
	flags.StringVar(&parsed.dsn, "dsn", os.Getenv("HABEAS_TEMPORAL_DEV_DSN"),
		"postgres: URL of the main database; the visibility database has its name and the suffix _visibility; both are made if missing\n"+
			"(default $HABEAS_TEMPORAL_DEV_DSN, which keeps the password out of the process list)")
	flags.IntVar(&parsed.port, "port", 0, "port of the frontend; 0 takes a free one")
	flags.IntVar(&parsed.shards, "shards", 32, "history shards; fixed when the databases are made (sqlite: always 1)")
	flags.StringVar(&parsed.namespace, "namespace", "habeas", "namespace to register")
	flags.DurationVar(&parsed.retention, "retention", 72*time.Hour, "how long the new namespace keeps closed workflows; at least 1h")
	flags.StringVar(&parsed.readyFile, "ready-file", "", "write the ready line to this file too")
	flags.StringVar(&parsed.logLevel, "log-level", "error", "debug, info, warn or error; the log goes to standard error")
	flags.BoolVar(&parsed.stdin, "exit-with-stdin", false, "stop when standard input ends, that is, with the process that holds its other end")
	flags.BoolVar(&parsed.version, "version", false, "print the version and exit")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	return parsed, parsed.validate(flags.Args())
}

func (o options) validate(rest []string) error {
	var problems []error
	if len(rest) > 0 {
		problems = append(problems, fmt.Errorf("unexpected argument %q", rest[0]))
	}
	switch o.store {
	case "sqlite":
		if o.dsn != "" && os.Getenv("HABEAS_TEMPORAL_DEV_DSN") == "" {
			problems = append(problems, errors.New("-dsn needs -store=postgres"))
		}
	case "postgres":
		if o.dsn == "" && !o.version {
			problems = append(problems, errors.New("-store=postgres needs -dsn"))
		}
	default:
		problems = append(problems, fmt.Errorf("-store is postgres or sqlite, not %q", o.store))
	}
	if o.port < 0 || o.port > 65535 {
		problems = append(problems, fmt.Errorf("-port %d is not a port", o.port))
	}
	if o.shards < 1 {
		problems = append(problems, fmt.Errorf("-shards %d: there must be at least one", o.shards))
	}
	if o.namespace == "" {
		problems = append(problems, errors.New("-namespace is empty"))
	}
	if o.retention < time.Hour {
		problems = append(problems, fmt.Errorf("-retention %s: at least 1h", o.retention))
	}
	return errors.Join(problems...)
}
