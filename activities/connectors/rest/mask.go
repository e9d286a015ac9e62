package rest

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// masks are an order's, with their fields found.
type masks struct {
	maker mask.Maker
	node  *datamap.Node
	list  []datamap.Mask
}

func (s *System) masks(order connectors.Erasure) (*collection, *masks, error) {
	c, err := s.collection(order.Node)
	if err != nil {
		return nil, nil, err
	}
	if err := c.known(order.Node, order.Node.Key); err != nil {
		return nil, nil, err
	}
	for _, m := range order.Masks {
		if err := c.maskable(order.Node, m); err != nil {
			return nil, nil, err
		}
	}
	return c, &masks{s.maker, order.Node, order.Masks}, nil
}

// maskable fails when a field cannot be masked as the map says.
func (c *collection) maskable(node *datamap.Node, m datamap.Mask) error {
	if err := c.known(node, []string{m.Field}); err != nil {
		return err
	}
	f := c.Fields[m.Field]
	if !writable(f.target()) {
		return models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The field %s.%s is part of a list and cannot be masked by itself.", node.Address, m.Field)
	}
	kind := kindOf[f.Type]
	text := kind == "" || kind == datamap.KindText
	switch m.Method {
	case datamap.FieldReplace:
		if _, ok := f.convert(datamap.Text(m.Value)); !ok {
			return mismatch("The field %s.%s cannot hold the value that is to replace it.", node.Address, m.Field)
		}
	case datamap.FieldHash, datamap.FieldHMAC, datamap.FieldEncrypt:
		if !text || f.Length > 0 && f.Length < mask.Needs(m) {
			return mismatch("The field %s.%s cannot hold what %s writes.", node.Address, m.Field, m.Method)
		}
	default: // emptied, or as long and of the kind that the field has
	}
	return nil
}

func (m *masks) place(c *collection, raw any, field string) mask.Place {
	return mask.Place{Address: m.node.Address, Row: datamap.Key(c.row(raw, m.node.Key).Values), Length: c.Fields[field].Length}
}

// values are a row's masked fields.
func (m *masks) values(c *collection, raw any) (map[string]datamap.Value, error) {
	values := map[string]datamap.Value{}
	for _, one := range m.list {
		was := c.row(raw, []string{one.Field}).Values[0]
		if done, err := m.done(c, raw, one, was); err != nil || done {
			values[one.Field] = was
			if err != nil {
				return nil, err
			}
			continue
		}
		v, err := m.maker.Value(one, m.place(c, raw, one.Field), was)
		if err != nil {
			return nil, err
		}
		values[one.Field] = c.Fields[one.Field].typed(v)
	}
	return values, nil
}

// done reports whether a mask is in effect; a fixed value is compared in the field's type.
func (m *masks) done(c *collection, raw any, one datamap.Mask, was datamap.Value) (bool, error) {
	if one.Method != datamap.FieldReplace {
		return m.maker.Effective(one, m.place(c, raw, one.Field), was)
	}
	return c.Fields[one.Field].same(was, datamap.Text(one.Value)), nil
}

// Left asks the API again, and counts the rows that are still there, or have a field that is not masked.
func (s *System) Left(ctx context.Context, order connectors.Erasure) (int, error) {
	if order.Delete {
		return s.Count(ctx, connectors.Query{Node: order.Node, Fields: order.Node.Key, Keys: order.Keys})
	}
	c, masks, err := s.masks(order)
	if err != nil {
		return 0, err
	}
	left := 0
	err = s.each(ctx, connectors.Query{Node: order.Node, Fields: order.Node.Key, Keys: order.Keys}, func(f found) error {
		for _, m := range order.Masks {
			done, err := masks.done(c, f.raw, m, c.row(f.raw, []string{m.Field}).Values[0])
			if err != nil {
				return err
			}
			if !done {
				left++
				break
			}
		}
		return nil
	})
	return left, err
}
