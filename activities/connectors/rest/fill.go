package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"habeas/models/datamap"
)

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
	c := &call{method: s.method, path: path, header: http.Header{}}
	for name, value := range s.headers {
		c.header.Set(name, value)
	}
	if c.query, err = b.pairs(s.query); err != nil {
		return nil, err
	}
	if len(s.form) > 0 {
		form, err := b.pairs(s.form)
		if err != nil {
			return nil, err
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

// pairs are the names and values of a query or a form. A name that ends in [] is repeated for each value of a batch.
func (b binding) pairs(templates map[string]text) (url.Values, error) {
	pairs := url.Values{}
	for name, t := range templates {
		if strings.HasSuffix(name, "[]") && len(t) == 1 && t[0].all {
			values, err := b.values(t[0])
			if err != nil {
				return nil, err
			}
			for _, v := range values {
				s, ok := b.fields[t[0].field].written(v)
				if !ok {
					return nil, errValue
				}
				pairs.Add(name, quote(t[0].quote, s))
			}
			continue
		}
		value, err := b.plain(t, asIs)
		if err != nil {
			return nil, err
		}
		pairs.Set(name, value)
	}
	return pairs, nil
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
