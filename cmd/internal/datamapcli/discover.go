package datamapcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/cmd/internal/config"
	"habeas/cmd/internal/datamapcli/propose"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

// DiscoverCmd is `habeas datamap discover`.
type DiscoverCmd struct {
	Kind    string `help:"Kind of the system, like postgres."`
	DSNEnv  string `name:"dsn-env" help:"Environment variable that holds the system's address, so that no password stands in a command line." placeholder:"VARIABLE"`
	Name    string `help:"Name of the system in the map; its kind when left out."`
	Systems string `help:"Systems file to take the system from, instead of --kind and --dsn-env." type:"path" placeholder:"FILE"`
	System  string `help:"Name of the system in --systems."`
	Samples int    `default:"50" help:"Different values of each column to look at; 0 for names and types alone. None is printed."`
	Out     string `short:"o" help:"File to write; standard output when left out. A file that exists is not overwritten." type:"path" placeholder:"FILE"`
}

// Run writes a proposal, and says on standard error what is to be decided. It changes nothing in the system.
func (c *DiscoverCmd) Run(ctx context.Context, s *rulescli.Streams, registry connectors.Registry) (err error) {
	systems, name, err := c.open(registry)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, systems.Close()) }()
	text, decide, err := Discover(ctx, systems, name, c.Samples)
	if err != nil {
		return failed(err)
	}
	if err := c.write(s, text); err != nil {
		return usage(err)
	}
	if len(decide) == 0 {
		fmt.Fprintln(s.Err, "The proposal passes `habeas datamap check`. Look at every line with review: before you use it.")
		return nil
	}
	fmt.Fprintf(s.Err, "The proposal ends with what is to be decided (%s).\n", models.Count(len(decide), "point"))
	return nil
}

func (c *DiscoverCmd) open(registry connectors.Registry) (*connectors.Systems, string, error) {
	switch {
	case c.Systems != "" && c.System != "" && c.Kind == "" && c.DSNEnv == "":
		systems, err := openFile(registry, c.Systems, c.System)
		return systems, c.System, err
	case c.Systems == "" && c.System == "" && c.Kind != "" && c.DSNEnv != "":
		name := c.Name
		if name == "" {
			name = c.Kind
		}
		dsn := config.Environ()[c.DSNEnv]
		if dsn == "" {
			return nil, "", usage(fmt.Errorf("the environment variable %s is empty", c.DSNEnv))
		}
		systems, err := connectors.NewSystems(registry, connectors.Config{Name: name, Kind: c.Kind, DSN: models.Personal(dsn), Secret: passingSecret()})
		return systems, name, usage(err)
	default:
		return nil, "", usage(errors.New("give either --kind and --dsn-env, or --systems and --system"))
	}
}

func (c *DiscoverCmd) write(s *rulescli.Streams, text []byte) error {
	if c.Out == "" {
		_, err := s.Out.Write(text)
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// Discover proposes a data map for a system: the file's text, and what is to be decided, which also stands at its end.
func Discover(ctx context.Context, systems *connectors.Systems, name string, samples int) ([]byte, []string, error) {
	system, err := systems.System(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	tables, err := connectors.Tables(ctx, system, samples)
	if err != nil {
		return nil, nil, err
	}
	if len(tables) == 0 {
		return nil, nil, models.Errorf(models.Invalid, "nothing_found", "The system %s has no table that its account can see.", name)
	}
	guessed, err := confirm(ctx, system, tables, propose.Guess(tables))
	if err != nil {
		return nil, nil, err
	}
	proposal := propose.Make(name, tables, guessed)
	decide, err := judge(ctx, systems, proposal)
	return proposal.YAML(decide), decide, err
}

// judge checks the proposal by itself and against the system, and returns what is wrong with it.
func judge(ctx context.Context, systems *connectors.Systems, p *propose.Proposal) ([]string, error) {
	text := p.YAML(nil)
	datasets, problems := file.Parse("proposal", text)
	problems = append(problems, datamap.Check(datasets, nil)...)
	graph, err := datamap.Compile(acknowledged(datasets, problems))
	if err == nil {
		found, err := live(ctx, graph, systems)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
	}
	var decide []string
	for _, p := range problems {
		if p.Severity == datamap.Fault {
			decide = append(decide, fmt.Sprintf("%s: %s %s [%s]", p.Where, p.Message, p.Advice, p.Code))
		}
	}
	if n := strings.Count(string(text), "decide: "); n > 0 {
		decide = append(decide, fmt.Sprintf("See also %s above that say decide.", models.Count(n, "line")))
	}
	return decide, nil
}

// undecided stands for the reason that nobody has given yet.
const undecided = "not yet: give a reason, or lead an identity there"

// acknowledged are the datasets as if somebody had decided what no identity leads to, so that the rest can be compared.
func acknowledged(datasets []datamap.Dataset, problems []datamap.Problem) []datamap.Dataset {
	for i := range datasets {
		for j := range datasets[i].Collections {
			c := &datasets[i].Collections[j]
			where := datasets[i].Key + "." + c.Name
			if slices.ContainsFunc(problems, func(p datamap.Problem) bool { return p.Code == "unreachable" && p.Where == where }) {
				c.Unreachable = undecided
			}
		}
	}
	return datasets
}

// confirm asks the system whether sampled values of guessed references are there at the other end, and drops guesses of which most are not.
func confirm(ctx context.Context, system connectors.System, tables []connectors.Table, guessed []propose.Reference) ([]propose.Reference, error) {
	verifier, ok := system.(connectors.Verifier)
	var list []propose.Reference
	for _, g := range guessed {
		if slices.ContainsFunc(list, func(o propose.Reference) bool { return o.Table == g.Table && slices.Equal(o.Columns, g.Columns) }) {
			continue // a likelier one was taken
		}
		keys := sampled(tables, g)
		if !ok || len(keys) == 0 {
			g.Reason += ", and no value could be compared"
			list = append(list, g)
			continue
		}
		n, err := verifier.Count(ctx, connectors.Query{Node: nodeOf(g.Target, g.Into), Fields: g.Into, Keys: keys})
		if err != nil {
			return nil, err
		}
		if n*2 < len(keys) {
			continue
		}
		g.Reason += fmt.Sprintf(", and %d of %d sampled values are there", n, len(keys))
		list = append(list, g)
	}
	return list, nil
}

func sampled(tables []connectors.Table, g propose.Reference) []datamap.Key {
	if len(g.Columns) != 1 {
		return nil // samples do not tell which values stand in one row
	}
	var keys []datamap.Key
	for _, t := range tables {
		for _, c := range t.Columns {
			if t.Name != g.Table || c.Name != g.Columns[0] {
				continue
			}
			for _, v := range c.Samples {
				keys = append(keys, datamap.Key{v})
			}
		}
	}
	return keys
}

// nodeOf is a table as a collection of a map, with nothing but its key.
func nodeOf(table string, key []string) *datamap.Node {
	c := datamap.Collection{Name: "table", Table: table}
	for _, k := range key {
		c.Fields = append(c.Fields, datamap.Field{Name: k, PrimaryKey: true})
	}
	graph, err := datamap.Compile([]datamap.Dataset{{Key: "discover", Collections: []datamap.Collection{c}}})
	if err != nil {
		panic(err) // a collection with a key and no personal data is always valid
	}
	return graph.Nodes[0]
}
