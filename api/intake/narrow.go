package intake

import (
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan/mapped"
	"habeas/models/request"
)

// Parts are the collections of a controller's data that an instruction may leave out; it fails with no_data_map where none is loaded.
func Parts(g *datamap.Graph, c request.Controller) ([]mapped.Part, error) {
	if g == nil {
		return nil, models.Errorf(models.Conflict, "no_data_map", "No data map is loaded here, so that parts of the data cannot be named.")
	}
	if c.Operator {
		return mapped.Parts(g, ""), nil
	}
	return mapped.Parts(g, c.Slug), nil
}

// Narrowing checks what an instruction of a controller leaves out; it fails as Parts and mapped.CheckNarrowing do.
func Narrowing(g *datamap.Graph, c request.Controller, n request.Narrowing) (request.Narrowing, error) {
	parts, err := Parts(g, c)
	if err != nil {
		return n, err
	}
	n = n.Sorted()
	return n, mapped.CheckNarrowing(parts, n)
}
