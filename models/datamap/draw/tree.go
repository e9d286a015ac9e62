package draw

import (
	"fmt"
	"slices"
	"strings"

	"habeas/models/datamap"
)

// branch is one collection on the way from an identity.
type branch struct {
	node     *datamap.Node
	edge     *datamap.Edge // nil at the beginning
	field    string        // of the identity, at the beginning
	again    bool          // drawn elsewhere with what follows
	children []*branch
}

// trees are the shortest ways from one kind of identity: one tree for each collection that it begins in.
func trees(g *datamap.Graph, kind string) []*branch {
	var roots, queue []*branch
	seen := map[*datamap.Node]bool{}
	for _, n := range g.Nodes {
		for _, id := range n.Identities {
			if id.Kind == kind && !seen[n] {
				seen[n] = true
				b := &branch{node: n, field: id.Field}
				roots, queue = append(roots, b), append(queue, b)
			}
		}
	}
	for len(queue) > 0 {
		b := queue[0]
		queue = queue[1:]
		for _, e := range b.node.Out {
			if b.edge != nil && reverse(e, b.edge) {
				continue
			}
			c := &branch{node: e.To, edge: e, again: seen[e.To]}
			b.children = append(b.children, c)
			if !c.again {
				seen[e.To] = true
				queue = append(queue, c)
			}
		}
	}
	return roots
}

func reverse(a, b *datamap.Edge) bool {
	return a.From == b.To && a.To == b.From && slices.Equal(a.FromFields, b.ToFields) && slices.Equal(a.ToFields, b.FromFields)
}

// fate is what becomes of a collection's rows, in a few words.
func fate(n *datamap.Node) string {
	switch n.Erasure() {
	case datamap.EraseDelete:
		return "delete"
	case datamap.EraseMask:
		return fmt.Sprintf("mask %d of %d", len(n.Masks()), len(n.Fields))
	default:
		return "keep"
	}
}

// marks are what else holds for a collection, in a few words each.
func marks(n *datamap.Node) []string {
	var list []string
	for _, h := range n.Collection.Holds {
		text := "hold " + h.Rule
		if len(h.Fields) > 0 {
			text += " (" + strings.Join(h.Fields, ", ") + ")"
		}
		list = append(list, text)
	}
	switch n.Collection.Shared {
	case datamap.ShareKeep:
		list = append(list, "shared: keep")
	case datamap.ShareAlways:
		list = append(list, "shared: always")
	default: // the DPO decides
	}
	if n.Personal {
		list = append(list, "personal")
	}
	return list
}

// kinds are the wanted kinds of identity that the graph knows; all of them when none is wanted.
func kinds(g *datamap.Graph, wanted []string) []string {
	all := g.IdentityKinds()
	if len(wanted) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(k string) bool { return !slices.Contains(wanted, k) })
}

// aside are the collections that the wanted identities do not lead to.
func aside(g *datamap.Graph, wanted []string) (personal, plain []*datamap.Node, skipped []string) {
	if wanted = kinds(g, wanted); len(wanted) == 0 {
		wanted = []string{""}
	}
	reached := g.Reached(wanted...)
	for _, n := range g.Nodes {
		switch {
		case slices.Contains(reached, n):
		case n.Personal:
			personal = append(personal, n)
		default:
			plain = append(plain, n)
		}
	}
	for i := range g.Datasets {
		for _, c := range g.Datasets[i].Collections {
			if c.Skip {
				skipped = append(skipped, datamap.Address{Dataset: g.Datasets[i].Key, Collection: c.Name}.String())
			}
		}
	}
	return personal, plain, skipped
}

// short is the name of a collection, without its dataset where the whole graph is one.
func short(g *datamap.Graph, n *datamap.Node) string {
	if len(g.Datasets) == 1 {
		return n.Address.Collection
	}
	return n.Address.String()
}
