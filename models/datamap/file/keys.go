package file

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"habeas/models/datamap"
)

// Place is a mapping of a data map file.
type Place string

// The places, each with the keys that are read there. Under habeas: any other key is a problem.
const (
	InFile           Place = "file"
	InDataset        Place = "dataset"
	InDatasetMeta    Place = "dataset fides_meta"
	InNamespace      Place = "namespace"
	InCollection     Place = "collection"
	InCollectionMeta Place = "collection fides_meta"
	InField          Place = "field"
	InFieldMeta      Place = "field fides_meta"
	InReference      Place = "reference"
	InMasking        Place = "masking_strategy_override"
	OwnDataset       Place = "dataset habeas"
	OwnCollection    Place = "collection habeas"
	OwnField         Place = "field habeas"
	OwnHold          Place = "hold"
	OwnRestrict      Place = "restrict"
	OfDataset        Place = "dataset translation"
	OfCollection     Place = "collection translation"
	OfField          Place = "field translation"
)

var keys = map[Place][]string{
	InFile:           {"dataset"},
	InDataset:        {"fides_key", "name", "description", "data_categories", "fides_meta", "collections", "habeas"},
	InDatasetMeta:    {"namespace"},
	InNamespace:      {"schema"},
	InCollection:     {"name", "description", "data_categories", "fides_meta", "fields", "habeas"},
	InCollectionMeta: {"after", "erase_after", "skip_processing", "masking_strategy_override"},
	InField:          {"name", "description", "data_categories", "fides_meta", "fields", "habeas"},
	InFieldMeta:      {"primary_key", "identity", "data_type", "length", "read_only", "return_all_elements", "references", "masking_strategy_override"},
	InReference:      {"dataset", "field", "direction"},
	InMasking:        {"strategy", "configuration"},
	OwnDataset:       {"system", "controller", "purposes", "legal_basis", "source", "recipients", "storage_period", "language", "translations"},
	OwnCollection: {
		"table", "erase", "holds", "restrict", "shared", "composite", "unreachable", "controller_column", "contract_end", "purpose", "storage_period", "portable",
		"translations",
	},
	OwnField:    {"erase", "value", "suffix", "portable", "shared", "same_person", "translations"},
	OwnHold:     {"rule", "anchors", "fields"},
	OwnRestrict: {"column", "set", "clear"},

	OfDataset:    {"name", "description", "purposes", "source", "storage_period"},
	OfCollection: {"name", "description", "purpose", "storage_period"},
	OfField:      {"name", "description"},
}

// ignored are Fides keys that say nothing to Habeas.
var ignored = map[Place][]string{
	InDataset: {
		"organization_fides_key", "tags", "meta", "data_qualifier", "fidesctl_meta", "fidesops_meta", "third_country_transfers", "joint_controller",
		"retention", "version", "source", "data_purposes", "is_default",
	},
	InDatasetMeta:    {"after", "resource_id"},
	InCollection:     {"data_qualifier", "fidesops_meta", "retention", "data_purposes"},
	InCollectionMeta: {"partitioning", "data_categories"},
	InField:          {"data_qualifier", "fidesops_meta", "retention", "is_pii", "data_purposes"},
	InFieldMeta:      {"redact", "custom_request_field", "data_categories"},
}

// Keys are the keys that are read in a place, nil for an unknown one.
func Keys(p Place) []string { return slices.Clone(keys[p]) }

// fides is the entries of a mapping of Fides' own. Keys that Habeas does not use are left alone, but for one that looks like a
// misspelt one that it uses.
func (r *reader) fides(n *yaml.Node, where string, place Place) map[string]*yaml.Node {
	m := r.object(n, where)
	n = resolve(n)
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		key := n.Content[i]
		if slices.Contains(keys[place], key.Value) || slices.Contains(ignored[place], key.Value) {
			continue
		}
		if s := datamap.Suggest(key.Value, keys[place]); s != "" {
			r.problems = append(r.problems, datamap.Problem{
				Severity: datamap.Warning, Code: "misspelt_key", File: r.file, Line: key.Line, Column: key.Column, Where: where,
				Message: "The key " + key.Value + " says nothing here.", Advice: "Did you mean " + s + "?",
			})
		}
	}
	return m
}

// meta is what stands under fides_meta:, or under its older name.
func meta(m map[string]*yaml.Node) *yaml.Node {
	if n := m["fides_meta"]; n != nil {
		return n
	}
	return m["fidesops_meta"]
}
