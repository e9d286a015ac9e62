package rest_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/rest"
	"habeas/activities/connectors/rest/resttest"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

const examples = "../../../docs/connectors/examples/"

func compile(t *testing.T, path string) *datamap.Graph {
	t.Helper()
	datasets, problems, err := file.Load(path)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Empty(t, datamap.Check(datasets, nil))
	graph, err := datamap.Compile(datasets)
	require.NoError(t, err)
	return graph
}

// The other tests of the examples change the address, so that it is a server of theirs, and the pace; here they are opened as they are.
func TestTheExamplesOpenAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]string{"crm-systems.yaml": "crm", "desk-systems.yaml": "desk"} {
		set, _ := settings(t, examples+name, of)
		b, err := json.Marshal(set)
		require.NoError(t, err)
		s, err := rest.Open(t.Context(), connectors.Config{Name: of, Kind: rest.Kind, DSN: "secret", Settings: b})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}

// person walks from an address and lists the rows found as collection and key.
func person(t *testing.T, graph *datamap.Graph, s connectors.System, email string) (*walk.Walk, *walk.Memory, []string) {
	t.Helper()
	found := &walk.Memory{}
	w := &walk.Walk{
		Graph: graph, Found: found, Identities: []walk.Identity{{Kind: datamap.IdentityEmail, Value: models.Personal(email)}},
		Open: func(context.Context, string) (connectors.System, error) { return s, nil },
	}
	result, err := w.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, result.Manual)
	var list []string
	for _, n := range graph.Nodes {
		require.NoError(t, found.Each(t.Context(), n.Address, func(r datamap.FoundRow) error {
			require.False(t, r.Shared)
			list = append(list, n.Table+" "+r.Key[0].Text())
			return nil
		}))
	}
	slices.Sort(list)
	return w, found, list
}

