package rest

import (
	"context"
	"errors"
	"slices"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// found is a row of an answer that was asked for.
type found struct {
	id   string // of the key that it has, as the matcher writes it
	raw  any
	etag string // of an answer that is this one row
}

// row is the row's values of the given fields.
func (c *collection) row(raw any, names []string) datamap.Row {
	r := datamap.Row{Columns: names, Values: make([]datamap.Value, len(names))}
	for i, name := range names {
		v, _ := at(raw, c.Fields[name].Path) // nothing there is NULL
		r.Values[i] = c.Fields[name].decode(v)
	}
	return r
}

// search is one look-up under way.
type search struct {
	*matcher
	system *System
	c      *collection
	node   *datamap.Node
	use    func(found) error
	seen   map[string]bool // keys of rows that were used; nil when rows have none
	rows   int             // in all answers
	hits   int             // that were asked for
	none   bool            // a status has said that there is no such row
	there  map[string]bool // fields that a row had
}

// each calls use with each row that matches, once a row.
func (s *System) each(ctx context.Context, q connectors.Query, use func(found) error) error {
	c, err := s.collection(q.Node)
	if err != nil {
		return err
	}
	if err := c.known(q.Node, q.Fields, q.Return); err != nil {
		return err
	}
	f := &search{matcher: newMatcher(c, q), system: s, c: c, node: q.Node, use: use, there: map[string]bool{}}
	if q.Node.HasKey && c.known(q.Node, q.Node.Key) == nil {
		f.seen = map[string]bool{}
	}
	asks, err := f.plan()
	if err != nil {
		return err
	}
	for _, a := range asks {
		for batch := range slices.Chunk(a.keys, max(1, a.find.Batch)) {
			if err := f.pages(ctx, a.find, batch); err != nil {
				return err
			}
		}
	}
	if f.none && f.hits == 0 {
		return f.exists(ctx)
	}
	return nil
}

// errEnough ends a list after its first page.
var errEnough = errors.New("enough")

// exists fails when the whole collection has gone, which a status for one row does not tell from a row that has.
func (f *search) exists(ctx context.Context) error {
	if f.c.List == nil {
		return nil // the check has warned
	}
	err := f.system.pages(ctx, f.node, f.c.List, binding{fields: f.c.Fields}, func(*answer, []any) error { return errEnough })
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// ask is a request with the keys that it is made for.
type ask struct {
	find *find
	keys []map[string]datamap.Value
}

// plan divides the keys among the requests that can serve them. Whatever no request can serve is an error: it must not look as if there
// were no such row.
func (f *search) plan() ([]ask, error) {
	var asks []ask
	for _, key := range f.keys {
		values := f.values(key)
		find, err := f.finder(values)
		switch {
		case errors.Is(err, errNowhere):
			continue
		case err != nil:
			return nil, err
		case find.list: // it reads everything, and so serves all the other keys as well
			return []ask{{find, []map[string]datamap.Value{{}}}}, nil
		}
		i := slices.IndexFunc(asks, func(a ask) bool { return a.find == find })
		if i < 0 {
			i = len(asks)
			asks = append(asks, ask{find: find})
		}
		asks[i].keys = append(asks[i].keys, values)
	}
	return asks, nil
}

// finder is the request that serves a key. It fails with errNowhere when a request would, but no row can have the key.
func (f *search) finder(values map[string]datamap.Value) (*find, error) {
	served, nowhere := false, false
	for _, find := range f.c.serving(f.names, f.fold) {
		if find.list {
			return find, nil
		}
		served = true
		if slices.ContainsFunc(find.By, func(name string) bool { return values[name].IsNull() }) {
			continue
		}
		_, err := find.shape.fill(binding{fields: f.c.Fields, keys: []map[string]datamap.Value{values}})
		if err == nil {
			return find, nil
		}
		nowhere = nowhere || errors.Is(err, errNowhere)
	}
	switch {
	case nowhere:
		return nil, errNowhere
	case served:
		return nil, mismatch("The requests for %s cannot search for a value of %s that is missing or holds a comma.", f.node.Address, listed(f.names))
	}
	return nil, mismatch("No request in the settings serves the search of %s by %s.", f.node.Address, listed(f.names))
}

// serving are the requests that can search by fields: those that name exactly them, then those that name some of them and leave the rest to
// the comparison, then the list where it may be used.
func (c *collection) serving(names []string, fold bool) []*find {
	var list []*find
	for _, exact := range []bool{true, false} {
		for _, f := range c.Find {
			all := !slices.ContainsFunc(f.By, func(n string) bool { return !slices.Contains(names, n) })
			if all && (len(f.By) == len(names)) == exact && (!fold || f.Case != "") {
				list = append(list, f)
			}
		}
	}
	if c.List != nil && c.List.ServesLookups {
		list = append(list, c.List)
	}
	return list
}

// detail is the request that reads a whole row for one that shows only parts of it, nil when there is none.
func (c *collection) detail(of *find) *find {
	for _, f := range c.Find {
		if f.Row != nil && f != of {
			return f
		}
	}
	return nil
}

// pages makes one request page by page.
func (f *search) pages(ctx context.Context, by *find, keys []map[string]datamap.Value) error {
	err := f.system.pages(ctx, f.node, by, binding{fields: f.c.Fields, keys: keys}, func(a *answer, list []any) error {
		f.none = f.none || list == nil
		for _, raw := range list {
			if err := f.take(ctx, by, a, raw); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || by.list || f.rows == 0 || f.hits > 0 {
		return err
	}
	for _, name := range f.names {
		if !f.there[name] {
			return mismatch("No row of %s has the field %s where the settings say.", f.node.Address, name)
		}
	}
	return nil
}

func (f *search) take(ctx context.Context, by *find, a *answer, raw any) error {
	row := found{raw: raw}
	if by.Row != nil {
		row.etag = a.header.Get("ETag")
	}
	if by.Detail {
		whole, err := f.whole(ctx, by, raw)
		if err != nil || whole == nil {
			return err
		}
		row = *whole
	}
	f.rows++
	for i, name := range f.names {
		if _, ok := at(row.raw, f.fields[i].Path); ok {
			f.there[name] = true
		}
	}
	if row.id = f.match(row.raw); row.id == "" {
		return nil
	}
	f.hits++
	if f.seen != nil {
		id := rowID(f.c, f.node, row.raw)
		if f.seen[id] {
			return nil
		}
		f.seen[id] = true
	}
	return f.use(row)
}

// rowID tells rows with a key apart.
func rowID(c *collection, node *datamap.Node, raw any) string {
	var id []byte
	for _, v := range c.row(raw, node.Key).Values {
		id = lengthened(id, v.Text())
	}
	return string(id)
}

// whole reads the row for one that shows only parts of it; nil when it has gone meanwhile.
func (f *search) whole(ctx context.Context, by *find, raw any) (*found, error) {
	detail := f.c.detail(by)
	row := f.c.row(raw, detail.By)
	values := map[string]datamap.Value{}
	for i, name := range detail.By {
		values[name] = row.Values[i]
	}
	var whole *found
	err := f.system.pages(ctx, f.node, detail, binding{fields: f.c.Fields, keys: []map[string]datamap.Value{values}}, func(a *answer, list []any) error {
		if list != nil {
			whole = &found{raw: list[0], etag: a.header.Get("ETag")}
		}
		return nil
	})
	if errors.Is(err, errValue) || errors.Is(err, errNowhere) {
		return nil, mismatch("A row of %s has no %s, by which its details are read.", f.node.Address, listed(detail.By))
	}
	return whole, err
}
