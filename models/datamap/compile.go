package datamap

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"habeas/models"
)

// Compile makes the graph of a set of datasets. It fails with code data_map_refused when Check, without rules, finds a fault.
func Compile(datasets []Dataset) (*Graph, error) {
	b := examine(datasets, nil)
	if Refused(b.problems) {
		SortProblems(b.problems)
		first := b.problems[slices.IndexFunc(b.problems, func(p Problem) bool { return p.Severity == Fault })]
		return nil, models.Errorf(models.Invalid, "data_map_refused", "The data map is refused: %s: %s %s", first.Where, first.Message, first.Advice)
	}
	return b.graph, nil
}

// Rules tells the start fields that a retention rule knows; false when there is no such rule.
type Rules func(code string) (startFields []string, ok bool)

// Check names everything that is wrong with a set of datasets, in the order of the files. Without rules, the codes of holds and
// their start fields are not examined.
func Check(datasets []Dataset, rules Rules) []Problem {
	b := examine(datasets, rules)
	SortProblems(b.problems)
	return b.problems
}

// Digest identifies what a set of datasets says, whatever the files' layout and the datasets' order: hexadecimal SHA-256.
func Digest(datasets []Dataset) string {
	sorted := slices.Clone(datasets)
	slices.SortStableFunc(sorted, func(a, b Dataset) int { return strings.Compare(a.Key, b.Key) })
	h := sha256.New()
	h.Write([]byte("habeas data map 1\n"))
	if err := json.NewEncoder(h).Encode(sorted); err != nil {
		panic(err) // datasets hold nothing that JSON cannot write
	}
	return hex.EncodeToString(h.Sum(nil))
}

type builder struct {
	graph    *Graph
	problems []Problem
	datasets map[string]*Dataset
	skipped  map[Address]bool
}

func build(datasets []Dataset) *builder {
	b := &builder{
		graph:    &Graph{Datasets: slices.Clone(datasets), byAddr: map[Address]*Node{}},
		datasets: map[string]*Dataset{},
		skipped:  map[Address]bool{},
	}
	for i := range b.graph.Datasets {
		b.addDataset(&b.graph.Datasets[i])
	}
	b.graph.Nodes = inOrder(b.graph.Nodes)
	for _, n := range b.graph.Nodes {
		b.addReferences(n)
	}
	for _, n := range b.graph.Nodes {
		n.Links = links(n)
	}
	return b
}

func (b *builder) fault(code string, pos Pos, where, message, advice string) {
	b.problems = append(b.problems, problem(Fault, code, pos, where, message, advice))
}

func (b *builder) warn(code string, pos Pos, where, message, advice string) {
	b.problems = append(b.problems, problem(Warning, code, pos, where, message, advice))
}

func (b *builder) addDataset(d *Dataset) {
	if d.Key == "" {
		b.fault("no_name", d.Pos, "dataset", "A dataset has no key.", "Give it a fides_key.")
		return
	}
	if b.datasets[d.Key] != nil {
		b.fault("duplicate_dataset", d.Pos, d.Key, "Two datasets have this key.", "Rename one of them.")
		return
	}
	b.datasets[d.Key] = d
	for i := range d.Collections {
		b.addCollection(d, &d.Collections[i])
	}
}

func (b *builder) addCollection(d *Dataset, c *Collection) {
	addr := Address{d.Key, c.Name}
	if c.Name == "" {
		b.fault("no_name", c.Pos, d.Key, "A collection has no name.", "Give it a name.")
		return
	}
	if b.graph.byAddr[addr] != nil || b.skipped[addr] {
		b.fault("duplicate_collection", c.Pos, addr.String(), "Two collections of the dataset have this name.", "Rename or remove one of them.")
		return
	}
	n := &Node{Address: addr, System: d.System, Table: c.Table, Dataset: d, Collection: c}
	if n.System == "" {
		n.System = d.Key
	}
	if n.Table == "" {
		n.Table = c.Name
	}
	b.flatten(n, "", c.Fields, nil, map[string]bool{})
	n.Personal = anyPersonal(c.Categories)
	var scalars []string
	for i := range n.Fields {
		f := &n.Fields[i]
		n.Personal = n.Personal || f.Personal()
		if f.PrimaryKey {
			n.Key = append(n.Key, f.Name)
		}
		if !f.Array() && !strings.HasPrefix(f.Type, "object") {
			scalars = append(scalars, f.Name)
		}
		if f.Identity != "" {
			n.Identities = append(n.Identities, Identity{f.Identity, f.Name, f.SamePerson, f.ReturnAll})
		}
	}
	if n.HasKey = len(n.Key) > 0; !n.HasKey {
		n.Key = scalars
	}
	if c.Skip {
		b.skipped[addr] = true
		if n.Personal {
			b.warn("skipped_personal", c.Pos, addr.String(), "The collection holds personal data and is skipped.", "Remove skip_processing, or say elsewhere who answers for it.")
		}
		return
	}
	b.graph.byAddr[addr] = n
	b.graph.Nodes = append(b.graph.Nodes, n)
}

// flatten lists the leaves below prefix. A leaf inherits the categories of what it is nested in, and is an array when that is.
func (b *builder) flatten(n *Node, prefix string, fields []Field, outer *Field, seen map[string]bool) {
	for _, f := range fields {
		f.Name = prefix + f.Name
		where := n.Address.String() + "." + f.Name
		if f.Name == prefix {
			b.fault("no_name", f.Pos, n.Address.String(), "A field has no name.", "Give it a name.")
			continue
		}
		if seen[f.Name] {
			b.fault("duplicate_field", f.Pos, where, "Two fields of the collection have this name.", "Remove one of them.")
			continue
		}
		seen[f.Name] = true
		if outer != nil {
			f.Categories = append(slices.Clone(outer.Categories), f.Categories...)
			if outer.Array() && !f.Array() {
				f.Type += "[]"
			}
		}
		if len(f.Fields) > 0 {
			b.flatten(n, f.Name+".", f.Fields, &f, seen)
			continue
		}
		n.Fields = append(n.Fields, f)
	}
}

// inOrder moves collections behind those that they are to come after; in a circle the order of the maps stays.
func inOrder(nodes []*Node) []*Node {
	var list []*Node
	placed, open := map[*Node]bool{}, map[*Node]bool{}
	var place func(n *Node)
	place = func(n *Node) {
		if placed[n] || open[n] {
			return
		}
		open[n] = true
		for _, a := range n.Collection.After {
			for _, m := range nodes {
				if m.Address.String() == a {
					place(m)
				}
			}
		}
		placed[n] = true
		list = append(list, n)
	}
	for _, n := range nodes {
		place(n)
	}
	return list
}

// links lists the fields whose values the walk must remember: identities and both ends of edges.
func links(n *Node) []string {
	var list []string
	for _, id := range n.Identities {
		list = append(list, id.Field)
	}
	for _, e := range n.Out {
		list = append(list, e.FromFields...)
	}
	for _, e := range n.In {
		list = append(list, e.ToFields...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
