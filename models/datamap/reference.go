package datamap

import "slices"

// link is one resolved reference: a field of a collection that holds the value of a field of another.
type link struct {
	field  *Field
	target *Node
	ref    Reference
}

// addReferences resolves the references of a node's fields, joins those that form one key, and adds their edges.
func (b *builder) addReferences(n *Node) {
	var list []link
	for i := range n.Fields {
		f := &n.Fields[i]
		for _, r := range f.References {
			if l, ok := b.resolve(n, f, r); ok {
				list = append(list, l)
			}
		}
	}
	for _, group := range b.composites(n, &list) {
		b.addEdges(n, group)
	}
	for _, l := range list {
		b.addEdges(n, []link{l})
	}
}

func (b *builder) resolve(n *Node, f *Field, r Reference) (link, bool) {
	pos, where := r.Pos, n.Address.String()+"."+f.Name
	if pos.Line == 0 {
		pos = f.Pos
	}
	if r.Direction != Both && r.Direction != From && r.Direction != To {
		b.fault("bad_direction", pos, where, "The reference has an unknown direction.", "Write from, to, or nothing for both.")
		return link{}, false
	}
	target := b.graph.byAddr[r.Target()]
	switch {
	case b.datasets[r.Dataset] == nil:
		b.fault("unknown_dataset", pos, where, "The reference names the dataset "+r.Dataset+", which is in none of the files.",
			advise(r.Dataset, b.datasetKeys(), "Load the file that has it, or correct the name."))
	case b.skipped[r.Target()]:
	case target == nil:
		b.fault("unknown_collection", pos, where, "The reference names the collection "+r.Target().String()+", which does not exist.",
			advise(r.Target().String(), b.addresses(), "Correct the name, or describe the collection."))
	case target.Field(r.Field) == nil:
		b.fault("unknown_field", pos, where, "The reference names the field "+r.Target().String()+"."+r.Field+", which does not exist.",
			advise(r.Field, target.FieldNames(), "Correct the name, or describe the field."))
	default:
		return link{f, target, r}, true
	}
	return link{}, false
}

// composites takes those links out of the list that together form one key: as the map's composite says, and by themselves where a
// collection refers once to each field of a target's primary key of several fields.
func (b *builder) composites(n *Node, list *[]link) [][]link {
	var groups [][]link
	for _, fields := range n.Collection.Composite {
		if group := b.explicit(n, fields, *list); group != nil {
			groups = append(groups, group)
			*list = without(*list, group)
		}
	}
	for _, target := range b.graph.Nodes {
		if group := implicit(target, *list); group != nil {
			groups = append(groups, group)
			*list = without(*list, group)
		}
	}
	return groups
}

func (b *builder) explicit(n *Node, fields []string, list []link) []link {
	for _, target := range b.graph.Nodes {
		var group []link
		for _, name := range fields {
			i := slices.IndexFunc(list, func(l link) bool { return l.target == target && l.field.Name == name })
			if i >= 0 {
				group = append(group, list[i])
			}
		}
		if len(group) == len(fields) && len(group) > 1 && sameDirection(group) {
			return group
		}
	}
	b.fault("bad_composite", n.Collection.Pos, n.Address.String(), "The composite does not name fields that all refer to one collection in one direction.",
		"Give each of its fields a reference to the same collection, with the same direction.")
	return nil
}

func implicit(target *Node, list []link) []link {
	if !target.HasKey || len(target.Key) < 2 {
		return nil
	}
	var group []link
	for _, name := range target.Key {
		var match []link
		for _, l := range list {
			if l.target == target && l.ref.Field == name {
				match = append(match, l)
			}
		}
		if len(match) != 1 {
			return nil
		}
		group = append(group, match[0])
	}
	if !sameDirection(group) {
		return nil
	}
	return group
}

func sameDirection(group []link) bool {
	return !slices.ContainsFunc(group, func(l link) bool { return l.ref.Direction != group[0].ref.Direction })
}

func without(list, group []link) []link {
	return slices.DeleteFunc(slices.Clone(list), func(l link) bool { return slices.Contains(group, l) })
}

// addEdges adds the edges of one reference. The collection that refers is the child of the one referred to, but when it is the
// child's whole primary key that refers to something that is not a primary key, the map was written from the other side.
func (b *builder) addEdges(child *Node, group []link) {
	parent := group[0].target
	var childFields, parentFields []string
	mention := false
	for _, l := range group {
		childFields = append(childFields, l.field.Name)
		parentFields = append(parentFields, l.ref.Field)
		mention = mention || l.field.Mention
	}
	swapped := isKey(child, childFields) && !isKey(parent, parentFields)
	direction := group[0].ref.Direction
	if direction != To {
		connect(&Edge{From: parent, FromFields: parentFields, To: child, ToFields: childFields, Down: !swapped, Mention: mention})
	}
	if direction != From {
		connect(&Edge{From: child, FromFields: childFields, To: parent, ToFields: parentFields, Down: swapped, Mention: mention})
	}
}

func connect(e *Edge) {
	same := func(o *Edge) bool {
		return o.To == e.To && slices.Equal(o.FromFields, e.FromFields) && slices.Equal(o.ToFields, e.ToFields)
	}
	if slices.ContainsFunc(e.From.Out, same) {
		return
	}
	e.From.Out = append(e.From.Out, e)
	e.To.In = append(e.To.In, e)
}

func isKey(n *Node, fields []string) bool {
	if !n.HasKey || len(fields) != len(n.Key) {
		return false
	}
	for _, f := range fields {
		if !slices.Contains(n.Key, f) {
			return false
		}
	}
	return true
}
