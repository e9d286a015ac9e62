package ldap

import (
	"context"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/models/datamap"
)

// schema is what the server says of its attributes and object classes, by each of their names in lower case.
type schema struct {
	attributes map[string]*attribute
	classes    map[string]*class
	rules      bool // the server tells matching rules; if it does, an attribute without one cannot be searched for by a filter
}

type attribute struct {
	name      string // the first of its names
	equality  string // name of the rule by which values are equal, in lower case; "" when there is none
	syntax    string // number, without a length
	single    bool
	fixed     bool // only the server writes it
	operation bool // returned only when asked for by name
}

type class struct {
	name       string
	above      []string
	must, may  []string
	structural bool
	comment    string
}

// root is the server's own entry.
func (s *System) root(ctx context.Context) (*driver.Entry, error) {
	var found *driver.Entry
	err := s.search(ctx, request{scope: driver.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{"*", "+"}}, func(e *driver.Entry) error {
		found = e
		return nil
	})
	if err == nil && found == nil {
		found = &driver.Entry{}
	}
	return found, err
}

// definitions is the server's schema, asked for once.
func (s *System) definitions(ctx context.Context) (*schema, error) {
	s.mu.Lock()
	known := s.schema
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	root, err := s.root(ctx)
	if err != nil {
		return nil, err
	}
	at := root.GetEqualFoldAttributeValue("subschemaSubentry")
	sc := &schema{attributes: map[string]*attribute{}, classes: map[string]*class{}}
	wanted := []string{"attributeTypes", "objectClasses"}
	err = s.search(ctx, request{base: at, scope: driver.ScopeBaseObject, filter: "(objectClass=subschema)", attributes: wanted}, func(e *driver.Entry) error {
		sc.read(e.GetEqualFoldAttributeValues("attributeTypes"), e.GetEqualFoldAttributeValues("objectClasses"))
		return nil
	})
	if err != nil && !driver.IsErrorWithCode(err, driver.LDAPResultNoSuchObject) {
		return nil, err
	}
	if len(sc.attributes) == 0 {
		return nil, mismatch("The system %s does not show its schema to the account.", s.name)
	}
	s.mu.Lock()
	s.schema = sc
	s.mu.Unlock()
	return sc, nil
}

// forget makes the next use of the schema ask the server again.
func (s *System) forget() {
	s.mu.Lock()
	s.schema = nil
	s.mu.Unlock()
}

func (sc *schema) read(attributes, classes []string) {
	defs := map[string]definition{}
	for _, text := range attributes {
		d := parseDefinition(text)
		for _, name := range append(d["NAME"], d.first("")) {
			defs[strings.ToLower(name)] = d
		}
	}
	for name, d := range defs {
		if a := sc.attributes[strings.ToLower(d.first("NAME"))]; a != nil {
			sc.attributes[name] = a
			continue
		}
		a := newAttribute(defs, d)
		sc.rules = sc.rules || a.equality != ""
		sc.attributes[name], sc.attributes[strings.ToLower(a.name)] = a, a
	}
	for _, text := range classes {
		d := parseDefinition(text)
		c := &class{
			name: d.first("NAME"), above: d["SUP"], must: d["MUST"], may: d["MAY"], comment: d.first("DESC"),
			structural: !d.has("AUXILIARY") && !d.has("ABSTRACT"),
		}
		for _, name := range append(d["NAME"], d.first("")) {
			sc.classes[strings.ToLower(name)] = c
		}
	}
}

// newAttribute takes what a definition leaves out from the ones above it.
func newAttribute(defs map[string]definition, d definition) *attribute {
	a := &attribute{name: d.first("NAME"), single: d.has("SINGLE-VALUE"), fixed: d.has("NO-USER-MODIFICATION")}
	if a.name == "" {
		a.name = d.first("")
	}
	usage := d.first("USAGE")
	a.operation = usage != "" && usage != "userApplications"
	for above, steps := d, 0; above != nil && steps < 16; above, steps = defs[strings.ToLower(above.first("SUP"))], steps+1 {
		if a.equality == "" {
			a.equality = strings.ToLower(above.first("EQUALITY"))
		}
		if a.syntax == "" {
			a.syntax, _, _ = strings.Cut(above.first("SYNTAX"), "{")
		}
	}
	return a
}

// demands are the attributes that entries of the classes must have, and those that they may have.
func (sc *schema) demands(classes []string) (must, may []*attribute) {
	seen := map[*class]bool{}
	add := func(list []*attribute, names []string) []*attribute {
		for _, n := range names {
			if a := sc.attributes[strings.ToLower(n)]; a != nil && !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
		return list
	}
	for open := slices.Clone(classes); len(open) > 0; open = open[1:] {
		c := sc.classes[strings.ToLower(open[0])]
		if c == nil || seen[c] {
			continue
		}
		seen[c] = true
		open = append(open, c.above...)
		must, may = add(must, c.must), add(may, c.may)
	}
	return must, may
}

// column is one field of a collection: an attribute, or the entry's name.
type column struct {
	field string
	*attribute
	asked string // the attribute as the field writes it, with options
	dn    bool   // the entry's name
	list  bool   // the map declares an array
	exact bool   // the server compares it; else it is compared here
}

// dnField is the field that holds an entry's name.
const dnField = "dn"

func (sc *schema) column(node *datamap.Node, name string) (*column, error) {
	c := &column{field: name, asked: name}
	if f := node.Field(name); f != nil {
		c.list = f.Array()
	}
	if strings.EqualFold(name, dnField) {
		c.dn, c.attribute = true, &attribute{name: dnField, equality: "distinguishednamematch", syntax: syntaxDN, single: true, fixed: true}
		return c, nil
	}
	base, _, _ := strings.Cut(name, ";")
	a := sc.attributes[strings.ToLower(base)]
	if a == nil {
		return nil, mismatch("The field %s.%s is no attribute of the directory's schema.", node.Address, name)
	}
	c.attribute, c.exact = a, a.equality != "" || !sc.rules
	return c, nil
}

func (sc *schema) columns(node *datamap.Node, fields []string) ([]*column, error) {
	list := make([]*column, len(fields))
	for i, f := range fields {
		c, err := sc.column(node, f)
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return list, nil
}

// is reports whether an attribute of an entry, which may carry options, belongs to the column.
func (c *column) is(sc *schema, name string) bool {
	base, options, _ := strings.Cut(strings.ToLower(name), ";")
	_, wanted, _ := strings.Cut(strings.ToLower(c.asked), ";")
	return !c.dn && sc.attributes[base] == c.attribute && (wanted == "" || wanted == options)
}
