package redis

import (
	"context"
	"slices"

	driver "github.com/redis/go-redis/v9"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Left counts the keys for which the erasure is not in effect. It sees what the server holds now; files and copies of it may be older.
func (s *System) Left(ctx context.Context, order connectors.Erasure) (int, error) {
	if order.Delete {
		return s.Count(ctx, connectors.Query{Node: order.Node, Fields: order.Node.Key, Keys: order.Keys})
	}
	b, err := s.batch(order)
	if err != nil {
		return 0, err
	}
	left := 0
	err = s.matching(ctx, b.collection, b.key, order.Keys, false, b.wish(), func(r *record, i int) error {
		for _, m := range b.masks {
			_, _, change, err := b.left(order.Keys[i], m, r)
			if err != nil {
				return err
			}
			if change {
				left++
				break
			}
		}
		return nil
	})
	return left, s.failed(ctx, err, order.Node)
}

// Restrict writes the map's mark into keys that do not carry it, or clears it.
func (s *System) Restrict(ctx context.Context, order connectors.Restriction) (int, error) {
	r := order.Node.Collection.Restrict
	if r == nil {
		return 0, models.Errorf(models.Unsupported, connectors.CodeNoRestrict, "The data map does not say how rows of %s are restricted.", order.Node.Address)
	}
	c, err := s.collection(order.Node)
	if err != nil {
		return 0, err
	}
	col := c.column(r.Column)
	set, clear := mark(order, r.Set), mark(order, r.Clear)
	return s.write(ctx, c, order.Keys, []*column{col}, func(rec *record) []datamap.Value {
		cleared := rec.get(col).Text() == clear.Text() && rec.get(col).IsNull() == clear.IsNull()
		switch {
		case order.Lift:
			return []datamap.Value{clear}
		case cleared:
			return []datamap.Value{set}
		default:
			return []datamap.Value{rec.get(col)}
		}
	})
}

// mark is what a restriction writes; a nil pointer stands for NULL.
func mark(order connectors.Restriction, value *string) datamap.Value {
	switch {
	case value == nil:
		return datamap.Null
	case *value == datamap.SetNow:
		return datamap.Text(order.At.UTC().Format("2006-01-02T15:04:05Z"))
	default:
		return datamap.Text(*value)
	}
}

// Rectify gives fields of keys new values, each key in a transaction of its own.
func (s *System) Rectify(ctx context.Context, order connectors.Rectification) (int, error) {
	c, err := s.collection(order.Node)
	if err != nil {
		return 0, err
	}
	var columns []*column
	var values []datamap.Value
	for _, f := range order.Set {
		col, field := c.column(f.Field), order.Node.Field(f.Field)
		if !col.inside() || field == nil || field.PrimaryKey || field.ReadOnly {
			return 0, mismatch("The field %s.%s identifies the row or is read-only, and cannot be corrected.", order.Node.Address, f.Field)
		}
		if text := f.Value.Text(); !f.Value.IsNull() && col.kind != "" && col.convert(text).Kind() != col.kind {
			return 0, mismatch("The field %s.%s cannot hold the value.", order.Node.Address, f.Field)
		}
		columns, values = append(columns, col), append(values, f.Value)
	}
	return s.write(ctx, c, order.Keys, columns, func(*record) []datamap.Value { return values })
}

// write gives fields of the keys' rows the values that wanted names, and counts the rows that have them after.
func (s *System) write(ctx context.Context, c *collection, keys []datamap.Key, columns []*column, wanted func(*record) []datamap.Value) (int, error) {
	var names []string
	err := s.matching(ctx, c, c.columns(c.Key), keys, false, wish{}, func(r *record, _ int) error {
		names = append(names, r.key)
		return nil
	})
	n := 0
	for _, name := range names {
		if err != nil {
			break
		}
		found := false
		err = s.watched(ctx, c, name, wishFor(columns), func(r *record, p driver.Pipeliner) error {
			found = true
			return c.put(ctx, p, r, columns, wanted(r))
		})
		if err == nil && found {
			n++
		}
	}
	return n, s.failed(ctx, err, c.Node)
}

// put orders that a key's fields have the values.
func (c *collection) put(ctx context.Context, p driver.Pipeliner, r *record, columns []*column, values []datamap.Value) error {
	dirty := false
	for i, col := range columns {
		was, now := r.get(col), values[i]
		if was == now {
			continue
		}
		cannot := mismatch("The field %s.%s cannot hold the value.", c.Address, col.field)
		switch r.typ {
		case typeHash:
			if now.Kind() == datamap.KindArray {
				return cannot
			}
			setHash(ctx, p, r.key, col.field, now)
		case typeJSON:
			dirty = true
			places := r.doc.at(col.path)
			if r.doc.through(col.path) || len(places) == 0 && !r.doc.add(col.path, now) || slices.ContainsFunc(places, func(d *document) bool { return !d.set(now) }) {
				return cannot
			}
		case typeString:
			if now.IsNull() || now.Kind() == datamap.KindArray {
				return cannot
			}
			keep(ctx, p, r.key, now.Text())
		default:
			if now.Kind() != datamap.KindArray && !now.IsNull() {
				return cannot
			}
			c.putElements(ctx, p, r, now.Elements())
		}
	}
	if dirty {
		keep(ctx, p, r.key, r.doc.text())
	}
	return nil
}

// putElements replaces the elements of a list or set, and leaves its time to live.
func (c *collection) putElements(ctx context.Context, p driver.Pipeliner, r *record, elements []datamap.Value) {
	was := make([]datamap.Value, len(r.items))
	for i, it := range r.items {
		was[i] = datamap.Text(it.member)
	}
	r.rewrite(ctx, p, was, datamap.Array(elements...))
	if r.typ == typeList {
		for _, v := range elements[min(len(was), len(elements)):] {
			p.RPush(ctx, r.key, v.Text())
		}
	}
}
