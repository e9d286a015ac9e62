package sqlite

import (
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

// kinds gives the kind of a column by the first word of its declared type, which SQLite itself does not enforce.
var kinds = map[string]datamap.Kind{
	"bool": datamap.KindBool, "boolean": datamap.KindBool, "date": datamap.KindDate, "datetime": datamap.KindDateTime, "timestamp": datamap.KindTimestamp,
	"timestamptz": datamap.KindTimestamp, "time": datamap.KindTime, "uuid": datamap.KindUUID, "guid": datamap.KindUUID, "json": datamap.KindJSON,
	"blob": datamap.KindBytes, "binary": datamap.KindBytes, "varbinary": datamap.KindBytes, "bytea": datamap.KindBytes,
	"decimal": datamap.KindDecimal, "numeric": datamap.KindDecimal, "number": datamap.KindDecimal, "real": datamap.KindDecimal,
	"double": datamap.KindDecimal, "float": datamap.KindDecimal, "money": datamap.KindDecimal,
}

func column(name, typ string) *relational.Column {
	base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(typ)), "(")
	first, _, _ := strings.Cut(strings.TrimSpace(base), " ")
	c := &relational.Column{Name: name, Type: strings.ToLower(typ), Base: strings.TrimSpace(base), Kind: datamap.KindText}
	if kind, ok := kinds[first]; ok {
		c.Kind = kind
	} else if strings.Contains(base, "int") {
		c.Kind = datamap.KindInt
	}
	return c
}

// loose reports whether SQLite keeps numbers and texts of the column apart.
func loose(c *relational.Column) bool { return c.Base == "" || c.Base == "any" }

func temporal(k datamap.Kind) bool {
	return k == datamap.KindDate || k == datamap.KindDateTime || k == datamap.KindTimestamp
}

// Decode goes by what is there more than by what the column was declared as.
func (dialect) Decode(c *relational.Column, v any) datamap.Value {
	switch x := v.(type) {
	case int64:
		switch {
		case c.Kind == datamap.KindBool && (x == 0 || x == 1):
			return datamap.NewValue(datamap.KindBool, strconv.FormatBool(x == 1))
		case c.Kind == datamap.KindDecimal:
			return datamap.NewValue(datamap.KindDecimal, strconv.FormatInt(x, 10))
		}
		return datamap.Int(x)
	case float64:
		return datamap.NewValue(datamap.KindDecimal, relational.String(x))
	case []byte:
		return datamap.NewValue(datamap.KindBytes, string(x))
	}
	return decodeText(c, relational.String(v))
}

func decodeText(c *relational.Column, text string) datamap.Value {
	switch {
	case temporal(c.Kind):
		return moment(text)
	case c.Kind == datamap.KindTime && relational.Clock(text), c.Kind == datamap.KindJSON && json.Valid([]byte(text)),
		c.Kind == datamap.KindDecimal && relational.IsDecimal(text), c.Kind == datamap.KindBool && (text == "true" || text == "false"):
		return datamap.NewValue(c.Kind, text)
	case c.Kind == datamap.KindUUID:
		if lower, ok := relational.UUID(text); ok && (text == lower || text == strings.ToUpper(text)) {
			return datamap.NewValue(datamap.KindUUID, lower)
		}
	}
	return datamap.Text(text)
}

// known are the forms of dates and instants that moments makes, so that what is decoded is found again.
var known = regexp.MustCompile(`^\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d*[1-9]))?(Z|\+00:00)?)?$`)

func moment(text string) datamap.Value {
	at, zoned, ok := relational.Instant(text)
	switch {
	case !ok || !known.MatchString(text):
		return datamap.Text(text)
	case len(text) == len(time.DateOnly):
		return datamap.NewValue(datamap.KindDate, text)
	case zoned:
		return datamap.NewValue(datamap.KindTimestamp, at.Format("2006-01-02T15:04:05.999999999Z"))
	default:
		return datamap.NewValue(datamap.KindDateTime, at.Format("2006-01-02T15:04:05.999999999"))
	}
}

// Encode lists what may stand in the file for a value.
func (dialect) Encode(c *relational.Column, v datamap.Value) []any {
	text := v.Text()
	if v.IsNull() || v.Kind() == datamap.KindArray {
		return nil
	}
	if c.Kind == datamap.KindBytes {
		packed := markBytes + hex.EncodeToString([]byte(text))
		if v.Kind() == datamap.KindBytes || !relational.Textual(v) {
			return []any{packed}
		}
		return []any{packed, markText + text}
	}
	if !relational.Textual(v) {
		return nil
	}
	trimmed := strings.TrimSpace(text)
	switch c.Kind {
	case datamap.KindInt:
		if n, ok := relational.Whole(trimmed); ok {
			return []any{n}
		}
	case datamap.KindDecimal:
		if relational.IsDecimal(trimmed) {
			return []any{trimmed}
		}
	case datamap.KindBool:
		if n, ok := relational.Whole(trimmed); ok {
			return []any{n}
		}
		if yes, ok := relational.Truth(trimmed); ok {
			return []any{map[bool]int64{true: 1}[yes], strconv.FormatBool(yes)}
		}
	case datamap.KindUUID:
		if lower, ok := relational.UUID(trimmed); ok {
			return []any{lower, strings.ToUpper(lower)}
		}
	case datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp:
		return append(moments(c.Kind, trimmed), text)
	default:
		if n, ok := relational.Whole(trimmed); ok && loose(c) {
			return []any{text, n}
		}
	}
	return []any{text}
}

// moments are the usual forms of a date or instant, the column's own first; empty for another text.
func moments(column datamap.Kind, text string) []any {
	at, zoned, ok := relational.Instant(text)
	if !ok {
		if n, ok := relational.Whole(text); ok {
			return []any{n}
		}
		return nil
	}
	day := at.Format(time.DateOnly)
	var list []any
	zones := []string{"", "Z", "+00:00"}
	switch {
	case column == datamap.KindDate:
		list = append(list, day)
	case column == datamap.KindTimestamp || zoned:
		zones = []string{"Z", "+00:00", ""}
	}
	for _, zone := range zones {
		for _, fraction := range []string{".999999999", ".000", ".000000"} {
			short := at.Format(fraction)
			if at.Nanosecond()%1e6 != 0 && fraction == ".000" || at.Nanosecond()%1e3 != 0 && fraction == ".000000" {
				continue
			}
			clock := at.Format("15:04:05") + short + zone
			if zone == "" {
				list = append(list, day+" "+clock, day+"T"+clock)
			} else {
				list = append(list, day+"T"+clock, day+" "+clock)
			}
		}
	}
	if column != datamap.KindDate && at.Equal(at.Truncate(24*time.Hour)) {
		list = append(list, day)
	}
	return list
}

// Fits reports whether a form is of the column's declared type.
func (dialect) Fits(c *relational.Column, form any) bool {
	text := relational.String(form)
	switch c.Kind {
	case datamap.KindInt:
		_, ok := relational.Whole(text)
		return ok
	case datamap.KindDecimal:
		return relational.IsDecimal(text)
	case datamap.KindBool:
		return text == "0" || text == "1"
	case datamap.KindUUID:
		_, ok := relational.UUID(text)
		return ok
	case datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp:
		_, _, ok := relational.Instant(text)
		return ok
	case datamap.KindTime:
		return relational.Clock(text)
	case datamap.KindJSON:
		return json.Valid([]byte(text))
	default:
		return true
	}
}
