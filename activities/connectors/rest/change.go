package rest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// chunk is how many rows are read before they are changed; changing while reading could move rows from page to page.
const chunk = 200

// changes is what became of keys.
type changes struct {
	changed map[string]bool // keys whose rows now have the values
	blocked []connectors.Blocked
}

// change gives the rows of keys the values that want says; a row that has them is left alone.
func (s *System) change(ctx context.Context, node *datamap.Node, keys []datamap.Key, want func(found) (map[string]datamap.Value, error)) (*changes, error) {
	c, err := s.collection(node)
	if err != nil {
		return nil, err
	}
	if c.Update == nil {
		return nil, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The settings do not say how a row of %s is changed; a person must do it.", node.Address)
	}
	done := &changes{changed: map[string]bool{}}
	for part := range slices.Chunk(keys, c.chunk(node, len(keys))) {
		rows, err := s.rows(ctx, node, part)
		if err != nil {
			return nil, err
		}
		for _, f := range rows {
			if err := s.changeRow(ctx, c, node, f, want, done); err != nil {
				return nil, err
			}
		}
	}
	return done, nil
}

// chunk is how many keys are looked up at once: all where each look-up reads the whole list.
func (c *collection) chunk(node *datamap.Node, keys int) int {
	if list := c.serving(node.Key, false); len(list) > 0 && list[0].list {
		return max(1, keys)
	}
	return chunk
}

func (s *System) rows(ctx context.Context, node *datamap.Node, keys []datamap.Key) ([]found, error) {
	var rows []found
	err := s.each(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys}, func(f found) error {
		rows = append(rows, f)
		return nil
	})
	return rows, err
}

// changeRow changes one row, and reads it again when it has changed meanwhile.
func (s *System) changeRow(ctx context.Context, c *collection, node *datamap.Node, f found, want func(found) (map[string]datamap.Value, error), done *changes) error {
	key := datamap.Key(c.row(f.raw, node.Key).Values)
	for range tries {
		values, err := want(f)
		if err != nil {
			return err
		}
		what, err := s.write(ctx, c, node, f, values)
		switch {
		case err == nil && what.blocked != "":
			done.blocked = append(done.blocked, connectors.Blocked{Key: key, Code: what.blocked, Detail: node.Table})
			return nil
		case err == nil && !what.gone:
			done.changed[f.id] = true
			return nil
		case err == nil:
			return nil
		case !errors.Is(err, errChanged):
			return err
		}
		again, err := s.rows(ctx, node, []datamap.Key{key})
		if err != nil || len(again) == 0 {
			return err
		}
		id := f.id
		f = again[0]
		f.id = id
	}
	return s.busy(node.Address.String())
}

// write sends the values that differ from the row's.
func (s *System) write(ctx context.Context, c *collection, node *datamap.Node, f found, values map[string]datamap.Value) (effect, error) {
	changed := map[string]any{}
	if c.Update.Whole {
		whole, ok := clone(f.raw).(map[string]any)
		if !ok {
			return effect{}, mismatch("A row of %s is no JSON object.", node.Address)
		}
		changed = whole
	}
	open := false
	for name, v := range values {
		field := c.Fields[name]
		if v == c.row(f.raw, []string{name}).Values[0] {
			continue
		}
		j, err := field.encode(v)
		if err != nil || !put(changed, field.target(), j) {
			return effect{}, mismatch("The field %s.%s cannot hold the value.", node.Address, name)
		}
		open = true
	}
	if !open {
		return effect{}, nil
	}
	call, err := s.fill(c.Update, node, c.bind(f.raw), f.etag)
	if err != nil {
		return effect{}, err
	}
	if err := c.Update.place(call, changed, node); err != nil {
		return effect{}, err
	}
	return s.act(ctx, c.Update, call, node)
}

// target is where an update puts the field.
func (f *field) target() string {
	if f.Write != "" {
		return f.Write
	}
	return f.Path
}

// place puts the changed members into the request's body.
func (a *action) place(c *call, changed map[string]any, node *datamap.Node) error {
	body, ok := c.tree.(map[string]any)
	if c.tree == nil {
		body, ok = map[string]any{}, true
	}
	if ok && a.Under != "" {
		ok = put(body, a.Under, changed)
	} else if ok {
		for name, v := range changed {
			body[name] = v
		}
	}
	if !ok {
		return mismatch("The update of %s has a body that has no room for the fields.", node.Address)
	}
	c.tree, c.header = body, typed(c.header, "application/json")
	return nil
}

// clone copies a JSON value.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = clone(v[name])
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = clone(v[i])
		}
		return list
	case json.Number, string, bool, nil:
		return v
	}
	return v
}
