package rest

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// shape is a request's template, read once. Whatever the values are, the requests made of it differ in values only: a value is one
// segment or part of one in a path, one value in a query or form, one scalar in a body.
type shape struct {
	path    text
	query   map[string]text
	form    map[string]text
	body    any // text for a string, each for a list by value, else JSON
	headers map[string]string
	method  string
}

// text is a template of literal parts and values in turn.
type text []part

type part struct {
	literal string
	field   string // a field of the map
	path    string // .path: of the row that was found
	all     bool   // {field...}: the values of the whole batch
	quote   string // "", raw, quoted or odata
}

// each is a part of a body that is repeated for each key of the batch.
type each struct{ body any }

var (
	errValue   = errors.New("a value cannot be put into the request")
	errNowhere = errors.New("a value cannot be part of any path") // empty or dots: no row can be there
)

var placeholder = regexp.MustCompile(`\{(\.?)([A-Za-z0-9_][A-Za-z0-9_.-]*?)(\.\.\.)?(?:\|(raw|quoted|odata))?\}`)

// place is where a template stands, which decides which values it takes.
type place int

const (
	inPath place = iota
	inQuery
	inBody
)

func newShape(r *request) (*shape, error) {
	s := &shape{method: strings.ToUpper(r.Method), headers: r.Headers, query: map[string]text{}, form: map[string]text{}}
	var err error
	if s.path, err = newText(r.Path, inPath); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?#") {
		return nil, errors.New("a path begins with / and has no query")
	}
	for name, t := range r.Query {
		if s.query[name], err = newText(t, inQuery); err != nil {
			return nil, err
		}
	}
	for name, t := range r.Form {
		if s.form[name], err = newText(t, inQuery); err != nil {
			return nil, err
		}
	}
	if r.Body != nil && len(r.Form) > 0 {
		return nil, errors.New("a request has a body or a form, not both")
	}
	s.body, err = newBody(r.Body)
	return s, err
}

func newText(s string, at place) (text, error) {
	var t text
	last := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		if m[0] > last {
			t = append(t, part{literal: s[last:m[0]]})
		}
		p := part{all: m[6] >= 0}
		if name := s[m[4]:m[5]]; m[2] < m[3] {
			p.path = name
		} else {
			p.field = name
		}
		if m[8] >= 0 {
			p.quote = s[m[8]:m[9]]
		}
		t = append(t, p)
		last = m[1]
	}
	if last < len(s) {
		t = append(t, part{literal: s[last:]})
	}
	for _, p := range t {
		switch {
		case strings.ContainsAny(p.literal, "{}"):
			return nil, fmt.Errorf("%q has braces that are no {field}", s)
		case p.literal != "" || at == inPath:
		case len(t) > 1 && p.quote == "":
			return nil, fmt.Errorf("%q mixes a value with other text: say {field|quoted} or {field|odata} where the API has a search language, {field|raw} where it has none", s)
		}
	}
	return t, nil
}

func newBody(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return newText(v, inBody)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = newBody(v[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		if literal, ok := v["$text"].(string); ok && len(v) == 1 {
			return text{{literal: literal}}, nil
		}
		if repeated, ok := v["$each"]; ok && len(v) == 1 {
			body, err := newBody(repeated)
			return each{body}, err
		}
		object := map[string]any{}
		for name := range v {
			var err error
			if object[name], err = newBody(v[name]); err != nil {
				return nil, err
			}
		}
		return object, nil
	}
	return v, nil
}

// parts calls f with every place of a value; repeated is true inside a part of the body that is repeated for each key.
func (s *shape) parts(f func(p part, at place, repeated bool)) {
	walk := func(t text, at place, repeated bool) {
		for _, p := range t {
			if p.field != "" || p.path != "" {
				f(p, at, repeated)
			}
		}
	}
	walk(s.path, inPath, false)
	for _, name := range slices.Sorted(maps.Keys(s.query)) {
		walk(s.query[name], inQuery, false)
	}
	for _, name := range slices.Sorted(maps.Keys(s.form)) {
		walk(s.form[name], inBody, false)
	}
	var inside func(v any, repeated bool)
	inside = func(v any, repeated bool) {
		switch v := v.(type) {
		case text:
			walk(v, inBody, repeated)
		case each:
			inside(v.body, true)
		case []any:
			for _, e := range v {
				inside(e, repeated)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				inside(v[name], repeated)
			}
		}
	}
	inside(s.body, false)
}
