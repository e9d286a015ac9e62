package ldap

import (
	"context"
	"maps"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Scan looks into every text of every entry that the account may read, the names of entries and what the server writes itself included.
// A naming context that it may not read, or not as a whole, is named.
func (s *System) Scan(ctx context.Context, texts []models.Personal, yield func(connectors.Hit) error) ([]string, error) {
	t, err := s.tree(ctx)
	if err != nil {
		return nil, s.wrap(ctx, err, "")
	}
	wanted := make([]string, len(texts))
	for i, text := range texts {
		wanted[i] = strings.ToLower(text.Reveal())
	}
	var skipped []string
	for _, base := range t.contexts {
		hits := map[connectors.Hit]int64{}
		err := t.walk(ctx, base, everything, func(e *driver.Entry, table string) error {
			t.ofEntry(e, func(a *attribute, values []string) {
				place := connectors.Hit{Table: table, Column: a.name}
				if hits[place] < connectors.ScanEnough && a.contains(values, wanted) {
					hits[place]++
				}
			})
			return nil
		})
		if hidden(err) {
			skipped = append(skipped, base)
		} else if err != nil {
			return skipped, s.wrap(ctx, err, "")
		}
		for _, hit := range slices.SortedFunc(maps.Keys(hits), byPlace) {
			hit.Rows = hits[hit]
			if err := yield(hit); err != nil {
				return skipped, stopped(err)
			}
		}
	}
	return skipped, nil
}

// stopped is the error of a caller who has had enough: none when it is ErrStop.
func stopped(err error) error {
	if err == connectors.ErrStop { //nolint:errorlint // the word itself
		return nil
	}
	return err
}

func byPlace(a, b connectors.Hit) int {
	return strings.Compare(a.Table+"\x00"+a.Column, b.Table+"\x00"+b.Column)
}

// contains reports whether one of the values has one of the texts, which are in lower case, in it.
func (a *attribute) contains(values, texts []string) bool {
	if a.kind() != datamap.KindText {
		return false
	}
	for _, v := range values {
		if dn, ok := name(v); ok && a.names() {
			for _, r := range dn.RDNs { // also as it is without the signs that a name needs
				for _, part := range r.Attributes {
					v += "\n" + part.Value
				}
			}
		}
		lower := strings.ToLower(v)
		if slices.ContainsFunc(texts, func(text string) bool { return text != "" && strings.Contains(lower, text) }) {
			return true
		}
	}
	return false
}
