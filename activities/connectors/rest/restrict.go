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
	done, err := s.change(ctx, order.Node, order.Keys, func(row found) (map[string]datamap.Value, error) {
		now := c.row(row.raw, []string{r.Column}).Values[0]
		marked, _ := f.canon(now, false) // what cannot be converted is no cleared mark
		cleared, _ := f.canon(clear, false)
		switch {
		case order.Lift:
			return map[string]datamap.Value{r.Column: clear}, nil
		case marked != cleared:
			return nil, nil // the first mark stays
		}
		return map[string]datamap.Value{r.Column: set}, nil
	})
	if err != nil {
		return 0, err
	}
	return len(done.changed), done.refuse(order.Node)
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
	return len(done.changed), done.refuse(order.Node)
}

// refuse is an error when the API would not change a row, since a count alone would hide it.
func (c *changes) refuse(node *datamap.Node) error {
	if len(c.blocked) == 0 {
		return nil
	}
	return models.Errorf(models.Conflict, c.blocked[0].Code, "The system refuses to change %d rows of %s.", len(c.blocked), node.Address)
}
