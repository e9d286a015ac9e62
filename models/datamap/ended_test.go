package datamap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/datamap"
)

func TestACollectionMayBeErasedOtherwiseWhenAContractEnds(t *testing.T) {
	t.Parallel()
	g := compile(t, people+`
- name: orders
  habeas: {erase: keep, contract_end: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: buyer, fides_meta: {references: [{dataset: d, field: people.id, direction: from}]}}`)
	end := g.AtContractEnd()
	require.Equal(t, datamap.EraseKeep, node(g, "orders").Erasure())
	require.Equal(t, datamap.EraseDelete, node(end, "orders").Erasure())
	require.Equal(t, node(g, "people").Erasure(), node(end, "people").Erasure())
	require.Same(t, end, g.AtContractEnd())
	require.Len(t, end.EraseOrder(), 2)
	require.Equal(t, [][]*datamap.Node{{node(g, "people"), node(g, "orders")}, {node(end, "orders")}}, g.ToCheck("d"))
	require.Equal(t, "orders", end.EraseOrder()[0].Node.Collection.Name, "children first")
}

func TestAMapThatSaysNothingOfTheEndOfAContractIsTheSameThen(t *testing.T) {
	t.Parallel()
	g := compile(t, people)
	require.Same(t, g, g.AtContractEnd())
	require.Equal(t, [][]*datamap.Node{{node(g, "people")}}, g.ToCheck("d"))
}

func TestWhatCannotBeErasedAtTheEndOfAContractIsAFault(t *testing.T) {
	t.Parallel()
	for name, collection := range map[string]string{
		"unknown":         `{name: a, habeas: {contract_end: burn}, fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]}`,
		"nothing to mask": `{name: a, habeas: {erase: delete, contract_end: mask}, fields: [{name: id, fides_meta: {primary_key: true, identity: email}}]}`,
		"no key":          `{name: a, habeas: {erase: keep, contract_end: delete}, fields: [{name: email, fides_meta: {identity: email}}]}`,
	} {
		problems := datamap.Check(parse(t, "\n- "+collection), nil)
		require.True(t, datamap.Refused(problems), "%s: %v", name, problems)
	}
}
