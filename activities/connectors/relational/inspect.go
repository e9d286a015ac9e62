package relational

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// sampled is how many rows of a table are read for samples.
const sampled = 1000

// Inspect describes all tables. A column of documents of which all that were sampled are lists counts as an array.
func (s *System) Inspect(ctx context.Context, samples int, yield func(connectors.Table) error) error {
	var tables []*Table
	err := s.dialect.Tables(ctx, s.db, func(t *Table) error {
		tables = append(tables, t)
		return nil
	})
	if err != nil {
		return s.wrap(err, "")
	}
	for _, t := range tables {
		described := describe(t)
		if samples > 0 {
			if err := s.sample(ctx, t, &described, samples); err != nil {
				return s.wrap(err, "")
			}
		}
		if err := yield(described); err != nil {
			return err
		}
	}
	return nil
}

func describe(t *Table) connectors.Table {
	d := connectors.Table{Name: t.Title, View: t.View, Rows: t.Rows, Comment: t.Comment, Key: t.Key()}
	for _, c := range t.Columns {
		d.Columns = append(d.Columns, connectors.Column{
			Name: c.Name, Type: c.Type, Kind: c.Kind, Nullable: !c.NotNull, Computed: c.Computed, Length: c.Length, Comment: c.Comment,
		})
	}
	for _, i := range t.Indexes {
		columns := i.Columns
		if end := slices.Index(columns, ""); end >= 0 {
			columns = columns[:end]
		}
		if len(columns) > 0 {
			d.Indexes = append(d.Indexes, columns)
		}
		if i.Unique && !i.Primary && len(columns) == len(i.Columns) {
			d.Unique = append(d.Unique, columns)
		}
	}
	for _, r := range t.References {
		d.References = append(d.References, connectors.ForeignKey{Name: r.Name, Columns: r.Columns, Table: r.To, Into: r.Into, OnDelete: r.OnDelete})
	}
	return d
}

// sample reads the first rows; a table that may not be read, or a view that fails, has no samples.
func (s *System) sample(ctx context.Context, t *Table, d *connectors.Table, most int) error {
	ctx, cancel := limited(ctx)
	defer cancel()
	rows := 0
	lists := make([]int, len(t.Columns)) // -1: a document is no list
	err := Stream(ctx, s.db, join(s.dialect.Everything(t).selected(s.reads(t.Columns)), Fragment{SQL: " LIMIT ?", Args: []any{sampled}}), func(raw []any) error {
		rows++
		for i, v := range s.decode(t.Columns, raw) {
			if v.IsNull() {
				continue
			}
			if v.Kind() == datamap.KindJSON && lists[i] >= 0 && decodeArray(&Column{}, v.Text()).Kind() == datamap.KindArray {
				lists[i]++
			} else if v.Kind() == datamap.KindJSON {
				lists[i] = -1
			}
			if samples := &d.Columns[i].Samples; len(*samples) < most && !slices.Contains(*samples, v) {
				*samples = append(*samples, v)
			}
		}
		return nil
	})
	for i := range lists {
		if lists[i] > 0 {
			listed(&d.Columns[i])
		}
	}
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// listed makes a column of lists an array, with the kind of what is in the lists.
func listed(c *connectors.Column) {
	c.Array, c.Kind = true, datamap.KindText
	for i, v := range c.Samples {
		list := decodeArray(&Column{}, v.Text())
		c.Samples[i] = list
		for _, e := range list.Elements() {
			if !e.IsNull() {
				c.Kind = e.Kind()
			}
		}
	}
}
