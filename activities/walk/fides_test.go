package walk_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/postgres"
	"habeas/activities/walk"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

const fixtures = "../../../shared/fixtures/fides/"

// example is one of the Fides example databases and what is known of it. The scripts for MySQL have no rows of their own.
type example struct {
	kind    string
	scripts []string
	maps    []string
	faults  []string
}

var examples = map[string]example{
	"postgres": {
		kind: postgres.Kind, scripts: []string{"postgres_sample.sql"},
		maps: []string{"postgres_example_test_dataset.yml", "postgres_example_test_extended_dataset.yml"},
		faults: []string{
			"mask_not_null postgres_example_test_dataset.visit.email", "mask_not_null postgres_example_test_extended_dataset.loyalty.id",
		},
	},
	"mariadb": {
		kind: mysql.KindMariaDB, scripts: []string{"mariadb_example_schema.sql", "mariadb_example_data.sql"},
		maps: []string{"mariadb_example_test_dataset.yml"},
	},
	"mysql": {
		kind: mysql.KindMariaDB, scripts: []string{"mysql_example.sql", "mariadb_example_data.sql"},
		maps: []string{"mysql_example_test_dataset.yml"},
	},
}

var chooses = regexp.MustCompile(`USE \w+;`)

// eachExample runs a test on each of the Fides example databases and its data map, loaded as they are.
func eachExample(t *testing.T, test func(t *testing.T, e example, graph *datamap.Graph, at *place)) {
	t.Helper()
	t.Parallel()
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, paths := newPlace(t, e.kind), slices.Clone(e.maps)
			for _, script := range e.scripts {
				text, err := os.ReadFile(fixtures + script)
				if err != nil {
					t.Skip("the Fides sample data is not in shared/fixtures/fides beside the project")
				}
				own := string(text)
				if use := chooses.FindStringIndex(own); use != nil { // the test has a database of its own
					own = own[use[1]:]
				}
				at.exec(t, own)
			}
			for i := range paths {
				paths[i] = fixtures + paths[i]
			}
			datasets, problems, err := file.Load(paths...)
			require.NoError(t, err)
			require.Empty(t, problems)
			for i := range datasets {
				datasets[i].System = "shop"
			}
			graph, err := datamap.Compile(datasets)
			require.NoError(t, err)
			test(t, e, graph, at)
		})
	}
}

// known is a found row by its table's key, whatever the data map takes for one.
func known(n *datamap.Node, r datamap.FoundRow) string {
	row := datamap.Row{Columns: n.Key, Values: r.Key}
	fields := map[string][]string{"order_item": {"order_id", "product_id", "quantity"}, "visit": {"email", "last_visit"}}[n.Collection.Name]
	if fields == nil {
		fields = []string{"id"}
	}
	var parts []string
	for _, v := range row.Pick(fields) {
		parts = append(parts, strings.TrimSuffix(v.Text(), "Z"))
	}
	return strings.Join(parts, "/")
}

func TestAFidesCustomerIsFoundWithAllThatBelongsToThem(t *testing.T) {
	eachExample(t, func(t *testing.T, _ example, graph *datamap.Graph, at *place) {
		found := &walk.Memory{}
		w := walk.Walk{
			Graph: graph, Open: at.systems(t).System, Found: found, Batch: 2,
			Identities: []walk.Identity{{Kind: "email", Value: " Customer-1@Example.com"}},
		}
		result, err := w.Run(t.Context())
		require.NoError(t, err)
		require.Empty(t, result.Manual)

		got := map[string][]string{}
		shared := map[string][]string{}
		for _, n := range graph.Nodes {
			require.NoError(t, found.Each(t.Context(), n.Address, func(r datamap.FoundRow) error {
				key := known(n, r)
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
	})
}

func TestAFidesCustomerIsErasedAndNobodyElseIsTouched(t *testing.T) {
	eachExample(t, func(t *testing.T, e example, graph *datamap.Graph, at *place) {
		systems := at.systems(t)
		system, err := systems.System(t.Context(), "shop")
		require.NoError(t, err)
		require.Equal(t, e.faults, faults(t, system, graph), "what the file cannot know")
		for _, n := range graph.Nodes {
			if n.Collection.Name == "visit" {
				n.Collection.Erase = datamap.EraseDelete
			}
		}
		found := &walk.Memory{}
		w := walk.Walk{Graph: graph, Open: systems.System, Found: found, Identities: []walk.Identity{{Kind: "email", Value: "customer-1@example.com"}}}
		_, err = w.Run(t.Context())
		require.NoError(t, err)
		before := at.everyRow(t, graph)
		erase(t, graph, found, system.(connectors.Eraser), 100)
		after := at.everyRow(t, graph)

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
			"payment_card": {"pay_aaa-aaa"}, "visit": {"-customer-1@example.com"},
		} {
			require.ElementsMatch(t, want, changed[name], name)
			delete(changed, name)
		}
		require.Empty(t, changed, "shared addresses, the service request with another address, products and other people")
		require.Regexp(t, `^\["1",null,null,"2020-04-01.11:47:42Z?","1"\]$`, after["customer"]["1"], "address_id is no personal data and the fields are emptied")

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
	})
}

func faults(t *testing.T, system connectors.System, graph *datamap.Graph) []string {
	t.Helper()
	problems, err := system.(connectors.Checker).Check(t.Context(), graph.Nodes)
	require.NoError(t, err)
	var list []string
	for _, p := range problems {
		if p.Severity == datamap.Fault {
			list = append(list, p.Code+" "+p.Where)
		}
	}
	return list
}

// everyRow is every row of every collection by its table's key, whatever the data map takes for one.
func (p *place) everyRow(t *testing.T, graph *datamap.Graph) map[string]map[string]string {
	t.Helper()
	tables := map[string]map[string]string{}
	for _, n := range graph.Nodes {
		key := map[string][]string{"order_item": {"order_id", "item_no"}, "visit": {"email"}}[n.Collection.Name]
		if key == nil {
			key = []string{"id"}
		}
		tables[n.Collection.Name] = p.rows(t, n.Table, key)
	}
	return tables
}
