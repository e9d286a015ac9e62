package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

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
	for _, g := range groups(b.key, order.Keys, false) {
		if err := b.unerased(ctx, s.pool, g, func([][]byte) { left++ }); err != nil {
			return 0, s.failed(err, order.Node)
		}
	}
	return left, nil
}

// unerased calls each with the key of every row for which the erasure is not in effect.
func (b *batch) unerased(ctx context.Context, db querier, g *group, each func(raw [][]byte)) error {
	where, args := g.where(false, nil)
	masked := []string{strconv.FormatBool(!b.remove)}
	for _, m := range b.masks {
		var cond string
		cond, args = m.effective(args)
		masked = append(masked, cond)
	}
	names := append(b.keyNames(), "("+strings.Join(masked, " AND ")+")")
	made := b.made()
	for _, m := range made {
		names = append(names, m.column.sql())
	}
	return stream(ctx, db, "SELECT "+strings.Join(names, ", ")+" FROM "+b.table.sql()+" WHERE "+where, args, func(raw [][]byte) error {
		key, rest := raw[:len(b.key)], raw[len(b.key):]
		done := string(rest[0]) == "t"
		for i := 0; done && i < len(made); i++ {
			_, changed, err := b.value(made[i], b.decodeKey(key), rest[1+i])
			if err != nil {
				return err
			}
			done = !changed
		}
		if !done {
			each(key)
		}
		return nil
	})
}

// Restrict writes the map's mark into rows that do not carry it, or clears it.
func (s *System) Restrict(ctx context.Context, order connectors.Restriction) (int, error) {
	r := order.Node.Collection.Restrict
	if r == nil {
		return 0, models.Errorf(models.Unsupported, connectors.CodeNoRestrict, "The data map does not say how rows of %s are restricted.", order.Node.Address)
	}
	var t *table
	var key []*column
	var c *column
	err := s.resolve(ctx, order.Node, func(fresh *table) (err error) {
		t = fresh
		if key, err = t.list(order.Node, order.Node.Key); err == nil {
			c, err = t.column(order.Node, r.Column)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	set, err := c.mark(order, r.Set)
	if err != nil {
		return 0, err
	}
	clear, err := c.mark(order, r.Clear)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, g := range groups(key, order.Keys, false) {
		n, err := s.markRows(ctx, t, c, g, set, clear, order.Lift)
		if err != nil {
			return 0, s.failed(err, order.Node)
		}
		total += n
	}
	return total, nil
}

// mark is the text that a restriction writes; nil is NULL.
func (c *column) mark(order connectors.Restriction, value *string) (*string, error) {
	if value == nil {
		return nil, nil
	}
	v := datamap.Text(*value)
	if *value == datamap.SetNow && kinds[c.base] == datamap.KindBool {
		v = datamap.Text("true")
	} else if *value == datamap.SetNow {
		v = datamap.Text(order.At.UTC().Format("2006-01-02T15:04:05Z"))
	}
	text, ok := c.encode(v)
	if !ok || c.array || len(c.path) > 0 {
		return nil, mismatch("The field %s.%s cannot hold the mark of a restriction.", order.Node.Address, c.name)
	}
	return &text, nil
}

// markRows writes where the row is not in the wished state, and counts the rows that are in it after.
func (s *System) markRows(ctx context.Context, t *table, c *column, g *group, set, clear *string, lift bool) (int, error) {
	where, args := g.where(false, nil)
	args = append(args, clear)
	cleared := fmt.Sprintf("%s IS NOT DISTINCT FROM $%d::text::%s", c.operand(), len(args), c.castType(false))
	value, change, count := set, cleared, "NOT ("+cleared+")"
	if lift {
		value, change, count = clear, "NOT ("+cleared+")", cleared
	}
	counted := len(args)
	update := append(append([]any{}, args...), value)
	sql := fmt.Sprintf("UPDATE %s SET %s = $%d::text::%s WHERE %s AND %s", t.sql(), c.quoted(), len(update), c.typ, where, change)
	if _, err := s.pool.Exec(ctx, sql, update...); err != nil {
		return 0, err
	}
	var n int
	err := s.pool.QueryRow(ctx, "SELECT count(*) FROM "+t.sql()+" WHERE "+where+" AND "+count, args[:counted]...).Scan(&n)
	return n, err
}
