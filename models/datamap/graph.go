package datamap

import (
	"slices"
	"strings"
)

// Graph is a compiled set of data maps: its collections as nodes and the permitted directions of their references as edges. It
// is immutable and safe for concurrent use.
type Graph struct {
	Nodes    []*Node   // in the order of the maps
	Datasets []Dataset // as given
	byAddr   map[Address]*Node
	ended    *Graph // see AtContractEnd; nil when it is the same
}

// Node is one collection that takes part, with what a connector and the walk need to know about it.
type Node struct {
	Address    Address
	System     string // name of the configured system
	Table      string // schema.table as written, or the collection's name
	Dataset    *Dataset
	Collection *Collection
	Fields     []Field  // the leaves, their names as paths with dots
	Key        []string // fields that identify a row: the primary key, else all scalar leaves
	HasKey     bool     // the map declares a primary key
	Links      []string // fields that take part in any edge, and identities
	Identities []Identity
	Personal   bool // a field holds personal data
	Out        []*Edge
	In         []*Edge
}

// Identity is a field that identifies a person by a kind of identity.
type Identity struct {
	Kind        string
	Field       string
	SamePerson  bool
	AllElements bool // of an array: they all belong to the person whom one of them identifies
}

// Edge is a reference in one direction in which it may be walked: the rows of To whose ToFields equal a From row's FromFields.
type Edge struct {
	From       *Node
	FromFields []string
	To         *Node
	ToFields   []string
	Down       bool // from the collection that is referred to, to the one that refers to it
	Mention    bool // shares nothing
}

// Name is the edge in words, stable as long as the map's names are: "crm.customer.id > crm.login.customer_id".
func (e *Edge) Name() string {
	return e.From.Address.String() + "." + strings.Join(e.FromFields, "+") + " > " +
		e.To.Address.String() + "." + strings.Join(e.ToFields, "+")
}

// Node is the node of a collection, nil when the graph has none.
func (g *Graph) Node(a Address) *Node { return g.byAddr[a] }

// IdentityKinds are the kinds of identity by which the graph can find a person, sorted.
func (g *Graph) IdentityKinds() []string {
	var list []string
	for _, n := range g.Nodes {
		for _, id := range n.Identities {
			list = append(list, id.Kind)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Reached is what can be reached from the given kinds of identity, from all kinds when none is given, in the order of the
// walk, breadth first.
func (g *Graph) Reached(kinds ...string) []*Node {
	var list []*Node
	seen := map[*Node]bool{}
	add := func(n *Node) {
		if !seen[n] {
			seen[n] = true
			list = append(list, n)
		}
	}
	for _, n := range g.Nodes {
		for _, id := range n.Identities {
			if len(kinds) == 0 || slices.Contains(kinds, id.Kind) {
				add(n)
			}
		}
	}
	for i := 0; i < len(list); i++ {
		for _, e := range list[i].Out {
			add(e.To)
		}
	}
	return list
}

// Of are the collections that may hold rows of a controller, in the order of the maps.
func (g *Graph) Of(controller string) []*Node {
	var list []*Node
	for _, n := range g.Nodes {
		if n.Collection.ControllerColumn != "" || n.Dataset.Controller == controller {
			list = append(list, n)
		}
	}
	return list
}

// Systems are the names of the systems that the graph's collections live in, sorted.
func (g *Graph) Systems() []string {
	var list []string
	for _, n := range g.Nodes {
		list = append(list, n.System)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Field is a leaf by its path, nil when the node has none.
func (n *Node) Field(path string) *Field {
	for i := range n.Fields {
		if n.Fields[i].Name == path {
			return &n.Fields[i]
		}
	}
	return nil
}

// FieldNames are the paths of all leaves.
func (n *Node) FieldNames() []string {
	names := make([]string, len(n.Fields))
	for i := range n.Fields {
		names[i] = n.Fields[i].Name
	}
	return names
}

// Mask is what becomes of one field of a masked row.
type Mask struct {
	Field  string     `json:"field"`
	Method FieldErase `json:"method"`
	Value  string     `json:"value,omitempty"`  // for FieldReplace; for FieldRemove what is left instead of nothing, unless empty
	Suffix string     `json:"suffix,omitempty"` // behind a text that the method makes
	// Elements are what FieldRemove removes: the values by which the field refers to the person's rows. They are personal data, and
	// known only when the erasure is carried out; nil until then, and an erasure with nil is refused.
	Elements []Value `json:"-"`
}

// Masks are the fields that masking a row overwrites: the personal fields, but for the primary key, read_only fields and those
// to be kept; other fields when the map says how.
func (n *Node) Masks() []Mask {
	var list []Mask
	for i := range n.Fields {
		f := &n.Fields[i]
		method := f.Erase
		if method == "" && f.Personal() && !f.PrimaryKey && !f.ReadOnly {
			method = FieldNull
		}
		if method == "" || method == FieldKeep {
			continue
		}
		m := Mask{Field: f.Name, Method: method, Suffix: f.Suffix}
		if f.Value != nil {
			m.Value = *f.Value
		}
		list = append(list, m)
	}
	return list
}

// Erasure is how the collection is erased: EraseDelete, EraseMask, or EraseKeep when it is to be kept or nothing in it would
// be masked.
func (n *Node) Erasure() Erase {
	switch n.Collection.Erase {
	case EraseDelete, EraseKeep:
		return n.Collection.Erase
	default: // by what there is to mask
	}
	if len(n.Masks()) == 0 {
		return EraseKeep
	}
	return EraseMask
}

// Portable reports whether the field's data is to be given under Art. 20.
func (n *Node) Portable(f *Field) bool {
	if f.Portable != nil {
		return *f.Portable
	}
	return n.Collection.Portable
}

// AnchorColumns are the columns that the collection's holds name, sorted.
func (n *Node) AnchorColumns() []string {
	var list []string
	for _, h := range n.Collection.Holds {
		for _, a := range h.Anchors {
			list = append(list, a.Column)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Lookups are the lists of fields by which rows of the collection are searched, each once: its key, its identities, and the
// ends of its edges. A system should have an index for each.
func (n *Node) Lookups() [][]string {
	list := [][]string{n.Key}
	add := func(fields []string) {
		if !slices.ContainsFunc(list, func(l []string) bool { return slices.Equal(l, fields) }) {
			list = append(list, fields)
		}
	}
	for _, id := range n.Identities {
		add([]string{id.Field})
	}
	for _, e := range n.In {
		add(e.ToFields)
	}
	for _, e := range n.Out { // searched when looking who else leads to a row
		add(e.FromFields)
	}
	return list
}
