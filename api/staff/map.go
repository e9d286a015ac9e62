package staff

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"habeas/models/datamap"
	"habeas/templates"
)

// dataMap shows where personal data lies and what becomes of it, with the health of each system.
func (k *Console) dataMap(c echo.Context) error {
	view := templates.MapView{}
	if k.Graph == nil {
		return show(k, c, http.StatusOK, "map", templates.Map, view)
	}
	health, err := k.Store.Systems(c.Request().Context())
	if err != nil {
		return err
	}
	view.Digest = datamap.Digest(k.Graph.Datasets)
	names := k.Graph.Systems()
	slices.Sort(names)
	for _, name := range names {
		system := templates.MapSystem{Name: name}
		for _, h := range health {
			if h.Name == name {
				one := templates.SystemHealth(h)
				system.Health = &one
			}
		}
		for i := range k.Graph.Datasets {
			if d := &k.Graph.Datasets[i]; d.System == name {
				system.Datasets = append(system.Datasets, k.dataset(d))
			}
		}
		view.Systems = append(view.Systems, system)
	}
	return show(k, c, http.StatusOK, "map", templates.Map, view)
}

func (k *Console) dataset(d *datamap.Dataset) templates.MapDataset {
	out := templates.MapDataset{
		Key: d.Key, Name: d.Name, Description: d.Description, LegalBasis: d.LegalBasis, Storage: d.StoragePeriod, Controller: d.Controller,
		Purposes: d.Purposes, Recipients: d.Recipients,
	}
	for _, n := range k.Graph.Nodes {
		if n.Dataset.Key == d.Key {
			out.Collections = append(out.Collections, collection(n))
		}
	}
	return out
}

// collection is one collection with the kinds of data in it and those of its fields.
func collection(n *datamap.Node) templates.MapCollection {
	out := templates.MapCollection{Name: n.Address.Collection, Erase: string(n.Erasure()), Shared: string(n.Collection.Shared), Fields: len(n.Fields)}
	for _, list := range append([][]string{n.Collection.Categories}, categories(n)...) {
		for _, one := range list {
			if !slices.Contains(out.Categories, one) {
				out.Categories = append(out.Categories, one)
			}
		}
	}
	slices.Sort(out.Categories)
	for _, i := range n.Identities {
		out.Identities = append(out.Identities, i.Kind)
	}
	for _, h := range n.Collection.Holds {
		out.Holds = append(out.Holds, h.Rule)
	}
	return out
}

func categories(n *datamap.Node) [][]string {
	out := make([][]string, len(n.Fields))
	for i := range n.Fields {
		out[i] = n.Fields[i].Categories
	}
	return out
}
