package staff

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/templates"
)

// sheet is one form while it is read: its fields with what was typed, the case that they make and what is wrong with them.
type sheet struct {
	q      url.Values
	kind   string
	eval   func([]byte) []byte
	parts  []templates.RulePart
	input  members
	fields map[string]string // the input of the form by the field of the case
	errors []templates.RuleError
	typed  bool           // a date was given
	zone   *time.Location // of the controller; nil when there is none
	codes  []string       // of the rules that are applied
	oldest int            // first year that is accepted
}

// Years that the page accepts: a calendar keeps each year that it was asked for. A document may be older than the GDPR; no calendar is
// asked for it.
const firstYear, lastYear, oldestDocument = 2018, 2200, 1900

// member is one field of a case.
type member struct {
	name  string
	value any
}

// members is a case's input, written in the order in which the form asks for it.
type members []member

// MarshalJSON writes the members as one object.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// set puts a value into the case unless it is empty; id is the input that it came from.
func (s *sheet) set(field, id string, value any) {
	s.fields[field] = id
	if value != "" && value != nil {
		s.input = append(s.input, member{field, value})
	}
}

// part begins a group of fields.
func (s *sheet) part(key string) {
	s.parts = append(s.parts, templates.RulePart{Key: key})
}

// folded begins a group of fields that are not always needed.
func (s *sheet) folded(key string) {
	s.parts = append(s.parts, templates.RulePart{Key: key, Folded: true})
}

// choose ends a group with a button that loads the form again.
func (s *sheet) choose(key string) { s.parts[len(s.parts)-1].Choose = key }

func (s *sheet) add(f templates.RuleField) {
	p := &s.parts[len(s.parts)-1]
	p.Fields = append(p.Fields, f)
	p.Open = p.Open || f.Type != "select" && (f.Value != "" || f.Checked)
}

// typedText is what was typed into a field.
func (s *sheet) typedText(id string) string { return strings.TrimSpace(s.q.Get(id)) }

// date adds a date field and returns what was typed. What is no date comes back in a field that can hold it.
func (s *sheet) date(id, key, label string) string {
	v := s.typedText(id)
	f := templates.RuleField{ID: id, Key: key, Label: label, Type: "date", Value: v, Min: s.first() + "-01-01", Max: strconv.Itoa(lastYear) + "-12-31"}
	if v != "" {
		s.typed = true
		d, err := calendar.ParseDate(v)
		if err != nil {
			f.Type = "text"
			s.fail(id, err)
		} else {
			s.year(id, d.Year)
		}
	}
	s.add(f)
	return v
}

func (s *sheet) first() string { return strconv.Itoa(s.oldest) }

func (s *sheet) year(id string, year int) {
	if year < s.oldest || year > lastYear {
		s.fail(id, models.Errorf(models.Invalid, "date_out_of_range", "On this page the year is between %d and %d.", s.oldest, lastYear))
	}
}

// choice adds a list. A value that it does not hold is kept, for the rules to refuse.
func (s *sheet) choice(id, otherwise string, groups []templates.RuleGroup) string {
	v := s.typedText(id)
	if !s.q.Has(id) {
		v = otherwise
	}
	known := false
	for _, g := range groups {
		for i := range g.Options {
			g.Options[i].Selected = g.Options[i].Value == v
			known = known || g.Options[i].Selected
		}
	}
	if !known && v != "" {
		groups = append(groups, templates.RuleGroup{Options: []templates.Option{{Value: v, Label: v, Selected: true}}})
	}
	s.add(templates.RuleField{ID: id, Key: id, Type: "select", Options: groups})
	if p := &s.parts[len(s.parts)-1]; v != otherwise {
		p.Open = true
	}
	return v
}

// beside puts the last two fields beside each other.
func (s *sheet) beside() {
	fields := s.parts[len(s.parts)-1].Fields
	for i := len(fields) - 2; i < len(fields); i++ {
		fields[i].Half = true
	}
}

func (s *sheet) check(id string) bool {
	on := s.q.Get(id) == "yes"
	s.add(templates.RuleField{ID: id, Key: id, Type: "check", Checked: on})
	return on
}

