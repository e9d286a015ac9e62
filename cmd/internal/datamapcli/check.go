package datamapcli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"habeas/activities/connectors"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/hold"
)

// Cmd is `habeas datamap …` for kong. Its commands' Run methods need a bound *rulescli.Streams.
type Cmd struct {
	Check    CheckCmd    `cmd:"" help:"Validate data maps (Fides dataset files, with Habeas' own keys under habeas:) together."`
	Schema   SchemaCmd   `cmd:"" help:"Print the JSON Schema of data maps, for editors."`
	Graph    GraphCmd    `cmd:"" help:"Draw what is reachable from which identity, and by which path."`
	Discover DiscoverCmd `cmd:"" help:"Propose a data map for a live system, as a file to review."`
	Drift    DriftCmd    `cmd:"" help:"Compare the map with the systems: what is new, what has gone, and personal data that the map misses."`
	Rehearse RehearseCmd `cmd:"" help:"Try a request on a copy of the systems: what is found, what would be erased, and proof that nothing else changes."`
}

// CheckCmd is `habeas datamap check FILE…`.
type CheckCmd struct {
	Files   []string `arg:"" name:"file" help:"Data map files; references between them are resolved." type:"path"`
	Rules   string   `help:"JSON file with a deployment's own retention rules." type:"path" placeholder:"FILE"`
	Systems string   `help:"Systems file: compare the maps with the live systems too." type:"path" placeholder:"FILE"`
	JSON    bool     `help:"Write the result as one JSON object."`
}

// SchemaCmd is `habeas datamap schema`.
type SchemaCmd struct{}

// Run prints the JSON Schema, for editors and other tools.
func (SchemaCmd) Run(s *rulescli.Streams) error {
	_, err := s.Out.Write(file.Schema())
	return failed(err)
}

// Result is what --json writes.
type Result struct {
	OK          bool              `json:"ok"`     // no problem is an error
	Digest      string            `json:"digest"` // of what the maps say
	Datasets    int               `json:"datasets"`
	Collections int               `json:"collections"`
	Identities  []string          `json:"identities"` // kinds by which a person can be found
	Problems    []datamap.Problem `json:"problems"`
}

// Run writes problems to standard error, or everything to standard output with --json. It ends with status 1 when a problem is an
// error, and with 2 when a file cannot be read.
func (c *CheckCmd) Run(ctx context.Context, s *rulescli.Streams, registry connectors.Registry) error {
	catalogue, err := catalogue(c.Rules)
	if err != nil {
		return err
	}
	result, err := Check(catalogue, c.Files...)
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Usage, Err: err}
	}
	if c.Systems != "" {
		if err := c.compare(ctx, registry, &result); err != nil {
			return err
		}
	}
	if c.JSON {
		enc := json.NewEncoder(s.Out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(result)
	} else {
		err = write(s, result)
	}
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Failed, Err: err}
	}
	if !result.OK {
		return &rulescli.ExitError{Status: rulescli.Failed, Err: fmt.Errorf("the data map is refused: %s", models.Count(faults(result.Problems), "error"))}
	}
	return nil
}

// compare adds what the live systems say, once the maps are sound in themselves.
func (c *CheckCmd) compare(ctx context.Context, registry connectors.Registry, r *Result) (err error) {
	graph, err := drawable(c.Files...)
	if err != nil {
		return nil // its faults are in the result
	}
	systems, err := openFile(registry, c.Systems, graph.Systems()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, systems.Close()) }()
	found, err := live(ctx, graph, systems)
	if err != nil {
		return failed(err)
	}
	r.Problems = append(r.Problems, found...)
	datamap.SortProblems(r.Problems)
	r.OK = !datamap.Refused(r.Problems)
	return nil
}

// Check validates files together, with the rules of a catalogue; an error is a file that cannot be read.
func Check(catalogue hold.Catalogue, files ...string) (Result, error) {
	datasets, problems, err := file.Load(files...)
	if err != nil {
		return Result{}, err
	}
	problems = append(problems, datamap.Check(datasets, Rules(catalogue))...)
	datamap.SortProblems(problems)
	r := Result{
		OK: !datamap.Refused(problems), Digest: datamap.Digest(datasets), Datasets: len(datasets),
		Identities: []string{}, Problems: append([]datamap.Problem{}, problems...),
	}
	for i := range datasets {
		r.Collections += len(datasets[i].Collections)
	}
	if graph, err := datamap.Compile(datasets); err == nil {
		r.Identities = graph.IdentityKinds()
	}
	return r, nil
}

// Rules tells package datamap what the catalogue's rules start from.
func Rules(catalogue hold.Catalogue) datamap.Rules {
	return func(code string) ([]string, bool) {
		rule, err := catalogue.Rule(code)
		if err != nil {
			return nil, false
		}
		fields := make([]string, len(rule.Starts))
		for i, s := range rule.Starts {
			fields[i] = s.Field
		}
		return fields, true
	}
}

// catalogue is the built-in retention rules with those of a file, if one is named.
func catalogue(path string) (cat hold.Catalogue, err error) {
	cat = hold.Builtin()
	if path == "" {
		return cat, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return cat, &rulescli.ExitError{Status: rulescli.Usage, Err: err}
	}
	rules, err := hold.ParseRules(bytes.NewReader(text))
	if err == nil {
		cat, err = cat.With(rules...)
	}
	if err != nil {
		return cat, &rulescli.ExitError{Status: rulescli.Usage, Err: fmt.Errorf("%s: %w", path, err)}
	}
	return cat, nil
}

func write(s *rulescli.Streams, r Result) error {
	for _, p := range r.Problems {
		if _, err := fmt.Fprintln(s.Err, p); err != nil {
			return err
		}
	}
	if !r.OK {
		return nil
	}
	_, err := fmt.Fprintf(s.Out, "The data map is valid: %s, %s, %s; people are found by %v.\nDigest %s\n",
		models.Count(r.Datasets, "dataset"), models.Count(r.Collections, "collection"), models.Count(len(r.Problems), "warning"), r.Identities, r.Digest)
	return err
}

func faults(problems []datamap.Problem) int {
	n := 0
	for _, p := range problems {
		if p.Severity == datamap.Fault {
			n++
		}
	}
	return n
}
