package rehearse

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
)

// batch is how many rows one transaction erases, as in a request.
const batch = 500

// Blocked is rows that could not be erased and are unchanged.
type Blocked struct {
	Collection string `json:"collection"`
	Code       string `json:"code"`
	Detail     string `json:"detail"`
	Rows       int    `json:"rows"`
}

// work is what the erasure did, by collection.
type work struct {
	deleted map[*datamap.Node][]datamap.Key // must be gone
	masked  map[*datamap.Node][]datamap.Key // must be masked by the collection's masks
	held    map[*datamap.Node][]heldRows    // must be masked but for what a hold covers
	blocked []Blocked
}

type heldRows struct {
	masks []datamap.Mask
	keys  []datamap.Key
}

// erase carries out the plan in the graph's order.
func (r *Rehearsal) erase(ctx context.Context) (work, error) {
	if err := r.nameMasks(ctx); err != nil {
		return work{}, err
	}
	w := work{map[*datamap.Node][]datamap.Key{}, map[*datamap.Node][]datamap.Key{}, map[*datamap.Node][]heldRows{}, nil}
	for _, step := range r.Graph.EraseOrder() {
		remove, mask := r.due(step.Node)
		if len(remove)+len(mask) == 0 {
			continue
		}
		eraser, err := r.eraser(ctx, step.Node)
		if err != nil {
			return w, err
		}
		for keys := range slices.Chunk(remove, batch) {
			if err := w.remove(ctx, eraser, step, r.masks[step.Node], keys); err != nil {
				return w, err
			}
		}
		if len(step.Loosen) > 0 {
			continue
		}
		for keys := range slices.Chunk(mask, batch) {
			outcome, err := eraser.Erase(ctx, connectors.Erasure{Node: step.Node, Keys: keys, Masks: r.masks[step.Node]})
			if err != nil {
				return w, err
			}
			w.block(step.Node, outcome.Blocked)
			w.masked[step.Node] = append(w.masked[step.Node], without(keys, outcome)...)
		}
	}
	return w, r.maskUnheld(ctx, &w)
}

func (r *Rehearsal) eraser(ctx context.Context, n *datamap.Node) (connectors.Eraser, error) {
	system, err := r.Open(ctx, n.System)
	if err != nil {
		return nil, err
	}
	return connectors.As[connectors.Eraser](system, "erase")
}

// due are the keys of the rows of a collection that are to be removed, and to be masked.
func (r *Rehearsal) due(n *datamap.Node) (remove, mask []datamap.Key) {
	for _, row := range r.rows[n] {
		switch r.groups[row.group].Treatment() {
		case models.TreatErase:
			if n.Erasure() == datamap.EraseDelete {
				remove = append(remove, row.key)
			} else {
				mask = append(mask, row.key)
			}
		case models.TreatMask:
			mask = append(mask, row.key)
		default: // stays
		}
	}
	return remove, mask
}

// remove deletes a batch; rows that something else still refers to are masked instead, as in a request.
func (w *work) remove(ctx context.Context, eraser connectors.Eraser, step datamap.Step, masks []datamap.Mask, keys []datamap.Key) error {
	n := step.Node
	if len(step.Loosen) > 0 {
		_, err := eraser.Erase(ctx, connectors.Erasure{Node: n, Keys: keys, Masks: step.Loosen})
		return err
	}
	outcome, err := eraser.Erase(ctx, connectors.Erasure{Node: n, Keys: keys, Delete: true})
	if err != nil {
		return err
	}
	w.deleted[n] = append(w.deleted[n], without(keys, outcome)...)
	var referenced []datamap.Key
	var blocked []connectors.Blocked
	for _, b := range outcome.Blocked {
		if b.Code == connectors.BlockedReferenced && len(masks) > 0 {
			referenced = append(referenced, b.Key)
		} else {
			blocked = append(blocked, b)
		}
	}
	if len(referenced) > 0 {
		second, err := eraser.Erase(ctx, connectors.Erasure{Node: n, Keys: referenced, Masks: masks})
		switch kind := models.KindOf(err); {
		case kind == models.Invalid || kind == models.Unsupported: // the fields cannot be masked: the rows stay as they are
			blocked = outcome.Blocked
		case err != nil:
			return err
		default:
			blocked = append(blocked, second.Blocked...)
			w.masked[n] = append(w.masked[n], without(referenced, second)...)
		}
	}
	w.block(n, blocked)
	return nil
}

func without(keys []datamap.Key, outcome connectors.Outcome) []datamap.Key {
	return slices.DeleteFunc(slices.Clone(keys), outcome.Blocks)
}

