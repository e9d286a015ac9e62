package rules

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"habeas/models/calendar"
)

// input reads the fields of one object and remembers which were read, so that a misspelt one is an error and never ignored.
type input struct {
	parent *input // nil for the case's own
	name   string // under which the parent has it
	no     int    // in the parent's list; -1 when it is no list
	fields []member
	space  [10]member // where fields begin, so that most cases need no other
	read   uint64     // bit i: fields[i] was read
	zones  Zones
	loc    *time.Location
	err    error // the first failure; later reads return zero values
	room   *room
}

const maxFields = 64

func newInput(r *room, raw string, zones Zones) *input {
	in := r.input()
	in.zones, in.room = zones, r
	in.parse(raw)
	return in
}

func (in *input) parse(raw string) {
	list, ok := members(in.space[:0], raw)
	switch {
	case !ok:
		in.fail("bad_value", "An object is needed.", "")
	case len(list) > maxFields:
		in.fail("unknown_field", "The input has more fields than any kind understands.", "")
	default:
		in.fields = list
	}
	for i, f := range in.fields {
		for _, g := range in.fields[:i] {
			if f.name == g.name {
				in.fail("duplicate_field", "The field is given twice.", f.name)
			}
		}
	}
}

// path leads to the input's fields in an error, e.g. "pauses/0/".
func (in *input) path() string {
	if in.parent == nil {
		return ""
	}
	path := in.parent.path() + in.name + "/"
	if in.no >= 0 {
		path += strconv.Itoa(in.no) + "/"
	}
	return path
}

func (in *input) fail(code, message, field string) {
	if in.err == nil {
		in.err = failAt(code, message, in.path()+field)
	}
}

// fact finds the raw value of the first of the names (a field and its synonyms); null counts as not given, but as read. Two
// synonyms with values are one fact given twice.
func (in *input) fact(names ...string) (raw, name string) {
	for i, f := range in.fields {
		for _, n := range names {
			if f.as != n {
				continue
			}
			in.read |= 1 << i
			if f.raw == "null" {
				continue
			}
			if raw != "" {
				in.fail("duplicate_field", "The same fact is given twice.", f.name)
			}
			raw, name = f.raw, f.name
		}
	}
	return raw, name
}

// rename lets facts be read under one name whatever their synonym.
func (in *input) rename(names map[string]string) {
	for i := range in.fields {
		if as, ok := names[in.fields[i].name]; ok {
			in.fields[i].as = as
		}
	}
}

// has reports whether one of the names is there, null included, without reading it.
func (in *input) has(names ...string) bool {
	for _, f := range in.fields {
		for _, n := range names {
			if f.as == n {
				return true
			}
		}
	}
	return false
}

func (in *input) string(names ...string) string {
	raw, name := in.fact(names...)
	if raw == "" {
		return ""
	}
	s, ok := text(raw)
	if !ok {
		in.fail("bad_value", "The field is a text.", name)
	}
	return s
}

func (in *input) required(names ...string) string {
	s := in.string(names...)
	if s == "" {
		in.fail("missing_field", "The field is needed.", names[0])
	}
	return s
}

func (in *input) bool(names ...string) (value, given bool) {
	raw, name := in.fact(names...)
	switch raw {
	case "true":
		return true, true
	case "false":
		return false, true
	case "":
		return false, false
	}
	in.fail("bad_value", "The field is true or false.", name)
	return false, false
}

func (in *input) int(names ...string) (value int, given bool) {
	raw, name := in.fact(names...)
	if raw == "" {
		return 0, false
	}
	n, err := strconv.Atoi(raw)
	if err != nil {
		in.fail("bad_value", "The field is a whole number.", name)
	}
	return n, true
}

func (in *input) parseDate(s, name string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		in.fail("bad_date", "The date does not exist; write it as YYYY-MM-DD.", name)
		return calendar.Date{}
	}
	if d.Year < minYear || d.Year > maxYear {
		in.fail("date_out_of_range", "The year is outside 1900 to 9000.", name)
		return calendar.Date{}
	}
	return d
}

// Dates outside these years are refused: they are typing errors, and every sum stays within four digits.
const minYear, maxYear = 1900, 9000

// instant reads an RFC 3339 instant.
func (in *input) instant(names ...string) time.Time {
	raw, name := in.fact(names...)
	if raw == "" {
		return time.Time{}
	}
	s, _ := text(raw)
	return in.parseInstant(s, name)
}

