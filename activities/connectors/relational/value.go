package relational

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"habeas/models/datamap"
)

var (
	decimals = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$`)
	uuids    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	layouts  = []string{time.DateOnly, time.DateTime, "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04:05Z07:00"}
)

// Whole is the integer that a text writes, an int64 or a uint64.
func Whole(text string) (any, bool) {
	if whole, zeros, ok := strings.Cut(text, "."); ok && strings.Trim(zeros, "0") == "" {
		text = whole
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

// Decimal is a number in its shortest form without an exponent, so that equal numbers are equal texts.
func Decimal(text string) (string, bool) {
	if !decimals.MatchString(text) {
		return "", false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", false
	}
	digits, exact := r.FloatPrec()
	if !exact || digits > 400 {
		return text, true
	}
	return r.FloatString(digits), true
}

// IsDecimal reports whether a text is a number.
func IsDecimal(text string) bool { return decimals.MatchString(text) }

// Truth is the truth that a text names.
func Truth(text string) (yes, ok bool) {
	switch strings.ToLower(text) {
	case "true", "t", "1", "yes":
		return true, true
	case "false", "f", "0", "no":
		return false, true
	}
	return false, false
}

// UUID is a UUID in lower case.
func UUID(text string) (string, bool) { return strings.ToLower(text), uuids.MatchString(text) }

// Instant is the date, time or instant that a text writes; zoned reports whether it says where.
func Instant(text string) (at time.Time, zoned, ok bool) {
	for i, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), i >= 3, true
		}
	}
	return time.Time{}, false, false
}

// Clock reports whether a text is a time of day.
func Clock(text string) bool {
	_, err := time.Parse(time.TimeOnly, text)
	return err == nil
}

// Textual reports whether a value can be compared with text: bytes cannot, nor what is not UTF-8.
func Textual(v datamap.Value) bool {
	return v.Kind() != datamap.KindBytes && utf8.ValidString(v.Text())
}

// Truthy is a condition's result.
func Truthy(v any) bool { return number(v) != 0 }

// String is what a driver gave as text.
func String(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case []byte:
		return string(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case uint64:
		return strconv.FormatUint(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(x), 'g', -1, 32)
	case bool:
		return strconv.FormatBool(x)
	default:
		return ""
	}
}

// number is a count; a condition that is NULL is 0.
func number(v any) int64 {
	text := String(v)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return int64(f)
}

// decodeArray reads a JSON list; what is none is text.
func decodeArray(c *Column, raw any) datamap.Value {
	dec := json.NewDecoder(strings.NewReader(String(raw)))
	dec.UseNumber()
	var list []any
	if dec.Decode(&list) != nil {
		return datamap.Text(String(raw))
	}
	elements := make([]datamap.Value, len(list))
	for i, e := range list {
		elements[i] = element(c, e)
	}
	return datamap.Array(elements...)
}

func element(c *Column, e any) datamap.Value {
	switch x := e.(type) {
	case nil:
		return datamap.Null
	case string:
		return datamap.Text(x)
	case bool:
		return datamap.NewValue(datamap.KindBool, strconv.FormatBool(x))
	case json.Number:
		if _, ok := Whole(x.String()); ok && c.Kind != datamap.KindDecimal {
			return datamap.NewValue(datamap.KindInt, x.String())
		}
		return datamap.NewValue(datamap.KindDecimal, x.String())
	default:
		return datamap.NewValue(datamap.KindJSON, marshal(x))
	}
}

// encodeArray writes a list as JSON, by the kinds of its elements.
func encodeArray(v datamap.Value) string {
	list := []json.RawMessage{}
	for _, e := range v.Elements() {
		switch e.Kind() {
		case datamap.KindNull:
			list = append(list, json.RawMessage("null"))
		case datamap.KindInt, datamap.KindDecimal, datamap.KindBool, datamap.KindJSON:
			list = append(list, json.RawMessage(e.Text()))
		default:
			list = append(list, json.RawMessage(marshal(e.Text())))
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(list); err != nil {
		return "[]"
	}
	return strings.TrimSpace(b.String())
}

// Elements lists the forms in which an array may hold a value: as text, and as a number or truth when it can be one.
func Elements(v datamap.Value) []any {
	text := v.Text()
	if v.IsNull() || v.Kind() == datamap.KindArray || !Textual(v) {
		return nil
	}
	list := []any{text}
	if IsDecimal(text) && json.Valid([]byte(text)) {
		list = append(list, json.Number(text))
	}
	if yes, err := strconv.ParseBool(text); err == nil && len(text) > 1 {
		list = append(list, yes)
	}
	return list
}
