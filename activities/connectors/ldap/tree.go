package ldap

import (
	"context"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
)

// tree is the whole directory as the account sees it, entry by entry, each in the place by which a data map would name it.
type tree struct {
	system     *System
	schema     *schema
	contexts   []string
	containers map[string]string // names of entries that are there to hold others, by their folded form
}

// containing are the classes of entries that are there to hold others; a person's entry may have some below it too.
var containing = []string{"organizationalUnit", "organization", "domain", "dcObject", "country", "locality", "container", "builtinDomain"}

// containersMax bounds what is remembered of a directory; entries below further ones are counted for a container above.
const containersMax = 10_000

func (s *System) tree(ctx context.Context) (*tree, error) {
	sc, err := s.definitions(ctx)
	if err != nil {
		return nil, err
	}
	root, err := s.root(ctx)
	if err != nil {
		return nil, err
	}
	t := &tree{system: s, schema: sc, containers: map[string]string{}}
	for _, c := range root.GetEqualFoldAttributeValues("namingContexts") {
		if c != "" {
			t.contexts = append(t.contexts, c)
		}
	}
	return t, nil
}

// walk calls yield with each entry of a naming context and its place.
func (t *tree) walk(ctx context.Context, base string, attributes []string, yield func(e *driver.Entry, table string) error) error {
	if err := t.findContainers(ctx, base); err != nil {
		return err
	}
	r := request{base: base, scope: driver.ScopeWholeSubtree, filter: "(objectClass=*)", attributes: attributes}
	return t.system.search(ctx, r, func(e *driver.Entry) error { return yield(e, t.table(base, e)) })
}

func (t *tree) findContainers(ctx context.Context, base string) error {
	filter := "(|"
	for _, class := range containing {
		filter += "(objectClass=" + class + ")"
	}
	r := request{base: base, scope: driver.ScopeWholeSubtree, filter: filter + ")", attributes: []string{"1.1"}}
	err := t.system.search(ctx, r, func(e *driver.Entry) error {
		if len(t.containers) == containersMax {
			return connectors.ErrStop
		}
		t.containers[folded(e.DN)] = e.DN
		return nil
	})
	if y, ok := err.(connectors.YieldError); ok && y.Err == connectors.ErrStop { //nolint:errorlint // made just now, bare
		return nil
	}
	return err
}

// folded is a name in a form that is the same for the same entry of one server.
func folded(dn string) string { return strings.ToLower(dn) }

// table is an entry's place: the nearest entry above that is there to hold others, and the entry's own class. It holds nothing of a
// person, since persons do not name containers.
func (t *tree) table(base string, e *driver.Entry) string {
	above, scope := base, "sub"
	for rest, near := parent(e.DN), true; rest != ""; rest, near = parent(rest), false {
		if dn, ok := t.containers[folded(rest)]; ok {
			above = dn
			if near {
				scope = "one"
			}
			break
		}
	}
	return above + "?" + scope + "?(objectClass=" + t.schema.own(e.GetEqualFoldAttributeValues("objectClass")) + ")"
}

// parent is the name of the entry above; "" when there is none.
func parent(dn string) string {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return strings.TrimSpace(dn[i+1:])
		}
	}
	return ""
}

// own is the class that says most of an entry: a structural one, above which none of its others stand.
func (sc *schema) own(classes []string) string {
	best := "top"
	for _, name := range classes {
		c := sc.classes[strings.ToLower(name)]
		if c == nil || !c.structural {
			continue
		}
		b := sc.classes[strings.ToLower(best)]
		if b == nil || !b.structural || sc.above(c, b) {
			best = c.name
		}
	}
	return best
}

// above reports whether b is among the classes that c is made from.
func (sc *schema) above(c, b *class) bool {
	for _, name := range c.above {
		a := sc.classes[strings.ToLower(name)]
		if a == b || a != nil && a != c && sc.above(a, b) {
			return true
		}
	}
	return false
}

// hidden reports whether the error says that the account may not read a part of the tree, or not all of it.
func hidden(err error) bool {
	return driver.IsErrorAnyOf(err, driver.LDAPResultNoSuchObject, driver.LDAPResultInsufficientAccessRights,
		driver.LDAPResultSizeLimitExceeded, driver.LDAPResultAdminLimitExceeded)
}

// everything asks for all attributes, the server's own included.
var everything = []string{"*", "+"}

// ofEntry are the columns of an entry's attributes, without those that say what everybody knows.
func (t *tree) ofEntry(e *driver.Entry, each func(a *attribute, values []string)) {
	each(&attribute{name: dnField, syntax: syntaxDN, single: true, fixed: true}, []string{e.DN})
	for _, raw := range e.Attributes {
		base, _, _ := strings.Cut(strings.ToLower(raw.Name), ";")
		a := t.schema.attributes[base]
		if a == nil || slices.Contains([]string{"objectclass", "structuralobjectclass", "entrydn", "subschemasubentry", "hassubordinates"}, base) {
			continue
		}
		each(a, raw.Values)
	}
}
