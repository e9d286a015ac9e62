package ldap

import (
	"cmp"
	"context"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

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
	remove bool
}

func (s *System) batch(ctx context.Context, order connectors.Erasure) (*batch, error) {
	if len(order.Keys) > connectors.MaxBatch || order.Delete == (len(order.Masks) > 0) {
		return nil, models.Errorf(models.Invalid, "bad_order", "An erasure either deletes or masks, at most %d rows at once.", connectors.MaxBatch)
	}
	fields := make([]string, len(order.Masks))
	for i, m := range order.Masks {
		fields[i] = m.Field
	}
	c, lists, err := s.read(ctx, order.Node, order.Node.Key, fields)
	if err != nil {
		return nil, err
	}
	b := &batch{collection: c, system: s, key: lists[0], remove: order.Delete}
	for i, m := range order.Masks {
		made, err := s.mask(c, lists[1][i], m)
		if err != nil {
			return nil, err
		}
		b.masks = append(b.masks, made)
	}
	return b, nil
}

// Erase changes entry by entry, each by one request that is done whole or not at all; a directory has no transactions over several.
// After an error a part of the batch may be done, and the batch may be given again. Entries that the server will not let go are left as
// they are and named.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	b, err := s.batch(ctx, order)
	if err != nil {
		return connectors.Outcome{}, err
	}
	var out connectors.Outcome
	if b.remove {
		err = b.delete(ctx, order.Keys, &out)
	} else {
		err = b.maskAll(ctx, order.Keys, &out)
	}
	if err != nil {
		return connectors.Outcome{}, s.failed(ctx, err, order.Node)
	}
	return out, nil
}

// find calls yield with the entries of one key.
func (b *batch) find(ctx context.Context, key datamap.Key, wanted []string, yield func(*driver.Entry)) error {
	return b.system.entries(ctx, b.collection, b.key, []datamap.Key{key}, false, wanted, func(e *driver.Entry) error {
		yield(e)
		return nil
	})
}

// doomed is an entry to be deleted, and whose key it was.
type doomed struct {
	dn    string
	depth int
	key   int
}

// delete removes what is deepest first, since a directory lets no entry go that has others below it.
func (b *batch) delete(ctx context.Context, keys []datamap.Key, out *connectors.Outcome) error {
	var list []doomed
	for i, key := range keys {
		err := b.find(ctx, key, asked(), func(e *driver.Entry) {
			depth := 0
			if dn, err := driver.ParseDN(e.DN); err == nil {
				depth = len(dn.RDNs)
			}
			list = append(list, doomed{e.DN, depth, i})
		})
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(list, func(x, y doomed) int { return cmp.Compare(y.depth, x.depth) })
	erased, held := make([]bool, len(keys)), make([]*connectors.Blocked, len(keys))
	for _, d := range list {
		err := b.system.use(ctx, func(c *conn) error { return c.Del(driver.NewDelRequest(d.dn, nil)) })
		code, detail := blocked(err)
		switch {
		case err == nil:
			erased[d.key] = true
		case driver.IsErrorWithCode(err, driver.LDAPResultNoSuchObject): // somebody else was faster
		case code != "":
			held[d.key] = &connectors.Blocked{Key: keys[d.key], Code: code, Detail: detail}
		default:
			return err
		}
	}
	for i := range keys {
		switch {
		case held[i] != nil:
			out.Blocked = append(out.Blocked, *held[i])
		case erased[i]:
			out.Erased++
		default:
			out.Missing++
		}
	}
	return nil
}

// tries is how often an entry is read again because it changed before it could be written.
const tries = 4

func (b *batch) maskAll(ctx context.Context, keys []datamap.Key, out *connectors.Outcome) error {
	for _, key := range keys {
		found, held := false, (*connectors.Blocked)(nil)
		var names []string
		if err := b.find(ctx, key, asked(), func(e *driver.Entry) { names = append(names, e.DN) }); err != nil {
			return err
		}
		for _, dn := range names {
			there, stopped, err := b.maskEntry(ctx, key, dn)
			if err != nil {
				return err
			}
			found = found || there
			held = cmp.Or(held, stopped)
		}
		switch {
		case held != nil:
			out.Blocked = append(out.Blocked, *held)
		case found:
			out.Masked++
		default:
			out.Missing++
		}
	}
	return nil
}

// maskEntry masks one entry, and reports whether it is there.
func (b *batch) maskEntry(ctx context.Context, key datamap.Key, dn string) (there bool, held *connectors.Blocked, err error) {
	for range tries {
		entry, err := b.entry(ctx, dn)
		if err != nil || entry == nil {
			return false, nil, err
		}
		changes, fixed, err := b.changes(key, entry)
		if err != nil || len(changes) == 0 && fixed == "" {
			return true, nil, err
		}
		if fixed != "" {
			return true, &connectors.Blocked{Key: key, Code: connectors.BlockedRefused, Detail: fixed + " is part of the entry's name"}, nil
		}
		err = b.system.modify(ctx, dn, changes)
		code, detail := blocked(err)
		switch {
		case err == nil:
			return true, nil, nil
		case driver.IsErrorAnyOf(err, driver.LDAPResultNoSuchAttribute, driver.LDAPResultNoSuchObject): // it has changed meanwhile
		case code != "":
			return true, &connectors.Blocked{Key: key, Code: code, Detail: detail}, nil
		default:
			return true, nil, err
		}
	}
	return true, nil, models.Errorf(models.Unavailable, connectors.CodeBusy, "An entry of %s changes faster than it can be masked.", b.Address)
}

// entry reads what the masks are about; nil when it is not there.
func (b *batch) entry(ctx context.Context, dn string) (*driver.Entry, error) {
	var found *driver.Entry
	columns := make([]*column, len(b.masks))
	for i, m := range b.masks {
		columns[i] = m.column
	}
	r := request{base: dn, scope: driver.ScopeBaseObject, filter: b.place.filter, attributes: asked(columns)}
	err := b.system.search(ctx, r, func(e *driver.Entry) error {
		found = e
		return nil
	})
	if driver.IsErrorWithCode(err, driver.LDAPResultNoSuchObject) {
		return nil, nil
	}
	return found, err
}

func (s *System) modify(ctx context.Context, dn string, changes []driver.Change) error {
	req := driver.NewModifyRequest(dn, nil)
	req.Changes = changes
	return s.use(ctx, func(c *conn) error { return c.Modify(req) })
}

// inName reports whether the attribute is part of the entry's own name.
func (c *collection) inName(col *column, dn string) bool {
	parsed, err := driver.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 {
		return false
	}
	return slices.ContainsFunc(parsed.RDNs[0].Attributes, func(a *driver.AttributeTypeAndValue) bool {
		return c.schema.attributes[strings.ToLower(a.Type)] == col.attribute
	})
}
