package walk

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// controllerStarts are the look-ups by which a controller's rows are found where each row names its controller.
func (w *Walk) controllerStarts() []Start {
	var list []Start
	for _, n := range w.Graph.Of(w.Controller) {
		if c := n.Collection.ControllerColumn; c != "" {
			list = append(list, Start{datamap.IdentityController, connectors.Query{
				Node: n, Fields: []string{c}, Keys: []datamap.Key{{datamap.Text(w.Controller)}}, Return: columns(n),
			}})
		}
	}
	return list
}

// startController adds all rows of the controller.
func (r *run) startController(ctx context.Context) error {
	for _, s := range r.controllerStarts() {
		if err := r.addOwned(ctx, s.Query, s.Query.Node.Address.String()+"."+s.Query.Fields[0]); err != nil {
			return err
		}
	}
	for _, n := range r.Graph.Of(r.Controller) {
		if n.Collection.ControllerColumn == "" && r.serves(n) && r.locators[n.System] != nil {
			if err := r.startWhole(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// startWhole adds the rows of a collection that is the controller's as a whole. They are read for their keys, and looked up by them like any others.
func (r *run) startWhole(ctx context.Context, n *datamap.Node) error {
	var keys []datamap.Key
	look := func() error {
		q := connectors.Query{Node: n, Fields: n.Key, Keys: keys, Return: columns(n)}
		keys = nil
		return r.addOwned(ctx, q, n.Address.String())
	}
	err := r.readWhole(ctx, n, func(row datamap.Row) error {
		if keys = append(keys, row.Pick(n.Key)); len(keys) < r.batch {
			return nil
		}
		return look()
	})
	if models.KindOf(err) == models.Unsupported && r.Refused != nil {
		return r.Refused(ctx, n.Address)
	}
	if err != nil || len(keys) == 0 {
		return err
	}
	return look()
}

// readWhole streams all rows of a collection's table; it fails with kind Unsupported when the system cannot be read whole.
func (r *run) readWhole(ctx context.Context, n *datamap.Node, yield func(datamap.Row) error) error {
	system, err := r.Open(ctx, n.System)
	if err != nil {
		return err
	}
	reader, err := connectors.As[connectors.Reader](system, "be read whole")
	if err != nil {
		return err
	}
	tables, err := connectors.Tables(ctx, system, 0)
	if err != nil {
		return err
	}
	table := connectors.Find(tables, n.Table)
	if table == nil {
		return models.Errorf(models.Invalid, connectors.CodeMismatch, "The system %s has no table %s.", n.System, n.Table)
	}
	return reader.Read(ctx, *table, yield)
}

// addOwned adds the rows of a look-up as the subject's. They are not own, so that another controller's rows can share them.
func (r *run) addOwned(ctx context.Context, q connectors.Query, from string) error {
	add := r.adder(ctx)
	path := []string{datamap.IdentityController + " > " + from}
	err := r.lookup(ctx, q, func(row datamap.Row) error {
		found := r.found(q.Node, row, path)
		found.Owned = true
		return add.row(found)
	})
	if err != nil {
		return err
	}
	return add.flush()
}
