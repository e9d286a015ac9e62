package activities

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// nameElements tells the masks of an order that remove elements which ones: those by which the field refers to rows that are the person's
// alone. These are known from the request's located rows, also when the rows themselves have gone.
func (a *Activities) nameElements(ctx context.Context, id models.ID, order *connectors.Erasure) error {
	order.Masks = slices.Clone(order.Masks)
	for i := range order.Masks {
		m := &order.Masks[i]
		if m.Method != datamap.FieldRemove {
			continue
		}
		m.Elements = []datamap.Value{}
		for _, ref := range order.Node.Field(m.Field).References {
			err := a.deps.Store.Found(id).Each(ctx, ref.Target(), func(r datamap.FoundRow) error {
				if v, ok := r.Links.Get(ref.Field); ok && r.Owned && !r.Shared {
					m.Elements = append(m.Elements, v.Elements()...)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
