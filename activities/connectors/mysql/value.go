package mysql

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

// kinds gives the kind of a value by its type's name; what is missing is text.
var kinds = map[string]datamap.Kind{
	"tinyint": datamap.KindInt, "smallint": datamap.KindInt, "mediumint": datamap.KindInt, "int": datamap.KindInt, "bigint": datamap.KindInt,
	"year": datamap.KindInt, "bit": datamap.KindInt, "decimal": datamap.KindDecimal, "float": datamap.KindDecimal, "double": datamap.KindDecimal,
	"date": datamap.KindDate, "datetime": datamap.KindDateTime, "timestamp": datamap.KindTimestamp, "time": datamap.KindTime,
	"binary": datamap.KindBytes, "varbinary": datamap.KindBytes, "tinyblob": datamap.KindBytes, "blob": datamap.KindBytes,
	"mediumblob": datamap.KindBytes, "longblob": datamap.KindBytes, "json": datamap.KindJSON, "uuid": datamap.KindUUID,
}

// column takes a number of one bit or one digit for a truth, as both servers do for BOOLEAN.
func column(name, base, typ string) *relational.Column {
	base = strings.ToLower(base)
	c := &relational.Column{Name: name, Type: strings.ToLower(typ), Base: base, Kind: datamap.KindText}
	if kind, ok := kinds[base]; ok {
		c.Kind = kind
	}
	if c.Type == "tinyint(1)" || c.Type == "bit(1)" {
		c.Kind = datamap.KindBool
	}
	return c
}

func unsigned(c *relational.Column) bool { return strings.Contains(c.Type, "unsigned") }

// Decode makes a value of the server's text.
func (dialect) Decode(c *relational.Column, v any) datamap.Value {
	if x, ok := v.(float64); ok && c.Base == "float" {
		v = float32(x)
	}
	text := relational.String(v)
	if len(c.Path) > 0 {
		return datamap.Text(text)
	}
	switch c.Kind {
	case datamap.KindBool:
		if text != "0" && text != "1" {
			return datamap.NewValue(datamap.KindInt, text)
		}
		return datamap.NewValue(datamap.KindBool, strconv.FormatBool(text == "1"))
	case datamap.KindTimestamp:
		return datamap.NewValue(datamap.KindTimestamp, moment(text)+"Z")
	case datamap.KindDateTime:
		return datamap.NewValue(datamap.KindDateTime, moment(text))
	default:
		return datamap.NewValue(c.Kind, text)
	}
}

func moment(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return strings.Replace(text, " ", "T", 1)
}

// Encode gives the one form in which a column may hold a value.
func (dialect) Encode(c *relational.Column, v datamap.Value) []any {
	if v.IsNull() || v.Kind() == datamap.KindArray {
		return nil
	}
	if c.Kind == datamap.KindBytes && len(c.Path) == 0 {
		return []any{hex.EncodeToString([]byte(v.Text()))}
	}
	if !relational.Textual(v) {
		return nil
	}
	if form, ok := encode(c, v); ok {
		return []any{form}
	}
	return nil
}

func encode(c *relational.Column, v datamap.Value) (any, bool) {
	text := strings.TrimSpace(v.Text())
	switch c.Kind {
	case datamap.KindInt:
		return relational.Whole(text)
	case datamap.KindDecimal:
		return relational.Decimal(text)
	case datamap.KindBool:
		if n, ok := relational.Whole(text); ok {
			return n, true
		}
		yes, ok := relational.Truth(text)
		return map[bool]int64{true: 1}[yes], ok
	case datamap.KindUUID:
		return relational.UUID(text)
	case datamap.KindTime:
		return text, v.Kind() == datamap.KindTime || relational.Clock(text)
	case datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp:
		layout := "2006-01-02 15:04:05.999999"
		if c.Kind == datamap.KindDate {
			layout = time.DateOnly
		}
		if at, _, ok := relational.Instant(text); ok {
			return at.Format(layout), true
		}
		// What the server itself wrote though no calendar has it, such as 0000-00-00.
		return strings.TrimSuffix(strings.Replace(text, "T", " ", 1), "Z"), v.Kind() == c.Kind
	default:
		return v.Text(), true
	}
}

// Fits reports whether a form is of the column's type; ranges and lengths are left to the server, which is strict.
func (dialect) Fits(c *relational.Column, form any) bool {
	return c.Kind != datamap.KindJSON || len(c.Path) > 0 || json.Valid([]byte(relational.String(form)))
}

func integer(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
