package redis

import (
	"context"
	"errors"
	"slices"

	driver "github.com/redis/go-redis/v9"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// batch is one order to erase, with its names resolved.
type batch struct {
	*collection
	system *System
	key    []*column
	masks  []masking
}

func (s *System) batch(order connectors.Erasure) (*batch, error) {
	if len(order.Keys) > connectors.MaxBatch || order.Delete == (len(order.Masks) > 0) {
		return nil, models.Errorf(models.Invalid, "bad_order", "An erasure either deletes or masks, at most %d rows at once.", connectors.MaxBatch)
	}
	c, err := s.collection(order.Node)
	if err != nil {
		return nil, err
	}
	b := &batch{collection: c, system: s, key: c.columns(order.Node.Key)}
	for _, m := range order.Masks {
		made, err := s.mask(c, m)
		if err != nil {
			return nil, err
		}
		b.masks = append(b.masks, made)
	}
	return b, nil
}

// Erase deletes the keys of a batch by one command, and masks each key in one of its own, which fails when the key changes meanwhile.
// After an error a part of a batch may be masked, and the batch may be given again.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	b, err := s.batch(order)
	if err != nil {
		return connectors.Outcome{}, err
	}
	names := make([][]string, len(order.Keys))
	err = s.matching(ctx, b.collection, b.key, order.Keys, false, wish{}, func(r *record, i int) error {
		names[i] = append(names[i], r.key)
		return nil
	})
	if err != nil {
		return connectors.Outcome{}, s.failed(ctx, err, order.Node)
	}
	var out connectors.Outcome
	if order.Delete {
		err = b.delete(ctx, order.Keys, names, &out)
	} else {
		err = b.maskAll(ctx, order.Keys, names, &out)
	}
	if err != nil {
		return connectors.Outcome{}, s.failed(ctx, err, order.Node)
	}
	return out, nil
}

// delete removes the keys. Where more than the name identifies a row, it is looked at once more under watch.
func (b *batch) delete(ctx context.Context, keys []datamap.Key, names [][]string, out *connectors.Outcome) error {
	if slices.ContainsFunc(b.key, func(c *column) bool { return !c.named() }) {
		return b.deleteWatched(ctx, keys, names, out)
	}
	if flat := slices.Concat(names...); len(flat) > 0 {
		n, err := b.system.client.Unlink(ctx, flat...).Result() // one command is done as a whole, and also when no memory is left for a transaction
		if err != nil {
			return err
		}
		out.Erased = int(n)
	}
	out.Missing = len(keys) - out.Erased
	return nil
}

func (b *batch) deleteWatched(ctx context.Context, keys []datamap.Key, names [][]string, out *connectors.Outcome) error {
	for i, list := range names {
		erased := false
		for _, name := range list {
			err := b.system.watched(ctx, b.collection, name, wishFor(b.key), func(r *record, p driver.Pipeliner) error {
				if _, ok := newMatcher(b.key, keys[i:i+1], false).find(r.row(b.key)); ok {
					erased = true
					p.Unlink(ctx, name)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if erased {
			out.Erased++
		} else {
			out.Missing++
		}
	}
	return nil
}

func (b *batch) maskAll(ctx context.Context, keys []datamap.Key, names [][]string, out *connectors.Outcome) error {
	for i, key := range keys {
		found := false
		for _, name := range names[i] {
			err := b.system.watched(ctx, b.collection, name, b.wish(), func(r *record, p driver.Pipeliner) error {
				found = true
				return b.apply(ctx, p, key, r)
			})
			if err != nil {
				return err
			}
		}
		if found {
			out.Masked++
		} else {
			out.Missing++
		}
	}
	return nil
}

// transact sends commands that are done together or not at all. What was wrong with one of them is the error, and not that the others were
// dropped for it.
func transact(ctx context.Context, db interface {
	TxPipelined(ctx context.Context, fn func(driver.Pipeliner) error) ([]driver.Cmder, error)
}, fn func(driver.Pipeliner) error,
) error {
	cmds, err := db.TxPipelined(ctx, fn)
	if driver.HasErrorPrefix(err, "EXECABORT") {
		for _, c := range cmds {
			if e := c.Err(); e != nil && !driver.HasErrorPrefix(e, "EXECABORT") {
				return e
			}
		}
	}
	return err
}

// tries is how often a key is read again because it changed before it could be written.
const tries = 4

// watched reads a key and writes what change orders, unless somebody else has written it meanwhile; then it does so again, a few times. A
// key that is not there is passed over.
func (s *System) watched(ctx context.Context, c *collection, name string, w wish, change func(*record, driver.Pipeliner) error) error {
	var err error
	for range tries {
		err = s.client.Watch(ctx, func(tx *driver.Tx) error {
			list, err := c.load(ctx, tx, []string{name}, w)
			if err != nil || len(list) == 0 {
				return err
			}
			return transact(ctx, tx, func(p driver.Pipeliner) error { return change(list[0], p) })
		}, name)
		if !errors.Is(err, driver.TxFailedErr) {
			return err
		}
	}
	return err
}
