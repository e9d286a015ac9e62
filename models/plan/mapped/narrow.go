package mapped

import (
	"slices"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/request"
)

// Part is a collection of a customer's data, as an instruction may leave it out.
type Part struct {
	System      string
	Dataset     string // in words where the map has them
	Collection  string // dataset.collection
	Description string // may be empty
	Categories  []string
	Holds       bool // a law holds some of its rows
}

// Parts are the collections that may hold a person's rows of a controller, in the order of the maps; controller is as the map names it.
func Parts(g *datamap.Graph, controller string) []Part {
	var out []Part
	reached := g.Reached()
	for _, n := range g.Of(controller) {
		if !slices.Contains(reached, n) {
			continue
		}
		p := Part{
			System: n.System, Dataset: n.Dataset.Name, Collection: n.Address.String(), Description: n.Collection.Description,
			Categories: slices.DeleteFunc(Categories(n), func(c string) bool { return request.Within(c, "system") }), Holds: len(n.Collection.Holds) > 0,
		}
		if p.Dataset == "" {
			p.Dataset = n.Dataset.Key
		}
		out = append(out, p)
	}
	return out
}

// LeftOut reports whether an instruction leaves a collection out.
func LeftOut(n *datamap.Node, by request.Narrowing) bool {
	return by.LeavesOut(n.System, n.Address.String(), Categories(n))
}

// CheckNarrowing refuses an instruction that names something that is not among a customer's parts, with unknown_category, unknown_system or
// unknown_collection, and one that leaves nothing out (nothing_left_out) or all (nothing_left).
func CheckNarrowing(parts []Part, n request.Narrowing) error {
	place := "/narrow/leave_out"
	if n.Only {
		place = "/narrow/only"
	}
	if unknown(parts, n.Categories, func(p Part, c string) bool {
		return slices.ContainsFunc(p.Categories, func(has string) bool { return request.Within(has, c) })
	}) {
		return models.Errorf(models.Invalid, "unknown_category", "None of the controller's data is of one of these categories.").At(place + "/categories")
	}
	if unknown(parts, n.Systems, func(p Part, name string) bool { return p.System == name }) {
		return models.Errorf(models.Invalid, "unknown_system", "None of the controller's data is in one of these systems.").At(place + "/systems")
	}
	if unknown(parts, n.Collections, func(p Part, name string) bool { return p.Collection == name }) {
		return models.Errorf(models.Invalid, "unknown_collection", "The controller has no data in one of these collections.").At(place + "/collections")
	}
	left := 0
	for _, p := range parts {
		if !n.LeavesOut(p.System, p.Collection, p.Categories) {
			left++
		}
	}
	switch left {
	case len(parts):
		return models.Errorf(models.Invalid, "nothing_left_out", "This leaves nothing out. Choose a part, or instruct the whole.").At(place)
	case 0:
		return models.Errorf(models.Invalid, "nothing_left", "This leaves out all of the data. Refuse the request instead, with the reason.").At(place)
	}
	return nil
}

// unknown reports whether one of the names is that of no part.
func unknown(parts []Part, names []string, is func(Part, string) bool) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return !slices.ContainsFunc(parts, func(p Part) bool { return is(p, name) })
	})
}
