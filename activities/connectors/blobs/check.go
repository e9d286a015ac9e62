package blobs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Finding is something that a store says of itself below a prefix.
type Finding struct {
	Severity datamap.Severity
	Code     string
	Message  string
	Advice   string
}

// Examiner is a store that can say more of itself: that it is read-only, keeps versions or holds objects.
type Examiner interface {
	Examine(ctx context.Context, prefix string) ([]Finding, error)
}

// enough is how many objects of a collection a check looks at.
const enough = 10_000

// Check compares the collections with what lies in the store, at up to ten thousand objects each.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	c := &Checker{}
	for _, n := range nodes {
		if err := s.check(ctx, c, n); err != nil {
			return nil, err
		}
	}
	datamap.SortProblems(c.Problems)
	return c.Problems, nil
}

// Checker gathers problems.
type Checker struct{ connectors.Problems }

// Refused notes that rights are missing, and gives back any other error.
func (c *Checker) Refused(n *datamap.Node, err error) error {
	if models.KindOf(err) != models.Forbidden || models.CodeOf(err) != connectors.CodeRefused {
		return err
	}
	c.Add(datamap.Fault, connectors.CodeRefused, n, "", models.MessageOf(err, "It failed."), "Give the account the rights that docs/connectors/files.md lists, for this part of the store too.")
	return nil
}

func (s *System) check(ctx context.Context, c *Checker, n *datamap.Node) error {
	l, err := s.layout(n)
	if err != nil {
		c.Add(datamap.Fault, "unknown_table", n, "", models.MessageOf(err, "It failed."), "Write habeas: {table: …} as a pattern such as customers/{customer_id}/{file}.")
		return nil
	}
	for i := range n.Fields {
		if _, err := l.place(n.Fields[i].Name); err != nil {
			c.Add(datamap.Fault, "unknown_column", n, n.Fields[i].Name, models.MessageOf(err, "It failed."),
				"Use a placeholder, path, size, modified, content_type, content, metadata.NAME or tag.NAME, or name it in the system's settings under fields.")
		}
	}
	if n.Erasure() == datamap.EraseMask {
		for _, m := range n.Masks() {
			if err := l.maskable(m); err != nil && models.KindOf(err) == models.Unsupported {
				c.Add(datamap.Fault, "mask_impossible", n, m.Field, models.MessageOf(err, "It failed."), "Use erase: delete for the collection, or erase: null or keep for the field.")
			}
		}
	}
	l.checkIndexes(c)
	return c.Refused(n, l.checkObjects(ctx, c))
}

// checkIndexes warns of look-ups that no prefix narrows.
func (l *layout) checkIndexes(c *Checker) {
	fixed, _, _ := l.pattern.Prefix(nil)
	folded := map[string]bool{}
	for _, id := range l.node.Identities {
		folded[id.Field] = id.Kind == datamap.IdentityEmail
	}
	for i, fields := range l.node.Lookups() {
		places, err := l.places(fields)
		if err != nil {
			continue // it is told already
		}
		key := make(datamap.Key, len(fields))
		for j := range key {
			key[j] = datamap.Text("x")
		}
		prefix, whole, _ := l.reachOf(places, key, len(fields) == 1 && folded[fields[0]])
		if i == 0 && !whole && l.node.Erasure() != datamap.EraseKeep {
			c.Add(datamap.Warning, "key_not_unique", l.node, "", "The key does not fix one path, so that several objects may have one key; they are erased together.", "Mark path, or all placeholders, as primary_key.")
		}
		if !whole && prefix == fixed {
			c.Add(datamap.Warning, "no_index", l.node, strings.Join(fields, "+"), "A search by "+strings.Join(fields, ", ")+" lists every object below "+fixed+".",
				"Put a placeholder by which people are searched for near the beginning of the paths.")
		}
	}
}

// checkObjects looks for objects that the pattern leaves out.
func (l *layout) checkObjects(ctx context.Context, c *Checker) error {
	prefix, _, _ := l.pattern.Prefix(nil)
	fits, beside := 0, 0
	err := l.system.List(ctx, prefix, func(o Object) error {
		if _, ok := l.pattern.Match(o.Path); !ok {
			beside++
		} else if fits++; fits == 1 {
			if _, _, err := l.system.Stat(ctx, o.Path, l.tags()); err != nil {
				return err // rights on a list are not rights on what is in it
			}
		}
		if fits+beside >= enough {
			return connectors.ErrStop
		}
		return nil
	})
	if err := stopped(err); err != nil {
		return err
	}
	if fits == 0 {
		c.Add(datamap.Warning, "no_objects", l.node, "", "No object fits the pattern "+l.node.Table+".", "Compare the pattern with the paths; habeas datamap discover proposes patterns.")
	}
	if beside > 0 {
		c.Add(datamap.Warning, "objects_beside", l.node, "", fmt.Sprintf("%d of %d objects below %q do not fit the pattern and belong to no row of this collection.", beside, fits+beside, prefix),
			"Describe them by another collection, if they hold personal data.")
	}
	examiner, ok := l.system.Store.(Examiner)
	if !ok {
		return nil
	}
	findings, err := examiner.Examine(ctx, prefix)
	for _, f := range findings {
		if l.node.Erasure() != datamap.EraseKeep && !slices.ContainsFunc(c.Problems, func(p datamap.Problem) bool { return p.Code == f.Code && p.Where == l.node.Address.String() }) {
			c.Add(f.Severity, f.Code, l.node, "", f.Message, f.Advice)
		}
	}
	return err
}
