package relational

import (
	"context"
	"database/sql"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Left counts the rows for which the erasure is not in effect.
func (s *System) Left(ctx context.Context, order connectors.Erasure) (int, error) {
	if order.Delete {
		return s.Count(ctx, connectors.Query{Node: order.Node, Fields: order.Node.Key, Keys: order.Keys})
	}
	b, err := s.batch(ctx, order)
	if err != nil {
		return 0, err
	}
	left := 0
	for _, g := range s.groups(b.key, order.Keys, false) {
		if err := b.unerased(ctx, s.db, g, func(datamap.Key) { left++ }); err != nil {
			return 0, s.failed(err, order.Node)
		}
	}
	return left, nil
}

// unerased calls each with the key of every row for which the erasure is not in effect.
func (b *batch) unerased(ctx context.Context, db Querier, g *group, each func(datamap.Key)) error {
	m := b.system.match(b.table, g, false)
	if b.remove {
		return Stream(ctx, db, m.selected(b.system.reads(b.key)), func(raw []any) error {
			each(b.system.decode(b.key, raw))
			return nil
		})
	}
	_, done := b.fixed()
	if done.SQL == "" {
		done = plain("1 = 1")
	}
	list := b.made()
	columns := make([]*Column, len(list))
	for i, one := range list {
		columns[i] = one.column
	}
	expressions := append(b.system.reads(b.key), join(plain("("), done, plain(")")))
	expressions = append(expressions, b.system.reads(columns)...)
	return Stream(ctx, db, m.selected(expressions), func(raw []any) error {
		key := datamap.Key(b.system.decode(b.key, raw))
		effective := Truthy(raw[len(b.key)])
		for i, v := range b.system.decode(columns, raw[len(b.key)+1:]) {
			_, changes, err := b.value(list[i], key, v)
			if err != nil {
				return err
			}
			effective = effective && !changes
		}
		if !effective {
			each(key)
		}
		return nil
	})
}

// Restrict writes the map's mark into rows that do not carry it, or clears it, all in one transaction.
func (s *System) Restrict(ctx context.Context, order connectors.Restriction) (int, error) {
	r := order.Node.Collection.Restrict
	if r == nil {
		return 0, models.Errorf(models.Unsupported, connectors.CodeNoRestrict, "The data map does not say how rows of %s are restricted.", order.Node.Address)
	}
	var t *Table
	var key []*Column
	var c *Column
	err := s.resolve(ctx, order.Node, func(fresh *Table) (err error) {
		t = fresh
		if key, err = t.list(order.Node, order.Node.Key); err == nil {
			c, err = t.column(order.Node, r.Column)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	set, err := s.mark(c, order, r.Set)
	if err != nil {
		return 0, err
	}
	clear, err := s.mark(c, order, r.Clear)
	if err != nil {
		return 0, err
	}
	total := 0
	err = s.transaction(ctx, func(ctx context.Context, tx *sql.Conn) error {
		total = 0
		for _, g := range s.groups(key, order.Keys, false) {
			n, err := s.markRows(ctx, tx, t, c, g, set, clear, order.Lift)
			if err != nil {
				return err
			}
			total += n
		}
		return nil
	})
	if err != nil {
		return 0, s.failed(err, order.Node)
	}
	return total, nil
}

// mark is what a restriction writes; nil is NULL.
func (s *System) mark(c *Column, order connectors.Restriction, value *string) (any, error) {
	if value == nil {
		return nil, nil
	}
	v := datamap.Text(*value)
	if *value == datamap.SetNow && c.Kind == datamap.KindBool {
		v = datamap.Text("true")
	} else if *value == datamap.SetNow {
		v = datamap.Text(order.At.UTC().Format("2006-01-02T15:04:05Z"))
	}
	form, ok := s.stored(c, v)
	if !ok || c.Array || len(c.Path) > 0 {
		return nil, mismatch("The field %s.%s cannot hold the mark of a restriction.", order.Node.Address, c.Name)
	}
	return form, nil
}

// markRows writes where the row is not in the wished state, and counts the rows that are in it after.
func (s *System) markRows(ctx context.Context, tx *sql.Conn, t *Table, c *Column, g *group, set, clear any, lift bool) (int, error) {
	m := s.match(t, g, false)
	cleared := Fragment{SQL: s.dialect.Same(s.dialect.Exact(c), s.dialect.Operand(c, "?")), Args: []any{clear}}
	marked := join(plain("NOT ("), cleared, plain(")"))
	value, open, wished := set, cleared, marked
	if lift {
		value, open, wished = clear, marked, cleared
	}
	change := m
	change.Where = m.Where.and(open)
	statement := s.dialect.Update(t, change, Fragment{SQL: s.dialect.Set(c) + " = " + s.dialect.Write(c, "?"), Args: []any{value}})
	if _, err := tx.ExecContext(ctx, statement.SQL, statement.Args...); err != nil {
		return 0, err
	}
	m.Where = m.Where.and(wished)
	return count(ctx, tx, m)
}