func (in *input) parseInstant(s, name string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04Z07:00", s)
	}
	if err != nil {
		if withoutZone(s) {
			in.fail("instant_without_zone", "The instant has no offset from UTC; write it as 2026-03-31T22:30:00Z or with +02:00.", name)
		} else {
			in.fail("bad_instant", "The instant does not exist; write it as 2026-03-31T22:30:00Z or with +02:00.", name)
		}
		return time.Time{}
	}
	if t.Year() < minYear || t.Year() > maxYear {
		in.fail("date_out_of_range", "The year is outside 1900 to 9000.", name)
		return time.Time{}
	}
	return t
}

func withoutZone(s string) bool {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// day reads a date, or an instant as the day that it is in the zone of the case.
func (in *input) day(names ...string) calendar.Date {
	raw, name := in.fact(names...)
	if raw == "" {
		return calendar.Date{}
	}
	s, ok := text(raw)
	if !ok {
		in.fail("bad_date", "A date is a text written as YYYY-MM-DD.", name)
		return calendar.Date{}
	}
	if len(s) <= len(time.DateOnly) {
		return in.parseDate(s, name)
	}
	t := in.parseInstant(s, name)
	if t.IsZero() || in.zone() == nil {
		return calendar.Date{}
	}
	return calendar.DateOf(t.In(in.loc))
}

// zone reads the field timezone once; nil after a failure.
func (in *input) zone() *time.Location {
	if in.loc != nil {
		return in.loc
	}
	name := in.required("timezone", "zone")
	if in.err != nil {
		return nil
	}
	var err error
	if name != "Local" { // the zone of this machine is no fact of the case
		in.loc, err = in.zones(name)
	}
	if err != nil || in.loc == nil {
		in.loc = nil
		in.fail("unknown_zone", "The time zone is not in the IANA database.", "timezone")
	}
	return in.loc
}

// dates reads a list of days.
func (in *input) dates(names ...string) []calendar.Date {
	raw, name := in.fact(names...)
	if raw == "" {
		return nil
	}
	list, ok := elements(raw)
	if !ok {
		in.fail("bad_value", "A list is needed.", name)
		return nil
	}
	days := make([]calendar.Date, 0, len(list))
	for _, e := range list {
		s, ok := text(e)
		if !ok {
			in.fail("bad_date", "A date is a text written as YYYY-MM-DD.", name)
		}
		days = append(days, in.parseDate(s, name))
	}
	return days
}

func (in *input) strings(names ...string) []string {
	raw, name := in.fact(names...)
	if raw == "" {
		return nil
	}
	list, ok := elements(raw)
	if !ok {
		in.fail("bad_value", "A list is needed.", name)
	}
	texts := make([]string, 0, len(list))
	for _, e := range list {
		s, ok := text(e)
		if !ok {
			in.fail("bad_value", "The list holds texts.", name)
		}
		texts = append(texts, s)
	}
	return texts
}

// objects reads a list of objects, or one object as a list of one.
func (in *input) objects(names ...string) []*input {
	raw, name := in.fact(names...)
	if raw == "" {
		return nil
	}
	if raw[0] == '{' {
		return []*input{in.child(raw, name, -1)}
	}
	list, ok := elements(raw)
	if !ok {
		in.fail("bad_value", "A list is needed.", name)
	}
	children := make([]*input, 0, len(list))
	for i, e := range list {
		children = append(children, in.child(e, name, i))
	}
	return children
}

func (in *input) child(raw, name string, no int) *input {
	c := in.room.input()
	c.parent, c.name, c.no, c.zones, c.room = in, name, no, in.zones, in.room
	if in.has("timezone", "zone") {
		c.loc = in.zone()
	}
	c.parse(raw)
	return c
}

// done fails when a field was not read, or with the first failure.
func (in *input) done() error {
	if in.err != nil {
		return in.err
	}
	for i, f := range in.fields {
		if in.read&(1<<i) == 0 {
			in.fail("unknown_field", "This kind does not understand the field.", printable(f.name))
			break
		}
	}
	return in.err
}

// adopt takes over a child's failure once it is read.
func (in *input) adopt(child *input) {
	if err := child.done(); err != nil && in.err == nil {
		in.err = err
	}
}

// printable keeps an unknown field's name out of the answer unless it looks like a field name: it may hold anything.
func printable(name string) string {
	if len(name) > 64 {
		return ""
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return ""
		}
	}
	return name
}

// text decodes a raw JSON string; ok is false when it is none.
func text(raw string) (s string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], true
	}
	return escaped(raw)
}

// escaped is apart from text, since decoding puts its result on the heap.
func escaped(raw string) (s string, ok bool) {
	err := json.Unmarshal([]byte(raw), &s)
	return s, err == nil
}
