package datamap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/datamap"
)

func TestAKindOfIdentityIsCalledAsAFieldThatHoldsItSaysInTheLanguage(t *testing.T) {
	t.Parallel()
	card := func(said string, tr datamap.Translations) *datamap.Node {
		fields := []datamap.Field{{Name: "card", Identity: "loyalty_card", Description: said, Translations: tr}}
		return &datamap.Node{
			Dataset: &datamap.Dataset{Key: "shop"}, Collection: &datamap.Collection{Fields: fields}, Fields: fields,
			Identities: []datamap.Identity{{Kind: "loyalty_card", Field: "card"}},
		}
	}
	g := datamap.Graph{Nodes: []*datamap.Node{card("", nil), card("Bonus card", nil), card("Card", datamap.Translations{"pl": {Description: "Karta"}})}}
	require.Equal(t, models.Said{Text: "Karta", Lang: "pl"}, g.IdentityIn("pl", "loyalty_card"))
	require.Equal(t, models.Said{Text: "Bonus card", Lang: "en"}, g.IdentityIn("de", "loyalty_card"), "the first that says anything")
	require.Empty(t, g.IdentityIn("pl", "tax_number"))
}

func TestAPersonReadsTheirLanguageWhereTheMapHasIt(t *testing.T) {
	t.Parallel()
	d := &datamap.Dataset{
		Key: "crm", Name: "Customers", Purposes: []string{"service", "news"}, Source: "you", StoragePeriod: "two years",
		Translations: datamap.Translations{"pl": {Name: "Klienci", Purposes: []string{"obsługa", "biuletyn"}}, "de": {Purposes: []string{"Dienst"}}},
	}
	n := &datamap.Node{
		Dataset: d,
		Collection: &datamap.Collection{
			Name: "order_lines", Description: "Orders", Translations: datamap.Translations{"pl": {Name: "pozycje", Purpose: "sprzedaż"}}, Purpose: "sale",
		},
		Fields: []datamap.Field{{Name: "placed", Description: "Day", Translations: datamap.Translations{"pl": {Name: "data"}}}},
	}
	said := func(text, lang string) models.Said { return models.Said{Text: text, Lang: lang} }
	for name, c := range map[string]struct{ got, want models.Said }{
		"a name":                        {d.NameIn("pl"), said("Klienci", "pl")},
		"a name without translation":    {d.NameIn("fr"), said("Customers", "en")},
		"a source":                      {d.SourceIn("pl"), said("you", "en")},
		"a period":                      {d.StoragePeriodIn("pl"), said("two years", "en")},
		"no period":                     {n.StoragePeriodIn("pl"), models.Said{}},
		"a collection's name":           {n.NameIn("pl"), said("pozycje", "pl")},
		"a table's name":                {n.NameIn("de"), said("order lines", "en")},
		"a description":                 {n.CalledIn("pl"), said("Orders", "en")},
		"a purpose":                     {n.PurposeIn("pl"), said("sprzedaż", "pl")},
		"a field's name":                {n.FieldNameIn("pl", "placed"), said("data", "pl")},
		"a column's name":               {n.FieldNameIn("de", "placed"), said("placed", "")},
		"a field's description":         {n.FieldCalledIn("pl", "placed"), said("Day", "en")},
		"a field that nobody described": {n.FieldCalledIn("pl", "other"), said("other", "")},
	} {
		require.Equal(t, c.want, c.got, name)
	}
	require.Equal(t, []models.Said{said("obsługa", "pl"), said("biuletyn", "pl")}, d.PurposesIn("pl"))
	require.Equal(t, []models.Said{said("service", "en"), said("news", "en")}, d.PurposesIn("de"), "half of them would be in the wrong place")
	d.Language = "nl"
	require.Equal(t, said("Customers", "nl"), d.NameIn("fr"))
}
