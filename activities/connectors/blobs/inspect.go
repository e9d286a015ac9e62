package blobs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/activities/connectors/match"
	"habeas/models/datamap"
)

// Inspect concludes from all paths what a map could write as table:, one for each place with files. What an object carries is taken
// from a few objects of each.
func (s *System) Inspect(ctx context.Context, samples int, yield func(connectors.Table) error) error {
	all, err := s.tree(ctx)
	if err != nil {
		return err
	}
	for _, g := range all.groups() {
		table, err := s.table(ctx, g, samples)
		if err != nil {
			return err
		}
		if err := yield(table); err != nil {
			return stopped(err)
		}
	}
	return nil
}

func (s *System) tree(ctx context.Context) (*tree, error) {
	all := &tree{}
	err := s.List(ctx, "", func(o Object) error {
		all.add(o.Path)
		return nil
	})
	return all, err
}

func (s *System) table(ctx context.Context, g group, samples int) (connectors.Table, error) {
	table := connectors.Table{Name: g.pattern, Rows: g.files, Key: []string{inPath}}
	pattern, err := ParsePattern(g.pattern)
	if err != nil {
		return table, err
	}
	l := &layout{node: &datamap.Node{Table: g.pattern}, pattern: pattern, system: s}
	var objects []found
	names := map[string]bool{}
	for _, path := range g.examples {
		o, there, err := s.Stat(ctx, path, true)
		if err != nil {
			return table, err
		}
		parts, ok := pattern.Match(path)
		if !there || !ok {
			continue
		}
		objects = append(objects, found{Object: o, parts: parts})
		for name := range o.Metadata {
			names[inMetadata+"."+name] = true
		}
		for name := range o.Tags {
			names[inTag+"."+name] = true
		}
	}
	for _, c := range s.columns(pattern, names) {
		if err := c.sample(l, objects, samples); err != nil {
			return table, err
		}
		table.Columns = append(table.Columns, c.Column)
	}
	return table, nil
}

// column is a column that is being inspected.
type column struct {
	connectors.Column
	place place
}

// columns are all that objects have, by the names of the settings where they give any.
func (s *System) columns(pattern *Pattern, seen map[string]bool) []*column {
	given := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.settings.Fields)) {
		target := s.settings.Fields[name]
		given[target] = name
		if strings.Contains(target, ".") {
			seen[target] = true
		}
	}
	var list []*column
	for _, name := range append(append(slices.Clone(pattern.Names()), inPath, inSize, inModified, inType, inContent), slices.Sorted(maps.Keys(seen))...) {
		p, ok := readPlace(name, pattern, s.Traits())
		if !ok {
			continue
		}
		c := &column{Column: connectors.Column{Name: name, Kind: datamap.KindText, Computed: p.kind == inSize || p.kind == inModified}, place: p}
		if other := given[name]; other != "" && p.kind != inPart {
			c.Name = other
		}
		switch p.kind {
		case inSize:
			c.Kind = datamap.KindInt
		case inModified:
			c.Kind = datamap.KindTimestamp
		case inContent:
			c.Kind = datamap.KindBytes
		}
		c.Type = string(c.Kind)
		c.Nullable = p.kind == inMetadata || p.kind == inTag || p.kind == inContent || p.kind == inType
		list = append(list, c)
	}
	return list
}

// sample takes values of the objects, and guesses from texts of what type they are.
func (c *column) sample(l *layout, objects []found, samples int) error {
	if c.Kind != datamap.KindText {
		return nil
	}
	var texts []string
	for _, o := range objects {
		v := l.value(o, c.place)
		if v.IsNull() {
			continue
		}
		texts = append(texts, v.Text())
		if len(c.Samples) < samples && !slices.Contains(c.Samples, v) {
			c.Samples = append(c.Samples, v)
		}
	}
	c.Type = string(match.Guess(texts))
	return nil
}
