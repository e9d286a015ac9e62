package request

import (
	"slices"
	"strings"
)

// Narrowing is how far a customer's instruction goes, Art. 28(3)(a): the parts of its data that stay out of the processing, or with Only the parts
// to which it is limited. A collection is in or out as a whole. It holds names of the data map and nothing personal; why is the decision's reason.
// Its zero value is the whole of the data.
type Narrowing struct {
	Only        bool     `json:"only,omitempty"`
	Categories  []string `json:"categories,omitempty"`  // data categories; one stands for those below it, too
	Systems     []string `json:"systems,omitempty"`     // of the data map
	Collections []string `json:"collections,omitempty"` // dataset.collection
}

// IsZero reports whether nothing is narrowed.
func (n Narrowing) IsZero() bool {
	return !n.Only && len(n.Categories) == 0 && len(n.Systems) == 0 && len(n.Collections) == 0
}

// Sorted is the same with each name once, in order.
func (n Narrowing) Sorted() Narrowing {
	each := func(names []string) []string {
		if len(names) == 0 {
			return nil
		}
		return slices.Compact(slices.Sorted(slices.Values(names)))
	}
	return Narrowing{Only: n.Only, Categories: each(n.Categories), Systems: each(n.Systems), Collections: each(n.Collections)}
}

// LeavesOut reports whether a collection, dataset.collection, of a system and with its data categories stays out.
func (n Narrowing) LeavesOut(system, collection string, categories []string) bool {
	if n.IsZero() {
		return false
	}
	named := slices.Contains(n.Systems, system) || slices.Contains(n.Collections, collection) ||
		slices.ContainsFunc(n.Categories, func(c string) bool {
			return slices.ContainsFunc(categories, func(has string) bool { return Within(has, c) })
		})
	return named != n.Only
}

// Within reports whether a data category is another one or below it, as user.contact.email is below user.contact.
func Within(category, above string) bool {
	return category == above || strings.HasPrefix(category, above+".")
}
