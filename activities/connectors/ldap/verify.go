package ldap

import (
	"context"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// equalNames compares names of attributes as they are written.
func equalNames(a, b string) bool { return strings.EqualFold(a, b) }

// Left counts the entries for which the erasure is not in effect.
func (s *System) Left(ctx context.Context, order connectors.Erasure) (int, error) {
	if order.Delete {
		return s.Count(ctx, connectors.Query{Node: order.Node, Fields: order.Node.Key, Keys: order.Keys})
	}
	b, err := s.batch(ctx, order)
	if err != nil {
		return 0, err
	}
	columns := make([]*column, len(b.masks))
	for i, m := range b.masks {
		columns[i] = m.column
	}
	left := 0
	for _, key := range order.Keys {
		var entries []*driver.Entry
		if err := b.find(ctx, key, asked(columns), func(e *driver.Entry) { entries = append(entries, e) }); err != nil {
			return 0, s.failed(ctx, err, order.Node)
		}
		for _, e := range entries {
			changes, fixed, err := b.changes(key, e)
			if err != nil {
				return 0, err
			}
			if len(changes) > 0 || fixed != "" {
				left++
			}
		}
	}
	return left, nil
}

// Restrict writes the map's mark into entries that do not carry it, or clears it.
func (s *System) Restrict(ctx context.Context, order connectors.Restriction) (int, error) {
	r := order.Node.Collection.Restrict
	if r == nil {
		return 0, models.Errorf(models.Unsupported, connectors.CodeNoRestrict, "The data map does not say how rows of %s are restricted.", order.Node.Address)
	}
	c, lists, err := s.read(ctx, order.Node, order.Node.Key, []string{r.Column})
	if err != nil {
		return 0, err
	}
	col := lists[1][0]
	set, okSet := col.mark(order, r.Set)
	clear, okClear := col.mark(order, r.Clear)
	if !okSet || !okClear || col.dn || col.fixed {
		return 0, mismatch("The field %s.%s cannot hold the mark of a restriction.", order.Node.Address, r.Column)
	}
	change := func(raw []string) ([]string, bool) {
		cleared := sameValues(col, raw, clear)
		if order.Lift {
			return clear, !cleared
		}
		return set, cleared
	}
	n, err := s.write(ctx, c, lists[0], order.Keys, []*column{col}, func(raw [][]string) ([]driver.Change, error) {
		if values, due := change(raw[0]); due {
			return []driver.Change{replace(col.asked, values)}, nil
		}
		return nil, nil
	})
	return n, s.failed(ctx, err, order.Node)
}

// mark is what a restriction writes; no value is NULL.
func (c *column) mark(order connectors.Restriction, value *string) ([]string, bool) {
	if value == nil {
		return nil, true
	}
	v := datamap.Text(*value)
	if *value == datamap.SetNow && c.kind() == datamap.KindBool {
		v = datamap.Text("true")
	} else if *value == datamap.SetNow {
		v = datamap.Text(order.At.UTC().Format("2006-01-02T15:04:05Z"))
	}
	text, ok := c.encode(v)
	return []string{text}, ok
}

func sameValues(c *column, raw, wanted []string) bool {
	if len(raw) != len(wanted) {
		return false
	}
	for i := range raw {
		if !c.same(raw[i], wanted[i]) {
			return false
		}
	}
	return true
}

// Rectify gives fields of entries new values, entry by entry, each by one request.
func (s *System) Rectify(ctx context.Context, order connectors.Rectification) (int, error) {
	fields := make([]string, len(order.Set))
	for i, f := range order.Set {
		fields[i] = f.Field
	}
	c, lists, err := s.read(ctx, order.Node, order.Node.Key, fields)
	if err != nil {
		return 0, err
	}
	values := make([][]string, len(order.Set))
	for i, f := range order.Set {
		col := lists[1][i]
		if field := order.Node.Field(f.Field); col.dn || col.fixed || field == nil || field.PrimaryKey || field.ReadOnly {
			return 0, mismatch("The field %s.%s identifies the row or is read-only, and cannot be corrected.", order.Node.Address, f.Field)
		}
		for _, e := range f.Value.Elements() {
			text, ok := col.encode(e)
			if !ok || len(values[i]) > 0 && col.single {
				return 0, mismatch("The field %s.%s cannot hold the value.", order.Node.Address, f.Field)
			}
			values[i] = append(values[i], text)
		}
	}
	n, err := s.write(ctx, c, lists[0], order.Keys, lists[1], func(raw [][]string) ([]driver.Change, error) {
		var changes []driver.Change
		for i, col := range lists[1] {
			if !sameValues(col, raw[i], values[i]) || !equalTexts(raw[i], values[i]) {
				changes = append(changes, replace(col.asked, values[i]))
			}
		}
		return changes, nil
	})
	return n, s.failed(ctx, err, order.Node)
}

// equalTexts tells a new spelling from the old one, which the directory may take for the same value.
func equalTexts(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// write changes the entries of some keys and counts those that are as they should be after.
func (s *System) write(ctx context.Context, c *collection, key []*column, keys []datamap.Key, columns []*column, due func(raw [][]string) ([]driver.Change, error)) (int, error) {
	n := 0
	for _, k := range keys {
		var entries []*driver.Entry
		err := s.entries(ctx, c, key, []datamap.Key{k}, false, asked(columns), func(e *driver.Entry) error {
			entries = append(entries, e)
			return nil
		})
		if err != nil {
			return n, err
		}
		for _, e := range entries {
			if err := s.writeEntry(ctx, c, e, columns, due); err != nil {
				if driver.IsErrorWithCode(err, driver.LDAPResultNoSuchObject) {
					continue
				}
				return n, err
			}
			n++
		}
	}
	return n, nil
}

func (s *System) writeEntry(ctx context.Context, c *collection, e *driver.Entry, columns []*column, due func(raw [][]string) ([]driver.Change, error)) error {
	raw := make([][]string, len(columns))
	for i, col := range columns {
		var err error
		if raw[i], err = c.values(col, e); err != nil {
			return err
		}
	}
	changes, err := due(raw)
	if err != nil || len(changes) == 0 {
		return err
	}
	err = s.modify(ctx, e.DN, changes)
	if code, detail := blocked(err); code != "" && !driver.IsErrorWithCode(err, driver.LDAPResultInsufficientAccessRights) {
		return mismatch("The directory refuses the change at %s: %s.", c.Address, detail)
	}
	return err
}