// zoneChoice adds the list of time zones and remembers the one that was chosen as the case's.
func (s *sheet) zoneChoice(otherwise string) {
	name := s.choice("timezone", otherwise, zoneGroups(otherwise))
	s.set("timezone", "timezone", name)
	loc, err := loadZone(name)
	if err != nil {
		s.fail("timezone", err)
	}
	s.zone = loc
}

// instant adds a field for a local time and returns it with its offset, as the zone had it then.
func (s *sheet) instant(id, key, label string, zone *time.Location) string {
	v := s.typedText(id)
	f := templates.RuleField{ID: id, Key: key, Label: label, Type: "datetime-local", Value: v, Min: s.first() + "-01-01T00:00", Max: strconv.Itoa(lastYear) + "-12-31T23:59"}
	var wall time.Time
	ok := false
	if v != "" {
		s.typed = true
		if wall, ok = parseLocal(v); ok {
			s.year(id, wall.Year())
		} else {
			f.Type = "text"
			s.fail(id, models.Errorf(models.Invalid, "bad_instant", "The time does not exist; write it as 2026-03-31T22:30."))
		}
	}
	s.add(f)
	if !ok || zone == nil {
		return ""
	}
	return s.place(id, wall, zone)
}

// place finds the instant of a local time. A time that the clocks jumped over has none; one that they showed twice has two, and the
// person says which: it is never guessed.
func (s *sheet) place(id string, wall time.Time, zone *time.Location) string {
	found := instants(wall, zone)
	switch len(found) {
	case 0:
		s.fail(id, models.Errorf(models.Invalid, "bad_instant", "That time does not exist in the zone: the clocks went forward then."))
		return ""
	case 1:
		return found[0].Format(time.RFC3339)
	}
	pick := id + "_offset"
	group := templates.RuleGroup{Options: []templates.Option{{Label: "–"}}}
	for _, at := range found {
		group.Options = append(group.Options, templates.Option{Value: at.Format("-07:00"), Label: at.Format("15:04:05 -07:00 MST")})
	}
	chosen := s.typedText(pick)
	for i := range group.Options {
		group.Options[i].Selected = group.Options[i].Value == chosen
	}
	s.add(templates.RuleField{ID: pick, Key: "offset", Type: "select", Options: []templates.RuleGroup{group}})
	for _, at := range found {
		if at.Format("-07:00") == chosen {
			return at.Format(time.RFC3339)
		}
	}
	s.fail(pick, models.Errorf(models.Invalid, "ambiguous_time", "The clocks showed that time twice, since they went back: choose which one."))
	return ""
}

// parseLocal reads a local time as browsers write it; its zone is UTC and means nothing.
func parseLocal(v string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// instants lists the instants at which clocks in zone show the local time, the earlier first.
func instants(wall time.Time, zone *time.Location) (found []time.Time) {
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(near).In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, o := at.Zone(); o == offset && !slices.ContainsFunc(found, at.Equal) {
			found = append(found, at)
		}
	}
	slices.SortFunc(found, time.Time.Compare)
	return found
}

// fail notes what is wrong with a field, once.
func (s *sheet) fail(id string, err error) {
	for _, e := range s.errors {
		if e.Field == id && id != "" {
			return
		}
	}
	e := templates.RuleError{Field: id, Code: "internal", Message: "The case could not be computed."}
	if known, ok := errors.AsType[*models.Error](err); ok {
		e.Code, e.Message = known.Code, known.Message
	}
	s.errors = append(s.errors, e)
}

// marked puts the errors beside their fields and lists them; an error of a field that the form does not show stands alone.
func (s *sheet) marked() []templates.RuleError {
	for i := range s.errors {
		e := &s.errors[i]
		found := false
		for p := range s.parts {
			for f := range s.parts[p].Fields {
				if field := &s.parts[p].Fields[f]; field.ID == e.Field {
					field.Error, s.parts[p].Open, found = e, true, true
				}
			}
		}
		if !found {
			e.Field = ""
		}
	}
	return s.errors
}
