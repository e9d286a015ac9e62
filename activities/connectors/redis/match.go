package redis

import (
	"strings"

	"habeas/models/datamap"
)

// matcher knows the keys that are looked for, by their texts.
type matcher struct {
	columns []*column
	fold    bool
	wanted  map[string]int // index of the first such key
}

func newMatcher(columns []*column, keys []datamap.Key, fold bool) *matcher {
	m := &matcher{columns: columns, fold: fold, wanted: map[string]int{}}
	for i, key := range keys {
		if len(key) != len(columns) {
			continue
		}
		for _, form := range m.forms(key) {
			if _, twice := m.wanted[form]; !twice {
				m.wanted[form] = i
			}
		}
	}
	return m
}

// find is the index of the key that the row has, if it has one.
func (m *matcher) find(row datamap.Key) (int, bool) {
	for _, form := range m.forms(row) {
		if i, ok := m.wanted[form]; ok {
			return i, true
		}
	}
	return 0, false
}

// forms are the texts under which a key is known: one for each element, where a value is an array, and one for an array as a whole.
func (m *matcher) forms(key datamap.Key) []string {
	list := []string{""}
	for _, v := range key {
		texts := []string{"n"}
		if !v.IsNull() {
			texts = nil
			for _, e := range v.Elements() {
				if !e.IsNull() {
					texts = append(texts, "v"+m.form(e))
				}
			}
			if v.Kind() == datamap.KindArray {
				texts = append(texts, "a"+v.Text())
			}
		}
		var longer []string
		for _, prefix := range list {
			for _, t := range texts {
				longer = append(longer, prefix+t+"\x00")
			}
		}
		list = longer
	}
	return list
}

// form is the same for equal values of different kinds: 7, "7" and 7.00.
func (m *matcher) form(v datamap.Value) string {
	text := v.Text()
	if m.fold {
		return datamap.Fold(datamap.IdentityEmail, text)
	}
	if v.Kind() == datamap.KindDecimal {
		if before, after, ok := strings.Cut(text, "."); ok && strings.Trim(after, "0") == "" {
			return before
		}
	}
	return text
}

// direct are the names of the keys that the values ask for; false when the columns leave the name open.
func (c *collection) direct(columns []*column, keys []datamap.Key) ([]string, bool) {
	at := make([]int, len(c.pattern.names))
	byName := -1
	for i := range at {
		at[i] = -1
	}
	for i, col := range columns {
		switch {
		case col.part >= 0:
			at[col.part] = i
		case col.field == keyField:
			byName = i
		}
	}
	for _, i := range at {
		if i < 0 && byName < 0 {
			return nil, false
		}
	}
	names := []string{}
	for _, key := range keys {
		if len(key) != len(columns) {
			continue
		}
		name, ok := key[max(byName, 0)].Text(), byName >= 0
		if !ok {
			values := make([]string, len(at))
			for i, j := range at {
				values[i] = key[j].Text()
			}
			name, ok = c.pattern.key(values)
		}
		if _, fits := c.pattern.values(name); ok && fits {
			names = append(names, name)
		}
	}
	return names, true
}
