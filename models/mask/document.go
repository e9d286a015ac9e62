package mask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"habeas/models/datamap"
)

// Part is a mask of the part of a JSON document that a path leads to; the empty path is all of it. A path goes through arrays to each
// of their elements.
type Part struct {
	Path []string
	Mask datamap.Mask
}

// Document is a JSON text with its parts masked and everything else in its order, and whether that is another text. A part that is not
// there stays so, NULL stays null, and below a masked part every value is masked. It fails for what is no document, and as Value does.
func (k Maker) Document(parts []Part, at Place, text string) (masked string, changed bool, err error) {
	at.Length = 0
	d := rewriting{maker: k, parts: parts, at: at, in: json.NewDecoder(strings.NewReader(text))}
	d.in.UseNumber()
	if err := d.value(nil, nil); err != nil {
		return text, false, err
	}
	if !d.changed {
		return text, false, nil
	}
	return d.out.String(), true, nil
}

// rewriting copies a document token by token.
type rewriting struct {
	maker   Maker
	parts   []Part
	at      Place
	in      *json.Decoder
	out     bytes.Buffer
	changed bool
}

// value copies the next value, which stands at a path, or writes what its mask leaves of it.
func (d *rewriting) value(path []string, by *datamap.Mask) error {
	for i := range d.parts {
		if by == nil && slices.Equal(d.parts[i].Path, path) {
			by = &d.parts[i].Mask
		}
	}
	if by != nil && (by.Method == datamap.FieldNull || by.Method == datamap.FieldReplace) {
		return d.overwrite(by)
	}
	token, err := d.in.Token()
	if err != nil {
		return errors.New("no document") // the decoder's own words quote it
	}
	switch token {
	case json.Delim('{'):
		return d.list('{', '}', func() error {
			name, err := d.in.Token()
			if err != nil {
				return errors.New("no document")
			}
			key := fmt.Sprint(name)
			d.out.WriteString(Quoted(key) + ":")
			return d.value(append(path[:len(path):len(path)], key), by)
		})
	case json.Delim('['):
		return d.list('[', ']', func() error { return d.value(path, by) })
	}
	return d.scalar(token, by)
}

// list copies an object or an array, each of whose entries one copies.
func (d *rewriting) list(begin, end byte, one func() error) error {
	d.out.WriteByte(begin)
	for first := true; d.in.More(); first = false {
		if !first {
			d.out.WriteByte(',')
		}
		if err := one(); err != nil {
			return err
		}
	}
	d.out.WriteByte(end)
	if _, err := d.in.Token(); err != nil {
		return errors.New("no document")
	}
	return nil
}

// overwrite writes null or the mask's value in place of whatever is next.
func (d *rewriting) overwrite(by *datamap.Mask) error {
	var was json.RawMessage
	if err := d.in.Decode(&was); err != nil {
		return errors.New("no document")
	}
	is := "null"
	if by.Method == datamap.FieldReplace && string(was) != is {
		is = Quoted(by.Value)
		if was[0] != '"' && was[0] != '{' && was[0] != '[' && json.Valid([]byte(by.Value)) {
			is = by.Value // a number for a number
		}
	}
	d.changed = d.changed || string(was) != is && !sameText(was, is)
	d.out.WriteString(is)
	return nil
}

// sameText reports whether two JSON texts are the same string, however it is escaped.
func sameText(was json.RawMessage, is string) bool {
	var a, b *string
	return json.Unmarshal(was, &a) == nil && json.Unmarshal([]byte(is), &b) == nil && a != nil && b != nil && *a == *b
}

// scalar writes a string, number, truth or null.
func (d *rewriting) scalar(token json.Token, by *datamap.Mask) error {
	var v datamap.Value
	switch t := token.(type) {
	case json.Number:
		v = datamap.NewValue(datamap.KindDecimal, t.String())
	case bool:
		v = datamap.NewValue(datamap.KindBool, fmt.Sprint(t))
	case string:
		v = datamap.Text(t)
	default:
		d.out.WriteString("null")
		return nil
	}
	if by == nil {
		d.out.WriteString(written(v))
		return nil
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
	d.out.WriteString(written(is))
	return nil
}

func written(v datamap.Value) string {
	if v.Kind() == datamap.KindText {
		return Quoted(v.Text())
	}
	return v.Text()
}

// Quoted is a text as JSON, its signs not escaped for HTML.
func Quoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""` // a text always has a JSON form
	}
	return strings.TrimSuffix(b.String(), "\n")
}
