package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"habeas/models/datamap"
	"habeas/models/mask"
)

// documentMask masks the part of a JSON document that a path leads to; the empty path is all of it. A path goes through arrays to each of their
// elements.
type documentMask struct {
	path []string
	mask datamap.Mask
}

// maker makes masked values, also inside of documents.
type maker struct{ mask.Maker }

// document is a JSON text with its parts masked and everything else in its order. A part that is not there stays so.
func (k maker) document(parts []documentMask, at mask.Place, text string) (string, error) {
	at.Length = 0
	d := rewriting{maker: k, parts: parts, at: at, in: json.NewDecoder(strings.NewReader(text))}
	d.in.UseNumber()
	if err := d.value(nil, nil); err != nil {
		return "", err
	}
	if !d.changed {
		return text, nil
	}
	return d.out.String(), nil
}

// rewriting copies a document token by token.
type rewriting struct {
	maker   maker
	parts   []documentMask
	at      mask.Place
	in      *json.Decoder
	out     bytes.Buffer
	changed bool
}

// value copies the next value, which stands at a path, or writes what its mask leaves of it. Below a masked path every value is masked.
func (d *rewriting) value(path []string, by *datamap.Mask) error {
	for i := range d.parts {
		if by == nil && slices.Equal(d.parts[i].path, path) {
			by = &d.parts[i].mask
		}
	}
	if by != nil && (by.Method == datamap.FieldNull || by.Method == datamap.FieldReplace) {
		return d.overwrite(by)
	}
	token, err := d.in.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return d.object(path, by)
	case json.Delim('['):
		return d.array(path, by)
	}
	return d.scalar(token, by)
}

// overwrite writes null or the mask's value in place of whatever is next.
func (d *rewriting) overwrite(by *datamap.Mask) error {
	var was json.RawMessage
	if err := d.in.Decode(&was); err != nil {
		return err
	}
	is := "null"
	if string(was) == "null" {
		return d.text(is)
	}
	if by.Method == datamap.FieldReplace {
		is = quoted(by.Value)
		if was[0] != '"' && was[0] != '{' && was[0] != '[' && json.Valid([]byte(by.Value)) {
			is = by.Value // a number for a number
		}
	}
	d.changed = d.changed || string(was) != is && !sameText(was, is)
	return d.text(is)
}

// sameText reports whether two JSON texts are the same string, however it is escaped.
func sameText(was json.RawMessage, is string) bool {
	var a, b string
	return json.Unmarshal(was, &a) == nil && json.Unmarshal([]byte(is), &b) == nil && a == b
}

func (d *rewriting) text(s string) error {
	_, err := d.out.WriteString(s)
	return err
}

func (d *rewriting) object(path []string, by *datamap.Mask) error {
	d.out.WriteByte('{')
	for first := true; d.in.More(); first = false {
		if !first {
			d.out.WriteByte(',')
		}
		name, err := d.in.Token()
		if err != nil {
			return err
		}
		key := fmt.Sprint(name)
		d.out.WriteString(quoted(key) + ":")
		if err := d.value(append(path[:len(path):len(path)], key), by); err != nil {
			return err
		}
	}
	d.out.WriteByte('}')
	_, err := d.in.Token()
	return err
}

func (d *rewriting) array(path []string, by *datamap.Mask) error {
	d.out.WriteByte('[')
	for first := true; d.in.More(); first = false {
		if !first {
			d.out.WriteByte(',')
		}
		if err := d.value(path, by); err != nil {
			return err
		}
	}
	d.out.WriteByte(']')
	_, err := d.in.Token()
	return err
}

// scalar writes a string, number, truth or null.
func (d *rewriting) scalar(token json.Token, by *datamap.Mask) error {
	var v datamap.Value
	switch t := token.(type) {
	case nil:
		return d.text("null")
	case json.Number:
		v = datamap.NewValue(datamap.KindDecimal, t.String())
	case bool:
		v = datamap.NewValue(datamap.KindBool, fmt.Sprint(t))
	case string:
		v = datamap.Text(t)
	default:
		return io.ErrUnexpectedEOF
	}
	if by == nil {
		return d.text(jsonOf(v))
	}
	numeric := v.Kind() == datamap.KindDecimal && (by.Method == datamap.FieldRandom || by.Method == datamap.FieldFormat)
	if !numeric {
		v = datamap.Text(v.Text()) // a document takes text in any place
	}
	is, err := d.maker.Value(*by, d.at, v)
	if err != nil {
		return err
	}
	d.changed = d.changed || is != v
	return d.text(jsonOf(is))
}

func jsonOf(v datamap.Value) string {
	if v.Kind() == datamap.KindText {
		return quoted(v.Text())
	}
	return v.Text()
}

// quoted is a text as JSON.
func quoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""` // a text always has a JSON form
	}
	return strings.TrimSuffix(b.String(), "\n")
}
