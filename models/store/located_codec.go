package store

import (
	"encoding/binary"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
)

// codecVersion begins what this file writes.
const codecVersion = 1

// kindLetters are the kinds of values in their stored form. A letter is never given to another kind.
var (
	kindLetters = map[datamap.Kind]byte{
		datamap.KindNull: '0', datamap.KindBool: 'b', datamap.KindInt: 'i', datamap.KindDecimal: 'd', datamap.KindText: 't', datamap.KindBytes: 'y',
		datamap.KindTimestamp: 's', datamap.KindDateTime: 'l', datamap.KindDate: 'D', datamap.KindTime: 'T', datamap.KindUUID: 'u',
		datamap.KindJSON: 'j', datamap.KindArray: 'a',
	}
	kindsByLetter = func() (out [256]datamap.Kind) {
		for kind, letter := range kindLetters {
			out[letter] = kind
		}
		return out
	}()
)

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

func appendValues(b []byte, list []datamap.Value) []byte {
	for _, v := range list {
		b = append(b, kindLetters[v.Kind()])
		if !v.IsNull() {
			b = appendText(b, v.Text())
		}
	}
	return b
}

func appendDate(b []byte, d calendar.Date) []byte {
	return binary.AppendUvarint(b, uint64(d.Year*10000+int(d.Month)*100+d.Day))
}

// decoder reads what the functions above wrote. After a fault it gives zeros; ok tells.
type decoder struct {
	text string // all of it: the texts that are read are parts of it, so that a chunk is one allocation
	bad  bool
}

func (d *decoder) byte() byte {
	if len(d.text) == 0 {
		d.bad = true
		return 0
	}
	c := d.text[0]
	d.text = d.text[1:]
	return c
}

func (d *decoder) number() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		c := d.byte()
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.bad = true
	return 0
}

// count is a number of things of which each takes at least one byte.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.text)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.count()
	s := d.text[:n]
	d.text = d.text[n:]
	return s
}

func (d *decoder) strings() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

// values fills the list.
func (d *decoder) values(list []datamap.Value) {
	for i := range list {
		letter := d.byte()
		if kind := kindsByLetter[letter]; kind != datamap.KindNull {
			list[i] = datamap.NewValue(kind, d.string())
		} else if letter != kindLetters[datamap.KindNull] {
			d.bad = true
		}
	}
}

func (d *decoder) date() calendar.Date {
	n := int(d.number())
	return calendar.Date{Year: n / 10000, Month: time.Month(n / 100 % 100), Day: n % 100}
}

// done fails when something was not as it is written, or is left over.
func (d *decoder) done() error {
	if d.bad || d.text != "" {
		return models.Errorf(models.Invalid, "bad_sealed_value", "A located row is not in the form in which rows are kept.")
	}
	return nil
}
