package relational

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// batch is one order to erase, with its names resolved.
type batch struct {
	system  *System
	node    *datamap.Node
	table   *Table
	key     []*Column
	unique  bool // the database makes the key identify one row
	remove  bool
	masks   []*columnMask
	loosen  []*Column // what refers to rows of the same table, where the database checks that row by row
	careful bool      // a row stands in the way: find it
}

// Erase applies the order in one transaction. Rows that the database will not let go are left as they are and named. Only when it
// says no more than that the transaction as a whole is impossible, the batch is divided into several.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	b, err := s.batch(ctx, order)
	if err != nil {
		return connectors.Outcome{}, err
	}
	if b.table.Unsafe != "" {
		return connectors.Outcome{}, b.unsafe()
	}
	out, err := b.apply(ctx, order.Keys)
	if err != nil {
		return connectors.Outcome{}, s.failed(err, order.Node)
	}
	out.Missing = max(0, len(order.Keys)-out.Erased-out.Masked-len(out.Blocked))
	return out, nil
}

func (b *batch) unsafe() error {
	return models.Errorf(models.Unsupported, connectors.CodeUnsupported, "Rows of %s cannot be erased or corrected: %s.", b.node.Address, b.table.Unsafe)
}

// apply runs a transaction, a careful one when a row stands in the way, and halves when the database does not tell which.
func (b *batch) apply(ctx context.Context, keys []datamap.Key) (connectors.Outcome, error) {
	out, err := b.run(ctx, keys)
	f := b.failure(err)
	if f.Blocked != "" && !b.careful {
		b.careful = true
		out, err = b.run(ctx, keys)
		f = b.failure(err)
	}
	if _, split := errors.AsType[splitError](err); !split || f.Blocked == "" {
		return out, err
	}
	if len(keys) == 1 {
		return connectors.Outcome{Blocked: []connectors.Blocked{{Key: keys[0], Code: f.Blocked, Detail: b.detail(f)}}}, nil
	}
	out, err = b.apply(ctx, keys[:len(keys)/2])
	if err != nil {
		return out, err
	}
	rest, err := b.apply(ctx, keys[len(keys)/2:])
	return connectors.Outcome{
		Erased: out.Erased + rest.Erased, Masked: out.Masked + rest.Masked, Blocked: append(out.Blocked, rest.Blocked...),
	}, err
}

func (b *batch) failure(err error) Failure {
	if err == nil {
		return Failure{}
	}
	return b.system.dialect.Failure(err)
}

// detail names what blocks a row; where the database does not say so, the tables that may refer to it.
func (b *batch) detail(f Failure) string {
	if f.Detail != "" {
		return f.Detail
	}
	if f.Blocked != connectors.BlockedReferenced {
		return b.table.Name
	}
	var list []string
	for _, r := range b.table.Referrers {
		if r.Holds() {
			list = append(list, r.From)
		}
	}
	slices.Sort(list)
	text := ""
	for i, name := range slices.Compact(list) {
		if i > 0 {
			text += " "
		}
		text += name
	}
	return text
}

