package datamapcli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"habeas/cmd/internal/rulescli"
	"habeas/models/datamap"
	"habeas/models/datamap/draw"
	"habeas/models/datamap/file"
)

// GraphCmd is `habeas datamap graph FILE…`.
type GraphCmd struct {
	Files    []string `arg:"" name:"file" help:"Data map files." type:"path"`
	Format   string   `enum:"text,svg,dot" default:"text" help:"What to write: ${enum}."`
	Identity []string `help:"Only what is reachable from this kind of identity, like email; may be repeated." placeholder:"KIND"`
}

// Run draws maps also when personal data in them is unreachable, since the picture shows why; any other fault refuses them.
func (c *GraphCmd) Run(s *rulescli.Streams) error {
	graph, err := drawable(c.Files...)
	if err != nil {
		return err
	}
	for _, kind := range c.Identity {
		if !slices.Contains(graph.IdentityKinds(), kind) {
			return usage(fmt.Errorf("no field of the map is an identity of kind %s; the kinds are %v", kind, graph.IdentityKinds()))
		}
	}
	formats := map[string]func(*datamap.Graph, ...string) string{"text": draw.Text, "svg": draw.SVG, "dot": draw.DOT}
	_, err = io.WriteString(s.Out, formats[c.Format](graph, c.Identity...))
	return failed(err)
}

func drawable(files ...string) (*datamap.Graph, error) {
	datasets, problems, err := file.Load(files...)
	if err != nil {
		return nil, usage(err)
	}
	problems = append(problems, datamap.Check(datasets, nil)...)
	var lines []string
	for _, p := range problems {
		if p.Severity == datamap.Fault && p.Code != "unreachable" {
			lines = append(lines, p.String())
		}
	}
	if len(lines) > 0 {
		return nil, failed(errors.New("the data map is refused:\n" + strings.Join(lines, "\n")))
	}
	graph, err := datamap.Compile(acknowledged(datasets, problems))
	return graph, failed(err)
}
