package rest

import (
	"context"
	"slices"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Restrict writes the map's mark into rows that do not carry it, or clears it.
func (s *System) Restrict(ctx context.Context, order connectors.Restriction) (int, error) {
	r := order.Node.Collection.Restrict
	if r == nil {
		return 0, models.Errorf(models.Unsupported, connectors.CodeNoRestrict, "The data map does not say how rows of %s are restricted.", order.Node.Address)
	}
	c, err := s.collection(order.Node)
	if err != nil {
		return 0, err
	}
	if err := c.known(order.Node, order.Node.Key, []string{r.Column}); err != nil {
		return 0, err
	}
	f := c.Fields[r.Column]
	set, okSet := f.mark(r.Set, order.At)
	clear, okClear := f.mark(r.Clear, order.At)
	if !okSet || !okClear || !writable(f.target()) {
		return 0, mismatch("The field %s.%s cannot hold the mark of a restriction.", order.Node.Address, r.Column)
	}
	cleared := func(row found) bool { return f.same(c.row(row.raw, []string{r.Column}).Values[0], clear) }
	done, err := s.change(ctx, order.Node, order.Keys, func(row found) (map[string]datamap.Value, error) {
		switch {
		case order.Lift:
			return map[string]datamap.Value{r.Column: clear}, nil
		case !cleared(row):
			return nil, nil // the first mark stays
		}
		return map[string]datamap.Value{r.Column: set}, nil
	})
	if err != nil {
		return 0, err
	}
	return s.carrying(ctx, order.Node, order.Keys, done, func(row found) bool { return cleared(row) == order.Lift })
}

// same reports whether two values of the field are equal. One that cannot be of the field's type equals none.
func (f *field) same(a, b datamap.Value) bool {
	one, okOne := f.canon(a, false)
	two, okTwo := f.canon(b, false)
	return okOne && okTwo && one == two && (a.Kind() == datamap.KindArray) == (b.Kind() == datamap.KindArray)
}

// carrying asks the API again, and counts the rows that are as they should be: some APIs take a field that they do not know, and say 200.
func (s *System) carrying(ctx context.Context, node *datamap.Node, keys []datamap.Key, done *changes, as func(found) bool) (int, error) {
	n := 0
	err := s.each(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys}, func(f found) error {
		if as(f) {
			n++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, done.refuse(node)
}

// mark is what a restriction writes, in the field's type.
func (f *field) mark(value *string, at time.Time) (datamap.Value, bool) {
	switch {
	case value == nil:
		return datamap.Null, true
	case *value != datamap.SetNow:
		return f.convert(datamap.Text(*value))
	case f.Type == "bool":
		return f.convert(datamap.Text("true"))
	case f.Type == "date":
		return f.convert(datamap.Text(at.UTC().Format(time.DateOnly)))
	case f.Type == "datetime":
		return f.convert(datamap.Text(at.UTC().Format("2006-01-02T15:04:05")))
	}
	return f.convert(datamap.Text(at.UTC().Format(time.RFC3339)))
}

// Rectify writes values into rows that do not have them.
func (s *System) Rectify(ctx context.Context, order connectors.Rectification) (int, error) {
	if len(order.Keys) > connectors.MaxBatch {
		return 0, tooMany()
	}
	c, err := s.collection(order.Node)
	if err != nil {
		return 0, err
	}
	if err := c.known(order.Node, order.Node.Key); err != nil {
		return 0, err
	}
	values := map[string]datamap.Value{}
	for _, set := range order.Set {
		if err := c.known(order.Node, []string{set.Field}); err != nil {
			return 0, err
		}
		described, f := order.Node.Field(set.Field), c.Fields[set.Field]
		v, ok := f.convert(set.Value)
		switch {
		case slices.Contains(order.Node.Key, set.Field), described != nil && (described.PrimaryKey || described.ReadOnly):
			return 0, mismatch("The field %s.%s identifies the row or is read only, and cannot be corrected.", order.Node.Address, set.Field)
		case !ok || !writable(f.target()):
			return 0, mismatch("The field %s.%s cannot hold the value.", order.Node.Address, set.Field)
		}
		values[set.Field] = v
	}
	done, err := s.change(ctx, order.Node, order.Keys, func(found) (map[string]datamap.Value, error) { return values, nil })
	if err != nil {
		return 0, err
	}
	return s.carrying(ctx, order.Node, order.Keys, done, func(row found) bool {
		for name, v := range values {
			if !c.Fields[name].same(c.row(row.raw, []string{name}).Values[0], v) {
				return false
			}
		}
		return true
	})
}

// refuse is an error when the API would not change a row, since a count alone would hide it.
func (c *changes) refuse(node *datamap.Node) error {
	if len(c.blocked) == 0 {
		return nil
	}
	return models.Errorf(models.Conflict, c.blocked[0].Code, "The system refuses to change %d rows of %s.", len(c.blocked), node.Address)
}
