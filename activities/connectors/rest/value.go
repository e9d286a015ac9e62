package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"habeas/models/datamap"
)

// epoch is a type of the settings: an instant written as seconds since 1970.
const epoch = "epoch"

// kindOf gives the kind of a value by the type in the settings; "" is what JSON says.
var kindOf = map[string]datamap.Kind{
	"": "", "text": datamap.KindText, "int": datamap.KindInt, "decimal": datamap.KindDecimal, "bool": datamap.KindBool, "date": datamap.KindDate,
	"datetime": datamap.KindDateTime, "timestamp": datamap.KindTimestamp, epoch: datamap.KindTimestamp, "time": datamap.KindTime,
	"uuid": datamap.KindUUID, "bytes": datamap.KindBytes, "json": datamap.KindJSON,
}

var (
	wholeNumber = regexp.MustCompile(`^[+-]?\d{1,100}(\.0{1,20})?$`)
	anyNumber   = regexp.MustCompile(`^[+-]?\d{1,100}(\.\d{1,100})?([eE][+-]?\d{1,2})?$`)
	anyUUID     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// decode makes a value of what stands in a row; what does not fit the field's type is kept as text.
func (f *field) decode(v any) datamap.Value {
	switch v := v.(type) {
	case nil:
		return datamap.Null
	case []any:
		if f.Type == "json" {
			return jsonValue(v)
		}
		list := make([]datamap.Value, len(v))
		for i := range v {
			list[i] = f.decode(v[i])
		}
		return datamap.Array(list...)
	case map[string]any:
		return jsonValue(v)
	case bool:
		return f.typed(datamap.NewValue(datamap.KindBool, strconv.FormatBool(v)))
	case json.Number:
		kind := datamap.KindDecimal
		if wholeNumber.MatchString(v.String()) && !strings.Contains(v.String(), ".") {
			kind = datamap.KindInt
		}
		return f.typed(datamap.NewValue(kind, v.String()))
	case string:
		if f.Empty != nil && v == *f.Empty {
			return datamap.Null
		}
		if raw, err := base64.StdEncoding.DecodeString(v); f.Type == "bytes" && err == nil {
			return datamap.NewValue(datamap.KindBytes, string(raw))
		}
		return f.typed(datamap.Text(v))
	}
	return datamap.Null
}

func jsonValue(v any) datamap.Value {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil { // what was decoded from JSON can be encoded
		return datamap.Null
	}
	return datamap.NewValue(datamap.KindJSON, strings.TrimSuffix(buf.String(), "\n"))
}

func (f *field) typed(v datamap.Value) datamap.Value {
	if converted, ok := f.convert(v); ok {
		return converted
	}
	return v
}

// convert is a value in the field's type; false when no value of the type equals it.
func (f *field) convert(v datamap.Value) (datamap.Value, bool) {
	if f == nil || f.Type == "" || v.IsNull() {
		return v, true
	}
	if v.Kind() == datamap.KindArray {
		elements := v.Elements()
		for i := range elements {
			var ok bool
			if elements[i], ok = f.convert(elements[i]); !ok {
				return v, false
			}
		}
		return datamap.Array(elements...), true
	}
	kind := kindOf[f.Type]
	s := v.Text()
	if kind != datamap.KindText && kind != datamap.KindBytes {
		s = strings.TrimSpace(s)
	}
	ok := true
	switch kind {
	case datamap.KindText:
		ok = v.Kind() != datamap.KindBytes
	case datamap.KindInt:
		ok = wholeNumber.MatchString(s)
		s, _, _ = strings.Cut(strings.TrimPrefix(s, "+"), ".")
	case datamap.KindDecimal:
		ok = anyNumber.MatchString(s)
	case datamap.KindBool:
		s, ok = truth(s)
	case datamap.KindUUID:
		s = strings.ToLower(s)
		ok = anyUUID.MatchString(s)
	case datamap.KindTimestamp:
		s, ok = instant(s, f.Type)
	case datamap.KindDateTime:
		s, ok = dated(s, "2006-01-02T15:04:05")
	case datamap.KindDate:
		s, ok = dated(s, time.DateOnly)
	case datamap.KindBytes:
		ok = v.Kind() == datamap.KindBytes || v.Kind() == datamap.KindText
	default: // times and JSON are compared by their text
	}
	return datamap.NewValue(kind, s), ok
}

func truth(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "true", "t", "1", "yes":
		return "true", true
	case "false", "f", "0", "no":
		return "false", true
	}
	return s, false
}

