package redis

import (
	"context"
	"crypto/sha256"
	"slices"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

const (
	chunkSize = 200  // keys whose values are in memory at once
	scanCount = 1000 // keys that the server looks at in one step of a SCAN
)

// names calls yield with the names of all keys of a pattern, some at a time, each once. KEYS is never used: it stops the server for everybody.
func (s *System) names(ctx context.Context, p pattern, yield func(keys []string) error) error {
	if err := s.one(ctx); err != nil {
		return err
	}
	seen := map[[16]byte]bool{} // a SCAN may give a key twice
	var cursor uint64
	for {
		found, next, err := s.client.Scan(ctx, cursor, p.glob(), scanCount).Result()
		if err != nil {
			return err
		}
		fresh := found[:0]
		for _, k := range found {
			sum := sha256.Sum256([]byte(k))
			id := [16]byte(sum[:16])
			if _, ok := p.values(k); ok && !seen[id] {
				seen[id] = true
				fresh = append(fresh, k)
			}
		}
		for chunk := range slices.Chunk(fresh, chunkSize) {
			if err := yield(chunk); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// matching calls yield with each key that has one of the wanted values in the columns, and with the index of that one. Where the columns make
// the whole name, the keys are read directly; else all of the pattern's are.
func (s *System) matching(ctx context.Context, c *collection, columns []*column, keys []datamap.Key, fold bool, w wish, yield func(r *record, wanted int) error) error {
	m := newMatcher(columns, keys, fold)
	w = w.with(columns)
	read := func(names []string) error {
		list, err := c.load(ctx, s.client, names, w)
		if err != nil {
			return err
		}
		for _, r := range list {
			if i, ok := m.find(r.row(columns)); ok {
				if err := yield(r, i); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if len(m.wanted) == 0 {
		return nil
	}
	direct, ok := c.direct(columns, keys)
	if !ok || fold {
		return s.names(ctx, c.pattern, read)
	}
	slices.Sort(direct)
	for chunk := range slices.Chunk(slices.Compact(direct), chunkSize) {
		if err := read(chunk); err != nil {
			return err
		}
	}
	return nil
}

// with adds what the columns need.
func (w wish) with(columns []*column) wish {
	more := wishFor(columns)
	w.ttl = w.ttl || more.ttl
	w.fields = slices.Clone(w.fields)
	for _, f := range more.fields {
		if !slices.Contains(w.fields, f) {
			w.fields = append(w.fields, f)
		}
	}
	return w
}

// Lookup streams the keys that match.
func (s *System) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	c, err := s.collection(q.Node)
	if err != nil {
		return err
	}
	returned := c.columns(q.Return)
	err = s.matching(ctx, c, c.columns(q.Fields), q.Keys, q.Fold, wishFor(returned), func(r *record, _ int) error {
		if err := yield(datamap.Row{Columns: q.Return, Values: r.row(returned)}); err != nil {
			return connectors.YieldError{Err: err}
		}
		return nil
	})
	return s.failed(ctx, err, q.Node)
}

// Export reads keys by the values that identify them.
func (s *System) Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	return s.Lookup(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys, Return: fields}, yield)
}

// Count counts the keys that match a query.
func (s *System) Count(ctx context.Context, q connectors.Query) (int, error) {
	c, err := s.collection(q.Node)
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.matching(ctx, c, c.columns(q.Fields), q.Keys, q.Fold, wish{}, func(*record, int) error {
		n++
		return nil
	})
	return n, s.failed(ctx, err, q.Node)
}
