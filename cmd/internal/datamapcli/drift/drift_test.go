package drift_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/drift"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

const mapped = `dataset:
  - fides_key: shop
    collections:
      - name: customer
        habeas: {erase: delete}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
      - name: orders
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: customer_id, fides_meta: {data_type: integer, references: [{dataset: shop, field: customer.id, direction: from}]}}
          - {name: place, data_categories: [system.operations]}
      - name: rate
        fides_meta: {skip_processing: true}
        fields: [{name: id}]
  - {fides_key: other, collections: [{name: elsewhere, fields: [{name: id}]}]}
`

func column(name string, kind datamap.Kind) connectors.Column {
	return connectors.Column{Name: name, Kind: kind, Type: string(kind)}
}

// asMapped are the tables as the map has them.
func asMapped() []connectors.Table {
	return []connectors.Table{
		{Name: "public.customer", Key: []string{"id"}, Columns: []connectors.Column{column("id", datamap.KindInt), column("email", datamap.KindText)}},
		{
			Name: "public.orders", Key: []string{"id"}, Columns: []connectors.Column{column("id", datamap.KindInt), column("customer_id", datamap.KindInt), column("place", datamap.KindText)},
			References: []connectors.ForeignKey{{Name: "fk", Columns: []string{"customer_id"}, Table: "public.customer", Into: []string{"id"}}},
		},
		{Name: "public.rate", Columns: []connectors.Column{column("id", datamap.KindInt)}},
		{Name: "public.recent", View: true},
	}
}

func TestWhatChangedIsNamedAndWhatIsMissedMarked(t *testing.T) {
	t.Parallel()
	datasets, problems := file.Parse("map.yml", []byte(mapped))
	require.Empty(t, problems)
	require.Empty(t, drift.Compare("shop", asMapped(), datasets))
	for name, c := range map[string]struct {
		change func([]connectors.Table) []connectors.Table
		want   []string // code, table, column, missed
	}{
		"a new table": {func(l []connectors.Table) []connectors.Table {
			return append(l, connectors.Table{Name: "public.stock", Columns: []connectors.Column{column("n", datamap.KindInt)}})
		}, []string{"new_table public.stock  false"}},
		"a new table about people": {func(l []connectors.Table) []connectors.Table {
			return append(l, connectors.Table{Name: "public.lead", Columns: []connectors.Column{column("mail", datamap.KindText), column("vorname", datamap.KindText)}})
		}, []string{"new_table public.lead  true"}},
		"a dropped table":                  {func(l []connectors.Table) []connectors.Table { return l[1:] }, []string{"dropped_table customer  true"}},
		"a dropped table that was skipped": {func(l []connectors.Table) []connectors.Table { return l[:2] }, []string{"dropped_table rate  false"}},
		"a new column": {func(l []connectors.Table) []connectors.Table {
			l[1].Columns = append(l[1].Columns, column("weight", datamap.KindInt))
			return l
		}, []string{"new_column public.orders weight false"}},
		"a new personal column": {func(l []connectors.Table) []connectors.Table {
			l[1].Columns = append(l[1].Columns, column("telefon", datamap.KindText))
			return l
		}, []string{"new_column public.orders telefon true"}},
		"a new personal column of a skipped table": {func(l []connectors.Table) []connectors.Table {
			l[2].Columns = append(l[2].Columns, column("iban", datamap.KindText))
			return l
		}, []string{"new_column public.rate iban true"}},
		"a dropped column": {func(l []connectors.Table) []connectors.Table {
			l[0].Columns = l[0].Columns[:1]
			return l
		}, []string{"dropped_column public.customer email true"}},
		"another type": {func(l []connectors.Table) []connectors.Table {
			l[0].Columns[0] = column("id", datamap.KindUUID)
			return l
		}, []string{"changed_type public.customer id true"}},
		"another key": {func(l []connectors.Table) []connectors.Table {
			l[1].Key = []string{"id", "place"}
			return l
		}, []string{"changed_key public.orders  true"}},
		"a new foreign key into rows that are deleted": {func(l []connectors.Table) []connectors.Table {
			l[1].References = append(l[1].References, connectors.ForeignKey{Name: "fk2", Columns: []string{"place"}, Table: "public.customer", Into: []string{"id"}})
			return l
		}, []string{"new_reference public.orders place true"}},
		"values that look personal": {func(l []connectors.Table) []connectors.Table {
			l[2].Columns[0] = connectors.Column{Name: "id", Kind: datamap.KindText, Samples: []datamap.Value{datamap.Text("canary@example.com")}}
			return l
		}, []string{"unmapped_personal_data public.rate id true"}},
	} {
		var got []string
		for _, ch := range drift.Compare("shop", c.change(asMapped()), datasets) {
			missed := "false"
			if ch.Missed {
				missed = "true"
			}
			got = append(got, ch.Code+" "+ch.Table+" "+ch.Column+" "+missed)
			require.NotContains(t, ch.What, "canary", "no value in a report")
		}
		require.Equal(t, c.want, got, name)
	}
}
