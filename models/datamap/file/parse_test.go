package file_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

func TestWhatIsNotADataMapIsNamedAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, code   string
		line, column int
	}{
		"no YAML":                {"dataset:\n  - {", "bad_yaml", 2, 1},
		"nothing":                {"", "bad_value", 1, 1},
		"no list":                {"datasets: []", "bad_value", 1, 1},
		"a list at the top":      {"- dataset", "bad_value", 1, 1},
		"a dataset that is text": {"dataset:\n  - crm", "bad_value", 2, 5},
		"a key twice":            {"dataset:\n  - fides_key: a\n    fides_key: b", "duplicate_key", 3, 5},
		"an unknown own key":     {"dataset:\n  - fides_key: a\n    habeas:\n      sytem: b", "unknown_key", 4, 7},
		"fields that are text":   {"dataset:\n  - fides_key: a\n    collections:\n      - name: c\n        fields: none", "bad_value", 5, 17},
		"a flag that is no flag": {"dataset: [{fides_key: a, collections: [{name: c, fields: [{name: f, fides_meta: {primary_key: maybe}}]}]}]", "bad_value", 1, 95},
		"a length in words":      {"dataset: [{fides_key: a, collections: [{name: c, fields: [{name: f, fides_meta: {length: ten}}]}]}]", "bad_value", 1, 90},
		"a reference to nothing": {"dataset: [{fides_key: a, collections: [{name: c, fields: [{name: f, fides_meta: {references: [{dataset: a, field: x}]}}]}]}]", "bad_value", 1, 95},
		"a hold without rule":    {"dataset: [{fides_key: a, collections: [{name: c, habeas: {holds: [{anchors: {a: b}}]}}]}]", "bad_value", 1, 67},
		"no language":            {"dataset: [{fides_key: a, habeas: {translations: {Polski: {name: b}}}}]", "bad_value", 1, 49},
		"an unpaired purpose":    {"dataset: [{fides_key: a, habeas: {purposes: [b, c], translations: {pl: {purposes: [d]}}}}]", "bad_value", 1, 67},
		"a translated key":       {"dataset: [{fides_key: a, habeas: {translations: {pl: {nazwa: b}}}}]", "unknown_key", 1, 55},
		"sharing of a field":     {"dataset: [{fides_key: a, collections: [{name: c, fields: [{name: f, habeas: {shared: refer}}]}]}]", "bad_value", 1, 86},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := file.Parse("map.yml", []byte(c.text))
			require.NotEmpty(t, problems)
			p := problems[0]
			require.Equal(t, []any{c.code, "map.yml", c.line, c.column, datamap.Fault}, []any{p.Code, p.File, p.Line, p.Column, p.Severity}, p.String())
			require.NotEmpty(t, p.Advice)
		})
	}
}

// everyKey is a map with every key of Habeas' own.
const everyKey = `
dataset:
  - fides_key: crm
    habeas: {system: shipments, controller: acme, purposes: [transport], legal_basis: contract, source: booking form, recipients: [carrier], storage_period: ten years}
    collections:
      - name: orders
        description: of customers
        habeas:
          table: app.orders
          erase: delete
          holds: [{rule: EU_UCC_51, anchors: {discharged_on: done, declaration_accepted: accepted}, fields: [value]}]
          restrict: {column: restricted, set: true, clear: false}
          shared: keep
          composite: [a, b]
          unreachable: because
          controller_column: owner
          purpose: transport
          storage_period: a year
          portable: true
        fides_meta: {after: [crm.x], erase_after: [crm.y], skip_processing: true}
        fields:
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {primary_key: true, identity: email, data_type: string, length: 100, read_only: true, return_all_elements: true, references: [{dataset: d, field: c.a.b, direction: to}]}
            habeas: {erase: null, portable: false, shared: ignore, same_person: true}
          - {name: name, habeas: {erase: replace, value: ""}}
          - {name: login, habeas: {erase: hmac, suffix: "@erased.invalid"}}
          - {name: friends, habeas: {erase: remove, value: nobody}}
`

