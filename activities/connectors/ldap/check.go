package ldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// sampleSize is how many entries of a place a check looks at.
const sampleSize = 500

// checker compares the collections with the directory's schema and some of its entries.
type checker struct {
	system *System
	connectors.Problems
}

// Check compares nodes with the live directory; it asks for the schema anew. What the account may write, a directory tells only when it is
// tried, so that nothing is said of it.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	k := &checker{system: s}
	s.forget()
	for _, n := range nodes {
		if err := k.check(ctx, n); err != nil {
			return nil, s.wrap(ctx, err, n.Address.String())
		}
	}
	datamap.SortProblems(k.Problems)
	return k.Problems, nil
}

func (k *checker) check(ctx context.Context, n *datamap.Node) error {
	unknown := func(what string) {
		k.Fault("unknown_table", n, "", "The collection's place "+what+".", "Write habeas: {table: \"base DN?one?(filter)\"}, with a base that the account may see.")
	}
	c, err := k.system.collection(ctx, n)
	if err != nil && models.CodeOf(err) == connectors.CodeMismatch {
		unknown("is not of the form base DN?scope?filter, or the directory does not show its schema")
		return nil
	}
	if err != nil {
		return err
	}
	columns, complete := k.columns(c)
	entries, limited, err := k.sample(ctx, c)
	switch {
	case driver.IsErrorWithCode(err, driver.LDAPResultNoSuchObject):
		unknown("does not exist in the directory, or the account may not see it")
		return nil
	case err != nil:
		return err
	case limited:
		k.Fault("size_limit", n, "", "The directory cuts results short by a limit for the account of the system "+k.system.name+", so that persons would not be found.",
			"Let the account read without a limit (in OpenLDAP: limits … size=unlimited).")
	}
	if complete {
		k.key(c, columns)
		k.masks(c, entries)
	}
	return nil
}

// columns reports whether all fields are attributes.
func (k *checker) columns(c *collection) ([]*column, bool) {
	var list []*column
	complete := true
	for i := range c.Fields {
		f := &c.Fields[i]
		col, err := c.schema.column(c.Node, f.Name)
		if err != nil {
			k.Fault("unknown_column", c.Node, f.Name, "The directory's schema has no attribute for the field.", "Correct the field's name, or remove it.")
			complete = false
			continue
		}
		list = append(list, col)
		if want, ok := declared[strings.TrimSuffix(f.Type, "[]")]; ok && (!slices.Contains(want, col.kind()) || f.Array() && col.single) {
			k.Warn("type_mismatch", c.Node, f.Name, fmt.Sprintf("The field is declared as %s, but the attribute is not.", f.Type), "Correct data_type.")
		}
		if slices.ContainsFunc(c.Lookups(), func(l []string) bool { return slices.Contains(l, f.Name) }) && !col.exact && !col.dn {
			k.Warn("no_index", c.Node, f.Name, "The schema has no rule by which values of the attribute are equal, so that a search for it reads all entries.",
				"Find the entries by another attribute.")
		}
	}
	return list, complete
}

// declared are the kinds that fit a Fides data type.
var declared = map[string][]datamap.Kind{
	"string": {datamap.KindText, datamap.KindUUID}, "integer": {datamap.KindInt}, "long": {datamap.KindInt}, "boolean": {datamap.KindBool},
}

// sample reads some entries' classes and names, and with them whether the server has a limit.
func (k *checker) sample(ctx context.Context, c *collection) (list []*driver.Entry, limited bool, err error) {
	r := request{base: c.place.base, scope: c.place.scope, filter: c.place.filter, attributes: []string{"objectClass"}}
	n := 0
	err = k.system.search(ctx, r, func(e *driver.Entry) error {
		if n++; n <= sampleSize {
			list = append(list, e)
		}
		if n == limitProbe {
			return connectors.ErrStop
		}
		return nil
	})
	if _, enough := err.(connectors.YieldError); enough { //nolint:errorlint // made by search, bare
		return list, false, nil
	}
	if driver.IsErrorAnyOf(err, driver.LDAPResultSizeLimitExceeded, driver.LDAPResultAdminLimitExceeded) {
		return list, true, nil
	}
	return list, false, err
}

// limitProbe is how many entries a check reads to see whether there is a limit; a higher one is noticed when it is met.
const limitProbe = 20_000

func (k *checker) key(c *collection, columns []*column) {
	if !c.HasKey {
		if c.Erasure() != datamap.EraseKeep {
			k.Warn("no_primary_key", c.Node, "", "Nothing keeps two entries from being equal in all described fields; they would be erased together.", "Mark dn or entryUUID as primary_key.")
		}
		return
	}
	for _, col := range columns {
		if slices.Contains(c.Key, col.field) && (col.dn || strings.EqualFold(col.name, "entryUUID")) {
			return
		}
	}
	if c.Erasure() != datamap.EraseKeep {
		k.Warn("key_not_unique", c.Node, c.Key[0], "A directory's schema does not say whether one entry only has these values.", "Mark dn or entryUUID as primary_key, unless an overlay keeps them unique.")
	}
}

// masks looks at each mask, with the classes and names of the sampled entries.
func (k *checker) masks(c *collection, entries []*driver.Entry) {
	if c.Erasure() != datamap.EraseMask {
		return
	}
	for _, m := range c.Masks() {
		col, err := c.schema.column(c.Node, m.Field)
		if err != nil {
			continue
		}
		fault := func(code, message, advice string) { k.Fault(code, c.Node, m.Field, message, advice) }
		if col.dn || col.fixed {
			fault("mask_generated", "The attribute is written by the directory itself.", "Use erase: keep for the field, or erase: delete for the collection.")
			continue
		}
		if _, err := k.system.mask(c, col, m); err != nil {
			fault("mask_impossible", models.MessageOf(err, "The mask is impossible."), "Use another erase method for the field, or erase: delete for the collection.")
			continue
		}
		named, must := 0, 0
		for _, e := range entries {
			if c.inName(col, e.DN) {
				named++
			}
			if needed, _ := c.schema.demands(e.GetEqualFoldAttributeValues("objectClass")); slices.Contains(needed, col.attribute) {
				must++
			}
		}
		switch {
		case named > 0:
			fault("mask_name", "The attribute is part of entries' names and cannot be masked.", "Use erase: delete for the collection, or erase: keep for the field.")
		case must > 0 && m.Method == datamap.FieldNull:
			fault("mask_not_null", "The schema requires the attribute.", "Use erase: replace, random or hmac for the field, or erase: delete for the collection.")
		case must > 0 && m.Method == datamap.FieldRemove && m.Value == "":
			k.Warn("mask_not_null", c.Node, m.Field, "The schema requires the attribute: an entry in which the person is the only element will be blocked.", "Say by value: what is left then.")
		}
	}
}
