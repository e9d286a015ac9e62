package connectors_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
)

func TestATableIsFoundByTheNameThatAMapGivesIt(t *testing.T) {
	t.Parallel()
	tables := []connectors.Table{
		{Name: "hr.person"}, {Name: "shop.person"}, {Name: "shop.Order"}, {Name: "order"}, {Name: "Invoice"}, {Name: "crm.Letter"}, {Name: "LOG"}, {Name: "log"},
	}
	for mapped, want := range map[string]string{
		"hr.person": "hr.person", "person": "", "sales.person": "", "order": "order", "shop.order": "order", "shop.Order": "shop.Order",
		"invoice": "Invoice", "public.invoice": "Invoice", "letter": "crm.Letter", "CRM.LETTER": "crm.Letter", "log": "log", "Log": "", "none": "",
	} {
		found := connectors.Find(tables, mapped)
		if want == "" {
			require.Nil(t, found, mapped)
			continue
		}
		require.NotNil(t, found, mapped)
		require.Equal(t, want, found.Name, mapped)
	}
}

func TestAColumnIsFoundInAnyLettersUnlessThereAreTwo(t *testing.T) {
	t.Parallel()
	table := connectors.Table{Columns: []connectors.Column{{Name: "Email"}, {Name: "NAME"}, {Name: "name"}}}
	require.Equal(t, "Email", table.Column("email").Name)
	require.Equal(t, "name", table.Column("name").Name)
	require.Nil(t, table.Column("Name"))
	require.Nil(t, table.Column("mail"))
}
