package file

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"habeas/models/datamap"
)

func (r *reader) dataset(n *yaml.Node) datamap.Dataset {
	m := r.fides(n, "dataset", InDataset)
	d := datamap.Dataset{Pos: r.pos(n)}
	d.Key = r.text(m["fides_key"], "dataset")
	where := d.Key
	d.Name = r.text(m["name"], where)
	d.Description = r.text(m["description"], where)
	h := r.own(m["habeas"], where, OwnDataset)
	d.System = r.text(h["system"], where)
	if d.System == "" {
		d.System = d.Key
	}
	d.Controller = r.text(h["controller"], where)
	d.Purposes = r.texts(h["purposes"], where)
	d.LegalBasis = r.text(h["legal_basis"], where)
	d.Source = r.text(h["source"], where)
	d.Recipients = r.texts(h["recipients"], where)
	d.StoragePeriod = r.text(h["storage_period"], where)
	d.Language = r.language(h["language"], where)
	d.Translations = r.translations(h["translations"], where, OfDataset)
	r.paired(h["translations"], d)
	categories, schema := r.texts(m["data_categories"], where), r.schema(m, where)
	for _, n := range r.list(m["collections"], where) {
		c := r.collection(d.Key, n)
		for _, category := range categories { // they hold for every collection
			if !slices.Contains(c.Categories, category) {
				c.Categories = append(c.Categories, category)
			}
		}
		if schema != "" && c.Table == "" && c.Name != "" {
			c.Table = schema + "." + c.Name
		}
		d.Collections = append(d.Collections, c)
	}
	return d
}

// schema is where Fides says that the dataset's tables are; "" when it says nothing.
func (r *reader) schema(m map[string]*yaml.Node, where string) string {
	n := meta(m)
	if n == nil || isNull(n) {
		return ""
	}
	namespace := r.fides(n, where, InDatasetMeta)["namespace"]
	if namespace == nil {
		return ""
	}
	return r.text(r.object(namespace, where)["schema"], where)
}

func (r *reader) collection(dataset string, n *yaml.Node) datamap.Collection {
	m := r.fides(n, dataset, InCollection)
	c := datamap.Collection{Pos: r.pos(n), Name: r.text(m["name"], dataset)}
	where := dataset + "." + c.Name
	c.Description = r.text(m["description"], where)
	c.Categories = r.texts(m["data_categories"], where)
	if n := meta(m); n != nil {
		r.collectionMeta(&c, r.fides(n, where, InCollectionMeta), where)
	}
	r.ownCollection(&c, m["habeas"], where)
	for _, f := range r.list(m["fields"], where) {
		c.Fields = append(c.Fields, r.field(where, f))
	}
	return c
}

func (r *reader) collectionMeta(c *datamap.Collection, m map[string]*yaml.Node, where string) {
	c.After = r.texts(m["after"], where)
	c.EraseAfter = r.texts(m["erase_after"], where)
	c.Skip = r.flag(m["skip_processing"], where)
	n := m["masking_strategy_override"]
	if n == nil || isNull(n) {
		return
	}
	if strategy := r.text(r.fides(n, where, InMasking)["strategy"], where); strategy == "delete" {
		c.Erase = datamap.EraseDelete
	} else {
		r.unknownStrategy(n, where, strategy, "the fields are erased by their own methods")
	}
}

func (r *reader) ownCollection(c *datamap.Collection, n *yaml.Node, where string) {
	h := r.own(n, where, OwnCollection)
	c.Table = r.text(h["table"], where)
	if erase := datamap.Erase(r.text(h["erase"], where)); erase != "" {
		c.Erase = erase
	}
	c.Shared = datamap.Sharing(r.text(h["shared"], where))
	c.Unreachable = r.text(h["unreachable"], where)
	c.ControllerColumn = r.text(h["controller_column"], where)
	c.ContractEnd = datamap.Erase(r.text(h["contract_end"], where))
	c.Purpose = r.text(h["purpose"], where)
	c.StoragePeriod = r.text(h["storage_period"], where)
	c.Portable = r.flag(h["portable"], where)
	c.Translations = r.translations(h["translations"], where, OfCollection)
	c.Composite = r.composite(h["composite"], where)
	for _, hold := range r.list(h["holds"], where) {
		c.Holds = append(c.Holds, r.hold(hold, where))
	}
	if n := h["restrict"]; n != nil {
		m := r.own(n, where, OwnRestrict)
		c.Restrict = &datamap.Restrict{Pos: r.pos(n), Column: r.text(m["column"], where), Clear: r.optional(m["clear"], where)}
		if _, given := m["set"]; given {
			c.Restrict.Set = r.optional(m["set"], where)
		} else {
			now := datamap.SetNow
			c.Restrict.Set = &now
		}
	}
}

// composite takes one list of fields, or a list of such lists.
func (r *reader) composite(n *yaml.Node, where string) [][]string {
	list := r.list(n, where)
	if len(list) > 0 && list[0].Kind == yaml.ScalarNode {
		return [][]string{r.texts(n, where)}
	}
	var all [][]string
	for _, l := range list {
		all = append(all, r.texts(l, where))
	}
	return all
}

