package rest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// checker compares the collections with the settings and with the live API.
type checker struct {
	system *System
	connectors.Problems
}

// Check compares nodes with the settings, and asks the API for the first page of each collection that it can list.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	k := &checker{system: s}
	for _, n := range nodes {
		c := s.set.Collections[n.Table]
		if c == nil {
			k.At(n.Collection.Pos, datamap.Fault, "unknown_table", n, "", "The settings of the system "+s.name+" have no collection "+n.Table+".",
				"Describe it under collections, or correct habeas: {table: …}.")
			continue
		}
		if k.checkFields(n, c) {
			k.checkLookups(n, c)
			k.checkErasure(n, c)
			k.checkAddresses(n, c)
			if err := k.checkLive(ctx, n, c); err != nil {
				return nil, err
			}
		}
	}
	datamap.SortProblems(k.Problems)
	return k.Problems, nil
}

// checkFields reports whether the settings say where every field is.
func (k *checker) checkFields(n *datamap.Node, c *collection) bool {
	complete := true
	for i := range n.Fields {
		f := &n.Fields[i]
		if c.Fields[f.Name] == nil {
			complete = false
			k.At(f.Pos, datamap.Fault, "unknown_column", n, f.Name, "The settings do not say where the field is in a row.", "Give its path under fields, or remove it from the map.")
		}
	}
	return complete
}

// needed are the lists of fields by which the walk may search the collection.
func needed(n *datamap.Node) [][]string {
	list := [][]string{n.Key}
	add := func(fields []string) {
		if !slices.ContainsFunc(list, func(l []string) bool { return slices.Equal(l, fields) }) {
			list = append(list, fields)
		}
	}
	for _, id := range n.Identities {
		add([]string{id.Field})
	}
	for _, e := range n.In {
		add(e.ToFields)
	}
	for _, e := range n.Out {
		if !e.Mention { // else nobody looks who else leads to the row
			add(e.FromFields)
		}
	}
	return list
}

// checkLookups finds the searches that no request serves.
func (k *checker) checkLookups(n *datamap.Node, c *collection) {
	emails := map[string]bool{}
	for _, id := range n.Identities {
		emails[id.Field] = id.Kind == datamap.IdentityEmail
	}
	for _, fields := range needed(n) {
		name := listed(fields)
		fold := len(fields) == 1 && emails[fields[0]]
		switch list := c.serving(fields, fold); {
		case len(list) == 0 && len(c.serving(fields, false)) > 0:
			k.At(n.Collection.Pos, datamap.Fault, "case_unknown", n, name, "The settings do not say whether the API's search by "+name+" regards upper and lower case.",
				"Add case: ignore, or case: exact, to the find.")
		case len(list) == 0:
			k.At(n.Collection.Pos, datamap.Fault, "no_request", n, name, "No request in the settings serves the search by "+name+".",
				"Add a find with by: ["+name+"], or list with serves_lookups: true for a small collection, or write shared: ignore at a reference that need not be looked up.")
		case fold && !list[0].list && list[0].Case == "exact":
			k.At(n.Collection.Pos, datamap.Warning, "case_sensitive", n, name, "The API compares "+name+" with upper and lower case; only addresses in lower case are found.",
				"Store them in lower case there, or search by list.")
		case list[0].list:
			k.At(n.Collection.Pos, datamap.Warning, "no_index", n, name, "The search by "+name+" reads the whole collection.", "Add a find with by: ["+name+"], if the API has one.")
		}
	}
}

// checkErasure finds what the settings cannot carry out.
func (k *checker) checkErasure(n *datamap.Node, c *collection) {
	fault := func(code, field, message, advice string) {
		k.At(n.Collection.Pos, datamap.Fault, code, n, field, message, advice)
	}
	switch n.Erasure() {
	case datamap.EraseDelete:
		if len(c.Delete) == 0 {
			fault("no_request", "", "The settings do not say how a row is deleted.", "Add delete:, or use erase: mask or keep in the map.")
		}
	case datamap.EraseMask:
		if c.Update == nil {
			fault("no_request", "", "The settings do not say how a row is changed.", "Add update:, or use erase: delete or keep in the map.")
			break
		}
		for _, m := range n.Masks() {
			if err := c.maskable(n, m); err != nil {
				fault("mask_impossible", m.Field, models.MessageOf(err, "The mask is impossible."), "Use another erase method for the field, or erase: delete for the collection.")
			}
		}
	default: // nothing is written
	}
	if r := n.Collection.Restrict; r != nil && (c.Update == nil || c.Fields[r.Column] == nil) {
		fault("no_request", r.Column, "The settings do not say how a row is marked as restricted.", "Add update: and the field, or remove restrict: from the map.")
	}
}

// checkAddresses warns of personal data in addresses, which servers and proxies write into their logs.
func (k *checker) checkAddresses(n *datamap.Node, c *collection) {
	warn := func(s *shape) {
		s.parts(func(p part, at place, _ bool) {
			f := n.Field(p.field)
			if f == nil || at == inBody || !f.Personal() {
				return
			}
			k.At(f.Pos, datamap.Warning, "personal_in_url", n, f.Name, "A request puts the field's value into its address, which servers along the way may log.",
				"Use a search whose values travel in the body, if the API has one.")
		})
	}
	for _, f := range c.finds() {
		warn(f.shape)
	}
	for _, a := range append(slices.Clone(c.Delete), c.Update) {
		if a != nil {
			warn(a.shape)
		}
	}
	slices.SortFunc(k.Problems, func(a, b datamap.Problem) int { return strings.Compare(a.Where+a.Code, b.Where+b.Code) })
	k.Problems = slices.Compact(k.Problems)
}

// checkLive asks for the first page of the list, if there is one.
func (k *checker) checkLive(ctx context.Context, n *datamap.Node, c *collection) error {
	if c.List == nil {
		if slices.ContainsFunc(c.Find, func(f *find) bool { return len(f.None) > 0 }) {
			k.At(n.Collection.Pos, datamap.Warning, "absence_unproved", n, "", "When the API says that a row is not there, nothing shows that the collection still is.",
				"Add list:, which is asked for one page.")
		}
		return nil
	}
	there := map[string]bool{}
	rows := 0
	err := k.system.pages(ctx, n, c.List, binding{fields: c.Fields}, func(_ *answer, list []any) error {
		for _, raw := range list {
			rows++
			for name, f := range c.Fields {
				if _, ok := at(raw, f.Path); ok {
					there[name] = true
				}
			}
		}
		return errEnough
	})
	fault := func(code, message, advice string) {
		k.At(n.Collection.Pos, datamap.Fault, code, n, "", message, advice)
	}
	switch code := models.CodeOf(err); {
	case err == nil || errors.Is(err, errEnough):
	case code == connectors.CodeRefused:
		fault("no_right", "The API refuses Habeas to read the collection.", "Give its key the right to read it, and to change or delete what the map erases.")
		return nil
	case code == connectors.CodeMismatch:
		fault("unknown_table", models.MessageOf(err, "The mask is impossible."), "Correct list: in the settings, or find out where the collection went.")
		return nil
	default:
		return err
	}
	for i := range n.Fields {
		if f := &n.Fields[i]; rows > 0 && !there[f.Name] {
			k.At(f.Pos, datamap.Warning, "field_never_seen", n, f.Name, fmt.Sprintf("None of %d rows has the field where the settings say.", rows), "Correct its path, unless the API leaves it out when it is empty.")
		}
	}
	return nil
}
