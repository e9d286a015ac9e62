package ldap

import (
	"context"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/models/datamap"
)

// place is where a collection's entries are.
type place struct {
	base   string
	dn     *driver.DN // of the base
	scope  int
	filter string
}

var scopes = map[string]int{"": driver.ScopeWholeSubtree, "sub": driver.ScopeWholeSubtree, "one": driver.ScopeSingleLevel, "base": driver.ScopeBaseObject}

// parsePlace reads base DN?scope?filter, the last two of which may be left out; false when it is not of that form.
func parsePlace(table string) (place, bool) {
	base, rest, _ := strings.Cut(table, "?")
	word, filter, _ := strings.Cut(rest, "?")
	if filter == "" {
		filter = "(objectClass=*)"
	}
	dn, err := driver.ParseDN(base)
	scope, known := scopes[word]
	if err != nil || len(dn.RDNs) == 0 || !known {
		return place{}, false
	}
	if _, err := driver.CompileFilter(filter); err != nil {
		return place{}, false
	}
	return place{base: base, dn: dn, scope: scope, filter: filter}, true
}

// holds reports whether an entry of that name would be in the place, as far as its name tells.
func (p place) holds(dn *driver.DN) bool {
	switch p.scope {
	case driver.ScopeBaseObject:
		return p.dn.EqualFold(dn)
	case driver.ScopeSingleLevel:
		return p.dn.AncestorOfFold(dn) && len(dn.RDNs) == len(p.dn.RDNs)+1
	default:
		return p.dn.EqualFold(dn) || p.dn.AncestorOfFold(dn)
	}
}

// collection is a node with its place and the schema that its fields are read by.
type collection struct {
	*datamap.Node
	place  place
	schema *schema
}

func (s *System) collection(ctx context.Context, node *datamap.Node) (*collection, error) {
	p, ok := parsePlace(node.Table)
	if !ok {
		return nil, mismatch("The collection %s names no place in a directory: its table: is not of the form base DN?scope?filter.", node.Address)
	}
	sc, err := s.definitions(ctx)
	if err != nil {
		return nil, s.wrap(ctx, err, node.Address.String())
	}
	return &collection{Node: node, place: p, schema: sc}, nil
}

// read is a collection with the columns of some of its fields.
func (s *System) read(ctx context.Context, node *datamap.Node, fields ...[]string) (*collection, [][]*column, error) {
	for fresh := false; ; fresh = true {
		c, err := s.collection(ctx, node)
		if err != nil {
			return nil, nil, err
		}
		lists := make([][]*column, len(fields))
		for i, names := range fields {
			if lists[i], err = c.schema.columns(node, names); err != nil {
				break
			}
		}
		if err == nil || fresh {
			return c, lists, err
		}
		s.forget() // the attribute may be newer than what is known
	}
}
