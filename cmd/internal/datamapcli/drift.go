package datamapcli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/drift"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

// DriftCmd is `habeas datamap drift FILE…`.
type DriftCmd struct {
	Files   []string `arg:"" name:"file" help:"Data map files." type:"path"`
	Systems string   `required:"" help:"Systems file." type:"path" placeholder:"FILE"`
	Samples int      `default:"50" help:"Different values of each column to look at; 0 for names and types alone. None is printed."`
	JSON    bool     `help:"Write the result as one JSON object."`
}

// Drift is what --json writes.
type Drift struct {
	OK       bool           `json:"ok"` // nothing is missed
	Systems  []string       `json:"systems"`
	Changes  []drift.Change `json:"changes"`
	Unopened []string       `json:"unopened"` // kinds of system that cannot list what they hold
}

// Run ends with status 1 when the map misses personal data or describes what is not there any more.
func (c *DriftCmd) Run(ctx context.Context, s *rulescli.Streams, registry connectors.Registry) (err error) {
	datasets, problems, err := file.Load(c.Files...)
	if err != nil {
		return usage(err)
	}
	if datamap.Refused(problems) {
		return failed(fmt.Errorf("the data map cannot be read: %s", problems[0]))
	}
	names := systemsOf(datasets)
	systems, err := openFile(registry, c.Systems, names...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, systems.Close()) }()
	out := Drift{Systems: names, Changes: []drift.Change{}, Unopened: []string{}}
	for _, name := range names {
		system, err := systems.System(ctx, name)
		if err != nil {
			return failed(err)
		}
		if _, ok := system.(connectors.Inspector); !ok {
			out.Unopened = append(out.Unopened, name)
			continue
		}
		tables, err := connectors.Tables(ctx, system, c.Samples)
		if err != nil {
			return failed(fmt.Errorf("system %s: %w", name, err))
		}
		out.Changes = append(out.Changes, drift.Compare(name, tables, datasets)...)
	}
	missed := 0
	for _, ch := range out.Changes {
		if ch.Missed {
			missed++
		}
	}
	out.OK = missed == 0
	if err := c.report(s, out); err != nil {
		return failed(err)
	}
	if missed > 0 {
		return failed(fmt.Errorf("the data map misses something (%s)", models.Count(missed, "point")))
	}
	return nil
}

// systemsOf are the systems of datasets, each once, in their order.
func systemsOf(datasets []datamap.Dataset) []string {
	var list []string
	seen := map[string]bool{}
	for _, d := range datasets {
		if !seen[d.System] {
			seen[d.System] = true
			list = append(list, d.System)
		}
	}
	return list
}

func (c *DriftCmd) report(s *rulescli.Streams, out Drift) error {
	if c.JSON {
		enc := json.NewEncoder(s.Out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(out)
	}
	t := &text{}
	for _, ch := range out.Changes {
		mark, place, at := "note", ch.Table, ""
		if ch.Missed {
			mark = "MISSED"
		}
		if ch.Column != "" {
			place += "." + ch.Column
		}
		if ch.File != "" {
			at = fmt.Sprintf("%s:%d: ", ch.File, ch.Line)
		}
		t.line("%s%s: %s %s: %s [%s]", at, mark, ch.System, place, ch.What, ch.Code)
	}
	for _, name := range out.Unopened {
		t.line("note: %s: This kind of system cannot list what it holds; look at it by hand.", name)
	}
	if len(out.Changes)+len(out.Unopened) == 0 {
		t.line("The map and %s agree.", models.Count(len(out.Systems), "system"))
	}
	_, err := s.Out.Write([]byte(t.String()))
	return err
}
