package datamap_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

// parse reads the collections of one dataset named d.
func parse(t *testing.T, collections string) []datamap.Dataset {
	t.Helper()
	text := "dataset:\n  - fides_key: d\n    collections:\n"
	for _, line := range strings.Split(strings.Trim(collections, "\n"), "\n") {
		text += "      " + line + "\n"
	}
	datasets, problems := file.Parse("map.yml", []byte(text))
	require.Empty(t, problems, text)
	return datasets
}

func rules(code string) ([]string, bool) {
	return []string{"declaration_accepted", "discharged_on"}, code == "EU_UCC_51"
}

const people = `
- name: people
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
`

func TestEachFaultIsNamedAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		collections string
		code, where string
		line        int // in the file; the first line of collections is 4
	}{
		"unknown dataset": {`
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true, references: [{dataset: x, field: people.id}]}}`, "unknown_dataset", "d.orders.id", 6},
		"unknown collection": {`
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true, references: [{dataset: d, field: persons.id}]}}`, "unknown_collection", "d.orders.id", 6},
		"unknown field": {people + `
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true, references: [{dataset: d, field: people.no}]}}`, "unknown_field", "d.orders.id", 11},
		"unknown direction": {people + `
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true, references: [{dataset: d, field: people.id, direction: up}]}}`, "bad_direction", "d.orders.id", 11},
		"unreachable personal data": {people + `
- name: notes
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: text, data_categories: [user.content]}`, "unreachable", "d.notes", 9},
		"unreachable against the direction": {people + `
- name: notes
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: text, data_categories: [user.content]}
    - {name: person, fides_meta: {references: [{dataset: d, field: people.id, direction: to}]}}`, "unreachable", "d.notes", 9},
		"collection twice":     {people + people, "duplicate_collection", "d.people", 9},
		"field twice":          {"- {name: a, fields: [{name: x}, {name: x}]}", "duplicate_field", "d.a.x", 4},
		"no primary key":       {"- {name: a, habeas: {erase: delete}, fields: [{name: x, fides_meta: {identity: email}}]}", "no_primary_key", "d.a", 4},
		"no fields":            {"- {name: a}", "no_fields", "d.a", 4},
		"nothing to mask":      {"- {name: a, habeas: {erase: mask}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "nothing_to_mask", "d.a", 4},
		"unknown method":       {"- {name: a, habeas: {erase: burn}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "bad_value", "d.a", 4},
		"unknown field method": {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, habeas: {erase: burn}}]}", "bad_value", "d.a.x", 4},
		"unknown sharing":      {"- {name: a, habeas: {shared: no}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "bad_value", "d.a", 4},
		"replace by nothing":   {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, habeas: {erase: replace}}]}", "no_value", "d.a.x", 4},
		"value without use":    {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, habeas: {value: y}}]}", "unused_value", "d.a.x", 4},
		"remove of whose":      {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, habeas: {erase: remove}}]}", "remove_without_reference", "d.a.x", 4},
		"masked primary key":   {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}, habeas: {erase: null}}]}", "mask_primary_key", "d.a.id", 4},
		"masked read-only":     {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, fides_meta: {read_only: true}, habeas: {erase: hmac}}]}", "mask_read_only", "d.a.x", 4},
		"hash in a number":     {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, fides_meta: {data_type: integer}, habeas: {erase: hmac}}]}", "mask_type", "d.a.x", 4},
		"hash in short text":   {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, fides_meta: {length: 40}, habeas: {erase: hmac}}]}", "mask_length", "d.a.x", 4},
		"value too long":       {"- {name: a, fields: [{name: id, fides_meta: {primary_key: true}}, {name: x, fides_meta: {length: 2}, habeas: {erase: replace, value: xyz}}]}", "mask_length", "d.a.x", 4},
		"unknown rule":         {"- {name: a, habeas: {holds: [{rule: X, anchors: {declaration_accepted: id}}]}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "unknown_rule", "d.a", 4},
		"unknown anchor":       {"- {name: a, habeas: {holds: [{rule: EU_UCC_51, anchors: {document_date: id}}]}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "unknown_anchor", "d.a", 4},
		"no anchor":            {"- {name: a, habeas: {holds: [{rule: EU_UCC_51}]}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "no_anchor", "d.a", 4},
		"unknown column":       {"- {name: a, habeas: {holds: [{rule: EU_UCC_51, anchors: {declaration_accepted: on}}]}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "unknown_anchor_column", "d.a", 4},
		"unknown held field":   {"- {name: a, habeas: {holds: [{rule: EU_UCC_51, anchors: {declaration_accepted: id}, fields: [x]}]}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "unknown_field", "d.a", 4},
		"unknown mark":         {"- {name: a, habeas: {restrict: {column: x}}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "unknown_field", "d.a", 4},
		"unknown controller":   {"- {name: a, habeas: {controller_column: x}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "unknown_field", "d.a", 4},
		"unknown erase_after":  {"- {name: a, fides_meta: {erase_after: [d.b]}, fields: [{name: id, fides_meta: {primary_key: true}}]}", "unknown_collection", "d.a", 4},
		"erase_after circle": {`
- {name: a, fides_meta: {erase_after: [d.b]}, fields: [{name: id, fides_meta: {primary_key: true}}]}
- {name: b, fides_meta: {erase_after: [d.a]}, fields: [{name: id, fides_meta: {primary_key: true}}]}`, "erase_after_circle", "d.a", 4},
		"composite of nothing": {people + `
- name: orders
  habeas: {composite: [a, b]}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: a, fides_meta: {references: [{dataset: d, field: people.id}]}}
    - {name: b}`, "bad_composite", "d.orders", 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			datasets := parse(t, c.collections)
			problems := datamap.Check(datasets, rules)
			i := slices.IndexFunc(problems, func(p datamap.Problem) bool { return p.Code == c.code })
			require.GreaterOrEqual(t, i, 0, "%v", problems)
			p := problems[i]
			require.Equal(t, datamap.Fault, p.Severity)
			require.Equal(t, c.where, p.Where)
			require.Equal(t, "map.yml", p.File)
			require.Equal(t, c.line, p.Line, p.String())
			require.Positive(t, p.Column)
			require.NotEmpty(t, p.Advice)
			if c.code != "unknown_rule" && c.code != "unknown_anchor" {
				_, err := datamap.Compile(datasets)
				require.Equal(t, "data_map_refused", models.CodeOf(err))
			}
		})
	}
}

func TestAWarningLetsTheMapPass(t *testing.T) {
	t.Parallel()
	for code, collections := range map[string]string{
		"no_primary_key":   "- {name: a, fields: [{name: email, fides_meta: {identity: email}}]}",
		"keeps_personal":   "- {name: a, habeas: {erase: keep}, fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]}",
		"skipped_personal": people + "- {name: a, fides_meta: {skip_processing: true}, fields: [{name: email, data_categories: [user]}]}",
		"reachable":        "- {name: a, habeas: {unreachable: why}, fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]}",
		"keeps_reference": strings.Replace(people, "fields:", "habeas: {erase: delete}\n  fields:", 1) + `
- name: notes
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: text, data_categories: [user]}
    - {name: person, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}`,
		"undirected": people + `
- {name: product, fields: [{name: id, fides_meta: {primary_key: true}}]}
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: product, fides_meta: {references: [{dataset: d, field: product.id}]}}
    - {name: person, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}`,
	} {
		datasets := parse(t, collections)
		problems := datamap.Check(datasets, rules)
		require.Len(t, problems, 1, "%s: %v", code, problems)
		require.Equal(t, code, problems[0].Code)
		require.Equal(t, datamap.Warning, problems[0].Severity)
		_, err := datamap.Compile(datasets)
		require.NoError(t, err)
	}
}

func TestAcknowledgedUnreachableDataPasses(t *testing.T) {
	t.Parallel()
	datasets := parse(t, people+`
- name: notes
  habeas: {unreachable: "only statistics, reviewed in May"}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: text, data_categories: [user.content]}`)
	require.Empty(t, datamap.Check(datasets, rules))
}

func TestTheDigestSeesContentAndNotLayout(t *testing.T) {
	t.Parallel()
	a, b := parse(t, people), parse(t, "\n"+strings.Replace(people, "{name: id, fides_meta: {primary_key: true}}", "{fides_meta: {primary_key: yes}, name: id}", 1))
	require.Equal(t, datamap.Digest(a), datamap.Digest(b))
	other := []datamap.Dataset{{Key: "other"}}
	require.Equal(t, datamap.Digest(append(slices.Clone(a), other...)), datamap.Digest(append(slices.Clone(other), a...)), "the order of files")
	c := parse(t, strings.Replace(people, "identity: email", "identity: mail", 1))
	require.NotEqual(t, datamap.Digest(a), datamap.Digest(c))
	require.Len(t, datamap.Digest(a), 64)
}
