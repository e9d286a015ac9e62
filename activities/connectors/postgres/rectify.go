package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// rectification is an order to correct, with its names resolved.
type rectification struct {
	table   *table
	key     []*column
	columns []*column
	texts   []*string // nil for NULL
}

// Rectify writes the values in one transaction, into rows that do not carry them yet.
func (s *System) Rectify(ctx context.Context, order connectors.Rectification) (int, error) {
	if len(order.Keys) > connectors.MaxBatch || len(order.Set) == 0 {
		return 0, models.Errorf(models.Invalid, "bad_order", "A rectification sets at least one field, of at most %d rows at once.", connectors.MaxBatch)
	}
	r := &rectification{}
	err := s.resolve(ctx, order.Node, func(t *table) (err error) {
		r.table, r.columns, r.texts = t, nil, nil
		if r.key, err = t.list(order.Node, order.Node.Key); err == nil {
			err = r.set(order)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	carry := 0
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error {
		for _, g := range groups(r.key, order.Keys, false) {
			n, err := r.write(ctx, tx, g)
			if err != nil {
				return err
			}
			carry += n
		}
		return nil
	})
	if code, detail := blocked(err); code != "" {
		return 0, mismatch("The collection %s does not take the values: its system refuses them (%s).", order.Node.Address, detail)
	}
	if err != nil {
		return 0, s.failed(err, order.Node)
	}
	return carry, nil
}

func (r *rectification) set(order connectors.Rectification) error {
	node := order.Node
	for _, f := range order.Set {
		c, err := r.table.column(node, f.Field)
		if err != nil {
			return err
		}
		field := node.Field(f.Field)
		switch {
		case len(c.path) > 0:
			return models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The field %s.%s is part of a document; a person must correct it.", node.Address, f.Field)
		case slices.Contains(node.Key, f.Field), field != nil && field.ReadOnly, c.generated:
			return mismatch("The field %s.%s is a key, or read-only, and cannot be given a value.", node.Address, f.Field)
		}
		var text *string
		if !f.Value.IsNull() {
			encoded, ok := c.encodeWhole(f.Value)
			if kinds[c.base] == datamap.KindJSON && !c.array && f.Value.Kind() == datamap.KindText {
				encoded, ok = f.Value.Text(), true
			}
			if !ok {
				return mismatch("The field %s.%s cannot hold the value; its type is %s.", node.Address, f.Field, c.shown())
			}
			text = &encoded
		}
		r.columns, r.texts = append(r.columns, c), append(r.texts, text)
	}
	return nil
}

// write returns how many of the group's rows carry the values.
func (r *rectification) write(ctx context.Context, tx pgx.Tx, g *group) (int, error) {
	where, args := g.where(false, nil)
	var sets, same []string
	for i, c := range r.columns {
		args = append(args, r.texts[i])
		value := fmt.Sprintf("$%d::text::%s", len(args), c.shown())
		sets = append(sets, c.quoted()+" = "+value)
		if textual[c.base] || kinds[c.base] != "" && kinds[c.base] != datamap.KindJSON {
			same = append(same, c.sql()+" IS NOT DISTINCT FROM "+value)
		}
	}
	carries := strings.Join(append(same, "true"), " AND ")
	if _, err := tx.Exec(ctx, "UPDATE "+r.table.sql()+" SET "+strings.Join(sets, ", ")+" WHERE "+where+" AND (NOT ("+carries+") OR "+
		fmt.Sprint(len(same) < len(sets))+")", args...); err != nil {
		return 0, err
	}
	var n int
	err := tx.QueryRow(ctx, "SELECT count(*) FROM "+r.table.sql()+" WHERE "+where+" AND "+carries, args...).Scan(&n)
	return n, err
}