func (w *work) block(n *datamap.Node, list []connectors.Blocked) {
	for _, b := range list {
		one := Blocked{Collection: n.Address.String(), Code: b.Code, Detail: b.Detail}
		i := slices.IndexFunc(w.blocked, func(o Blocked) bool {
			return o.Collection == one.Collection && o.Code == one.Code && o.Detail == one.Detail
		})
		if i < 0 {
			i = len(w.blocked)
			w.blocked = append(w.blocked, one)
		}
		w.blocked[i].Rows++
	}
}

// maskUnheld masks the fields of retained rows that no hold covers.
func (r *Rehearsal) maskUnheld(ctx context.Context, w *work) error {
	for _, n := range r.Graph.Nodes {
		for i, g := range r.groups {
			if g.Name() != n.Address.String() || g.Treatment() != models.TreatRetain || len(unheld(n.Masks(), g)) == 0 {
				continue
			}
			eraser, err := r.eraser(ctx, n)
			if err != nil {
				return err
			}
			rows := heldRows{masks: unheld(r.masks[n], g)}
			for keys := range slices.Chunk(r.keysOf(n, i), batch) {
				outcome, err := eraser.Erase(ctx, connectors.Erasure{Node: n, Keys: keys, Masks: rows.masks})
				if err != nil {
					return err
				}
				w.block(n, outcome.Blocked)
				rows.keys = append(rows.keys, without(keys, outcome)...)
			}
			w.held[n] = append(w.held[n], rows)
		}
	}
	return nil
}

// nameMasks says of each collection how its rows are masked: what is removed from a list is what refers to rows that are the person's alone.
func (r *Rehearsal) nameMasks(ctx context.Context) error {
	r.masks = map[*datamap.Node][]datamap.Mask{}
	for _, n := range r.Graph.Nodes {
		list := n.Masks()
		for i := range list {
			if list[i].Method != datamap.FieldRemove {
				continue
			}
			elements, err := r.elements(ctx, n.Field(list[i].Field))
			if err != nil {
				return err
			}
			list[i].Elements = elements
		}
		r.masks[n] = list
	}
	return nil
}

// elements are the values by which a field refers to rows that are the person's alone.
func (r *Rehearsal) elements(ctx context.Context, f *datamap.Field) ([]datamap.Value, error) {
	list := []datamap.Value{}
	for _, ref := range f.References {
		err := r.found.Each(ctx, ref.Target(), func(row datamap.FoundRow) error {
			if v, ok := row.Links.Get(ref.Field); ok && row.Owned && !row.Shared {
				list = append(list, v.Elements()...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func unheld(masks []datamap.Mask, g plan.Group) []datamap.Mask {
	if len(g.HeldFields) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(masks), func(m datamap.Mask) bool { return slices.Contains(g.HeldFields, m.Field) })
}

func (r *Rehearsal) keysOf(n *datamap.Node, group int) []datamap.Key {
	var keys []datamap.Key
	for _, row := range r.rows[n] {
		if row.group == group {
			keys = append(keys, row.key)
		}
	}
	return keys
}

// left asks the systems for how many rows the erasure is not in effect.
func (r *Rehearsal) left(ctx context.Context, w work) (checked, left int, err error) {
	for _, n := range r.Graph.Nodes {
		orders := w.proofs(n, r.masks[n])
		if len(orders) == 0 {
			continue
		}
		system, err := r.Open(ctx, n.System)
		if err != nil {
			return checked, left, err
		}
		verifier, err := connectors.As[connectors.Verifier](system, "prove an erasure")
		if err != nil {
			return checked, left, err
		}
		for _, order := range orders {
			for keys := range slices.Chunk(order.Keys, batch) {
				order.Keys = keys
				count, err := verifier.Left(ctx, order)
				if err != nil {
					return checked, left, err
				}
				checked, left = checked+len(keys), left+count
			}
		}
	}
	return checked, left, nil
}

func (w work) proofs(n *datamap.Node, masks []datamap.Mask) []connectors.Erasure {
	var list []connectors.Erasure
	if keys := w.deleted[n]; len(keys) > 0 {
		list = append(list, connectors.Erasure{Node: n, Keys: keys, Delete: true})
	}
	if keys := w.masked[n]; len(keys) > 0 {
		list = append(list, connectors.Erasure{Node: n, Keys: keys, Masks: masks})
	}
	for _, h := range w.held[n] {
		list = append(list, connectors.Erasure{Node: n, Keys: h.keys, Masks: h.masks})
	}
	return list
}
