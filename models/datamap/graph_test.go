package datamap_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/datamap"
)

func compile(t *testing.T, collections string) *datamap.Graph {
	t.Helper()
	g, err := datamap.Compile(parse(t, collections))
	require.NoError(t, err)
	return g
}

func node(g *datamap.Graph, name string) *datamap.Node {
	return g.Node(datamap.Address{Dataset: "d", Collection: name})
}

func edges(g *datamap.Graph) []string {
	var list []string
	for _, n := range g.Nodes {
		for _, e := range n.Out {
			name := e.Name()
			if e.Down {
				name += " (down)"
			}
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func TestDirectionsBecomeEdges(t *testing.T) {
	t.Parallel()
	g := compile(t, people+`
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: buyer, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}
    - {name: seller, fides_meta: {references: [{dataset: d, field: people.id}]}}
    - {name: city, fides_meta: {references: [{dataset: d, field: cities.id, direction: to}]}}
- {name: cities, fields: [{name: id, fides_meta: {primary_key: true}}]}`)
	require.Equal(t, []string{
		"d.orders.city > d.cities.id", "d.orders.seller > d.people.id", "d.people.id > d.orders.buyer (down)", "d.people.id > d.orders.seller (down)",
	}, edges(g))
	require.Equal(t, []string{"buyer", "city", "seller"}, node(g, "orders").Links)
	require.Equal(t, []string{"email"}, g.IdentityKinds())
	var reached []string
	for _, n := range g.Reached("email") {
		reached = append(reached, n.Collection.Name)
	}
	require.Equal(t, []string{"people", "orders", "cities"}, reached)
	require.Empty(t, g.Reached("phone_number"))
}

const tenants = `
- name: people
  fields:
    - {name: tenant, fides_meta: {primary_key: true}}
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
`

func TestReferencesToAWholePrimaryKeyFormOneKey(t *testing.T) {
	t.Parallel()
	g := compile(t, tenants+`
- name: orders
  fields:
    - {name: no, fides_meta: {primary_key: true}}
    - {name: person, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}
    - {name: tenant, fides_meta: {references: [{dataset: d, field: people.tenant, direction: from}]}}`)
	require.Equal(t, []string{"d.people.tenant+id > d.orders.tenant+person (down)"}, edges(g))
}

func TestACompositeChoosesAmongSeveralReferencesToOneCollection(t *testing.T) {
	t.Parallel()
	g := compile(t, tenants+`
- name: parcels
  habeas: {composite: [[tenant, sender], [tenant2, receiver]]}
  fields:
    - {name: no, fides_meta: {primary_key: true}}
    - {name: tenant, fides_meta: {references: [{dataset: d, field: people.tenant, direction: from}]}}
    - {name: tenant2, fides_meta: {references: [{dataset: d, field: people.tenant, direction: from}]}}
    - {name: sender, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}
    - {name: receiver, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}`)
	require.Equal(t, []string{
		"d.people.tenant+id > d.parcels.tenant+sender (down)", "d.people.tenant+id > d.parcels.tenant2+receiver (down)",
	}, edges(g))
}

func TestAReferenceWrittenFromTheOtherSideIsTurnedRound(t *testing.T) {
	t.Parallel()
	g := compile(t, `
- name: people
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
    - {name: home}
- name: address
  fields:
    - {name: id, fides_meta: {primary_key: true, references: [{dataset: d, field: people.home, direction: from}]}}`)
	require.Equal(t, []string{"d.people.home > d.address.id"}, edges(g), "the address is what people refer to")
}

func TestNestedFieldsBecomePathsAndInheritCategories(t *testing.T) {
	t.Parallel()
	g := compile(t, `
- name: people
  fields:
    - {name: email, fides_meta: {identity: email, primary_key: true}}
    - name: contacts
      data_categories: [user.contact]
      fides_meta: {data_type: "object[]"}
      fields: [{name: phone, fides_meta: {data_type: string}}]`)
	f := node(g, "people").Field("contacts.phone")
	require.NotNil(t, f)
	require.True(t, f.Array() && f.Personal())
	require.Equal(t, []string{"email"}, node(g, "people").Key)
}

func steps(g *datamap.Graph) []string {
	var list []string
	for _, s := range g.EraseOrder() {
		name := s.Node.Collection.Name
		for _, m := range s.Loosen {
			name += " -" + m.Field
		}
		list = append(list, name)
	}
	return list
}

const deleted = "habeas: {erase: delete}\n  fields:\n    - {name: id, fides_meta: {primary_key: true}}\n"

func TestChildrenAreErasedBeforeParents(t *testing.T) {
	t.Parallel()
	g := compile(t, `
- name: people
  `+deleted+`    - {name: email, fides_meta: {identity: email}}
- name: orders
  `+deleted+`    - {name: person, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}
- name: items
  `+deleted+`    - {name: order, fides_meta: {references: [{dataset: d, field: orders.id, direction: from}]}}
    - {name: product, fides_meta: {references: [{dataset: d, field: product.id, direction: to}]}}
- {name: product, fields: [{name: id, fides_meta: {primary_key: true}}]}`)
	require.Equal(t, []string{"items", "orders", "people"}, steps(g), "product has nothing to erase")
}

func TestEraseAfterIsHonouredAgainstReferences(t *testing.T) {
	t.Parallel()
	g := compile(t, `
- name: people
  `+deleted+`    - {name: email, fides_meta: {identity: email}}
- name: orders
  fides_meta: {erase_after: [d.people]}
  `+deleted+`    - {name: person, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}`)
	require.Equal(t, []string{"orders -person", "people", "orders"}, steps(g))
}

func TestCirclesAreLoosenedFirst(t *testing.T) {
	t.Parallel()
	g := compile(t, `
- name: people
  `+deleted+`    - {name: email, fides_meta: {identity: email}}
    - {name: boss, fides_meta: {references: [{dataset: d, field: people.id}]}}
    - {name: team, fides_meta: {references: [{dataset: d, field: teams.id}]}}
- name: teams
  `+deleted+`    - {name: lead, fides_meta: {references: [{dataset: d, field: people.id}]}}`)
	require.Equal(t, []string{"people -boss", "teams -lead", "people", "teams"}, steps(g))
}

func TestMasksFollowTheMap(t *testing.T) {
	t.Parallel()
	g := compile(t, `
- name: people
  fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}, habeas: {erase: hmac}}
    - {name: name, data_categories: [user.name], fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: masked}}}}
    - {name: score, data_categories: [user.content]}
    - {name: kept, data_categories: [user.content], habeas: {erase: keep}}
    - {name: system, data_categories: [system.operations]}
    - {name: extra, habeas: {erase: null}}`)
	n := node(g, "people")
	require.Equal(t, []datamap.Mask{
		{Field: "email", Method: datamap.FieldHMAC},
		{Field: "name", Method: datamap.FieldReplace, Value: "masked"},
		{Field: "score", Method: datamap.FieldNull},
		{Field: "extra", Method: datamap.FieldNull},
	}, n.Masks())
	require.Equal(t, datamap.EraseMask, n.Erasure())
}

func TestNothingIsLoosenedForRowsThatAreOnlyMasked(t *testing.T) {
	t.Parallel()
	ref := func(collection string) []datamap.Reference {
		return []datamap.Reference{{Dataset: "d", Collection: collection, Field: "id", Direction: datamap.From}}
	}
	id := datamap.Field{Name: "id", PrimaryKey: true}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", Collections: []datamap.Collection{
		{Name: "person", Fields: []datamap.Field{id, {Name: "email", Identity: "email"}}},
		{Name: "a", Erase: datamap.EraseDelete, EraseAfter: []string{"d.b"}, Fields: []datamap.Field{id, {Name: "b", References: ref("b")}, {Name: "owner", References: ref("person")}}},
		{Name: "b", Erase: datamap.EraseDelete, Fields: []datamap.Field{id, {Name: "a", References: ref("a")}}},
	}}})
	require.NoError(t, err)
	var loosened []string
	for _, s := range g.EraseOrder() {
		for _, m := range s.Loosen {
			loosened = append(loosened, s.Node.Collection.Name+"."+m.Field)
		}
	}
	require.Equal(t, []string{"a.b"}, loosened, "a.owner refers to a row that stays, and may not be NULL")
}
