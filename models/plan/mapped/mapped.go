package mapped

import (
	"slices"

	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/plan"
)

// Collection is what a plan needs to know of a collection.
func Collection(n *datamap.Node) plan.Collection {
	c := plan.Collection{
		System: n.System, Dataset: n.Address.Dataset, Name: n.Address.Collection, Categories: Categories(n),
		Masked: n.Erasure() == datamap.EraseMask, Kept: n.Erasure() == datamap.EraseKeep,
	}
	for i := range n.Fields {
		c.Portable = c.Portable || n.Portable(&n.Fields[i])
	}
	for _, h := range n.Collection.Holds {
		c.Holds = append(c.Holds, plan.HoldRule{Code: h.Rule, Fields: h.Fields})
	}
	return c
}

// Categories are the data categories of a collection and its fields, each once, sorted.
func Categories(n *datamap.Node) []string {
	out := slices.Clone(n.Collection.Categories)
	for i := range n.Fields {
		out = append(out, n.Fields[i].Categories...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Row is what a plan needs to know of a located row: who shares it, and the dates that its holds count from.
func Row(n *datamap.Node, row datamap.FoundRow) plan.Row {
	out := plan.Row{Anchors: map[string]map[string]calendar.Date{}}
	if row.Shared && n.Collection.Shared != datamap.ShareKeep {
		out.SharedWith = row.Reason.Via.String()
	}
	for _, h := range n.Collection.Holds {
		dates := map[string]calendar.Date{}
		for i, d := range row.Dates(h) {
			if !d.IsZero() {
				dates[h.Anchors[i].Field] = d
			}
		}
		out.Anchors[h.Rule] = dates
	}
	return out
}

// Hold computes holds by the rules of a catalogue.
func Hold(catalogue hold.Catalogue) plan.HoldFunc {
	return func(code string, anchors map[string]calendar.Date) (plan.Hold, error) {
		rule, err := catalogue.Rule(code)
		if err != nil {
			return plan.Hold{}, err
		}
		r, err := hold.Compute(rule, anchors)
		if err != nil {
			return plan.Hold{}, err
		}
		return plan.Hold{
			Rule: code, Citation: r.Citation, Explanation: r.Explanation, Through: r.HoldThrough, ErasableFrom: r.ErasableFrom,
			ThirdCountry: r.ThirdCountry,
		}, nil
	}
}
