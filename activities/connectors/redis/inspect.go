package redis

import (
	"context"
	"maps"
	"slices"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

const (
	inspectKeys    = 100  // of each pattern that are read
	inspectColumns = 200  // of each pattern; a hash with more is a list of something
	inspectTables  = 1000 // patterns
)

// Inspect describes each pattern of keys: the settings' ones, and what the others are seen to have in common. What a pattern's keys hold is
// told from some of them; Redis itself knows no tables.
func (s *System) Inspect(ctx context.Context, samples int, yield func(connectors.Table) error) error {
	sh, err := s.shapes(ctx)
	if err != nil {
		return s.wrap(ctx, err, "")
	}
	counts, some := map[string]int64{}, map[string][]string{}
	err = s.names(ctx, everyKey(), func(keys []string) error {
		for table, group := range byPattern(sh, keys) {
			if counts[table] == 0 && len(counts) == inspectTables {
				continue
			}
			counts[table] += int64(len(group))
			some[table] = append(some[table], group[:min(len(group), inspectKeys-len(some[table]))]...)
		}
		return nil
	})
	if err != nil {
		return s.wrap(ctx, err, "")
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		p := sh.of(some[name][0])
		list, err := unmapped().load(ctx, s.client, some[name], wish{all: true, ttl: true})
		if err != nil {
			return s.wrap(ctx, err, "")
		}
		table := describe(p, list, samples)
		table.Name, table.Rows = name, counts[name]
		if err := yield(table); err != nil {
			return stopped(err)
		}
	}
	return nil
}

// description gathers the columns of a pattern.
type description struct {
	columns map[string]*connectors.Column
	typed   map[string]bool // columns of which a value has been seen
	order   []string
	samples int
}

func describe(p pattern, list []*record, samples int) connectors.Table {
	d := &description{columns: map[string]*connectors.Column{}, typed: map[string]bool{}, samples: samples}
	d.column(keyField, "key").Nullable = false
	types := map[string]bool{}
	for _, r := range list {
		d.note(keyField, "key", datamap.Text(r.key), false)
		parts, _ := p.values(r.key)
		for i, name := range p.names[:min(len(parts), len(p.names))] {
			d.note(name, "part of the key", datamap.Text(parts[i]), false)
			d.columns[name].Nullable = false
		}
		types[r.typ] = true
		r.fields(func(name string, v datamap.Value, list bool) {
			if name = shown(name); name != "" && (d.columns[name] != nil || len(d.columns) < inspectColumns) {
				d.note(name, r.typ, v, list)
			}
		})
	}
	ttl := d.column(ttlField, "seconds")
	ttl.Kind, ttl.Computed = datamap.KindInt, true
	table := connectors.Table{Key: []string{keyField}, Indexes: [][]string{{keyField}}}
	if len(p.names) > 0 {
		table.Unique = [][]string{p.names}
		table.Indexes = append(table.Indexes, p.names)
	}
	for i, t := range slices.Sorted(maps.Keys(types)) {
		if table.Comment += t; i < len(types)-1 {
			table.Comment += ", "
		}
	}
	for _, name := range d.order {
		table.Columns = append(table.Columns, *d.columns[name])
	}
	return table
}

func (d *description) column(name, typ string) *connectors.Column {
	c := d.columns[name]
	if c == nil {
		c = &connectors.Column{Name: name, Type: typ, Kind: datamap.KindText, Nullable: true}
		d.columns[name] = c
		d.order = append(d.order, name)
	}
	return c
}

func (d *description) note(name, typ string, v datamap.Value, list bool) {
	c := d.column(name, typ)
	c.Array = c.Array || list
	switch numbers := []datamap.Kind{datamap.KindInt, datamap.KindDecimal}; {
	case v.IsNull():
		return
	case !d.typed[name]:
		c.Kind = v.Kind()
	case slices.Contains(numbers, c.Kind) && slices.Contains(numbers, v.Kind()):
		if c.Kind != v.Kind() {
			c.Kind = datamap.KindDecimal
		}
	case c.Kind != v.Kind():
		c.Kind = datamap.KindText
	}
	d.typed[name] = true
	if len(c.Samples) < d.samples && !slices.Contains(c.Samples, v) {
		c.Samples = append(c.Samples, v)
	}
}

// fields calls fn with each field of a key's value, in their order.
func (r *record) fields(fn func(name string, v datamap.Value, list bool)) {
	switch r.typ {
	case typeHash:
		for _, name := range slices.Sorted(maps.Keys(r.hash)) {
			fn(name, (&column{}).convert(r.hash[name]), false)
		}
	case typeJSON:
		r.doc.leaves("", fn)
	case typeString:
		fn(valueField, (&column{}).convert(r.text), false)
	case typeList, typeSet, typeZSet:
		for _, it := range r.items {
			fn(valueField, (&column{}).convert(it.member), true)
		}
	}
}
