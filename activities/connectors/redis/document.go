package redis

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"habeas/models/datamap"
)

// document is a JSON text that keeps the order of its members and each number as it is written.
type document struct {
	kind     byte // { [ or v
	names    []string
	children []*document
	scalar   json.RawMessage
}

// parseDocument reads one JSON text; an error never quotes it.
func parseDocument(text string) (*document, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	d, err := decodeNext(dec)
	if err != nil {
		return nil, errors.New("not a JSON text")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than a JSON text")
	}
	return d, nil
}

func decodeNext(dec *json.Decoder) (*document, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return scalar(token)
	}
	d := &document{kind: byte(delim)}
	for dec.More() {
		if d.kind == '{' {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			text, _ := name.(string) //nolint:errcheck // a member's name always is one
			d.names = append(d.names, text)
		}
		child, err := decodeNext(dec)
		if err != nil {
			return nil, err
		}
		d.children = append(d.children, child)
	}
	_, err = dec.Token()
	return d, err
}

func scalar(v any) (*document, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return &document{kind: 'v', scalar: bytes.TrimSpace(b.Bytes())}, err
}

// text writes the document without blanks.
func (d *document) text() string {
	var b strings.Builder
	d.write(&b)
	return b.String()
}

func (d *document) write(b *strings.Builder) {
	if d.kind == 'v' {
		b.Write(d.scalar)
		return
	}
	b.WriteByte(d.kind)
	for i, c := range d.children {
		if i > 0 {
			b.WriteByte(',')
		}
		if d.kind == '{' {
			name, _ := scalar(d.names[i]) //nolint:errcheck // a string always has a JSON form
			b.Write(name.scalar)
			b.WriteByte(':')
		}
		c.write(b)
	}
	b.WriteByte(d.kind + 2) // the closing sign stands two behind the opening one
}

// at are the places that a path leads to, through every element of the arrays on its way.
func (d *document) at(path []string) []*document {
	switch {
	case d.kind == '[' && len(path) > 0:
		var list []*document
		for _, c := range d.children {
			list = append(list, c.at(path)...)
		}
		return list
	case len(path) == 0:
		return []*document{d}
	}
	for i, name := range d.names {
		if name == path[0] {
			return d.children[i].at(path[1:])
		}
	}
	return nil
}

// through reports whether the path leads through an array, so that it leads to any number of places.
func (d *document) through(path []string) bool {
	if len(path) == 0 {
		return false
	}
	if d.kind == '[' {
		return true
	}
	for i, name := range d.names {
		if name == path[0] {
			return d.children[i].through(path[1:])
		}
	}
	return false
}

// value is what the path leads to: an array when it leads through one, or to one.
func (d *document) value(path []string, list bool) datamap.Value {
	places := d.at(path)
	if !d.through(path) {
		if len(places) == 0 {
			return datamap.Null
		}
		v := places[0].plain()
		if list && !v.IsNull() && v.Kind() != datamap.KindArray {
			return datamap.Array(v)
		}
		return v
	}
	var elements []datamap.Value
	for _, p := range places {
		elements = append(elements, p.plain().Elements()...)
	}
	if elements == nil {
		return datamap.Null
	}
	return datamap.Array(elements...)
}

func (d *document) plain() datamap.Value {
	switch d.kind {
	case '[':
		list := make([]datamap.Value, len(d.children))
		for i, c := range d.children {
			if list[i] = c.plain(); list[i].Kind() == datamap.KindArray {
				list[i] = datamap.NewValue(datamap.KindJSON, c.text())
			}
		}
		return datamap.Array(list...)
	case '{':
		return datamap.NewValue(datamap.KindJSON, d.text())
	}
	switch c := d.scalar[0]; c {
	case 'n':
		return datamap.Null
	case 't', 'f':
		return datamap.NewValue(datamap.KindBool, string(d.scalar))
	case '"':
		var text string
		if json.Unmarshal(d.scalar, &text) != nil {
			return datamap.Null
		}
		return datamap.Text(text)
	default:
		if bytes.ContainsAny(d.scalar, ".eE") {
			return datamap.NewValue(datamap.KindDecimal, string(d.scalar))
		}
		return datamap.NewValue(datamap.KindInt, string(d.scalar))
	}
}

// set makes the place hold a value. A text that is to stand for a number or a truth is written as one where that is what stood there;
// false when it cannot be.
func (d *document) set(v datamap.Value) bool {
	made, ok := written(v, d.plain().Kind())
	if ok {
		*d = *made
	}
	return ok
}

// add makes the path hold a value, and the objects on its way where there is nothing yet; false when something else stands in the way.
func (d *document) add(path []string, v datamap.Value) bool {
	if len(path) == 0 {
		return d.set(v)
	}
	if d.kind == 'v' && string(d.scalar) == "null" {
		*d = document{kind: '{'}
	}
	if d.kind != '{' {
		return false
	}
	for i, name := range d.names {
		if name == path[0] {
			return d.children[i].add(path[1:], v)
		}
	}
	child := &document{kind: 'v', scalar: json.RawMessage("null")}
	if !child.add(path[1:], v) {
		return false
	}
	d.names, d.children = append(d.names, path[0]), append(d.children, child)
	return true
}

// written is a value as JSON, where a value of the given kind stood.
func written(v datamap.Value, was datamap.Kind) (*document, bool) {
	raw := func(text string) (*document, bool) {
		d, err := parseDocument(text)
		return d, err == nil
	}
	switch v.Kind() {
	case datamap.KindNull:
		return raw("null")
	case datamap.KindArray:
		d := &document{kind: '['}
		for _, e := range v.Elements() {
			c, ok := written(e, datamap.KindNull)
			if !ok {
				return nil, false
			}
			d.children = append(d.children, c)
		}
		return d, true
	case datamap.KindBool, datamap.KindInt, datamap.KindDecimal, datamap.KindJSON:
		return raw(v.Text())
	default: // text of some form
	}
	switch was {
	case datamap.KindBool, datamap.KindInt, datamap.KindDecimal:
		d, ok := raw(v.Text())
		return d, ok && d.kind == 'v' && (d.plain().Kind() == datamap.KindBool) == (was == datamap.KindBool) && d.plain().Kind() != datamap.KindText && !d.plain().IsNull()
	default:
		d, err := scalar(v.Text())
		return d, err == nil
	}
}
