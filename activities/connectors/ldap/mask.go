package ldap

import (
	"slices"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// masking is what one attribute is overwritten with.
type masking struct {
	datamap.Mask
	column *column
	text   string // what replace writes, or what remove leaves instead of nothing, in the attribute's syntax
}

// mask prepares a mask, and refuses one that no value of the attribute could be given.
func (s *System) mask(c *collection, col *column, m datamap.Mask) (masking, error) {
	made := masking{Mask: m, column: col}
	cannot := func(what string) (masking, error) {
		return made, mismatch("The field %s.%s %s.", c.Address, m.Field, what)
	}
	if col.dn || col.fixed {
		return cannot("is written by the directory itself and cannot be masked")
	}
	switch m.Method {
	case datamap.FieldNull:
		return made, nil
	case datamap.FieldReplace, datamap.FieldRemove:
		if m.Value == "" && m.Method == datamap.FieldRemove {
			return made, nil
		}
		text, ok := col.encode(datamap.Text(m.Value))
		if made.text = text; !ok {
			return cannot("cannot hold the value that is to replace it")
		}
		return made, nil
	case datamap.FieldHash, datamap.FieldHMAC, datamap.FieldEncrypt, datamap.FieldRandom, datamap.FieldFormat:
		if col.names() {
			return cannot("holds names of entries, which only null, replace and remove can erase")
		}
		_, err := s.maker.Value(m, mask.Place{Address: c.Address}, specimen(col.kind()))
		return made, err
	default:
		return made, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The field %s.%s cannot be erased by %s.", c.Address, m.Field, m.Method)
	}
}

// specimen is some value of a kind.
func specimen(k datamap.Kind) datamap.Value {
	text := map[datamap.Kind]string{
		datamap.KindInt: "12", datamap.KindBool: "true", datamap.KindTimestamp: "2024-01-02T03:04:05Z", datamap.KindUUID: "00000000-0000-4000-8000-000000000000",
	}[k]
	if text == "" {
		text = "some"
	}
	return datamap.NewValue(k, text)
}

// changes are what an entry lacks to be masked, in one request; fixed is a field that the entry's name holds.
func (b *batch) changes(key datamap.Key, e *driver.Entry) (list []driver.Change, fixed string, err error) {
	for _, m := range b.masks {
		if _, err := b.values(m.column, e); err != nil { // only a part of them
			return nil, "", err
		}
		changes, err := b.change(key, m, e)
		if err != nil {
			return nil, "", err
		}
		if len(changes) > 0 && b.inName(m.column, e.DN) {
			return nil, m.Field, nil
		}
		list = append(list, changes...)
	}
	return list, "", nil
}

// change masks an attribute under each of the options that it has in the entry. A replacement stands once, without options.
func (b *batch) change(key datamap.Key, m masking, e *driver.Entry) ([]driver.Change, error) {
	var list []driver.Change
	written := false
	for _, a := range e.Attributes {
		if !m.column.is(b.schema, a.Name) || len(a.Values) == 0 {
			continue
		}
		left, err := b.left(key, m, a.Values)
		if err != nil {
			return nil, err
		}
		if m.Method == datamap.FieldReplace && !equalNames(a.Name, m.column.asked) {
			left = nil
		}
		written = written || m.Method == datamap.FieldReplace && len(left) > 0
		list = append(list, m.change(a, left)...)
	}
	if m.Method == datamap.FieldReplace && !written {
		list = append(list, replace(m.column.asked, []string{m.text}))
	}
	return list, nil
}

// left are the values that the mask leaves of an attribute's, each once.
func (b *batch) left(key datamap.Key, m masking, raw []string) ([]string, error) {
	var list []string
	add := func(text string) {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	switch m.Method {
	case datamap.FieldNull:
	case datamap.FieldReplace:
		add(m.text)
	case datamap.FieldRemove:
		return m.kept(raw)
	default:
		at := mask.Place{Address: b.Address, Row: key}
		for _, r := range raw {
			v, err := b.system.maker.Value(m.Mask, at, m.column.decodeOne(r))
			if err != nil {
				return nil, err
			}
			text, ok := m.column.encode(v)
			if !ok {
				return nil, mismatch("The field %s.%s cannot hold what is to replace its value.", b.Address, m.Field)
			}
			if m.column.same(r, text) {
				text = r // in the form in which it stands
			}
			add(text)
		}
	}
	return list, nil
}

// kept are the values that are not the person's. Names of entries are compared as names.
func (m masking) kept(raw []string) ([]string, error) {
	if m.Elements == nil {
		return nil, models.Errorf(models.Invalid, "mask_impossible", "Nobody has said which elements of the field are the person's.")
	}
	list := slices.DeleteFunc(slices.Clone(raw), func(r string) bool {
		return slices.ContainsFunc(m.Elements, func(e datamap.Value) bool {
			text, ok := m.column.encode(e)
			return ok && m.column.same(r, text)
		})
	})
	if len(list) == 0 && len(raw) > 0 && m.text != "" {
		list = []string{m.text}
	}
	return list, nil
}

// change brings an attribute from its values to those that are left. Elements are removed one by one where the server can compare them,
// so that an element which somebody adds meanwhile stays.
func (m masking) change(a *driver.EntryAttribute, left []string) []driver.Change {
	if slices.Equal(a.Values, left) {
		return nil
	}
	if m.Method != datamap.FieldRemove || m.column.equality == "" || slices.Equal(left, []string{m.text}) {
		return []driver.Change{replace(a.Name, left)}
	}
	gone := slices.DeleteFunc(slices.Clone(a.Values), func(r string) bool { return slices.Contains(left, r) })
	return []driver.Change{{Operation: driver.DeleteAttribute, Modification: driver.PartialAttribute{Type: a.Name, Vals: gone}}}
}

func replace(name string, values []string) driver.Change {
	return driver.Change{Operation: driver.ReplaceAttribute, Modification: driver.PartialAttribute{Type: name, Vals: values}}
}