// eraseAll erases what was found in the graph's order, twice, and proves it.
func eraseAll(t *testing.T, graph *datamap.Graph, s connectors.System, w *walk.Walk, found *walk.Memory) {
	t.Helper()
	eraser, verifier := s.(connectors.Eraser), s.(connectors.Verifier)
	for round := range 2 {
		for _, step := range graph.EraseOrder() {
			var list []datamap.Key
			require.NoError(t, found.Each(t.Context(), step.Node.Address, func(r datamap.FoundRow) error {
				list = append(list, r.Key)
				return nil
			}))
			order := connectors.Order(step, list)
			out, err := eraser.Erase(t.Context(), order)
			require.NoError(t, err)
			require.Empty(t, out.Blocked)
			require.Equal(t, len(list), out.Erased+out.Masked+out.Missing)
			if round == 0 {
				require.Zero(t, out.Missing)
			}
			left, err := verifier.Left(t.Context(), order)
			require.NoError(t, err)
			require.Zero(t, left)
		}
	}
	for _, start := range w.Starts() {
		n, err := verifier.Count(t.Context(), start.Query)
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

// warnings are the codes of a check's problems, none of which is a fault.
func warnings(t *testing.T, graph *datamap.Graph, s connectors.System) []string {
	t.Helper()
	problems, err := s.(connectors.Checker).Check(t.Context(), graph.Nodes)
	require.NoError(t, err)
	require.False(t, datamap.Refused(problems), "%v", problems)
	var codes []string
	for _, p := range problems {
		codes = append(codes, p.Code+" "+p.Where)
	}
	return codes
}

func crm() *resttest.CRM {
	api := &resttest.CRM{Token: "canary"}
	api.Put("contacts", "101", map[string]string{"email": "Ann@example.com", "firstname": "Ann", "lastname": "O'Neil", "phone": "+49 1"})
	api.Put("contacts", "102", map[string]string{"email": "bob@example.com", "firstname": "Bob"})
	api.Put("contacts", "103", map[string]string{"email": "ann@example.com", "firstname": "Ann again"})
	for _, note := range [][3]string{{"1", "101", "called"}, {"2", "102", "likes tea"}, {"3", "101", "wrote"}, {"4", "103", "complained"}, {"5", "101", "called again"}} {
		api.Put("notes", note[0], map[string]string{"contact_id": note[1], "hs_note_body": note[2]})
	}
	return api
}

func TestTheExampleOfACustomerDatabaseFindsCopiesErasesAndProves(t *testing.T) {
	t.Parallel()
	api := crm()
	set, _ := settings(t, examples+"crm-systems.yaml", "crm")
	s := open(t, set, "canary", api)
	graph := compile(t, examples+"crm-map.yaml")
	require.Equal(t, []string{"field_never_seen crm.contacts.do_not_process"}, warnings(t, graph, s))

	w, found, rows := person(t, graph, s, "ANN@example.com")
	require.Equal(t, []string{"contacts 101", "contacts 103", "notes 1", "notes 3", "notes 4", "notes 5"}, rows)

	contacts, restrictor := graph.Nodes[0], s.(connectors.Restrictor)
	restriction := connectors.Restriction{Node: contacts, Keys: keys(datamap.Text("101"), datamap.Text("999")), At: time.Now()}
	n, err := restrictor.Restrict(t.Context(), restriction)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "true", api.Get("contacts", "101")["do_not_process"])
	n, err = s.(connectors.Rectifier).Rectify(t.Context(), connectors.Rectification{
		Node: contacts, Keys: keys(datamap.Text("101")), Set: []connectors.FieldValue{{Field: "last_name", Value: datamap.Text("O'Neill")}},
	})
	require.NoError(t, err)
	require.Equal(t, 1, n)

	var copied []string
	require.NoError(t, s.(connectors.Exporter).Export(t.Context(), contacts, keys(datamap.Text("101"), datamap.Text("999")), []string{"first_name", "last_name", "phone"}, func(r datamap.Row) error {
		for _, v := range r.Values {
			copied = append(copied, v.Text())
		}
		return nil
	}))
	require.Equal(t, []string{"Ann", "O'Neill", "+49 1"}, copied)

	eraseAll(t, graph, s, w, found)
	require.Equal(t, []string{"102"}, api.IDs("contacts"))
	require.Equal(t, "[erased]", api.Get("notes", "3")["hs_note_body"])
	require.Equal(t, "likes tea", api.Get("notes", "2")["hs_note_body"])
	require.Equal(t, "Bob", api.Get("contacts", "102")["firstname"])

	api.Put("contacts", "101", map[string]string{"email": "ann@example.com"}) // a contact that comes back counts as left
	left, err := s.(connectors.Verifier).Left(t.Context(), connectors.Erasure{Node: contacts, Keys: keys(datamap.Text("101"), datamap.Text("103")), Delete: true})
	require.NoError(t, err)
	require.Equal(t, 1, left)
}

func desk() *resttest.Desk {
	api := &resttest.Desk{User: "habeas@company.example", Token: "canary", LimitEvery: 3, JobLasts: 2}
	api.AddUser(1, "ann@example.com", "Ann")
	api.AddUser(2, "bob@example.com", "Bob")
	api.AddUser(3, "joann@example.com", "Joann")
	api.AddUser(4, "ann@example.com.au", "Ann of Australia")
	for id, user := range map[int]int{11: 1, 12: 2, 13: 1, 14: 3, 15: 1} {
		api.AddTicket(id, user, "help")
	}
	return api
}

func deskSettings(t *testing.T) map[string]any {
	t.Helper()
	set, _ := settings(t, examples+"desk-systems.yaml", "desk")
	collections := set["collections"].(map[string]any)
	step := collections["tickets"].(map[string]any)["delete"].([]any)[1].(map[string]any)
	step["accepted"].(map[string]any)["every"] = "1ms" // no test waits
	set["requests_per_second"] = 0
	return set
}

func TestTheExampleOfAHelpDeskFindsCopiesErasesAndProves(t *testing.T) {
	t.Parallel()
	api := desk()
	s := open(t, deskSettings(t), "canary", api)
	graph := compile(t, examples+"desk-map.yaml")
	require.Equal(t, []string{"personal_in_url desk.users.email"}, warnings(t, graph, s))

	w, found, rows := person(t, graph, s, "Ann@example.com")
	require.Equal(t, []string{"tickets 11", "tickets 13", "tickets 15", "users 1"}, rows, "not what only looks alike")
	eraseAll(t, graph, s, w, found)
	require.Equal(t, []int{2, 3, 4}, api.Users())
	require.Equal(t, []int{12, 14}, api.Tickets())
}

// A deletion in two steps that stopped after the first is taken up by the second; a job that does not end is no success.
func TestADeletionThatIsOnlyAcceptedIsNotDone(t *testing.T) {
	t.Parallel()
	api := desk()
	api.JobLasts = 1000
	s := open(t, deskSettings(t), "canary", api)
	tickets := compile(t, examples+"desk-map.yaml").Nodes[1]
	order := connectors.Erasure{Node: tickets, Keys: keys(datamap.Int(11)), Delete: true}
	_, err := s.(connectors.Eraser).Erase(t.Context(), order)
	requireError(t, err, models.Unavailable, connectors.CodeBusy)
	left, err := s.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, 1, left)

	api.JobLasts = 0
	out, err := s.(connectors.Eraser).Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1}, out)
	require.NotContains(t, api.Tickets(), 11)
}
