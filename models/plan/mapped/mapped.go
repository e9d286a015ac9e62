package mapped

import (
	"slices"
	"strings"

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
		SharedKept: n.Collection.Shared == datamap.ShareKeep, Markable: n.Collection.Restrict != nil, Fields: fields(n),
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

// fields are the fields of a collection among which somebody may choose.
func fields(n *datamap.Node) []plan.Field {
	out := make([]plan.Field, len(n.Fields))
	for i := range n.Fields {
		f := &n.Fields[i]
		out[i] = plan.Field{
			Name: f.Name, Personal: Foreign(n, f), Identity: f.Identity != "" || f.Erase == datamap.FieldRemove, Fixed: f.PrimaryKey || f.ReadOnly || slices.Contains(n.Key, f.Name),
		}
	}
	return out
}

// Foreign reports whether a field of a row that another person shares may tell of that person: it is personal itself, or the map says nothing of
// it but that its collection is personal.
func Foreign(n *datamap.Node, f *datamap.Field) bool {
	if f.Personal() {
		return true
	}
	if len(f.Categories) > 0 || f.PrimaryKey || slices.Contains(n.Key, f.Name) || slices.Contains(n.Links, f.Name) || f.Name == n.Collection.ControllerColumn {
		return false
	}
	personal := func(c string) bool { return c != "system" && !strings.HasPrefix(c, "system.") }
	return (f.Type == "" || strings.HasPrefix(f.Type, "string")) && slices.ContainsFunc(n.Collection.Categories, personal)
}

// Row is what a plan needs to know of a located row: who shares it, and the dates that its holds count from.
func Row(n *datamap.Node, row datamap.FoundRow) plan.Row {
	out := plan.Row{Anchors: map[string]map[string]calendar.Date{}}
	if row.Shared {
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
			Counted: &plan.Counted{
				Years: r.Period.Years, Months: r.Period.Months, Days: r.Period.Days, OfYear: rule.Computation == hold.EndOfYear,
				Start: r.AnchorField, Events: r.Events,
			},
		}, nil
	}
}
