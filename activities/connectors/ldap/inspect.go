package ldap

import (
	"context"
	"maps"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

const (
	inspectEntries = 200     // of each place
	inspectMax     = 200_000 // entries that are counted; beyond, nobody says how many there are
)

// Inspect describes each place in which entries of one class are: what their class demands, and what some of them have.
func (s *System) Inspect(ctx context.Context, samples int, yield func(connectors.Table) error) error {
	s.forget()
	t, err := s.tree(ctx)
	if err != nil {
		return s.wrap(ctx, err, "")
	}
	counts := map[string]int64{}
	total := 0
	for _, base := range t.contexts {
		err := t.walk(ctx, base, []string{"objectClass"}, func(e *driver.Entry, table string) error {
			counts[table]++
			if total++; total >= inspectMax {
				return connectors.ErrStop
			}
			return nil
		})
		if _, full := err.(connectors.YieldError); err != nil && !full && !hidden(err) { //nolint:errorlint // made by search, bare
			return s.wrap(ctx, err, "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		table, err := t.describe(ctx, name, samples)
		if err != nil {
			return s.wrap(ctx, err, "")
		}
		if table.Rows = counts[name]; total >= inspectMax {
			table.Rows = -1
		}
		if err := yield(table); err != nil {
			return stopped(err)
		}
	}
	return nil
}

// described is what is known of one attribute of a place.
type described struct {
	connectors.Column
	seen  map[string]bool
	found bool
}

func (t *tree) describe(ctx context.Context, name string, samples int) (connectors.Table, error) {
	p, _ := parsePlace(name) // made by table
	table := connectors.Table{Name: name, Key: []string{dnField}, Indexes: [][]string{{dnField}}}
	columns := map[string]*described{}
	read := 0
	base := t.contextOf(p)
	r := request{base: p.base, scope: p.scope, filter: p.filter, attributes: slices.Concat(everything)}
	err := t.system.search(ctx, r, func(e *driver.Entry) error {
		if t.table(base, e) != name {
			return nil
		}
		classes := e.GetEqualFoldAttributeValues("objectClass")
		must, may := t.schema.demands(classes)
		if c := t.schema.classes[strings.ToLower(t.schema.own(classes))]; c != nil {
			table.Comment = c.comment
		}
		for _, a := range slices.Concat(must, may) {
			if !strings.EqualFold(a.name, "objectClass") {
				t.column(columns, a, must)
			}
		}
		t.ofEntry(e, func(a *attribute, values []string) {
			if a.operation && a.name != "entryUUID" {
				return
			}
			t.column(columns, a, must).take(a, values, samples)
		})
		if read++; read == inspectEntries {
			return connectors.ErrStop
		}
		return nil
	})
	if _, full := err.(connectors.YieldError); err != nil && !full && !hidden(err) { //nolint:errorlint // made by search, bare
		return table, err
	}
	for _, name := range slices.SortedFunc(maps.Keys(columns), dnFirst) {
		if !columns[name].found {
			columns[name].Comment = "in none of the entries that were looked at"
		}
		table.Columns = append(table.Columns, columns[name].Column)
	}
	if columns["entryUUID"] != nil {
		table.Unique = [][]string{{"entryUUID"}}
		table.Indexes = append(table.Indexes, []string{"entryUUID"})
	}
	return table, nil
}

// contextOf is the naming context that a place is in.
func (t *tree) contextOf(p place) string {
	for _, c := range t.contexts {
		if dn, err := driver.ParseDN(c); err == nil && (dn.EqualFold(p.dn) || dn.AncestorOfFold(p.dn)) {
			return c
		}
	}
	return p.base
}

func dnFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == dnField:
		return -1
	case b == dnField:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

func (t *tree) column(columns map[string]*described, a *attribute, must []*attribute) *described {
	d := columns[a.name]
	if d == nil {
		required := a.name == dnField || a.name == "entryUUID" || slices.Contains(must, a)
		d = &described{Column: connectors.Column{Name: a.name, Type: a.shown(), Kind: a.kind(), Array: a.names() && !a.single, Nullable: !required, Computed: a.fixed}, seen: map[string]bool{}}
		columns[a.name] = d
	}
	return d
}

// take notes the values of an entry. An attribute that may have several is an array when one of the entries does.
func (d *described) take(a *attribute, values []string, samples int) {
	d.found = true
	d.Array = d.Array || len(values) > 1
	for _, raw := range values {
		if len(d.Samples) < samples && !d.seen[raw] {
			d.seen[raw] = true
			d.Samples = append(d.Samples, a.decodeOne(raw))
		}
	}
}

// shown is the syntax as people name it.
func (a *attribute) shown() string {
	if s, ok := syntaxNames[a.syntax]; ok {
		return s
	}
	if k := a.kind(); k != datamap.KindText {
		return string(k)
	}
	return a.syntax
}

var syntaxNames = map[string]string{
	syntaxDN: "DN", syntaxNameUID: "Name and optional UID", "1.3.6.1.4.1.1466.115.121.1.7": "Boolean", "1.3.6.1.4.1.1466.115.121.1.27": "Integer",
	"1.3.6.1.4.1.1466.115.121.1.24": "Generalized Time", "1.3.6.1.4.1.1466.115.121.1.40": "Octet String", "1.3.6.1.1.16.1": "UUID",
	"1.3.6.1.4.1.1466.115.121.1.15": "Directory String", "1.3.6.1.4.1.1466.115.121.1.26": "IA5 String", "1.3.6.1.4.1.1466.115.121.1.28": "JPEG",
	"1.3.6.1.4.1.1466.115.121.1.36": "Numeric String", "1.3.6.1.4.1.1466.115.121.1.38": "OID", "1.3.6.1.4.1.1466.115.121.1.41": "Postal Address",
	"1.3.6.1.4.1.1466.115.121.1.44": "Printable String", "1.3.6.1.4.1.1466.115.121.1.50": "Telephone Number",
}
