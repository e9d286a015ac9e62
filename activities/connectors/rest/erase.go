package rest

import (
	"context"
	"errors"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// tries is how often a row is read anew because it changed between reading and writing.
const tries = 3

// Erase deletes or masks row by row: an API has no transactions. An error in mid-batch leaves the rows before it erased; given again,
// the batch goes on with the others.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	var out connectors.Outcome
	if len(order.Keys) > connectors.MaxBatch || order.Delete == (len(order.Masks) > 0) {
		return out, models.Errorf(models.Invalid, "bad_order", "An erasure either deletes or masks, at most %d rows at once.", connectors.MaxBatch)
	}
	if order.Delete {
		return s.delete(ctx, order)
	}
	c, masks, err := s.masks(order)
	if err != nil {
		return out, err
	}
	done, err := s.change(ctx, order.Node, order.Keys, func(f found) (map[string]datamap.Value, error) {
		return masks.values(c, f.raw)
	})
	if err != nil {
		return out, err
	}
	out.Blocked = done.blocked
	out.Masked = len(done.changed)
	out.Missing = max(0, len(order.Keys)-out.Masked-len(out.Blocked))
	return out, nil
}

// delete carries out the steps that delete a row, for each key.
func (s *System) delete(ctx context.Context, order connectors.Erasure) (out connectors.Outcome, err error) {
	c, err := s.collection(order.Node)
	if err != nil {
		return out, err
	}
	if err := c.known(order.Node, order.Node.Key); err != nil {
		return out, err
	}
	if len(c.Delete) == 0 {
		return out, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The settings do not say how a row of %s is deleted; a person must do it.", order.Node.Address)
	}
	d := &deletion{system: s, c: c, node: order.Node, matcher: newMatcher(c, connectors.Query{Fields: order.Node.Key})}
	if !slices.ContainsFunc(c.Delete, (*action).looks) {
		return out, d.keys(ctx, order.Keys, &out)
	}
	for part := range slices.Chunk(order.Keys, c.chunk(order.Node, len(order.Keys))) {
		if err := d.rows(ctx, part, &out); err != nil {
			return connectors.Outcome{}, err
		}
	}
	return out, nil
}

// deletion is an order to delete under way.
type deletion struct {
	system  *System
	c       *collection
	node    *datamap.Node
	matcher *matcher
}

// count notes what became of a key; code is set when the API would not let go of its row.
func (d *deletion) count(out *connectors.Outcome, key datamap.Key, code string, erased bool) {
	switch {
	case code != "":
		out.Blocked = append(out.Blocked, connectors.Blocked{Key: key, Code: code, Detail: d.node.Table})
	case erased:
		out.Erased++
	default:
		out.Missing++
	}
}

// keys deletes rows by their keys alone.
func (d *deletion) keys(ctx context.Context, keys []datamap.Key, out *connectors.Outcome) error {
	for _, key := range keys {
		b := binding{fields: d.c.Fields, keys: []map[string]datamap.Value{d.matcher.values(key)}}
		code, erased, err := d.steps(ctx, b, "")
		if err != nil {
			*out = connectors.Outcome{}
			return err
		}
		d.count(out, key, code, erased)
	}
	return nil
}

// rows finds the rows of keys, and deletes all that have one.
func (d *deletion) rows(ctx context.Context, keys []datamap.Key, out *connectors.Outcome) error {
	rows, err := d.system.rows(ctx, d.node, keys)
	if err != nil {
		return err
	}
	byKey := map[string][]found{}
	for _, f := range rows {
		byKey[f.id] = append(byKey[f.id], f)
	}
	for _, key := range keys {
		id, possible := d.matcher.id(key)
		if !possible {
			out.Missing++
			continue
		}
		code, erased, err := d.row(ctx, key, byKey[id])
		if err != nil {
			return err
		}
		d.count(out, key, code, erased)
	}
	return nil
}

// row deletes the rows of one key, and reads them again when one has changed meanwhile.
func (d *deletion) row(ctx context.Context, key datamap.Key, rows []found) (code string, erased bool, err error) {
	for range tries {
		for _, f := range rows {
			var done bool
			code, done, err = d.steps(ctx, d.c.bind(f.raw), f.etag)
			erased = erased || done
			if code != "" || err != nil {
				break
			}
		}
		if !errors.Is(err, errChanged) {
			return code, erased, err
		}
		if rows, err = d.system.rows(ctx, d.node, []datamap.Key{key}); err != nil {
			return "", false, err
		}
	}
	return "", false, d.system.busy(d.node.Address.String())
}

// looks reports whether the row must have been found before the request can be made.
func (a *action) looks() bool {
	if a == nil {
		return false
	}
	paths := false
	a.shape.parts(func(p part, _ place, _ bool) { paths = paths || p.path != "" })
	return paths || a.Look || a.IfMatch != ""
}

// bind gives the values of a row's fields to a request.
func (c *collection) bind(raw any) binding {
	values := map[string]datamap.Value{}
	for name, f := range c.Fields {
		v, _ := at(raw, f.Path) // nothing there is NULL
		values[name] = f.decode(v)
	}
	return binding{fields: c.Fields, keys: []map[string]datamap.Value{values}, row: raw}
}

// steps are the requests that delete one row, in their order. It has been erased now when one of them did something.
func (d *deletion) steps(ctx context.Context, b binding, etag string) (code string, erased bool, err error) {
	for _, step := range d.c.Delete {
		call, err := d.system.fill(step, d.node, b, etag)
		if errors.Is(err, errNowhere) {
			return "", false, nil // no row can be there
		}
		if err != nil {
			return "", false, err
		}
		etag = "" // of the row as it was before the first step
		what, err := d.system.act(ctx, step, call, d.node)
		switch {
		case err != nil:
			return "", false, err
		case what.blocked != "":
			return what.blocked, false, nil
		case !what.gone:
			erased = true
		}
	}
	return "", erased, nil
}
