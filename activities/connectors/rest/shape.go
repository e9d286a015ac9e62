package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"habeas/models/datamap"
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

// binding is the values of one request: those of each key of the batch, and the row that was found, if one was.
type binding struct {
	fields map[string]*field
	keys   []map[string]datamap.Value
	row    any
}

func (b binding) values(p part) ([]datamap.Value, error) {
	if p.path != "" {
		v, ok := at(b.row, p.path)
		value := (&field{}).decode(v)
		if !ok || value.IsNull() || value.Kind() == datamap.KindArray || value.Kind() == datamap.KindJSON {
			return nil, errValue
		}
		return []datamap.Value{value}, nil
	}
	keys := b.keys
	if !p.all && len(keys) > 1 {
		keys = keys[:1]
	}
	var list []datamap.Value
	for _, k := range keys {
		if v := k[p.field]; !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list, nil
}

// plain is a template as text, each value passed through escape, which may refuse it.
func (b binding) plain(t text, escape func(string) (string, bool)) (string, error) {
	var out strings.Builder
	for _, p := range t {
		if p.field == "" && p.path == "" {
			out.WriteString(p.literal)
			continue
		}
		values, err := b.values(p)
		if err != nil {
			return "", err
		}
		for i, v := range values {
			s, ok := b.fields[p.field].written(v)
			if !ok || p.all && strings.Contains(s, ",") {
				return "", errValue
			}
			if i > 0 {
				out.WriteByte(',')
			}
			if s, ok = escape(quote(p.quote, s)); !ok {
				return "", errNowhere
			}
			out.WriteString(s)
		}
	}
	return out.String(), nil
}

func quote(how, s string) string {
	switch how {
	case "quoted":
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	case "odata":
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return s
}

// fill is the request for the values. It fails with errValue or errNowhere when they cannot be put into it.
func (s *shape) fill(b binding) (*call, error) {
	path, err := b.plain(s.path, segment)
	if err != nil {
		return nil, err
	}
	if strings.Contains(path+"/", "/./") || strings.Contains(path+"/", "/../") {
		return nil, errNowhere // servers take such segments away
	}
	c := &call{method: s.method, path: path, query: url.Values{}, header: http.Header{}}
	for name, value := range s.headers {
		c.header.Set(name, value)
	}
	for name, t := range s.query {
		value, err := b.plain(t, asIs)
		if err != nil {
			return nil, err
		}
		c.query.Set(name, value)
	}
	if len(s.form) > 0 {
		form := url.Values{}
		for name, t := range s.form {
			value, err := b.plain(t, asIs)
			if err != nil {
				return nil, err
			}
			form.Set(name, value)
		}
		c.body, c.header = []byte(form.Encode()), typed(c.header, "application/x-www-form-urlencoded")
	}
	if s.body != nil {
		if c.tree, err = b.tree(s.body); err != nil {
			return nil, err
		}
		c.header = typed(c.header, "application/json")
	}
	return c, nil
}

// segment escapes a value of a path. None is empty: a request for one row would become one for all.
func segment(s string) (string, bool) { return url.PathEscape(s), s != "" }

func asIs(s string) (string, bool) { return s, true }

func typed(h http.Header, contentType string) http.Header {
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", contentType)
	}
	return h
}

// tree is a body with its values.
func (b binding) tree(v any) (any, error) {
	switch v := v.(type) {
	case text:
		return b.leaf(v)
	case each:
		list := make([]any, 0, len(b.keys))
		for _, k := range b.keys {
			one, err := binding{b.fields, []map[string]datamap.Value{k}, b.row}.tree(v.body)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		return list, nil
	case []any:
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = b.tree(v[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		object := map[string]any{}
		for name := range v {
			var err error
			if object[name], err = b.tree(v[name]); err != nil {
				return nil, err
			}
		}
		return object, nil
	}
	return v, nil
}

// leaf is a value alone in its own JSON type, or a text.
func (b binding) leaf(t text) (any, error) {
	if len(t) != 1 || t[0].literal != "" || t[0].field == "" || t[0].quote == "quoted" || t[0].quote == "odata" {
		return b.plain(t, asIs)
	}
	values, err := b.values(t[0])
	if err != nil {
		return nil, err
	}
	list := make([]any, len(values))
	for i, v := range values {
		if list[i], err = b.fields[t[0].field].encode(v); err != nil {
			return nil, err
		}
	}
	if t[0].all {
		return list, nil
	}
	return list[0], nil
}

// call is a request that is ready but for the API's address and the proof of who asks.
type call struct {
	method string
	path   string // escaped
	query  url.Values
	header http.Header
	tree   any    // JSON body, unless nil
	body   []byte // other body
	full   string // whole address instead of path and query: a link that the API gave
}

// content is the body's bytes.
func (c *call) content() ([]byte, error) {
	if c.tree == nil {
		return c.body, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(c.tree)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}
