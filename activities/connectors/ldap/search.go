package ldap

import (
	"context"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

const (
	pageSize  = 250 // entries that are in memory at once
	tupleSize = 100 // keys in one filter
	filterMax = 64 << 10
)

type request struct {
	base       string
	scope      int
	filter     string
	attributes []string
}

// search calls yield with each entry that matches, a page at a time. A result that the server cuts short, or that is partly on another
// server, is an error.
func (s *System) search(ctx context.Context, r request, yield func(*driver.Entry) error) error {
	return s.use(ctx, func(c *conn) error {
		paging := driver.NewControlPaging(pageSize)
		for {
			req := driver.NewSearchRequest(r.base, r.scope, driver.NeverDerefAliases, 0, 0, false, r.filter, r.attributes, nil)
			if r.scope != driver.ScopeBaseObject {
				req.Controls = []driver.Control{paging}
			}
			page, err := c.Search(req)
			if err != nil {
				return err
			}
			more := cookie(page)
			c.spoilt = len(more) > 0 // until it is read to its end
			if len(page.Referrals) > 0 && !s.ignoreReferrals {
				return errReferred
			}
			for _, e := range page.Entries {
				if err := yield(e); err != nil {
					return connectors.YieldError{Err: err}
				}
			}
			if len(more) == 0 {
				return nil
			}
			paging.SetCookie(more)
		}
	})
}

func cookie(page *driver.SearchResult) []byte {
	if control, ok := driver.FindControl(page.Controls, driver.ControlTypePaging).(*driver.ControlPaging); ok {
		return control.Cookie
	}
	return nil
}

// asked are the attributes to ask for, so that the columns can be read; an entry's name comes by itself.
func asked(lists ...[]*column) []string {
	names := []string{}
	for _, c := range slices.Concat(lists...) {
		if !c.dn && !slices.Contains(names, c.asked) {
			names = append(names, c.asked)
		}
	}
	if len(names) == 0 {
		return []string{"1.1"} // none
	}
	return names
}

// values are the values of a column in an entry, those under options included. It fails when the server gives only a part of them.
func (c *collection) values(col *column, e *driver.Entry) ([]string, error) {
	if col.dn {
		return []string{e.DN}, nil
	}
	var list []string
	for _, a := range e.Attributes {
		if _, options, _ := strings.Cut(strings.ToLower(a.Name), ";"); strings.HasPrefix(options, "range=") && !strings.HasSuffix(options, "-*") {
			return nil, mismatch("The directory gives only a part of the values of %s.%s.", c.Address, col.field)
		}
		if col.is(c.schema, a.Name) {
			list = append(list, a.Values...)
		}
	}
	return list, nil
}

func (c *collection) row(columns []*column, e *driver.Entry) (datamap.Key, error) {
	row := make(datamap.Key, len(columns))
	for i, col := range columns {
		raw, err := c.values(col, e)
		if err != nil {
			return nil, err
		}
		row[i] = col.decode(raw)
	}
	return row, nil
}

// entries calls yield with each entry of the place that has one of the keys in the columns, once an entry.
func (s *System) entries(ctx context.Context, c *collection, columns []*column, keys []datamap.Key, fold bool, wanted []string, yield func(*driver.Entry) error) error {
	questions := c.questions(columns, keys, fold)
	several := len(questions) > 1 && slices.ContainsFunc(columns, func(col *column) bool { return !col.single })
	seen := map[[16]byte]bool{}
	for _, q := range questions {
		q.attributes = wanted
		if q.match != nil {
			q.attributes = slices.Concat(without(wanted, "1.1"), asked(columns))
		}
		err := s.search(ctx, q.request, func(e *driver.Entry) error {
			if q.match != nil {
				if ok, err := q.match(e); err != nil || !ok {
					return err
				}
			}
			if several {
				id := digest(e.DN)
				if seen[id] {
					return nil
				}
				seen[id] = true
			}
			return yield(e)
		})
		if driver.IsErrorWithCode(err, driver.LDAPResultNoSuchObject) && q.one && c.reaches(err) {
			continue // the entry is not there
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
}

// reaches reports whether the server, which did not find an entry by its name, at least found the base of the place.
func (c *collection) reaches(err error) bool {
	e, ok := err.(*driver.Error) //nolint:errorlint // as the driver returns it
	if !ok || e.MatchedDN == "" {
		return true // the server does not say
	}
	matched, err := driver.ParseDN(e.MatchedDN)
	return err != nil || c.place.dn.EqualFold(matched) || c.place.dn.AncestorOfFold(matched)
}

// Lookup streams the entries that match.
func (s *System) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	c, lists, err := s.read(ctx, q.Node, q.Fields, q.Return)
	if err != nil {
		return err
	}
	err = s.entries(ctx, c, lists[0], q.Keys, q.Fold, asked(lists[1]), func(e *driver.Entry) error {
		row, err := c.row(lists[1], e)
		if err != nil {
			return err
		}
		return yield(datamap.Row{Columns: q.Return, Values: row})
	})
	return s.failed(ctx, err, q.Node)
}

// Export reads entries by their keys.
func (s *System) Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	return s.Lookup(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys, Return: fields}, yield)
}

// Count counts the entries that match a query.
func (s *System) Count(ctx context.Context, q connectors.Query) (int, error) {
	c, lists, err := s.read(ctx, q.Node, q.Fields)
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.entries(ctx, c, lists[0], q.Keys, q.Fold, asked(), func(*driver.Entry) error {
		n++
		return nil
	})
	return n, s.failed(ctx, err, q.Node)
}
