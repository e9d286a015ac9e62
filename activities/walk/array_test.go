package walk_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/activities/walk"
	"habeas/models/datamap"
)

func TestOtherIdentitiesInAnArrayShareTheRowUnlessTheMapSaysThatTheyAreOnePersons(t *testing.T) {
	t.Parallel()
	at := newPlace(t, postgres.Kind)
	at.exec(t, `CREATE TABLE mail (id int PRIMARY KEY, recipients text[]);
INSERT INTO mail VALUES (1, '{me@example.com}'), (2, '{you@example.com, ME@example.com}'), (3, '{you@example.com}'), (4, '{}'), (5, NULL), (6, '{me@example.com,"",NULL}')`)
	system := at.system(t)
	for all, want := range map[bool]map[string]bool{false: {"1": false, "2": true, "6": false}, true: {"1": false, "2": false, "6": false}} {
		graph, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "shop", Collections: []datamap.Collection{{Name: "mail", Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true},
			{Name: "recipients", Identity: "email", Type: "string[]", ReturnAll: all},
		}}}}})
		require.NoError(t, err)
		found := &walk.Memory{}
		w := walk.Walk{
			Graph: graph, Open: func(context.Context, string) (connectors.System, error) { return system, nil }, Found: found,
			Identities: []walk.Identity{{Kind: "email", Value: "me@example.com"}},
		}
		_, err = w.Run(t.Context())
		require.NoError(t, err)
		got := map[string]bool{}
		require.NoError(t, found.Each(t.Context(), graph.Nodes[0].Address, func(r datamap.FoundRow) error {
			require.True(t, r.Own)
			got[r.Key[0].Text()] = r.Shared
			return nil
		}))
		require.Equal(t, want, got, "return_all_elements: %v", all)
	}
}
