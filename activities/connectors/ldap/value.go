package ldap

import (
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/models/datamap"
)

const (
	syntaxDN      = "1.3.6.1.4.1.1466.115.121.1.12"
	syntaxNameUID = "1.3.6.1.4.1.1466.115.121.1.34" // a DN with an optional #'0101'B behind it
)

// kinds gives the kind of a value by its syntax; what is missing is text.
var kinds = map[string]datamap.Kind{
	"1.3.6.1.4.1.1466.115.121.1.7":  datamap.KindBool,
	"1.3.6.1.4.1.1466.115.121.1.27": datamap.KindInt,
	"1.2.840.113556.1.4.906":        datamap.KindInt, // large integer
	"1.3.6.1.4.1.1466.115.121.1.24": datamap.KindTimestamp,
	"1.3.6.1.1.16.1":                datamap.KindUUID,
	"1.3.6.1.4.1.1466.115.121.1.4":  datamap.KindBytes, // audio
	"1.3.6.1.4.1.1466.115.121.1.5":  datamap.KindBytes, // binary
	"1.3.6.1.4.1.1466.115.121.1.8":  datamap.KindBytes, // certificate
	"1.3.6.1.4.1.1466.115.121.1.9":  datamap.KindBytes, // certificate list
	"1.3.6.1.4.1.1466.115.121.1.10": datamap.KindBytes, // certificate pair
	"1.3.6.1.4.1.1466.115.121.1.23": datamap.KindBytes, // fax
	"1.3.6.1.4.1.1466.115.121.1.28": datamap.KindBytes, // JPEG
	"1.3.6.1.4.1.1466.115.121.1.40": datamap.KindBytes, // octets
}

func (a *attribute) kind() datamap.Kind {
	if k, ok := kinds[a.syntax]; ok {
		return k
	}
	return datamap.KindText
}

// name reports whether the values are names of entries.
func (a *attribute) names() bool { return a.syntax == syntaxDN || a.syntax == syntaxNameUID }

// decode makes a value of an entry's values: an array when there are several, or the map declares one.
func (c *column) decode(raw []string) datamap.Value {
	if len(raw) == 0 {
		return datamap.Null
	}
	if len(raw) == 1 && !c.list {
		return c.decodeOne(raw[0])
	}
	list := make([]datamap.Value, len(raw))
	for i, r := range raw {
		list[i] = c.decodeOne(r)
	}
	return datamap.Array(list...)
}

func (a *attribute) decodeOne(raw string) datamap.Value {
	switch k := a.kind(); k {
	case datamap.KindBool:
		return datamap.NewValue(k, strings.ToLower(raw))
	case datamap.KindTimestamp:
		if t, ok := parseTime(raw); ok {
			return datamap.NewValue(k, t.Format(time.RFC3339Nano))
		}
		return datamap.Text(raw)
	case datamap.KindUUID:
		return datamap.NewValue(k, strings.ToLower(raw))
	case datamap.KindText:
		if !utf8.ValidString(raw) {
			k = datamap.KindBytes
		}
		return datamap.NewValue(k, raw)
	default: // the directory's form is the kind's
		return datamap.NewValue(k, raw)
	}
}

var generalized = regexp.MustCompile(`^(\d{10})(\d\d)?(\d\d)?(?:[.,](\d+))?(Z|[+-]\d\d(?:\d\d)?)$`)

// parseTime reads a generalized time (RFC 4517, 3.3.13), to the nanosecond.
func parseTime(raw string) (time.Time, bool) {
	m := generalized.FindStringSubmatch(raw)
	if m == nil {
		return time.Time{}, false
	}
	unit := time.Hour
	clock := m[1]
	for i, part := range m[2:4] {
		if part == "" {
			part = "00"
		} else {
			unit = []time.Duration{time.Minute, time.Second}[i]
		}
		clock += part
	}
	zone := strings.Replace(m[5], "Z", "+0000", 1)
	if len(zone) == 3 {
		zone += "00"
	}
	t, err := time.Parse("20060102150405-0700", clock+zone)
	if err != nil {
		return t, false
	}
	if m[4] != "" {
		part, ok := new(big.Rat).SetString("0." + m[4])
		if !ok {
			return t, false
		}
		nanos := new(big.Rat).Mul(part, new(big.Rat).SetInt64(int64(unit)))
		t = t.Add(time.Duration(new(big.Int).Quo(nanos.Num(), nanos.Denom()).Int64()))
	}
	return t.UTC(), true
}

var (
	uuids   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly}
)

// encode is the text of a value in the attribute's syntax; false when the attribute cannot have it.
func (a *attribute) encode(v datamap.Value) (string, bool) {
	if v.IsNull() || v.Kind() == datamap.KindArray {
		return "", false
	}
	text := v.Text()
	trimmed := strings.TrimSpace(text)
	switch a.kind() {
	case datamap.KindBytes:
		return text, true
	case datamap.KindBool:
		switch strings.ToLower(trimmed) {
		case "true", "t", "1", "yes":
			return "TRUE", true
		case "false", "f", "0", "no":
			return "FALSE", true
		}
		return "", false
	case datamap.KindInt:
		whole, zeros, _ := strings.Cut(trimmed, ".")
		n, ok := new(big.Int).SetString(strings.TrimPrefix(whole, "+"), 10)
		if !ok || strings.Trim(zeros, "0") != "" {
			return "", false
		}
		return n.String(), true
	case datamap.KindTimestamp:
		for _, layout := range layouts {
			if t, err := time.Parse(layout, trimmed); err == nil {
				return t.UTC().Format("20060102150405.999999999Z"), true
			}
		}
		return "", false
	case datamap.KindUUID:
		return strings.ToLower(trimmed), uuids.MatchString(trimmed)
	default: // text, in any of its syntaxes
	}
	if a.names() {
		_, ok := name(text)
		return text, ok
	}
	return text, text != "" && v.Kind() != datamap.KindBytes && utf8.ValidString(text)
}

// name reads the name of an entry, without what may stand behind it in a name with an optional unique identifier.
func name(raw string) (*driver.DN, bool) {
	if i := strings.LastIndex(raw, "#'"); i > 0 && strings.HasSuffix(raw, "'B") {
		raw = raw[:i]
	}
	dn, err := driver.ParseDN(raw)
	return dn, err == nil
}

// same reports whether two texts are the same value for the attribute.
func (a *attribute) same(x, y string) bool {
	if a.names() {
		dx, okx := name(x)
		dy, oky := name(y)
		return okx && oky && dx.EqualFold(dy)
	}
	if strings.HasPrefix(a.equality, "caseignore") || a.equality == "telephonenumbermatch" {
		return strings.EqualFold(strings.Join(strings.Fields(x), " "), strings.Join(strings.Fields(y), " "))
	}
	if a.kind() == datamap.KindTimestamp {
		tx, okx := parseTime(x)
		ty, oky := parseTime(y)
		return okx && oky && tx.Equal(ty)
	}
	return x == y
}
