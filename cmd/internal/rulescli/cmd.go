package rulescli

import (
	"fmt"
	"io"
	"os"

	"habeas/models"
	"habeas/models/hold"
)

//go:generate go run ./lawdoc ../../../docs/law.md

// Cmd is `habeas rules …` for kong. Its commands' Run methods need a bound *Streams.
type Cmd struct {
	Eval    EvalCmd    `cmd:"" help:"Answer cases: JSON Lines on standard input, one answer a line on standard output."`
	List    ListCmd    `cmd:"" help:"List every rule with its citation."`
	Explain ExplainCmd `cmd:"" help:"Explain a rule, and apply it to facts."`
	Docs    DocsCmd    `cmd:"" hidden:"" help:"Write docs/law.md to standard output."`
}

// Streams are a command's input and outputs.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Exit statuses: a failed check or input that could not be read, and wrong usage.
const (
	Failed = 1
	Usage  = 2
)

// ExitError is an error with the exit status that the process ends with; kong's FatalIfErrorf honours it.
type ExitError struct {
	Status int
	Err    error
}

func (e *ExitError) Error() string { return e.Err.Error() }
func (e *ExitError) Unwrap() error { return e.Err }

// ExitCode is the status.
func (e *ExitError) ExitCode() int { return e.Status }

// catalogue is the built-in retention rules with those of a file, if one is named.
func catalogue(file string) (cat hold.Catalogue, err error) {
	cat = hold.Builtin()
	if file == "" {
		return cat, nil
	}
	f, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return cat, &ExitError{Usage, err}
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // only read
	added, err := hold.ParseRules(f)
	if err == nil {
		cat, err = cat.With(added...)
	}
	if err != nil {
		return cat, &ExitError{Usage, fmt.Errorf("%s: %w", file, err)}
	}
	return cat, nil
}

func usage(code, message string) error {
	return &ExitError{Usage, models.Errorf(models.Invalid, code, "%s", message)}
}
