package activities

import (
	"context"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/plan/mapped"
	"habeas/models/request"
	"habeas/models/store"
)

// copiesOfAGroup bounds how many rows of a group are copied for the DPO to look at.
const copiesOfAGroup = 500

// keepValues copies the rows about which a person has to decide, so that they can be looked at: those that another person shares, and those in
// which something is to be corrected. The copies are sealed with the request's key and go when the plan is decided.
func (a *Activities) keepValues(ctx context.Context, p plan.Plan) error {
	for _, g := range p.Groups {
		if len(g.Fields) == 0 || g.Reason == plan.ReasonNotPortable || g.By != "" || a.deps.Queues[g.System] != "" {
			continue // there is nothing to show, or another worker would have to fetch it; the page says so
		}
		if err := a.keepGroup(ctx, p, g); err != nil {
			return err
		}
	}
	return nil
}

func (a *Activities) keepGroup(ctx context.Context, p plan.Plan, g plan.Group) error {
	t, err := a.targetIn(ctx, p, g.No)
	if err != nil {
		return err
	}
	exporter, err := connectors.As[connectors.Exporter](t.system, "export")
	if models.KindOf(err) == models.Unsupported {
		return nil // there is nothing to show; the page says so
	}
	if err != nil {
		return err
	}
	rows, err := a.deps.Store.RowsOf(ctx, p.RequestID, g.No, 0, copiesOfAGroup)
	if err != nil || len(rows) == 0 {
		return err
	}
	var kept []datamap.Key
	var values []datamap.Row
	err = exporter.Export(ctx, t.node, keys(rows), t.node.FieldNames(), func(row datamap.Row) error {
		kept = append(kept, slices.Clone(row.Pick(t.node.Key)))
		values = append(values, datamap.Row{Columns: row.Columns, Values: slices.Clone(row.Values)})
		return nil
	})
	if err != nil {
		return err
	}
	alive(ctx)
	return a.deps.Store.KeepValues(ctx, p.RequestID, t.node.Address, kept, values)
}

// knownIdentities are the person's own identities, folded.
func knownIdentities(s request.Subject) map[string]bool {
	known := map[string]bool{}
	for _, i := range s.Identities {
		known[datamap.Fold(i.Kind, i.Value.Reveal())] = true
	}
	return known
}

// redacted reports whether a field is blanked in a copy of a shared row, but for the person's own identities: each that identifies somebody, and those
// that the DPO marked, or else all that may tell of the other person.
func redacted(n *datamap.Node, g plan.Group, f *datamap.Field) bool {
	if len(g.Marked) > 0 && f.Identity == "" {
		return slices.Contains(g.Marked, f.Name)
	}
	return mapped.Foreign(n, f)
}

// orders are the erasures of a batch. Of rows that another person shares and that are to be masked, only the subject's own fields are: those that
// hold one of the subject's identities, which may differ from row to row, and those that the DPO marked.
func (a *Activities) orders(ctx context.Context, id models.ID, t target, step datamap.Step, rows []store.LocatedRow) ([]batchOrder, error) {
	if t.own == nil {
		return []batchOrder{{rows, t.order(step, rows)}}, nil
	}
	details, err := a.deps.Store.Details(ctx, id, t.node.Address, keys(rows))
	if err != nil {
		return nil, err
	}
	var out []batchOrder
	at := map[string]int{}
	for n, r := range rows {
		masks := t.ownMasks(details[n])
		var names strings.Builder
		for _, m := range masks {
			names.WriteString(m.Field + "\x00")
		}
		i, ok := at[names.String()]
		if !ok {
			i = len(out)
			at[names.String()] = i
			out = append(out, batchOrder{order: connectors.Erasure{Node: t.node, Masks: masks}})
		}
		out[i].rows = append(out[i].rows, r)
		out[i].order.Keys = append(out[i].order.Keys, r.Row.Key)
	}
	return out, nil
}

// inOrders calls fn with the erasures of each batch; rows in which nothing is to be erased are kept.
func (a *Activities) inOrders(
	ctx context.Context, id models.ID, t target, step datamap.Step, fn func([]store.LocatedRow, connectors.Erasure) error,
) func([]store.LocatedRow) error {
	return func(rows []store.LocatedRow) error {
		orders, err := a.orders(ctx, id, t, step, rows)
		if err != nil {
			return err
		}
		for _, o := range orders {
			if o.empty() {
				err = a.deps.Store.MarkRows(ctx, id, ids(o.rows), store.RowKept)
			} else {
				err = fn(o.rows, o.order)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// batchOrder is an erasure with the located rows that it is for. An order without masks is for rows in which nothing is the subject's.
type batchOrder struct {
	rows  []store.LocatedRow
	order connectors.Erasure
}

func (o batchOrder) empty() bool { return !o.order.Delete && len(o.order.Masks) == 0 }

// ownMasks overwrites the subject's own fields of a row as the map says, by NULL where it says nothing.
func (t target) ownMasks(row datamap.FoundRow) []datamap.Mask {
	byMap := t.node.Masks()
	var out []datamap.Mask
	for i := range t.node.Fields {
		f := &t.node.Fields[i]
		own := slices.Contains(t.group.Marked, f.Name) || f.Erase == datamap.FieldRemove // which takes out the subject's elements only
		if f.Identity != "" && !f.PrimaryKey && !f.ReadOnly {
			v, _ := row.Links.Get(f.Name)
			own = own || t.own[datamap.Fold(f.Identity, v.Text())]
		}
		if !own {
			continue
		}
		mask := datamap.Mask{Field: f.Name, Method: datamap.FieldNull}
		if j := slices.IndexFunc(byMap, func(m datamap.Mask) bool { return m.Field == f.Name }); j >= 0 {
			mask = byMap[j]
		}
		out = append(out, mask)
	}
	return out
}

// proofs are the erasures that must be in effect for a batch.
func (a *Activities) proofs(ctx context.Context, id models.ID, t target, rows []store.LocatedRow) ([]connectors.Erasure, error) {
	if t.own == nil {
		return t.proofs(rows), nil
	}
	orders, err := a.orders(ctx, id, t, datamap.Step{Node: t.node}, rows)
	var out []connectors.Erasure
	for _, o := range orders {
		if !o.empty() {
			out = append(out, o.order)
		}
	}
	return out, err
}