func (b *batch) run(ctx context.Context, keys []datamap.Key) (out connectors.Outcome, err error) {
	err = b.system.transaction(ctx, func(ctx context.Context, tx *sql.Conn) error {
		out = connectors.Outcome{}
		for _, g := range b.system.groups(b.key, keys, false) {
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
	if slices.ContainsFunc(order.Masks, func(m datamap.Mask) bool { return m.Method == datamap.FieldRemove && m.Elements == nil }) {
		return nil, models.Errorf(models.Invalid, "bad_order", "An erasure that removes elements has to name them.")
	}
	b := &batch{system: s, node: order.Node, remove: order.Delete}
	err := s.resolve(ctx, order.Node, func(t *Table) (err error) {
		b.table = t
		if b.key, err = t.list(order.Node, order.Node.Key); err == nil {
			b.masks, err = s.masks(t, order.Node, order.Masks)
		}
		b.unique = slices.ContainsFunc(t.Indexes, func(i Index) bool { return i.Primary && within(i.Columns, order.Node.Key) })
		return err
	})
	if err == nil && s.dialect.RowByRow() {
		b.loosen = b.table.inward()
	}
	return b, err
}

// inward are the columns by which rows hold other rows of the same table, where they can be emptied.
func (t *Table) inward() []*Column {
	var list []*Column
	for _, r := range t.References {
		if r.To != t.Title || !r.Holds() {
			continue
		}
		for _, name := range r.Columns {
			if c := t.plain(name); c != nil && !c.NotNull && !c.Computed && !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	return list
}

// erase erases a group of keys; when a row stands in the way and it is to be careful, it halves the group until that row is alone.
func (b *batch) erase(ctx context.Context, tx *sql.Conn, g *group, out *connectors.Outcome) error {
	done, err := b.attempt(ctx, tx, g)
	f := b.failure(err)
	_, split := errors.AsType[splitError](err)
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
	case f.Blocked == "" || !b.careful || split:
		return err
	case len(g.keys) == 1:
		out.Blocked = append(out.Blocked, connectors.Blocked{Key: g.keys[0], Code: f.Blocked, Detail: b.detail(f)})
		return nil
	}
	half := len(g.keys) / 2
	if err := b.erase(ctx, tx, g.slice(0, half), out); err != nil {
		return err
	}
	return b.erase(ctx, tx, g.slice(half, len(g.keys)), out)
}

// attempt erases all of a group or, when it is to be careful, leaves the transaction usable.
func (b *batch) attempt(ctx context.Context, tx *sql.Conn, g *group) (done int, err error) {
	apply := b.mask
	if b.remove {
		apply = b.delete
	}
	if !b.careful {
		return apply(ctx, tx, g)
	}
	err = b.system.nested(ctx, tx, func() error {
		done, err = apply(ctx, tx, g)
		return err
	})
	return done, err
}

// delete returns how many of the keys had a row that is gone now.
func (b *batch) delete(ctx context.Context, tx *sql.Conn, g *group) (int, error) {
	s := b.system
	m := s.match(b.table, g, false)
	found := 0
	if !b.unique {
		var err error
		if found, err = b.found(ctx, tx, m); err != nil {
			return 0, err
		}
	}
	if b.careful && len(b.loosen) > 0 {
		if err := b.letGo(ctx, tx, m); err != nil {
			return 0, err
		}
	}
	statement := s.dialect.Delete(b.table, m)
	result, err := tx.ExecContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	if !b.unique {
		return found, err
	}
	return int(n), err
}

// letGo empties what rows to be deleted hold of other rows of their table, any of which may be deleted before them.
func (b *batch) letGo(ctx context.Context, tx *sql.Conn, m Match) error {
	var sets, open Fragment
	for i, c := range b.loosen {
		if i > 0 {
			sets, open = join(sets, plain(", ")), join(open, plain(" OR "))
		}
		sets = join(sets, plain(b.system.dialect.Set(c)+" = NULL"))
		open = join(open, plain(b.system.dialect.Read(c)+" IS NOT NULL"))
	}
	m.Where = m.Where.and(join(plain("("), open, plain(")")))
	statement := b.system.dialect.Update(b.table, m, sets)
	_, err := tx.ExecContext(ctx, statement.SQL, statement.Args...)
	return err
}

// found counts the keys that have a row, and locks these.
func (b *batch) found(ctx context.Context, tx *sql.Conn, m Match) (int, error) {
	rows, seen := 0, map[string]bool{}
	err := Stream(ctx, tx, join(m.selected(b.system.reads(b.key)), plain(b.system.dialect.Lock())), func(raw []any) error {
		rows++
		if !b.unique {
			seen[marshal(b.system.decode(b.key, raw))] = true
		}
		return nil
	})
	if b.unique {
		return rows, err
	}
	return len(seen), err
}

// kept names the rows that a trigger kept as they were, so that they are not taken for missing or masked.
func (b *batch) kept(ctx context.Context, tx *sql.Conn, g *group, done int) ([]connectors.Blocked, error) {
	if b.remove && done >= len(g.keys) && b.unique {
		return nil, nil
	}
	var list []connectors.Blocked
	seen := map[string]bool{}
	err := b.unerased(ctx, tx, g, func(key datamap.Key) {
		if id := marshal(key); !seen[id] {
			seen[id] = true
			list = append(list, connectors.Blocked{Key: key, Code: connectors.BlockedRefused, Detail: b.table.Name})
		}
	})
	return list, err
}

// again tries the blocked rows as long as that helps: a row may have waited for another of the same batch.
func (b *batch) again(ctx context.Context, tx *sql.Conn, out *connectors.Outcome) error {
	for before := len(out.Blocked) + 1; len(out.Blocked) > 0 && len(out.Blocked) < before; {
		before = len(out.Blocked)
		keys := make([]datamap.Key, before)
		for i, bl := range out.Blocked {
			keys[i] = bl.Key
		}
		out.Blocked = nil
		for _, g := range b.system.groups(b.key, keys, false) {
			if err := b.erase(ctx, tx, g, out); err != nil {
				return err
			}
		}
	}
	return nil
}
