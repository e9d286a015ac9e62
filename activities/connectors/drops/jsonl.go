package drops

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"

	"habeas/activities/connectors"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// jsonRows reads JSON Lines: one object a line.
type jsonRows struct {
	lines
	body []byte
}

func newJSONL(in io.Reader, out io.Writer) *jsonRows { return &jsonRows{lines: newLines(in, out)} }

func (r *jsonRows) next() error {
	if r.after == 0 {
		if err := r.mark(); err != nil {
			return err
		}
	}
	for {
		if err := r.record(func([]byte) bool { return true }); err != nil {
			return err
		}
		r.body = bytes.TrimSpace(r.buf)
		if len(r.body) == 0 {
			if err := r.write(r.buf); err != nil {
				return err
			}
			continue
		}
		if r.body[0] != '{' || !json.Valid(r.body) {
			return &broken{r.line, "it is no JSON object"}
		}
		return nil
	}
}

func (r *jsonRows) value(field string) datamap.Value {
	spans, many := locate(r.body, field)
	switch {
	case len(spans) == 0:
		return datamap.Null
	case !many:
		return decodeJSON(r.body[spans[len(spans)-1].from:spans[len(spans)-1].to])
	}
	list := make([]datamap.Value, len(spans))
	for i, s := range spans {
		list[i] = decodeJSON(r.body[s.from:s.to])
	}
	return datamap.Array(list...)
}

// decodeJSON is a JSON value: an array of plain values as an array, what else has parts as JSON.
func decodeJSON(raw []byte) datamap.Value {
	switch raw[0] {
	case 'n':
		return datamap.Null
	case 't', 'f':
		return datamap.NewValue(datamap.KindBool, string(raw))
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return datamap.NewValue(datamap.KindJSON, string(raw))
		}
		return datamap.Text(s)
	case '{':
		return datamap.NewValue(datamap.KindJSON, string(raw))
	case '[':
		var list []datamap.Value
		for _, s := range elements(raw, 0) {
			if e := raw[s.from:s.to]; e[0] == '{' || e[0] == '[' {
				return datamap.NewValue(datamap.KindJSON, string(raw))
			}
			list = append(list, decodeJSON(raw[s.from:s.to]))
		}
		return datamap.Array(list...)
	}
	if bytes.ContainsAny(raw, ".eE") {
		return datamap.NewValue(datamap.KindDecimal, string(raw))
	}
	return datamap.NewValue(datamap.KindInt, string(raw))
}

func (r *jsonRows) has(string) bool { return true }

// columns are the members of this row, those of nested objects by their paths.
func (r *jsonRows) columns() []connectors.Column {
	var list []connectors.Column
	for _, name := range paths(r.body, 0, "") {
		v := r.value(name)
		c := connectors.Column{Name: name, Kind: v.Kind(), Nullable: true}
		if v.Kind() == datamap.KindArray {
			c.Array, c.Kind = true, datamap.KindNull
			for _, e := range v.Elements() {
				c.Kind = e.Kind()
				if !e.IsNull() {
					break
				}
			}
		}
		list = append(list, c)
	}
	return list
}

func (r *jsonRows) fits(string, datamap.Value) error { return nil }

func (r *jsonRows) put(set []connectors.FieldValue) error {
	if r.out == nil {
		return nil
	}
	if len(set) == 0 {
		return r.write(r.buf)
	}
	line := slices.Clone(r.body)
	for _, fv := range set {
		var err error
		if line, err = replaceJSON(line, fv); err != nil {
			return err
		}
	}
	at := bytes.Index(r.buf, r.body)
	return r.write(slices.Concat(r.buf[:at], line, r.buf[at+len(r.body):]))
}

// replaceJSON writes a value wherever the field stands, and adds a member when it stands nowhere.
func replaceJSON(line []byte, fv connectors.FieldValue) ([]byte, error) {
	spans, many := locate(line, fv.Field)
	if len(spans) == 0 {
		if fv.Value.IsNull() {
			return line, nil
		}
		return addMember(line, fv)
	}
	values := fv.Value.Elements()
	for i := len(spans) - 1; i >= 0; i-- {
		v := fv.Value
		if many && v.Kind() == datamap.KindArray {
			if len(values) != len(spans) {
				return nil, errType
			}
			v = values[i]
		}
		s := spans[i]
		line = slices.Concat(line[:s.from], encodeJSON(v, line[s.from:s.to]), line[s.to:])
	}
	return line, nil
}

func addMember(line []byte, fv connectors.FieldValue) ([]byte, error) {
	end := bytes.LastIndexByte(line, '}')
	comma := ","
	if len(bytes.TrimSpace(line[1:end])) == 0 {
		comma = ""
	}
	at := len(bytes.TrimRight(line[:end], " \t\r\n"))
	return slices.Concat(line[:at], []byte(comma), jsonText(fv.Field), []byte(":"), encodeJSON(fv.Value, nil), line[at:]), nil
}

// encodeJSON writes a value in the type of what it replaces, where it fits that.
func encodeJSON(v datamap.Value, old []byte) []byte {
	text := []byte(v.Text())
	switch v.Kind() {
	case datamap.KindNull:
		return []byte("null")
	case datamap.KindBool, datamap.KindInt, datamap.KindDecimal, datamap.KindJSON:
		if json.Valid(text) {
			return text
		}
	case datamap.KindBytes:
		return jsonText(base64.StdEncoding.EncodeToString(text))
	case datamap.KindArray:
		var parts [][]byte
		for _, e := range v.Elements() {
			parts = append(parts, encodeJSON(e, nil))
		}
		return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]"))
	default: // as text
	}
	if len(old) > 0 && len(text) > 0 && class(old[0]) != '"' && class(old[0]) == class(text[0]) && json.Valid(text) {
		return text
	}
	return jsonText(v.Text())
}

// class is the first character of a JSON value's type.
func class(b byte) byte {
	switch {
	case b == '-' || b >= '0' && b <= '9':
		return '0'
	case b == 't' || b == 'f':
		return 't'
	}
	return b
}

func jsonText(s string) []byte { return []byte(mask.Quoted(s)) }
