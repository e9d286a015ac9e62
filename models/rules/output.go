package rules

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"habeas/models/calendar"
)

// object writes a JSON object with its fields in a fixed order.
type object struct {
	b      []byte
	opened bool
}

func (o *object) name(n string) {
	if o.opened {
		o.b = append(o.b, ',')
	} else {
		o.b = append(o.b, '{')
		o.opened = true
	}
	o.b = append(append(append(o.b, '"'), n...), '"', ':') // a name of ours needs no escapes
}

func (o *object) raw(n, v string) {
	o.name(n)
	o.b = append(o.b, v...)
}

func (o *object) text(n, v string) {
	o.name(n)
	o.b = appendText(o.b, v)
}

func (o *object) bool(n string, v bool) {
	o.name(n)
	o.b = strconv.AppendBool(o.b, v)
}

func (o *object) int(n string, v int) {
	o.name(n)
	o.b = strconv.AppendInt(o.b, int64(v), 10)
}

func (o *object) number(n string, v float64) {
	o.name(n)
	o.b = strconv.AppendFloat(o.b, v, 'f', -1, 64)
}

// date writes null for no date.
func (o *object) date(n string, d calendar.Date) {
	o.name(n)
	if d.IsZero() {
		o.b = append(o.b, "null"...)
		return
	}
	o.b = append(o.b, '"')
	o.b = append(appendDate(o.b, d), '"')
}

// utc writes an instant in UTC with Z; null for none.
func (o *object) utc(n string, t time.Time) { o.instant(n, t, time.RFC3339Nano) }

// local writes an instant with the offset of its own zone, +00:00 and not Z; null for none.
func (o *object) local(n string, t time.Time) {
	o.instant(n, t, "2006-01-02T15:04:05.999999999-07:00")
}

func (o *object) instant(n string, t time.Time, layout string) {
	o.name(n)
	if t.IsZero() {
		o.b = append(o.b, "null"...)
		return
	}
	o.b = append(o.b, '"')
	o.b = append(t.AppendFormat(o.b, layout), '"')
}

func (o *object) texts(n string, list []string) {
	o.name(n)
	o.b = append(o.b, '[')
	for i, s := range list {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendText(o.b, s)
	}
	o.b = append(o.b, ']')
}

func (o *object) objects(n string, count int, write func(i int, item *object)) {
	o.name(n)
	o.b = append(o.b, '[')
	for i := range count {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		item := object{b: o.b}
		write(i, &item)
		o.b = item.bytes()
	}
	o.b = append(o.b, ']')
}

func (o *object) bytes() []byte {
	if !o.opened {
		o.b = append(o.b, '{')
	}
	return append(o.b, '}')
}

// appendText appends a JSON string. Control characters, quotes and invalid UTF-8 take the slow way.
func appendText(b []byte, s string) []byte {
	var beyond byte // ASCII, if any
	i := 0
	for ; i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\'; i++ {
		beyond |= s[i]
	}
	if i == len(s) && (beyond < 0x80 || utf8.ValidString(s)) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	q, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // strings always marshal
	}
	return append(b, q...)
}

// appendDate writes YYYY-MM-DD without the garbage of a formatted string; years have four digits here.
func appendDate(b []byte, d calendar.Date) []byte {
	digits := func(n, width int) {
		for unit := width; unit > 0; unit /= 10 {
			b = append(b, byte('0'+n/unit%10))
		}
	}
	digits(d.Year, 1000)
	b = append(b, '-')
	digits(int(d.Month), 10)
	b = append(b, '-')
	digits(d.Day, 10)
	return b
}
