package datamap

import "slices"

// AtContractEnd is the graph by which all rows of a customer are erased when its contract ends, Art. 28(3)(g): the same, but for the collections
// that say contract_end.
func (g *Graph) AtContractEnd() *Graph {
	if g.ended == nil {
		return g
	}
	return g.ended
}

// ToCheck are the collections of a system that are to be compared with it, and in a second list, unless there are none, those that are erased
// otherwise at the end of a contract, as they are then.
func (g *Graph) ToCheck(system string) [][]*Node {
	var now, then []*Node
	for _, n := range g.Nodes {
		if n.System != system {
			continue
		}
		now = append(now, n)
		if end := g.AtContractEnd().Node(n.Address); end.Erasure() != n.Erasure() {
			then = append(then, end)
		}
	}
	if len(then) == 0 {
		return [][]*Node{now}
	}
	return [][]*Node{now, then}
}

// examine builds and checks a set of datasets, once more as they are at the end of a contract where one of them says something of it.
func examine(datasets []Dataset, rules Rules) *builder {
	b := build(datasets)
	b.check(rules)
	changed, any := ended(datasets)
	if !any {
		return b
	}
	e := build(changed)
	e.check(rules)
	for _, p := range e.problems {
		if p.Severity == Fault && !slices.Contains(b.problems, p) {
			b.problems = append(b.problems, p)
		}
	}
	b.graph.ended = e.graph
	return b
}

// ended are the datasets with contract_end for erase.
func ended(datasets []Dataset) (out []Dataset, changed bool) {
	out = slices.Clone(datasets)
	for i := range out {
		out[i].Collections = slices.Clone(out[i].Collections)
		for j := range out[i].Collections {
			if c := &out[i].Collections[j]; c.ContractEnd != "" {
				c.Erase, changed = c.ContractEnd, true
			}
		}
	}
	return out, changed
}
