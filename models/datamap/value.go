package datamap

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"habeas/models/calendar"
)

// Kind is the type of a Value.
type Kind string

// The kinds, each with the form of its text. Numbers are kept as text so that no digit is lost.
const (
	KindNull      Kind = ""
	KindBool      Kind = "bool"      // true or false
	KindInt       Kind = "int"       // decimal digits, any size
	KindDecimal   Kind = "decimal"   // as the system writes it; also floats, NaN and Infinity
	KindText      Kind = "text"      // UTF-8
	KindBytes     Kind = "bytes"     // the bytes themselves
	KindTimestamp Kind = "timestamp" // an instant: RFC 3339 in UTC
	KindDateTime  Kind = "datetime"  // a time of day of a date without zone: 2006-01-02T15:04:05.999999
	KindDate      Kind = "date"      // 2006-01-02
	KindTime      Kind = "time"      // a time of day, as the system writes it
	KindUUID      Kind = "uuid"      // lower case, 36 characters
	KindJSON      Kind = "json"      // a JSON text, as the system writes it
	KindArray     Kind = "array"     // a list of values; the text is their JSON
)

var kinds = map[Kind]bool{
	KindBool: true, KindInt: true, KindDecimal: true, KindText: true, KindBytes: true, KindTimestamp: true,
	KindDateTime: true, KindDate: true, KindTime: true, KindUUID: true, KindJSON: true, KindArray: true,
}

// Value is one value of a row, of a kind that every system has, exact and comparable with ==. It may be personal data: it
// prints as [redacted] and only Text and JSON give it away. The zero Value is NULL.
type Value struct {
	kind Kind
	text string
}

// Null is the absent value.
var Null Value

// NewValue makes a value from the text form of its kind; the text is not examined.
func NewValue(kind Kind, text string) Value {
	if kind == KindNull {
		return Null
	}
	return Value{kind, text}
}

// Text makes a text value.
func Text(s string) Value { return Value{KindText, s} }

// Int makes an integer value.
func Int(n int64) Value { return Value{KindInt, strconv.FormatInt(n, 10)} }

// Array makes an array value.
func Array(elements ...Value) Value {
	if elements == nil {
		elements = []Value{}
	}
	b, err := json.Marshal(elements)
	if err != nil {
		panic(err) // a Value always has a JSON form
	}
	return Value{KindArray, string(b)}
}

// Kind is the value's kind.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is absent.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Text reveals the value in its kind's text form; NULL gives the empty string.
func (v Value) Text() string { return v.text }

// Elements are the values of an array, and the value itself for any other kind; NULL gives none.
func (v Value) Elements() []Value {
	switch v.kind {
	case KindNull:
		return nil
	case KindArray:
		var list []Value
		if json.Unmarshal([]byte(v.text), &list) != nil {
			return nil
		}
		return list
	default:
		return []Value{v}
	}
}

// Date is the calendar day of a date, or of an instant in loc; false for anything else, NULL included.
func (v Value) Date(loc *time.Location) (calendar.Date, bool) {
	switch v.kind {
	case KindTimestamp:
		if t, err := time.Parse(time.RFC3339Nano, v.text); err == nil {
			return calendar.DateOf(t.In(loc)), true
		}
	case KindDate, KindDateTime, KindText:
		if len(v.text) >= len(time.DateOnly) {
			if d, err := calendar.ParseDate(v.text[:len(time.DateOnly)]); err == nil {
				return d, true
			}
		}
	default: // no day
	}
	return calendar.Date{}, false
}

const redacted = "[redacted]"

func (v Value) String() string { return redacted }

// GoString keeps the value out of %#v.
func (v Value) GoString() string { return redacted }

// LogValue keeps the value out of structured logs.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

type valueJSON struct {
	Kind Kind            `json:"t"`
	Text json.RawMessage `json:"v"`
}

// MarshalJSON writes {"t":kind,"v":text}; bytes in base64, an array as a list, NULL as null.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case KindNull:
		return []byte("null"), nil
	case KindArray:
		return json.Marshal(valueJSON{v.kind, json.RawMessage(v.text)})
	case KindBytes:
		return marshalText(v.kind, base64.StdEncoding.EncodeToString([]byte(v.text)))
	default:
		return marshalText(v.kind, v.text)
	}
}

func marshalText(kind Kind, text string) ([]byte, error) {
	raw, err := json.Marshal(text)
	if err != nil {
		return nil, err
	}
	return json.Marshal(valueJSON{kind, raw})
}

// UnmarshalJSON reads what MarshalJSON wrote; an unknown kind is an error.
func (v *Value) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*v = Null
		return nil
	}
	var w valueJSON
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	if !kinds[w.Kind] {
		return fmt.Errorf("unknown kind of value %q", w.Kind)
	}
	if w.Kind == KindArray {
		var list []Value
		if err := json.Unmarshal(w.Text, &list); err != nil {
			return err
		}
		*v = Array(list...)
		return nil
	}
	var text string
	if err := json.Unmarshal(w.Text, &text); err != nil {
		return err
	}
	if w.Kind == KindBytes {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		text = string(raw)
	}
	*v = Value{w.Kind, text}
	return nil
}

// Fold is the form in which an identity of the given kind is compared: without blanks around it, and e-mail addresses in
// lower case.
func Fold(identityKind, text string) string {
	text = strings.TrimSpace(text)
	if identityKind == IdentityEmail {
		return strings.ToLower(text)
	}
	return text
}

// IdentityEmail is the identity kind whose values are compared without regard to case.
const IdentityEmail = "email"

// IdentityController is the identity kind of a whole controller, whose value is its slug. No field has it: rows name their controller by
// controller_column.
const IdentityController = "controller"
