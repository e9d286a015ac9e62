package datamapcli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"habeas/activities/bundle"
	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/cmd/internal/datamapcli/rehearse"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/hold"
)

// RehearseCmd is `habeas datamap rehearse FILE…`.
type RehearseCmd struct {
	Files    []string          `arg:"" name:"file" help:"Data map files." type:"path"`
	Systems  string            `required:"" help:"Systems file; the systems must be copies when --erase is given." type:"path" placeholder:"FILE"`
	Identity map[string]string `required:"" short:"i" help:"Identity of the person, like email=ann@example.com; may be repeated." placeholder:"KIND=VALUE"`
	Rules    string            `help:"JSON file with a deployment's own retention rules." type:"path" placeholder:"FILE"`
	Today    string            `help:"Day on which holds are judged, like 2027-01-31; today when left out." placeholder:"DATE"`
	Access   string            `help:"File to write the located rows to, one JSON object a line; - for standard output. It holds personal data." placeholder:"FILE"`
	Erase    bool              `help:"Really erase, for good, and prove it."`
	OnACopy  bool              `name:"on-a-copy" help:"Say that the systems are copies that nobody needs; --erase does nothing without it."`
	Shared   string            `enum:"keep,erase" default:"keep" help:"What to do with rows that another person shares too: ${enum}."`
	Scan     bool              `help:"After --erase, search every text of the systems for the identities."`
	JSON     bool              `help:"Write the result as one JSON object."`
}

// Rehearsed is what --json writes.
type Rehearsed struct {
	OK bool `json:"ok"`
	rehearse.Located
	Erased *rehearse.Erased `json:"erased,omitempty"`
}

const needsCopy = `--erase deletes and overwrites rows for good, without a request, a verified person, a DPO's decision or a ledger entry.
Restore a backup into a database that nobody uses, let the systems file name that database, and add --on-a-copy`

// Run ends with status 1 when the erasure did not do what the map says, or did more.
func (c *RehearseCmd) Run(ctx context.Context, s *rulescli.Streams, registry connectors.Registry) (err error) {
	if c.Erase && !c.OnACopy {
		return usage(errors.New(needsCopy))
	}
	r, systems, err := c.prepare(registry)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, systems.Close()) }()
	var out Rehearsed
	if out.Located, err = r.Locate(ctx); err != nil {
		return failed(err)
	}
	if c.Access != "" {
		if err := c.access(ctx, s, r); err != nil {
			return failed(err)
		}
	}
	if c.Erase {
		erased, err := r.Erase(ctx, c.Scan)
		if err != nil {
			return failed(err)
		}
		out.Erased = &erased
	}
	out.OK = out.Erased == nil || len(out.Erased.Wrong) == 0
	if err := c.report(s, out); err != nil {
		return failed(err)
	}
	if !out.OK {
		return failed(fmt.Errorf("the rehearsal found something wrong (%s)", models.Count(len(out.Erased.Wrong), "point")))
	}
	return nil
}

func (c *RehearseCmd) prepare(registry connectors.Registry) (*rehearse.Rehearsal, *connectors.Systems, error) {
	rules, err := catalogue(c.Rules)
	if err != nil {
		return nil, nil, err
	}
	graph, err := compile(rules, c.Files...)
	if err != nil {
		return nil, nil, err
	}
	today := calendar.DateOf(time.Now())
	if c.Today != "" {
		if today, err = calendar.ParseDate(c.Today); err != nil {
			return nil, nil, usage(err)
		}
	}
	systems, err := openFile(registry, c.Systems, graph.Systems()...)
	if err != nil {
		return nil, nil, err
	}
	r := &rehearse.Rehearsal{Graph: graph, Open: systems.System, Rules: rules, Today: today, EraseShared: c.Shared == "erase"}
	for kind, value := range c.Identity {
		r.Identities = append(r.Identities, walk.Identity{Kind: kind, Value: models.Personal(value)})
	}
	slices.SortFunc(r.Identities, func(a, b walk.Identity) int { return strings.Compare(a.Kind, b.Kind) })
	return r, systems, nil
}

// compile is the graph of data map files; what is wrong with them is one error.
func compile(rules hold.Catalogue, files ...string) (*datamap.Graph, error) {
	datasets, problems, err := file.Load(files...)
	if err != nil {
		return nil, usage(err)
	}
	problems = append(problems, datamap.Check(datasets, Rules(rules))...)
	if datamap.Refused(problems) {
		lines := []string{"the data map is refused:"}
		for _, p := range problems {
			if p.Severity == datamap.Fault {
				lines = append(lines, p.String())
			}
		}
		return nil, failed(errors.New(strings.Join(lines, "\n")))
	}
	graph, err := datamap.Compile(datasets)
	return graph, failed(err)
}

// access writes the rows as JSON Lines.
func (c *RehearseCmd) access(ctx context.Context, s *rulescli.Streams, r *rehearse.Rehearsal) (err error) {
	out := s.Out
	if c.Access != "-" {
		f, err := os.OpenFile(c.Access, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	return r.Rows(ctx, func(n *datamap.Node, row datamap.Row) error {
		text, err := line(n, row)
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	})
}

// line is a row with its collection as one line of JSON.
func line(n *datamap.Node, row datamap.Row) ([]byte, error) {
	var b bytes.Buffer
	j, err := bundle.NewJSON(&b)
	if err == nil {
		err = errors.Join(j.Row(row), j.Close())
	}
	if err != nil {
		return nil, err
	}
	object := bytes.TrimSuffix(bytes.TrimPrefix(b.Bytes(), []byte("[\n")), []byte("\n]\n")) // the list's only element
	return fmt.Appendf(nil, "{\"collection\":%q,\"row\":%s}\n", n.Address.String(), object), nil
}

func (c *RehearseCmd) report(s *rulescli.Streams, out Rehearsed) error {
	if !c.JSON {
		if c.Access == "-" {
			return nil
		}
		return writeRehearsed(s.Out, out)
	}
	enc := json.NewEncoder(s.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}
