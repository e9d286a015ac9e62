package postgres

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"habeas/models/datamap"
)

// kinds gives the kind of a value by its type's name; what is missing is text.
var kinds = map[string]datamap.Kind{
	"bool": datamap.KindBool, "int2": datamap.KindInt, "int4": datamap.KindInt, "int8": datamap.KindInt, "oid": datamap.KindInt,
	"numeric": datamap.KindDecimal, "float4": datamap.KindDecimal, "float8": datamap.KindDecimal, "bytea": datamap.KindBytes,
	"timestamptz": datamap.KindTimestamp, "timestamp": datamap.KindDateTime, "date": datamap.KindDate, "time": datamap.KindTime,
	"uuid": datamap.KindUUID, "json": datamap.KindJSON, "jsonb": datamap.KindJSON,
}

// textual types are compared as they are; types that are in neither list are compared by their text.
var textual = map[string]bool{"text": true, "varchar": true, "bpchar": true, "citext": true, "name": true}

// typed reports whether values are compared in the column's own type, which lets an index serve.
func (c *column) typed() bool {
	k, known := kinds[c.base]
	return textual[c.base] || known && k != datamap.KindJSON
}

// decodeRow makes values of the texts that the server sent; nil is NULL.
func decodeRow(columns []*column, raw [][]byte) []datamap.Value {
	n := 0
	for _, r := range raw {
		n += len(r)
	}
	var b strings.Builder // all of a row is one text, of which the values are parts
	b.Grow(n)
	for _, r := range raw {
		b.Write(r)
	}
	text := b.String()
	values := make([]datamap.Value, len(raw))
	for i, r := range raw {
		if r != nil {
			values[i], text = columns[i].decodeText(text[:len(r)]), text[len(r):]
		}
	}
	return values
}

// decode makes a value of the text that the server sent; nil is NULL.
func (c *column) decode(raw []byte) datamap.Value {
	if raw == nil {
		return datamap.Null
	}
	return c.decodeText(string(raw))
}

func (c *column) decodeText(text string) datamap.Value {
	if !c.array {
		return c.decodeOne(text)
	}
	var elements []*string
	m := pgtype.NewMap()
	if m.Scan(pgtype.TextArrayOID, pgtype.TextFormatCode, []byte(text), &elements) != nil {
		return datamap.Text(text) // an array of arrays
	}
	list := make([]datamap.Value, len(elements))
	for i, e := range elements {
		if e != nil {
			list[i] = c.decodeOne(*e)
		}
	}
	return datamap.Array(list...)
}

func (c *column) decodeOne(text string) datamap.Value {
	switch c.kind {
	case datamap.KindBool:
		text = strconv.FormatBool(text == "t" || text == "true")
	case datamap.KindBytes:
		if b, err := hex.DecodeString(strings.TrimPrefix(text, `\x`)); err == nil {
			text = string(b)
		}
	case datamap.KindTimestamp:
		if day, rest, ok := strings.Cut(text, " "); ok {
			if clock, utc := strings.CutSuffix(rest, "+00"); utc {
				text = day + "T" + clock + "Z"
			} else {
				text = day + "T" + strings.Replace(rest, "+00", "Z", 1)
			}
		}
	case datamap.KindDateTime:
		text = strings.Replace(text, " ", "T", 1)
	default: // the server's text is the kind's form
	}
	return datamap.NewValue(c.kind, text)
}

// kindOf is the kind of a type's values; what is in no list is text.
func kindOf(base string) datamap.Kind {
	if kind, ok := kinds[base]; ok {
		return kind
	}
	return datamap.KindText
}

var (
	number  = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$`)
	uuids   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	layouts = []string{time.DateOnly, time.DateTime, "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04:05Z07:00"}
)

// encode is the text of a value in the column's type, for an array the element's; false when no value of the type can equal it.
func (c *column) encode(v datamap.Value) (string, bool) {
	text := v.Text()
	if v.IsNull() || v.Kind() == datamap.KindArray {
		return "", false
	}
	switch {
	case c.kind == datamap.KindText:
	case c.kind == datamap.KindBytes:
		return `\x` + hex.EncodeToString([]byte(text)), true
	case v.Kind() == c.kind && v.Kind() != datamap.KindInt:
		return text, true // in a form that this or another system wrote
	default:
		return encodeAs(c.base, c.kind, strings.TrimSpace(text))
	}
	return text, v.Kind() != datamap.KindBytes && utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// encodeWhole is the text of a value in the column's type, an array's too; false when the column cannot hold it.
func (c *column) encodeWhole(v datamap.Value) (string, bool) {
	if !c.array {
		return c.encode(v)
	}
	if v.Kind() != datamap.KindArray {
		return "", false
	}
	var parts []string
	for _, e := range v.Elements() {
		if e.IsNull() {
			parts = append(parts, "NULL")
			continue
		}
		text, ok := c.encode(e)
		if !ok {
			return "", false
		}
		parts = append(parts, `"`+escapes.Replace(text)+`"`)
	}
	return "{" + strings.Join(parts, ",") + "}", true
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func encodeAs(base string, kind datamap.Kind, text string) (string, bool) {
	switch kind {
	case datamap.KindInt:
		if whole, zeros, ok := strings.Cut(text, "."); ok && strings.Trim(zeros, "0") == "" {
			text = whole
		}
		n, err := strconv.ParseInt(text, 10, bitsOf(base))
		if err == nil && (text[0] > '0' || n == 0 && len(text) == 1) {
			return text, true // as it is written everywhere
		}
		return strconv.FormatInt(n, 10), err == nil
	case datamap.KindDecimal:
		return text, number.MatchString(text)
	case datamap.KindBool:
		switch strings.ToLower(text) {
		case "true", "t", "1", "yes":
			return "true", true
		case "false", "f", "0", "no":
			return "false", true
		}
		return "", false
	case datamap.KindUUID:
		return strings.ToLower(text), uuids.MatchString(text)
	case datamap.KindTime:
		_, err := time.Parse(time.TimeOnly, text)
		return text, err == nil
	case datamap.KindTimestamp, datamap.KindDateTime, datamap.KindDate:
		for _, layout := range layouts {
			if _, err := time.Parse(layout, text); err == nil {
				return text, true
			}
		}
	default: // only the column's own kind fits, which was seen before
	}
	return "", false
}

func bitsOf(base string) int {
	switch base {
	case "int2":
		return 16
	case "int4":
		return 32
	case "oid":
		return 33
	default:
		return 64
	}
}
