package draw

import (
	"strings"

	"habeas/models/datamap"
)

// Text draws the graph for a terminal: for each kind of identity, all of them when none is given, the tree of shortest paths; then what
// they do not lead to.
func Text(g *datamap.Graph, identities ...string) string {
	t := &terminal{graph: g}
	for _, kind := range kinds(g, identities) {
		t.line(kind)
		roots := trees(g, kind)
		for i, b := range roots {
			t.branch(b, "", i == len(roots)-1)
		}
		t.line("")
	}
	t.aside(identities)
	t.line("↓ rows that refer to the one above   ↑ rows that the one above refers to   ↕ both   ⇢ only mentioned: shares nothing")
	return t.String()
}

type terminal struct {
	strings.Builder
	graph *datamap.Graph
}

func (t *terminal) line(s string) {
	t.WriteString(s)
	t.WriteByte('\n')
}

func (t *terminal) branch(b *branch, indent string, last bool) {
	joint, below := "├─ ", "│  "
	if last {
		joint, below = "└─ ", "   "
	}
	t.line(indent + joint + t.label(b))
	for i, c := range b.children {
		t.branch(c, indent+below, i == len(b.children)-1)
	}
}

func (t *terminal) label(b *branch) string {
	name := short(t.graph, b.node)
	if b.edge == nil {
		return name + " by " + b.field + t.facts(b.node)
	}
	text := arrow(b.edge) + " " + name + " by " + by(b.edge)
	if b.again {
		return text + " (shown elsewhere)"
	}
	return text + t.facts(b.node)
}

func (t *terminal) facts(n *datamap.Node) string {
	list := append([]string{fate(n)}, marks(n)...)
	if n.System != n.Address.Dataset {
		list = append(list, "system "+n.System)
	}
	return "  [" + strings.Join(list, "; ") + "]"
}

// by is the field that refers, as the one that a reader looks for.
func by(e *datamap.Edge) string {
	if e.Down {
		return strings.Join(e.ToFields, "+")
	}
	return strings.Join(e.FromFields, "+")
}

func arrow(e *datamap.Edge) string {
	text := "↑"
	if e.Down {
		text = "↓"
	}
	for _, back := range e.To.Out {
		if reverse(back, e) {
			text = "↕"
		}
	}
	if e.Mention {
		text += "⇢"
	}
	return text
}

func (t *terminal) aside(identities []string) {
	personal, plain, skipped := aside(t.graph, identities)
	if len(personal) > 0 {
		t.line("Personal data that no identity leads to:")
		for _, n := range personal {
			t.line("  " + short(t.graph, n) + ": " + acknowledgement(n))
		}
	}
	var names []string
	for _, n := range plain {
		names = append(names, short(t.graph, n))
	}
	if len(names) > 0 {
		t.line("No personal data, and no identity leads there: " + strings.Join(names, ", "))
	}
	if len(skipped) > 0 {
		t.line("Skipped: " + strings.Join(skipped, ", "))
	}
	if len(personal)+len(names)+len(skipped) > 0 {
		t.line("")
	}
}

func acknowledgement(n *datamap.Node) string {
	if n.Collection.Unreachable == "" {
		return "NOT ACKNOWLEDGED"
	}
	return "acknowledged: " + n.Collection.Unreachable
}
