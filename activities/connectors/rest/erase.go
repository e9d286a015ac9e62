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
	for _, key := range order.Keys {
		code, erased, err := s.deleteRow(ctx, c, order.Node, key)
		switch {
		case err != nil:
			return connectors.Outcome{}, err
		case code != "":
			out.Blocked = append(out.Blocked, connectors.Blocked{Key: key, Code: code, Detail: order.Node.Table})
		case erased:
			out.Erased++
		default:
			out.Missing++
		}
	}
	return out, nil
}

// deleteRow deletes the row of a key, or all rows that have it; code is set when the API will not let go of one.
func (s *System) deleteRow(ctx context.Context, c *collection, node *datamap.Node, key datamap.Key) (code string, erased bool, err error) {
	if !slices.ContainsFunc(c.Delete, (*action).looks) {
		values := newMatcher(c, connectors.Query{Fields: node.Key}).values(key)
		return s.steps(ctx, c, node, binding{fields: c.Fields, keys: []map[string]datamap.Value{values}}, "")
	}
	for range tries {
		var rows []found
		err = s.each(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: []datamap.Key{key}}, func(f found) error {
			rows = append(rows, f)
			return nil
		})
		if err != nil {
			return "", false, err
		}
		for _, f := range rows {
			var done bool
			code, done, err = s.steps(ctx, c, node, c.bind(f.raw), f.etag)
			erased = erased || done
			if code != "" || err != nil {
				break
			}
		}
		if !errors.Is(err, errChanged) {
			return code, erased, err
		}
	}
	return "", false, s.busy(node.Address.String())
}

// looks reports whether the row must have been found before the request can be made.
func (a *action) looks() bool {
	if a == nil {
		return false
	}
	paths := false
	a.shape.parts(func(p part, _ place) { paths = paths || p.path != "" })
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
func (s *System) steps(ctx context.Context, c *collection, node *datamap.Node, b binding, etag string) (code string, erased bool, err error) {
	for _, step := range c.Delete {
		call, err := s.fill(step, node, b, etag)
		if errors.Is(err, errNowhere) {
			return "", false, nil // no row can be there
		}
		if err != nil {
			return "", false, err
		}
		etag = "" // of the row as it was before the first step
		what, err := s.act(ctx, step, call, node)
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
