package mask

import (
	"slices"

	"habeas/models/datamap"
)

// removed is v without the mask's elements, which are compared by their texts: 7 and "7" are the same. Where nothing is left, an array
// is empty and a single value NULL, unless the mask says what is to stand there.
func removed(m datamap.Mask, v datamap.Value) (datamap.Value, error) {
	if m.Elements == nil {
		return v, impossible("Nobody has said which elements of the field are the person's.")
	}
	gone := func(e datamap.Value) bool {
		return !e.IsNull() && slices.ContainsFunc(m.Elements, func(r datamap.Value) bool { return !r.IsNull() && r.Text() == e.Text() })
	}
	elements := v.Elements()
	left := slices.DeleteFunc(slices.Clone(elements), gone)
	switch {
	case len(left) == len(elements):
		return v, nil
	case len(left) == 0 && m.Value != "" && v.Kind() == datamap.KindArray:
		return datamap.Array(datamap.Text(m.Value)), nil
	case len(left) == 0 && m.Value != "":
		return datamap.Text(m.Value), nil
	case v.Kind() != datamap.KindArray:
		return datamap.Null, nil
	default:
		return datamap.Array(left...), nil
	}
}