func TestOwnKeysAreReadAsDocumented(t *testing.T) {
	t.Parallel()
	datasets, problems := file.Parse("map.yml", []byte(everyKey))
	require.Empty(t, problems)
	require.Len(t, datasets, 1)
	text := func(s string) *string { return &s }
	no := false
	d := datasets[0]
	d.Pos = datamap.Pos{}
	c := d.Collections[0]
	c.Pos, c.Holds[0].Pos, c.Restrict.Pos = datamap.Pos{}, datamap.Pos{}, datamap.Pos{}
	for i := range c.Holds[0].Anchors {
		require.Equal(t, 11, c.Holds[0].Anchors[i].Pos.Line)
		c.Holds[0].Anchors[i].Pos = datamap.Pos{}
	}
	for i := range c.Fields {
		c.Fields[i].Pos = datamap.Pos{}
	}
	c.Fields[0].References[0].Pos = datamap.Pos{}
	d.Collections = nil
	require.Equal(t, datamap.Dataset{
		Key: "crm", System: "shipments", Controller: "acme", Purposes: []string{"transport"}, LegalBasis: "contract", Source: "booking form",
		Recipients: []string{"carrier"}, StoragePeriod: "ten years",
	}, d)
	require.Equal(t, datamap.Collection{
		Name: "orders", Description: "of customers", Table: "app.orders", Erase: datamap.EraseDelete, Shared: datamap.ShareKeep,
		Holds: []datamap.Hold{{Rule: "EU_UCC_51", Fields: []string{"value"}, Anchors: []datamap.Anchor{
			{Field: "declaration_accepted", Column: "accepted"}, {Field: "discharged_on", Column: "done"},
		}}},
		Restrict: &datamap.Restrict{Column: "restricted", Set: text("true"), Clear: text("false")}, Composite: [][]string{{"a", "b"}},
		Unreachable: "because", ControllerColumn: "owner", Purpose: "transport", StoragePeriod: "a year", Portable: true,
		After: []string{"crm.x"}, EraseAfter: []string{"crm.y"}, Skip: true,
		Fields: []datamap.Field{
			{
				Name: "email", Categories: []string{"user.contact.email"}, PrimaryKey: true, Identity: "email", Type: "string", Length: 100, ReadOnly: true,
				ReturnAll: true, References: []datamap.Reference{{Dataset: "d", Collection: "c", Field: "a.b", Direction: datamap.To}},
				Erase: datamap.FieldNull, Portable: &no, Mention: true, SamePerson: true,
			},
			{Name: "name", Erase: datamap.FieldReplace, Value: text("")},
			{Name: "login", Erase: datamap.FieldHMAC, Suffix: "@erased.invalid"},
			{Name: "friends", Erase: datamap.FieldRemove, Value: text("nobody")},
		},
	}, c)
}

func TestAnchorsAndMergesOfYAMLWork(t *testing.T) {
	t.Parallel()
	datasets, problems := file.Parse("map.yml", []byte(`
x: &key {fides_meta: {primary_key: true}}
dataset:
  - fides_key: crm
    collections: [{name: a, fields: [{<<: *key, name: id}]}]
`))
	require.Empty(t, problems)
	require.True(t, datasets[0].Collections[0].Fields[0].PrimaryKey)
	require.Equal(t, "crm", datasets[0].System)
}

func TestAFileThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	_, _, err := file.Load(filepath.Join(t.TempDir(), "none.yml"))
	require.Error(t, err)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("dataset:\n  - fides_key: a\n    collections: [{name: c, fields: [{name: f, fides_meta: {references: [{dataset: a, field: c.f}]}}]}]"))
	f.Add([]byte("dataset: [&a {collections: [{name: c, fields: [&b {name: f, fields: [*b]}]}]}]"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		datasets, _ := file.Parse("map.yml", data)
		datamap.Check(datasets, nil)
		if g, err := datamap.Compile(datasets); err == nil {
			g.EraseOrder()
			g.Reached()
		}
	})
}

func TestFidesKeysAreHonoured(t *testing.T) {
	t.Parallel()
	datasets, problems := file.Parse("map.yml", []byte(`
dataset:
  - fides_key: <instance_fides_key>
    organization_fides_key: default_organization
    data_categories: [user.behavior]
    fides_meta: {namespace: {schema: sales}, after: [other]}
    collections:
      - name: orders
        data_categories: [user.contact]
        fides_meta: {after: [<instance_fides_key>.customer], masking_strategy_override: {strategy: delete}}
        fields:
          - name: id
            fidesops_meta: {primary_key: true}
          - name: customer
            fides_meta: {references: [{dataset: <instance_fides_key>, field: customer.id, direction: from}]}
      - name: customer
        habeas: {table: crm.customer}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: mails, fides_meta: {identity: email, data_type: "string[]", return_all_elements: true}}
`))
	require.Empty(t, problems)
	orders := datasets[0].Collections[0]
	require.Equal(t, []string{"user.contact", "user.behavior"}, orders.Categories, "the dataset's categories are every collection's")
	require.Equal(t, "sales.orders", orders.Table)
	require.Equal(t, "crm.customer", datasets[0].Collections[1].Table, "what Habeas' own key says wins")
	require.Equal(t, datamap.EraseDelete, orders.Erase)
	require.True(t, orders.Fields[0].PrimaryKey, "the older name of fides_meta")
	g, err := datamap.Compile(datasets)
	require.NoError(t, err)
	require.Equal(t, "customer", g.Nodes[0].Collection.Name, "orders comes after it")
	require.True(t, g.Nodes[0].Identities[0].AllElements)
	require.Len(t, g.Nodes[0].Out, 1, "a placeholder is a key like any other")
}

func TestMisspeltKeysGetASuggestion(t *testing.T) {
	t.Parallel()
	_, problems := file.Parse("map.yml", []byte(`
dataset:
  - fides_key: crm
    collection: []
    habeas: {sytem: a}
    collections: [{name: c, fields: [{name: f, data_category: [user], fides_meta: {primary_keys: true, redact: name}, unrelated: 1}]}]
`))
	var got []string
	for _, p := range problems {
		got = append(got, string(p.Severity)+" "+p.Message+" "+p.Advice)
	}
	require.Len(t, got, 4, "%v", got)
	require.Equal(t, "warning The key collection says nothing here. Did you mean collections?", got[0])
	require.Contains(t, got[1], "error The key sytem is unknown under habeas:. Did you mean system? The keys here are system, controller, ")
	require.Equal(t, "warning The key data_category says nothing here. Did you mean data_categories?", got[2])
	require.Equal(t, "warning The key primary_keys says nothing here. Did you mean primary_key?", got[3])
}
