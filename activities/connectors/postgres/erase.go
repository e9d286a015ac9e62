package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// batch is one order to erase, with its names resolved.
type batch struct {
	system  *System
	node    *datamap.Node
	table   *table
	key     []*column
	unique  bool // the database makes the key identify one row
	remove  bool
	masks   []*masked
	careful bool // a row stands in the way: find it
}

// begin also makes deferred constraints speak at once, when it is still known which rows they are about.
const begin = "BEGIN; SET LOCAL lock_timeout = '" + lockTimeout + "'; SET LOCAL statement_timeout = '" + eraseLimit + "'; SET CONSTRAINTS ALL IMMEDIATE"

// Erase applies the order in one transaction. Rows that the database will not let go are left as they are and named.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	b, err := s.batch(ctx, order)
	if err != nil {
		return connectors.Outcome{}, err
	}
	out, err := b.run(ctx, order.Keys)
	if code, _ := blocked(err); code != "" {
		b.careful = true
		out, err = b.run(ctx, order.Keys)
	}
	if err != nil {
		return connectors.Outcome{}, s.failed(err, order.Node)
	}
	out.Missing = max(0, len(order.Keys)-out.Erased-out.Masked-len(out.Blocked))
	return out, nil
}

func (b *batch) run(ctx context.Context, keys []datamap.Key) (out connectors.Outcome, err error) {
	err = pgx.BeginTxFunc(ctx, b.system.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error {
		for _, g := range groups(b.key, keys, false) {
			if err := b.erase(ctx, tx, g, &out); err != nil {
				return err
			}
		}
		return b.again(ctx, tx, &out)
	})
	return out, err
}

func (s *System) batch(ctx context.Context, order connectors.Erasure) (*batch, error) {
	if len(order.Keys) > connectors.MaxBatch || order.Delete == (len(order.Masks) > 0) {
		return nil, models.Errorf(models.Invalid, "bad_order", "An erasure either deletes or masks, at most %d rows at once.", connectors.MaxBatch)
	}
	b := &batch{system: s, node: order.Node, remove: order.Delete}
	err := s.resolve(ctx, order.Node, func(t *table) (err error) {
		b.table = t
		if b.key, err = t.list(order.Node, order.Node.Key); err == nil {
			b.masks, err = s.masks(t, order.Node, order.Masks)
		}
		b.unique = slices.ContainsFunc(t.indexes, func(i index) bool { return i.primary && within(i.columns, order.Node.Key) })
		return err
	})
	return b, err
}

// erase erases a group of keys; when a row stands in the way and it is to be careful, it halves the group until that row is alone.
func (b *batch) erase(ctx context.Context, tx pgx.Tx, g *group, out *connectors.Outcome) error {
	done, err := b.attempt(ctx, tx, g)
	code, detail := blocked(err)
	switch {
	case err == nil:
		kept, err := b.kept(ctx, tx, g, done)
		out.Blocked = append(out.Blocked, kept...)
		if b.remove {
			out.Erased += done
		} else {
			out.Masked += done - len(kept)
		}
		return err
	case code == "" || !b.careful:
		return err
	case len(g.keys) == 1:
		out.Blocked = append(out.Blocked, connectors.Blocked{Key: g.keys[0], Code: code, Detail: detail})
		return nil
	}
	half := len(g.keys) / 2
	if err := b.erase(ctx, tx, g.slice(0, half), out); err != nil {
		return err
	}
	return b.erase(ctx, tx, g.slice(half, len(g.keys)), out)
}

// attempt erases all of a group or, when it is to be careful, leaves the transaction usable.
func (b *batch) attempt(ctx context.Context, tx pgx.Tx, g *group) (done int, err error) {
	apply := b.mask
	if b.remove {
		apply = b.delete
	}
	if !b.careful {
		return apply(ctx, tx, g)
	}
	err = pgx.BeginFunc(ctx, tx, func(sub pgx.Tx) error {
		done, err = apply(ctx, sub, g)
		return err
	})
	return done, err
}

func (g *group) slice(from, to int) *group {
	part := &group{columns: g.columns, nulls: g.nulls, keys: g.keys[from:to], values: make([][]string, len(g.values))}
	for i := range g.values {
		part.values[i] = g.values[i][from:to]
	}
	return part
}

// delete returns how many of the keys had a row that is gone now.
func (b *batch) delete(ctx context.Context, tx pgx.Tx, g *group) (int, error) {
	where, args := g.where(false, nil)
	sql := "DELETE FROM " + b.table.sql() + " WHERE " + where
	if b.unique {
		tag, err := tx.Exec(ctx, sql, args...)
		return int(tag.RowsAffected()), err
	}
	gone := map[string]bool{}
	err := stream(ctx, tx, sql+" RETURNING "+strings.Join(b.keyNames(), ", "), args, func(raw [][]byte) error {
		gone[joined(raw)] = true
		return nil
	})
	return len(gone), err
}

// joined tells the keys of one table apart.
func joined(raw [][]byte) string {
	var s []byte
	for _, r := range raw {
		s = strconv.AppendBool(s, r == nil)
		s = strconv.AppendInt(s, int64(len(r)), 10)
		s = append(append(s, ':'), r...)
	}
	return string(s)
}

// kept names the rows that a trigger or rule kept as they were, so that they are not taken for missing or masked.
func (b *batch) kept(ctx context.Context, tx pgx.Tx, g *group, done int) ([]connectors.Blocked, error) {
	if b.remove && done >= len(g.keys) {
		return nil, nil
	}
	var list []connectors.Blocked
	seen := map[string]bool{}
	err := b.unerased(ctx, tx, g, func(raw [][]byte) {
		if id := joined(raw); !seen[id] {
			seen[id] = true
			list = append(list, connectors.Blocked{Key: b.decodeKey(raw), Code: connectors.BlockedRefused, Detail: b.table.name})
		}
	})
	return list, err
}

func (b *batch) keyNames() []string {
	names := make([]string, len(b.key))
	for i, c := range b.key {
		names[i] = c.sql()
	}
	return names
}

// again tries the blocked rows as long as that helps: a row may have waited for another of the same batch.
func (b *batch) again(ctx context.Context, tx pgx.Tx, out *connectors.Outcome) error {
	for before := len(out.Blocked) + 1; len(out.Blocked) > 0 && len(out.Blocked) < before; {
		before = len(out.Blocked)
		keys := make([]datamap.Key, before)
		for i, bl := range out.Blocked {
			keys[i] = bl.Key
		}
		out.Blocked = nil
		for _, g := range groups(b.key, keys, false) {
			if err := b.erase(ctx, tx, g, out); err != nil {
				return err
			}
		}
	}
	return nil
}
