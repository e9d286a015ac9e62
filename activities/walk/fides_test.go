package walk_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/store/pgtest"
)

const fixtures = "../../../shared/fixtures/fides/"

// fides is the Fides example database and its data map.
func fides(t *testing.T) (*datamap.Graph, *connectors.Systems, string) {
	t.Helper()
	script, err := os.ReadFile(fixtures + "postgres_sample.sql")
	if err != nil {
		t.Skip("the Fides sample data is not in shared/fixtures/fides beside the project")
	}
	dsn := pgtest.New(t)
	exec(t, dsn, string(script))
	datasets, problems, err := file.Load(fixtures+"postgres_example_test_dataset.yml", fixtures+"postgres_example_test_extended_dataset.yml")
	require.NoError(t, err)
	require.Empty(t, problems)
	for i := range datasets {
		datasets[i].System = "shop"
	}
	graph, err := datamap.Compile(datasets)
	require.NoError(t, err)
	return graph, systems(t, dsn), dsn
}

func systems(t *testing.T, dsn string) *connectors.Systems {
	t.Helper()
	s, err := connectors.NewSystems(connectors.Registry{postgres.Kind: postgres.Open},
		connectors.Config{Name: "shop", Kind: postgres.Kind, DSN: models.Personal(dsn), Secret: []byte("0123456789abcdef")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func exec(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func TestAFidesCustomerIsFoundWithAllThatBelongsToThem(t *testing.T) {
	t.Parallel()
	graph, systems, _ := fides(t)
	found := &walk.Memory{}
	w := walk.Walk{
		Graph: graph, Open: systems.System, Found: found, Batch: 2,
		Identities: []walk.Identity{{Kind: "email", Value: " Customer-1@Example.com"}},
	}
	result, err := w.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, result.Manual)

	got := map[string][]string{}
	shared := map[string][]string{}
	for _, n := range graph.Nodes {
		require.NoError(t, found.Each(t.Context(), n.Address, func(r datamap.FoundRow) error {
			key := ""
			for i, v := range r.Key {
				if i > 0 {
					key += "/"
				}
				key += v.Text()
			}
			got[n.Collection.Name] = append(got[n.Collection.Name], key)
			if r.Shared {
				shared[n.Collection.Name] = append(shared[n.Collection.Name], key+" "+r.Reason.Code+" "+r.Reason.Via.Collection)
			}
			return nil
		}))
	}
	for name, want := range map[string][]string{
		"customer": {"1"}, "login": {"1", "2", "3", "4", "5", "6"}, "address": {"1", "2"},
		"orders":       {"ord_aaa-aaa", "ord_ccc-ccc", "ord_ddd-ddd"},
		"order_item":   {"ord_aaa-aaa/1/1", "ord_ccc-ccc/1/1", "ord_ccc-ccc/2/1", "ord_ddd-ddd/1/1"},
		"payment_card": {"pay_aaa-aaa"}, "product": {"1", "2"}, "service_request": {"ser_aaa-aaa"},
		"visit": {"customer-1@example.com/2021-01-06T01:00:00"}, "employee": nil, "report": nil, "loyalty": nil,
	} {
		require.ElementsMatch(t, want, got[name], name)
	}
	require.ElementsMatch(t, []string{"1 foreign_row orders", "2 foreign_row customer"}, shared["address"])
	t.Log(shared)
}

func TestAFidesCustomerIsErasedAndNobodyElseIsTouched(t *testing.T) {
	t.Parallel()
	graph, systems, dsn := fides(t)
	system, err := systems.System(t.Context(), "shop")
	require.NoError(t, err)
	problems, err := system.(connectors.Checker).Check(t.Context(), graph.Nodes)
	require.NoError(t, err)
	var faults []string
	for _, p := range problems {
		if p.Severity == datamap.Fault {
			faults = append(faults, p.Code+" "+p.Where)
		}
	}
	require.Equal(t, []string{
		"mask_not_null postgres_example_test_dataset.visit.email", "mask_not_null postgres_example_test_extended_dataset.loyalty.id",
	}, faults, "what the file cannot know")
	for _, n := range graph.Nodes {
		if n.Collection.Name == "visit" {
			n.Collection.Erase = datamap.EraseDelete
		}
	}
	found := &walk.Memory{}
	w := walk.Walk{Graph: graph, Open: systems.System, Found: found, Identities: []walk.Identity{{Kind: "email", Value: "customer-1@example.com"}}}
	_, err = w.Run(t.Context())
	require.NoError(t, err)
	before := all(t, graph, dsn)
	erase(t, graph, found, system.(connectors.Eraser), 100)
	after := all(t, graph, dsn)

	changed := map[string][]string{}
	for name, rows := range before {
		for key, row := range rows {
			if now, there := after[name][key]; !there {
				changed[name] = append(changed[name], "-"+key)
			} else if now != row {
				changed[name] = append(changed[name], key)
			}
		}
	}
	for name, want := range map[string][]string{
		"customer": {"1"}, "login": {"1", "2", "3", "4", "5", "6"}, "orders": {"ord_aaa-aaa", "ord_ccc-ccc", "ord_ddd-ddd"},
		"payment_card": {"pay_aaa-aaa"}, "visit": {"-customer-1@example.com 2021-01-06 01:00:00"},
	} {
		require.ElementsMatch(t, want, changed[name], name)
		delete(changed, name)
	}
	require.Empty(t, changed, "shared addresses, the service request with another address, products and other people")
	require.Equal(t, "(1,,,\"2020-04-01 11:47:42\",1)", after["customer"]["1"], "address_id is no personal data and the fields are emptied")

	verifier := system.(connectors.Verifier)
	for _, s := range w.Starts() {
		n, err := verifier.Count(t.Context(), s.Query)
		require.NoError(t, err)
		want := 0
		if s.Query.Node.Collection.Name == "service_request" && s.Query.Fields[0] == "email" {
			want = 1 // shared, so that the DPO decides
		}
		require.Equal(t, want, n, "%s.%s", s.Query.Node.Address, s.Query.Fields[0])
	}
}

// all is every row of every collection by its key, read without the connector.
func all(t *testing.T, graph *datamap.Graph, dsn string) map[string]map[string]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	tables := map[string]map[string]string{}
	for _, n := range graph.Nodes {
		key := make([]string, len(n.Key))
		for i, k := range n.Key {
			key[i] = k + "::text"
		}
		rows, err := conn.Query(t.Context(), "SELECT concat_ws(' ', "+strings.Join(key, ", ")+"), t::text FROM "+n.Table+" t")
		require.NoError(t, err)
		var id, text string
		table := map[string]string{}
		_, err = pgx.ForEachRow(rows, []any{&id, &text}, func() error {
			table[id] = text
			return nil
		})
		require.NoError(t, err)
		tables[n.Collection.Name] = table
	}
	return tables
}
