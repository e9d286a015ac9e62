package relational

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// correction is a column with the form of the value that it is to have.
type correction struct {
	column *Column
	form   any
}

// Rectify writes the values into the rows that do not carry them, all in one transaction.
func (s *System) Rectify(ctx context.Context, order connectors.Rectification) (int, error) {
	if len(order.Keys) > connectors.MaxBatch || len(order.Set) == 0 {
		return 0, models.Errorf(models.Invalid, "bad_order", "A rectification sets at least one field, in at most %d rows at once.", connectors.MaxBatch)
	}
	var t *Table
	var key []*Column
	var list []correction
	err := s.resolve(ctx, order.Node, func(fresh *Table) (err error) {
		t = fresh
		if key, err = t.list(order.Node, order.Node.Key); err == nil {
			list, err = s.corrections(t, order)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	if t.Unsafe != "" {
		return 0, (&batch{node: order.Node, table: t}).unsafe()
	}
	total := 0
	err = s.transaction(ctx, func(ctx context.Context, tx *sql.Conn) error {
		total = 0
		for _, g := range s.groups(key, order.Keys, false) {
			n, err := s.correct(ctx, tx, t, s.match(t, g, false), list)
			if err != nil {
				return err
			}
			total += n
		}
		return nil
	})
	if f := s.dialect.Failure(err); err != nil && f.Blocked != "" {
		return 0, mismatch("The collection %s does not take the values: its system refuses them (%s).", order.Node.Address, strings.TrimSpace(t.Name+" "+f.Detail))
	}
	if err != nil {
		return 0, s.failed(err, order.Node)
	}
	return total, nil
}

func (s *System) corrections(t *Table, order connectors.Rectification) ([]correction, error) {
	list := make([]correction, len(order.Set))
	for i, set := range order.Set {
		c, err := t.column(order.Node, set.Field)
		if err != nil {
			return nil, err
		}
		f := order.Node.Field(set.Field)
		switch {
		case contains(order.Node.Key, set.Field):
			return nil, mismatch("The field %s.%s is part of the key and cannot be corrected.", order.Node.Address, set.Field)
		case f != nil && f.ReadOnly, c.Computed:
			return nil, mismatch("The field %s.%s cannot be written.", order.Node.Address, set.Field)
		case len(c.Path) > 0:
			return nil, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The field %s.%s is part of a document and cannot be corrected by itself.", order.Node.Address, set.Field)
		}
		form, ok := s.stored(c, set.Value)
		if !ok || form == nil && c.NotNull || unfit(c, set.Value, form) {
			return nil, mismatch("The field %s.%s cannot hold the value that it is to have.", order.Node.Address, set.Field)
		}
		list[i] = correction{c, form}
	}
	return list, nil
}

// unfit reports whether a value is too long for the column, or a list for a column of single values or the reverse.
func unfit(c *Column, v datamap.Value, form any) bool {
	if form == nil {
		return false
	}
	text := String(form)
	if c.Kind == datamap.KindText && c.Length > 0 && utf8.RuneCountInString(text) > c.Length {
		return true
	}
	return c.Array != (v.Kind() == datamap.KindArray)
}

func (s *System) correct(ctx context.Context, tx *sql.Conn, t *Table, m Match, list []correction) (int, error) {
	var sets, done Fragment
	for i, c := range list {
		if i > 0 {
			sets = join(sets, plain(", "))
		}
		sets = join(sets, Fragment{SQL: s.dialect.Set(c.column) + " = " + s.dialect.Write(c.column, "?"), Args: []any{c.form}})
		done = done.and(Fragment{SQL: s.dialect.Same(s.dialect.Exact(c.column), s.dialect.Operand(c.column, "?")), Args: []any{c.form}})
	}
	change := m
	change.Where = m.Where.and(join(plain("NOT ("), done, plain(")")))
	statement := s.dialect.Update(t, change, sets)
	if _, err := tx.ExecContext(ctx, statement.SQL, statement.Args...); err != nil {
		return 0, err
	}
	m.Where = m.Where.and(done)
	return count(ctx, tx, m)
}
