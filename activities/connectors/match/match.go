package match

import (
	"encoding/base64"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"habeas/models/datamap"
)

// Finder tells which of a query's keys a row has. Values are compared in the row's own kinds: a key's value of another kind is
// converted, or equals nothing. It is for one goroutine.
type Finder struct {
	keys   []datamap.Key
	fold   bool
	tables map[string]map[string]int // by the classes of a row's values: the first key with these values
}

// New makes a Finder for keys; fold compares text as datamap.Fold does for e-mail addresses.
func New(keys []datamap.Key, fold bool) *Finder {
	return &Finder{keys: keys, fold: fold, tables: map[string]map[string]int{}}
}

// Find returns the place among the keys of the first that the row's values have, -1 for none. A key that is given twice has its
// first place. An array has a key's value when one of its elements does.
func (f *Finder) Find(values []datamap.Value) int {
	for i, v := range values {
		if v.Kind() != datamap.KindArray {
			continue
		}
		for _, e := range v.Elements() {
			row := append(append(append([]datamap.Value{}, values[:i]...), e), values[i+1:]...)
			if at := f.Find(row); !e.IsNull() && at >= 0 {
				return at
			}
		}
		return -1
	}
	classes, texts := make([]byte, len(values)), make([]string, len(values))
	for i, v := range values {
		classes[i] = f.class(v.Kind())
		texts[i], _ = form(classes[i], v)
	}
	if at, ok := f.table(string(classes))[joined(texts)]; ok {
		return at
	}
	return -1
}

// table is the keys as rows of these classes would write them.
func (f *Finder) table(classes string) map[string]int {
	if t := f.tables[classes]; t != nil {
		return t
	}
	t := map[string]int{}
	for i, key := range f.keys {
		texts, ok := make([]string, len(key)), len(key) == len(classes)
		for j := 0; ok && j < len(key); j++ {
			texts[j], ok = form(classes[j], key[j])
		}
		if id := joined(texts); ok {
			if _, twice := t[id]; !twice {
				t[id] = i
			}
		}
	}
	f.tables[classes] = t
	return t
}

func joined(texts []string) string {
	var b strings.Builder
	for _, s := range texts {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	return b.String()
}

// The classes in which values are compared.
const (
	null = 'n'
	text = 't'
	fold = 'f'
	num  = '1'
	flag = 'b'
	uuid = 'u'
	day  = 'd'
	date = 'l'
	inst = 'i'
	raw  = 'r'
)

func (f *Finder) class(k datamap.Kind) byte {
	if f.fold && k != datamap.KindNull {
		return fold
	}
	switch k {
	case datamap.KindNull:
		return null
	case datamap.KindInt, datamap.KindDecimal:
		return num
	case datamap.KindBool:
		return flag
	case datamap.KindUUID:
		return uuid
	case datamap.KindDate:
		return day
	case datamap.KindDateTime:
		return date
	case datamap.KindTimestamp:
		return inst
	case datamap.KindBytes:
		return raw
	default:
		return text
	}
}

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", time.DateOnly}

// form is the text of a value in a class; false when no value of the class can equal it.
func form(class byte, v datamap.Value) (string, bool) {
	s := v.Text()
	if v.IsNull() || class == null {
		return "", v.IsNull() && class == null
	}
	switch class {
	case fold:
		return datamap.Fold(datamap.IdentityEmail, s), true
	case num:
		return number(strings.TrimSpace(s))
	case flag:
		switch strings.ToLower(s) {
		case "true", "t", "1", "yes":
			return "true", true
		case "false", "f", "0", "no":
			return "false", true
		}
		return "", false
	case uuid:
		return strings.ToLower(strings.TrimSpace(s)), true
	case raw:
		return s, v.Kind() == datamap.KindBytes
	case day, date, inst:
		return moment(class, s)
	}
	if v.Kind() == datamap.KindBytes {
		return base64.StdEncoding.EncodeToString([]byte(s)), true
	}
	return s, true
}

func moment(class byte, s string) (string, bool) {
	for _, layout := range layouts {
		t, err := time.Parse(layout, strings.TrimSpace(s))
		switch {
		case err != nil:
			continue
		case class == day:
			return t.Format(time.DateOnly), t.Equal(t.Truncate(24 * time.Hour))
		case class == date:
			return t.Format("2006-01-02T15:04:05.999999999"), true
		default:
			return t.UTC().Format(time.RFC3339Nano), true
		}
	}
	return "", false
}

var plainNumber = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$`)

// number is the exact value in one form, so that 1 equals 1.0; a text that is no number gives false, but for NaN and the infinities.
func number(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "nan", "infinity", "-infinity":
		return strings.ToLower(s), true
	}
	if !plainNumber.MatchString(s) {
		return "", false
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return "", false
	}
	return r.RatString(), true
}

// Equal reports whether a row's value is equal to another, which is converted to its kind.
func Equal(row, other datamap.Value) bool {
	if row.Kind() == datamap.KindArray {
		return row == other
	}
	return New([]datamap.Key{{other}}, false).Find([]datamap.Value{row}) == 0
}
