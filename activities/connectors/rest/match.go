package rest

import (
	"strconv"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// matcher tells which rows of an answer were asked for.
type matcher struct {
	names  []string
	fields []*field
	fold   bool
	wanted map[string]bool
	keys   []datamap.Key // each once, and only those that a row can have
}

func newMatcher(c *collection, q connectors.Query) *matcher {
	m := &matcher{names: q.Fields, fold: q.Fold, wanted: map[string]bool{}}
	for _, name := range q.Fields {
		m.fields = append(m.fields, c.Fields[name])
	}
	for _, key := range q.Keys {
		if id, ok := m.id(key); ok && !m.wanted[id] {
			m.wanted[id] = true
			m.keys = append(m.keys, key)
		}
	}
	return m
}

// id is the form in which keys are compared; false when no row can have the key.
func (m *matcher) id(key datamap.Key) (string, bool) {
	var id []byte
	for i, f := range m.fields {
		c, ok := f.canon(key[i], m.fold)
		if !ok || key[i].Kind() == datamap.KindArray {
			return "", false
		}
		id = lengthened(id, c)
	}
	return string(id), true
}

func lengthened(id []byte, c string) []byte {
	id = strconv.AppendInt(id, int64(len(c)), 10)
	return append(append(id, ':'), c...)
}

// match is the id of the key that a row has, "" when it has none that was asked for. An array has each of its elements.
func (m *matcher) match(row any) string {
	ids := []string{""}
	for _, f := range m.fields {
		v, _ := at(row, f.Path) // nothing there is NULL
		value := f.decode(v)
		elements := []datamap.Value{value}
		if value.Kind() == datamap.KindArray {
			elements = value.Elements()
		}
		var longer []string
		for _, e := range elements {
			c, ok := f.canon(e, m.fold)
			if !ok {
				continue
			}
			for _, id := range ids {
				longer = append(longer, string(lengthened([]byte(id), c)))
			}
		}
		ids = longer
	}
	for _, id := range ids {
		if m.wanted[id] {
			return id
		}
	}
	return ""
}

// values are a key's by the names of its fields, in the form in which they are asked for.
func (m *matcher) values(key datamap.Key) map[string]datamap.Value {
	values := map[string]datamap.Value{}
	for i, name := range m.names {
		v := key[i]
		if converted, ok := m.fields[i].convert(v); ok {
			v = converted
		}
		if m.fold && !v.IsNull() {
			v = datamap.Text(datamap.Fold(datamap.IdentityEmail, v.Text()))
		}
		values[name] = v
	}
	return values
}
