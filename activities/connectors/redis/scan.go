package redis

import (
	"context"
	"maps"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Scan looks into the name and the value of every key of the database, step by step. Patterns of which the account may not read a key, or
// which have keys of a type that the connector cannot read, are named.
func (s *System) Scan(ctx context.Context, texts []models.Personal, yield func(connectors.Hit) error) ([]string, error) {
	sh, err := s.shapes(ctx)
	if err != nil {
		return nil, s.wrap(ctx, err, "")
	}
	sc := &scanner{system: s, hits: map[connectors.Hit]int64{}, skipped: map[string]bool{}}
	for _, text := range texts {
		if text.Reveal() != "" {
			sc.texts = append(sc.texts, strings.ToLower(text.Reveal()))
		}
	}
	err = s.names(ctx, everyKey(), func(keys []string) error {
		for table, group := range byPattern(sh, keys) {
			if err := sc.look(ctx, table, group); err != nil {
				return err
			}
		}
		return nil
	})
	skipped := slices.Sorted(maps.Keys(sc.skipped))
	if err != nil {
		return skipped, s.wrap(ctx, err, "")
	}
	for _, hit := range slices.SortedFunc(maps.Keys(sc.hits), byPlace) {
		hit.Rows = sc.hits[hit]
		if err := yield(hit); err != nil {
			return skipped, stopped(err)
		}
	}
	return skipped, nil
}

func byPlace(a, b connectors.Hit) int {
	return strings.Compare(a.Table+"\x00"+a.Column, b.Table+"\x00"+b.Column)
}

// stopped is the error of a caller who has had enough: none when it is ErrStop.
func stopped(err error) error {
	if err == connectors.ErrStop { //nolint:errorlint // the word itself
		return nil
	}
	return err
}

func byPattern(sh *shapes, keys []string) map[string][]string {
	groups := map[string][]string{}
	for _, k := range keys {
		table := sh.of(k).text
		groups[table] = append(groups[table], k)
	}
	return groups
}

type scanner struct {
	system  *System
	texts   []string // in lower case
	hits    map[connectors.Hit]int64
	skipped map[string]bool
}

// unmapped reads any keys as they are.
func unmapped() *collection {
	return &collection{Node: &datamap.Node{Address: datamap.Address{Dataset: "-", Collection: "-"}}, pattern: everyKey()}
}

func (sc *scanner) look(ctx context.Context, table string, keys []string) error {
	list, err := unmapped().load(ctx, sc.system.client, keys, wish{all: true})
	if wrapped := sc.system.wrap(ctx, err, ""); models.CodeOf(wrapped) == connectors.CodeRefused {
		sc.skipped[table] = true
		return nil
	}
	if err != nil {
		return err
	}
	for _, r := range list {
		found := map[string]bool{}
		if sc.contains(r.key) {
			found[keyField] = true
		}
		known := r.each(func(name, text string) {
			if !found[shown(name)] && (sc.contains(text) || r.typ == typeHash && sc.contains(name)) {
				found[shown(name)] = true
			}
		})
		if !known {
			sc.skipped[table] = true
		}
		for column := range found {
			if hit := (connectors.Hit{Table: table, Column: column}); sc.hits[hit] < connectors.ScanEnough {
				sc.hits[hit]++
			}
		}
	}
	return nil
}

func (sc *scanner) contains(text string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(sc.texts, func(t string) bool { return strings.Contains(lower, t) })
}

// each calls fn with every text in a key's value and the field it is in; false when the connector cannot read the type.
func (r *record) each(fn func(name, text string)) bool {
	switch r.typ {
	case typeHash:
		for name, text := range r.hash {
			fn(name, text)
		}
	case typeJSON:
		r.doc.leaves("", func(name string, v datamap.Value, _ bool) { fn(name, v.Text()) })
	case typeString:
		fn(valueField, r.text)
	case typeList, typeSet, typeZSet:
		for _, it := range r.items {
			fn(valueField, it.member)
		}
	default:
		return false
	}
	return true
}

// leaves calls fn with each value of a document that is no object or array, its path, and whether it is in an array. Names of members are
// texts too, under the path of their object.
func (d *document) leaves(path string, fn func(path string, v datamap.Value, list bool)) {
	d.walk(path, false, fn)
}

func (d *document) walk(path string, list bool, fn func(path string, v datamap.Value, list bool)) {
	switch d.kind {
	case '[':
		for _, c := range d.children {
			c.walk(path, true, fn)
		}
	case '{':
		for i, c := range d.children {
			below := d.names[i]
			if path != "" {
				below = path + "." + below
			}
			c.walk(below, list, fn)
		}
	default:
		fn(path, d.plain(), list)
	}
}
