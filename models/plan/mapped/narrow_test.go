package mapped_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/plan/mapped"
	"habeas/models/request"
)

const narrowMap = `
dataset:
  - fides_key: shop
    name: Web shop
    habeas: {controller: acme, system: shop}
    collections:
      - name: buyers
        description: Customer accounts
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: orders
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: buyer, fides_meta: {references: [{dataset: shop, field: buyers.id, direction: from}]}}
          - {name: item, data_categories: [user.behavior.purchase_history]}
      - name: rates
        habeas: {unreachable: nothing personal}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
  - fides_key: own
    habeas: {system: erp}
    collections:
      - name: staff
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email, user.job], fides_meta: {identity: email}}
`

func parts(t *testing.T) []mapped.Part {
	t.Helper()
	datasets, problems := file.Parse("shop.yml", []byte(narrowMap))
	require.Empty(t, problems)
	g, err := datamap.Compile(datasets)
	require.NoError(t, err)
	return mapped.Parts(g, "acme")
}

func TestPartsAreWhatMayHoldRowsOfACustomer(t *testing.T) {
	t.Parallel()
	require.Equal(t, []mapped.Part{
		{System: "shop", Dataset: "Web shop", Collection: "shop.buyers", Description: "Customer accounts", Categories: []string{"user.contact.email"}},
		{System: "shop", Dataset: "Web shop", Collection: "shop.orders", Categories: []string{"user.behavior.purchase_history"}},
	}, parts(t), "neither what nobody reaches nor what is the operator's own")
}

func TestANarrowingNamesPartsAndLeavesSomeOfThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		narrowing request.Narrowing
		code, at  string
	}{
		"a collection":                {request.Narrowing{Collections: []string{"shop.orders"}}, "", ""},
		"only a category":             {request.Narrowing{Only: true, Categories: []string{"user.contact"}}, "", ""},
		"another's category":          {request.Narrowing{Categories: []string{"user.job"}}, "unknown_category", "/narrow/leave_out/categories"},
		"a category of no person":     {request.Narrowing{Categories: []string{"system"}}, "unknown_category", "/narrow/leave_out/categories"},
		"another's system":            {request.Narrowing{Only: true, Systems: []string{"erp"}}, "unknown_system", "/narrow/only/systems"},
		"another's collection":        {request.Narrowing{Collections: []string{"own.staff"}}, "unknown_collection", "/narrow/leave_out/collections"},
		"no part":                     {request.Narrowing{}, "nothing_left_out", "/narrow/leave_out"},
		"only all":                    {request.Narrowing{Only: true, Systems: []string{"shop"}}, "nothing_left_out", "/narrow/only"},
		"only no part":                {request.Narrowing{Only: true}, "nothing_left", "/narrow/only"},
		"all":                         {request.Narrowing{Systems: []string{"shop"}}, "nothing_left", "/narrow/leave_out"},
		"all, by their kinds of data": {request.Narrowing{Categories: []string{"user"}}, "nothing_left", "/narrow/leave_out"},
	} {
		err := mapped.CheckNarrowing(parts(t), c.narrowing)
		if c.code == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, c.code, models.CodeOf(err), name)
		e, ok := errors.AsType[*models.Error](err)
		require.True(t, ok, name)
		require.Equal(t, c.at, e.Field, name)
	}
}
