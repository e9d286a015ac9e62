package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// batch is one order to erase, with its names resolved.
type batch struct {
	system *System
	node   *datamap.Node
	table  *table
	key    []*column
	remove bool
	masks  []mask
}

// Erase applies the order in one transaction. Rows that the database will not let go are left as they are and named.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	var out connectors.Outcome
	b, err := s.batch(ctx, order)
	if err != nil {
		return out, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		out = connectors.Outcome{}
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '"+lockTimeout+"'; SET LOCAL statement_timeout = '"+eraseLimit+"'"); err != nil {
			return err
		}
		all := groups(b.key, order.Keys, false)
		for _, g := range all {
			if err := b.erase(ctx, tx, g, &out); err != nil {
				return err
			}
		}
		return b.again(ctx, tx, &out)
	})
	if err != nil {
		return connectors.Outcome{}, s.failed(err, order.Node)
	}
	out.Missing = len(order.Keys) - out.Erased - out.Masked - len(out.Blocked)
	return out, nil
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
		return err
	})
	return b, err
}

// erase erases a group of keys; when a row stands in the way, it halves the group until that row is alone.
func (b *batch) erase(ctx context.Context, tx pgx.Tx, g *group, out *connectors.Outcome) error {
	done := 0
	err := pgx.BeginFunc(ctx, tx, func(sub pgx.Tx) error {
		var err error
		if b.remove {
			done, err = b.delete(ctx, sub, g)
		} else {
			done, err = b.mask(ctx, sub, g)
		}
		return err
	})
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
	case code == "":
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
	gone := map[string]bool{}
	sql := "DELETE FROM " + b.table.sql() + " WHERE " + where + " RETURNING " + strings.Join(b.keyNames(), ", ")
	err := stream(ctx, tx, sql, args, func(raw [][]byte) error {
		gone[joined(raw)] = true
		return nil
	})
	return len(gone), err
}

// joined tells the keys of one table apart.
func joined(raw [][]byte) string {
	var s strings.Builder
	for _, r := range raw {
		fmt.Fprintf(&s, "%t%d:%s", r == nil, len(r), r)
	}
	return s.String()
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
			key := make(datamap.Key, len(raw))
			for i, c := range b.key {
				key[i] = c.decode(raw[i])
			}
			list = append(list, connectors.Blocked{Key: key, Code: connectors.BlockedRefused, Detail: b.table.name})
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
