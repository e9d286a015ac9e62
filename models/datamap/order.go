package datamap

import "slices"

// Step is one step of the erasure of all collections.
type Step struct {
	Node *Node
	// Loosen, when not empty, asks only that these fields of the rows that will be deleted be set to NULL, because rows refer to
	// each other in a circle and one of them must go first. Otherwise the step is the erasure of the collection.
	Loosen []Mask
}

// EraseOrder is the order in which the collections are erased: first what was asked for by erase_after, then the ones that refer
// before the ones that they refer to, else the order of the maps. Collections whose Erasure is EraseKeep are left out.
func (g *Graph) EraseOrder() []Step {
	o := orderer{graph: g, done: map[*Node]bool{}}
	for _, n := range g.Nodes {
		if n.Erasure() == EraseKeep {
			o.done[n] = true
		} else {
			o.left++
		}
	}
	var steps []Step
	for o.left > 0 {
		n := o.next()
		steps = append(steps, o.loosen(n)...)
		steps = append(steps, Step{Node: n})
		o.done[n] = true
		o.left--
	}
	return steps
}

type orderer struct {
	graph *Graph
	done  map[*Node]bool
	left  int
}

// next is the first collection that nothing must precede; in a circle, the first with the fewest collections referring to it.
func (o *orderer) next() *Node {
	var best *Node
	fewest := -1
	for _, n := range o.graph.Nodes {
		if o.done[n] || o.mustWait(n) {
			continue
		}
		if c := len(o.referring(n)); fewest < 0 || c < fewest {
			best, fewest = n, c
		}
	}
	if best == nil { // a circle of erase_after, which Check refuses
		i := slices.IndexFunc(o.graph.Nodes, func(n *Node) bool { return !o.done[n] })
		best = o.graph.Nodes[i]
	}
	return best
}

func (o *orderer) mustWait(n *Node) bool {
	for _, a := range n.Collection.EraseAfter {
		if m := o.graph.find(a); m != nil && m != n && !o.done[m] {
			return true
		}
	}
	return false
}

// referring are the collections not yet erased, other than n, that refer to n.
func (o *orderer) referring(n *Node) []*Node {
	var list []*Node
	for _, l := range references(n) {
		if l.child != n && l.parent == n && !o.done[l.child] && !slices.Contains(list, l.child) {
			list = append(list, l.child)
		}
	}
	return list
}

// loosen empties what refers to n in the collections that are erased after it, and in n itself; a masked row stays, and may be
// referred to.
func (o *orderer) loosen(n *Node) []Step {
	if n.Erasure() != EraseDelete {
		return nil
	}
	var steps []Step
	for _, l := range references(n) {
		if l.parent != n || o.done[l.child] || l.child.Erasure() != EraseDelete {
			continue
		}
		var masks []Mask
		for _, name := range l.fields {
			if f := l.child.Field(name); !f.PrimaryKey && !f.ReadOnly {
				masks = append(masks, Mask{Field: name, Method: FieldNull})
			}
		}
		if len(masks) == len(l.fields) {
			steps = append(steps, Step{Node: l.child, Loosen: masks})
		}
	}
	return steps
}

type reference struct {
	child  *Node
	fields []string // of the child
	parent *Node
}

// references are the references in which n takes part, each once, whatever their directions.
func references(n *Node) []reference {
	var list []reference
	add := func(r reference) {
		same := func(o reference) bool {
			return o.child == r.child && o.parent == r.parent && slices.Equal(o.fields, r.fields)
		}
		if !slices.ContainsFunc(list, same) {
			list = append(list, r)
		}
	}
	for _, e := range slices.Concat(n.In, n.Out) {
		if e.Down {
			add(reference{e.To, e.ToFields, e.From})
		} else {
			add(reference{e.From, e.FromFields, e.To})
		}
	}
	return list
}

// find is the node of an address as written: dataset.collection.
func (g *Graph) find(address string) *Node {
	for _, n := range g.Nodes {
		if n.Address.String() == address {
			return n
		}
	}
	return nil
}
