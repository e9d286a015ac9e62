package draw

import (
	"fmt"
	"slices"
	"strings"

	"habeas/models/datamap"
)

// DOT writes the graph in the language of Graphviz.
func DOT(g *datamap.Graph, identities ...string) string {
	var b strings.Builder
	b.WriteString("digraph datamap {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n")
	wanted := kinds(g, identities)
	reached := g.Reached(wanted...)
	for _, kind := range wanted {
		fmt.Fprintf(&b, "  %q [shape=oval];\n", "identity "+kind)
	}
	for _, n := range g.Nodes {
		if !slices.Contains(reached, n) && !n.Personal {
			continue
		}
		fmt.Fprintf(&b, "  %q [label=%q];\n", n.Address, n.Address.String()+"\n"+strings.Join(append([]string{fate(n)}, marks(n)...), "\n"))
		for _, id := range n.Identities {
			if slices.Contains(wanted, id.Kind) {
				fmt.Fprintf(&b, "  %q -> %q [label=%q];\n", "identity "+id.Kind, n.Address, id.Field)
			}
		}
		for _, e := range n.Out {
			style := ""
			if e.Mention {
				style = ", style=dashed"
			}
			fmt.Fprintf(&b, "  %q -> %q [label=%q%s];\n", n.Address, e.To.Address, by(e), style)
		}
	}
	b.WriteString("}\n")
	return b.String()
}
