package ldap

import (
	"crypto/sha256"
	"slices"
	"strings"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/models/datamap"
)

// question is one search for entries that have one of some keys.
type question struct {
	request
	one   bool                              // for one entry, by its name
	match func(*driver.Entry) (bool, error) // what the filter cannot tell; nil when it tells all
}

// questions puts keys into searches: one for each entry that is looked for by its name, else a hundred keys in each filter. Keys that no
// entry can have are left out.
func (c *collection) questions(columns []*column, keys []datamap.Key, fold bool) []question {
	var list []question
	var terms []string
	var open []datamap.Key
	size := 0
	flush := func() {
		if len(open) > 0 {
			list = append(list, c.question(columns, open, terms, fold))
		}
		terms, open, size = nil, nil, 0
	}
	seen := map[string]bool{}
	for _, key := range keys {
		term, dn, ok := c.term(columns, key, fold)
		if !ok || seen[term+"\x00"+dn] {
			continue
		}
		seen[term+"\x00"+dn] = true
		if dn != "" {
			q := c.question(columns, []datamap.Key{key}, []string{term}, fold)
			q.base, q.scope, q.one = dn, driver.ScopeBaseObject, true
			list = append(list, q)
			continue
		}
		if len(open) == tupleSize || size+len(term) > filterMax {
			flush()
		}
		terms, open, size = append(terms, term), append(open, key), size+len(term)
	}
	flush()
	return list
}

func (c *collection) question(columns []*column, keys []datamap.Key, terms []string, fold bool) question {
	filter := c.place.filter
	if terms = slices.Compact(slices.Sorted(slices.Values(terms))); terms[0] != "" || len(terms) > 1 {
		filter = "(&" + filter + "(|" + strings.Join(terms, "") + "))"
	}
	q := question{request: request{base: c.place.base, scope: c.place.scope, filter: filter}}
	if slices.ContainsFunc(columns, func(col *column) bool { return !col.exact && !col.dn }) {
		q.match = func(e *driver.Entry) (bool, error) { return c.matches(columns, keys, fold, e) }
	}
	return q
}

// term is the filter for one key, and the name that the entry must have when a field asks for it; false when no entry can have the key.
func (c *collection) term(columns []*column, key datamap.Key, fold bool) (term, dn string, ok bool) {
	if len(key) != len(columns) {
		return "", "", false
	}
	var parts []string
	for i, col := range columns {
		if col.dn {
			parsed, ok := name(key[i].Text())
			if !ok || len(parsed.RDNs) == 0 || !c.place.holds(parsed) || dn != "" {
				return "", "", false
			}
			dn = key[i].Text()
			continue
		}
		part, ok := col.condition(key[i], fold)
		if !ok {
			return "", "", false
		}
		parts = append(parts, part)
	}
	switch len(parts) {
	case 0:
		return "", dn, true
	case 1:
		return parts[0], dn, true
	default:
		return "(&" + strings.Join(parts, "") + ")", dn, true
	}
}

// condition is the filter for one value. An attribute that the server cannot compare is asked to be there.
func (c *column) condition(v datamap.Value, fold bool) (string, bool) {
	switch {
	case v.IsNull():
		return "(!(" + c.asked + "=*))", true
	case v.Kind() == datamap.KindArray:
		var parts []string
		for _, e := range v.Elements() {
			part, ok := c.condition(e, fold)
			if !ok {
				return "", false
			}
			parts = append(parts, part)
		}
		return "(&" + strings.Join(parts, "") + ")", true
	case !c.exact:
		_, ok := c.encode(v)
		return "(" + c.asked + "=*)", ok || fold
	case fold:
		return "(" + c.asked + c.foldingRule() + "=" + driver.EscapeFilter(datamap.Fold(datamap.IdentityEmail, v.Text())) + ")", true
	}
	text, ok := c.encode(v)
	return "(" + c.asked + "=" + driver.EscapeFilter(text) + ")", ok
}

// foldingRule makes a comparison one without regard to case, where the attribute's own rule has regard to it.
func (c *column) foldingRule() string {
	switch {
	case strings.HasPrefix(c.equality, "caseexactia5"):
		return ":caseIgnoreIA5Match:"
	case strings.HasPrefix(c.equality, "caseexact"):
		return ":caseIgnoreMatch:"
	default:
		return ""
	}
}

// matches compares an entry with the keys, in the columns that the server cannot compare; the others were in the filter, each with
// its own key, so that they are compared too.
func (c *collection) matches(columns []*column, keys []datamap.Key, fold bool, e *driver.Entry) (bool, error) {
	values := make([][]string, len(columns))
	for i, col := range columns {
		var err error
		if values[i], err = c.values(col, e); err != nil {
			return false, err
		}
	}
	return slices.ContainsFunc(keys, func(key datamap.Key) bool {
		for i, col := range columns {
			if !col.matches(values[i], key[i], fold) {
				return false
			}
		}
		return true
	}), nil
}

func (c *column) matches(raw []string, v datamap.Value, fold bool) bool {
	if v.IsNull() {
		return len(raw) == 0
	}
	for _, wanted := range v.Elements() {
		text, ok := c.encode(wanted)
		if fold {
			text, ok = datamap.Fold(datamap.IdentityEmail, wanted.Text()), true
		}
		if !ok || !slices.ContainsFunc(raw, func(r string) bool {
			return fold && datamap.Fold(datamap.IdentityEmail, r) == text || !fold && c.same(r, text)
		}) {
			return false
		}
	}
	return true
}

// digest tells names of entries apart without keeping them.
func digest(dn string) [16]byte {
	sum := sha256.Sum256([]byte(strings.ToLower(dn)))
	return [16]byte(sum[:16])
}