func (r *reader) hold(n *yaml.Node, where string) datamap.Hold {
	m := r.own(n, where, OwnHold)
	h := datamap.Hold{Pos: r.pos(n), Rule: r.text(m["rule"], where), Fields: r.texts(m["fields"], where)}
	if h.Rule == "" {
		r.bad(n, where, "A hold has no rule.", "Name the retention rule's code.")
	}
	var anchors map[string]*yaml.Node
	if m["anchors"] != nil {
		anchors = r.object(m["anchors"], where)
	}
	for _, field := range slices.Sorted(maps.Keys(anchors)) {
		h.Anchors = append(h.Anchors, datamap.Anchor{Field: field, Column: r.text(anchors[field], where), Pos: r.pos(anchors[field])})
	}
	return h
}

func (r *reader) field(collection string, n *yaml.Node) datamap.Field {
	if r.fields++; r.fields > maxFields || r.depth >= maxDepth {
		r.bad(n, collection, "The file has too many fields, or fields nested without end.", "Look for a YAML alias that contains itself.")
		return datamap.Field{Pos: r.pos(n)}
	}
	m := r.fides(n, collection, InField)
	f := datamap.Field{Pos: r.pos(n), Name: r.text(m["name"], collection)}
	where := collection + "." + f.Name
	f.Description = r.text(m["description"], where)
	f.Categories = r.texts(m["data_categories"], where)
	if n := meta(m); n != nil {
		r.fieldMeta(&f, r.fides(n, where, InFieldMeta), where)
	}
	r.depth++
	for _, c := range r.list(m["fields"], where) {
		f.Fields = append(f.Fields, r.field(where, c))
	}
	r.depth--
	h := r.own(m["habeas"], where, OwnField)
	if n := h["erase"]; n != nil {
		f.Erase, f.Value = datamap.FieldErase(nullWord(n)), nil
	}
	if v := r.optional(h["value"], where); v != nil {
		f.Value = v
	}
	if n := h["suffix"]; n != nil {
		f.Suffix = r.text(n, where)
	}
	if n := h["portable"]; n != nil {
		v := r.flag(n, where)
		f.Portable = &v
	}
	f.SamePerson = r.flag(h["same_person"], where)
	f.Translations = r.translations(h["translations"], where, OfField)
	switch s := r.text(h["shared"], where); s {
	case "":
	case "ignore":
		f.Mention = true
	default:
		r.bad(h["shared"], where, "The value of shared is unknown.", "At a field write ignore, or nothing.")
	}
	return f
}

// nullWord reads erase: null, which YAML takes for no value, as the word.
func nullWord(n *yaml.Node) string {
	if isNull(n) {
		return string(datamap.FieldNull)
	}
	return n.Value
}

func (r *reader) fieldMeta(f *datamap.Field, m map[string]*yaml.Node, where string) {
	f.PrimaryKey = r.flag(m["primary_key"], where)
	f.Identity = r.text(m["identity"], where)
	f.Type = r.text(m["data_type"], where)
	f.Length = r.number(m["length"], where)
	f.ReadOnly = r.flag(m["read_only"], where)
	f.ReturnAll = r.flag(m["return_all_elements"], where)
	for _, n := range r.list(m["references"], where) {
		f.References = append(f.References, r.reference(n, where))
	}
	if n := m["masking_strategy_override"]; n != nil {
		r.masking(f, n, where)
	}
}

func (r *reader) reference(n *yaml.Node, where string) datamap.Reference {
	m := r.fides(n, where, InReference)
	ref := datamap.Reference{
		Pos: r.pos(n), Dataset: r.text(m["dataset"], where), Direction: datamap.Direction(r.text(m["direction"], where)),
	}
	address := r.text(m["field"], where)
	collection, field, ok := strings.Cut(address, ".")
	if !ok {
		r.bad(n, where, "The reference's field has no collection.", "Write field: collection.field.")
	}
	ref.Collection, ref.Field = collection, field
	return ref
}

// masking takes the Fides strategies that have a counterpart here; any other is a problem, since a person relied on it.
func (r *reader) masking(f *datamap.Field, n *yaml.Node, where string) {
	m := r.fides(n, where, InMasking)
	var configuration, format map[string]*yaml.Node
	if c := m["configuration"]; c != nil {
		configuration = r.object(c, where)
	}
	if c := configuration["format_preservation"]; c != nil {
		format = r.object(c, where)
	}
	suffix := r.text(format["suffix"], where)
	switch s := r.text(m["strategy"], where); s {
	case "null_rewrite":
		f.Erase = datamap.FieldNull
	case "string_rewrite":
		f.Erase = datamap.FieldReplace
		value := r.text(configuration["rewrite_value"], where) + suffix
		f.Value, suffix = &value, ""
	case "hash":
		f.Erase = datamap.FieldHash
	case "hmac":
		f.Erase = datamap.FieldHMAC
	case "random_string_rewrite":
		f.Erase = datamap.FieldRandom
	case "aes_encrypt":
		f.Erase = datamap.FieldEncrypt
	default:
		r.unknownStrategy(n, where, s, "the field is emptied instead")
		f.Erase = datamap.FieldNull
	}
	if f.Erase != datamap.FieldNull {
		f.Suffix = suffix
	}
}

func (r *reader) unknownStrategy(n *yaml.Node, where, strategy, instead string) {
	r.problems = append(r.problems, datamap.Problem{
		Severity: datamap.Warning, Code: "masking_strategy", File: r.file, Line: n.Line, Column: n.Column, Where: where,
		Message: "The masking strategy " + strategy + " is not known; " + instead + ".", Advice: "Use habeas: {erase: …}.",
	})
}