// instant reads RFC 3339, with a zone written without a colon too, and seconds since 1970 where the settings say so.
func instant(s, typ string) (string, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); typ == epoch && err == nil {
		return time.Unix(n, 0).UTC().Format(time.RFC3339Nano), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(time.RFC3339Nano), true
		}
	}
	return s, false
}

func dated(s, layout string) (string, bool) {
	s = strings.Replace(s, " ", "T", 1)
	_, err := time.Parse(layout, s)
	return s, err == nil
}

// canon is the form in which values of the field are compared; false when no row can have the value.
func (f *field) canon(v datamap.Value, fold bool) (string, bool) {
	if v.IsNull() {
		return "\x00", true
	}
	c, ok := f.convert(v)
	s := c.Text()
	switch {
	case !ok:
		return "", false
	case fold:
		s = datamap.Fold(datamap.IdentityEmail, s)
	case c.Kind() == datamap.KindDecimal && f.Type != "" && anyNumber.MatchString(s):
		if n, ok := new(big.Rat).SetString(s); ok {
			s = n.RatString()
		}
	case c.Kind() == datamap.KindInt && f.Type != "":
		if n, ok := new(big.Int).SetString(s, 10); ok {
			s = n.String()
		}
	}
	return "\x01" + s, true
}

// encode is a value as JSON, in the field's type. It fails with errValue when the type has no such value.
func (f *field) encode(v datamap.Value) (any, error) {
	if v.IsNull() {
		if f.Empty != nil {
			return *f.Empty, nil
		}
		return nil, nil
	}
	if v.Kind() == datamap.KindArray {
		list := []any{}
		for _, e := range v.Elements() {
			one, err := f.encode(e)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		return list, nil
	}
	c, ok := f.convert(v)
	if !ok {
		return nil, errValue
	}
	if f.Type == "" && v.Kind() != datamap.KindJSON {
		return natural(v), nil
	}
	switch c.Kind() {
	case datamap.KindInt, datamap.KindDecimal:
		if json.Valid([]byte(c.Text())) {
			return json.Number(c.Text()), nil
		}
		return c.Text(), nil
	case datamap.KindBool:
		return c.Text() == "true", nil
	case datamap.KindBytes:
		return base64.StdEncoding.EncodeToString([]byte(c.Text())), nil
	case datamap.KindTimestamp:
		if t, err := time.Parse(time.RFC3339Nano, c.Text()); f.Type == epoch && err == nil {
			return json.Number(strconv.FormatInt(t.Unix(), 10)), nil
		}
		return c.Text(), nil
	case datamap.KindJSON:
		if json.Valid([]byte(c.Text())) {
			return json.RawMessage(c.Text()), nil
		}
		return nil, errValue
	default:
		return c.Text(), nil
	}
}

// natural is the JSON of a value of a field without a type: texts, since identifiers are texts in most APIs whatever they look like.
func natural(v datamap.Value) any {
	if v.Kind() == datamap.KindBool {
		return v.Text() == "true"
	}
	if v.Kind() == datamap.KindBytes {
		return base64.StdEncoding.EncodeToString([]byte(v.Text()))
	}
	return v.Text()
}

// written is a value as text, as it stands in a path, a query or a form; false when it has none.
func (f *field) written(v datamap.Value) (string, bool) {
	if f == nil {
		f = &field{}
	}
	if v.IsNull() {
		return "", false
	}
	j, err := f.encode(v)
	switch j := j.(type) {
	case string:
		return j, err == nil
	case json.Number:
		return j.String(), err == nil
	case bool:
		return strconv.FormatBool(j), err == nil
	}
	return "", false
}
