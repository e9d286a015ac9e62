package rest

import (
	"context"
	"slices"

	"habeas/models/datamap"
)

// pages sends a request until there are no more pages, and calls use with each page's rows; with nil where the API has said that there is
// no such row.
func (s *System) pages(ctx context.Context, node *datamap.Node, f *find, b binding, use func(*answer, []any) error) error {
	where := node.Address.String()
	p := newPages(*f.Paging)
	for {
		c, err := f.shape.fill(b)
		if err != nil {
			return err
		}
		if err := p.prepare(c); err != nil {
			return mismatch("The paging of %s %s.", where, err)
		}
		a, err := s.send(ctx, c, true, where)
		if err != nil {
			return err
		}
		switch {
		case slices.Contains(f.None, a.status):
			return use(a, nil)
		case a.status/100 != 2 || a.status == 202:
			return s.refused(a.status, where)
		case !a.isJSON:
			return s.json(a, where)
		}
		list, err := f.rowsIn(a, where)
		if err != nil {
			return err
		}
		if err := use(a, list); err != nil {
			return err
		}
		more, err := p.next(a, list, s.set.MaxPages)
		if err != nil {
			return mismatch("The answer for %s %s.", where, err)
		}
		if !more {
			return nil
		}
	}
}

// rowsIn takes the rows out of an answer.
func (f *find) rowsIn(a *answer, where string) ([]any, error) {
	path := f.Rows
	if f.Row != nil {
		path = *f.Row
	}
	v, ok := at(a.tree, path)
	if f.Row != nil {
		v = []any{v}
	}
	list, isList := v.([]any)
	if !ok || !isList {
		return nil, mismatch("The answer for %s has no rows where the settings say.", where)
	}
	for _, row := range list {
		if _, isObject := row.(map[string]any); !isObject {
			return nil, mismatch("The answer for %s has rows that are no JSON objects.", where)
		}
	}
	return list, nil
}
