package walk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/manual"
	"habeas/activities/walk"
	"habeas/models/datamap"
)

const owned = `
- name: party
  habeas: {controller_column: owner}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
    - {name: address, fides_meta: {references: [{dataset: d, field: address.id}]}}
    - {name: owner}
- name: address
  habeas: {controller_column: owner}
  fields: [{name: id, fides_meta: {primary_key: true}}, {name: street, data_categories: [user.contact]}, {name: owner}]
- name: shipment
  habeas: {controller_column: owner}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: consignee, fides_meta: {references: [{dataset: d, field: party.id}]}}
    - {name: owner}
- name: event
  habeas: {controller_column: owner}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: shipment, fides_meta: {references: [{dataset: d, field: shipment.id, direction: from}]}}
    - {name: owner}
`

const ownedRows = `CREATE TABLE party (id int, email text, address int, owner text); CREATE TABLE address (id int, street text, owner text);
CREATE TABLE shipment (id int, consignee int, owner text); CREATE TABLE event (id int, shipment int, owner text);
INSERT INTO address VALUES (1, 'alone', 'globex'), (2, 'also acme''s', 'globex'), (3, 'acme''s', 'acme'), (4, 'nobody''s', 'globex');
INSERT INTO party VALUES (1, 'a@example.com', 1, 'globex'), (2, 'b@example.com', 1, 'globex'), (3, 'c@example.com', 2, 'acme'), (4, 'a@example.com', 3, 'acme'), (5, NULL, NULL, NULL);
INSERT INTO shipment VALUES (1, 1, 'globex'), (2, 4, 'globex'), (3, 2, 'acme'), (4, 4, 'acme'), (5, NULL, NULL);
INSERT INTO event VALUES (1, 1, 'globex'), (2, 2, 'globex'), (3, 3, 'acme'), (4, 1, NULL), (5, NULL, 'globex');`

func TestTheWalkOfAControllerFindsAllItsRowsAndWhatAnotherControllerShares(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, owned, ownedRows)
		b.walk.Identities, b.walk.Controller = nil, "globex"
		b.walk.Scope = func(slug string) bool { return slug == "globex" }
		require.Equal(t, []string{
			"address/1 shared_row party", "address/2 foreign_row party", "address/4", "event/1", "event/2 shared_row shipment", "event/5",
			"party/1", "party/2 foreign_row shipment", "shipment/1", "shipment/2 other_person party",
		}, b.run(t))
		row := b.row(t, "shipment", "1")
		require.True(t, row.Owned && !row.Own)
		require.Equal(t, []string{"controller > d.shipment.owner"}, row.Path)
		require.Equal(t, "globex", row.Controller)
	})
}

func TestAControllerWithoutRowsIsFoundToHaveNone(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, owned, ownedRows)
		b.walk.Controller = "initech"
		require.Empty(t, b.run(t))
	})
}

func TestADatasetThatIsAControllersAsAWholeIsReadWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, customers, `CREATE TABLE customer (id int, email text);
INSERT INTO customer VALUES (1, 'me@example.com'), (2, 'you@example.com'), (3, NULL), (4, ''), (5, 'x@example.com');`)
		b.walk.Identities, b.walk.Controller = nil, "acme" // as the dataset says
		require.Equal(t, []string{"customer/1", "customer/2", "customer/3", "customer/4", "customer/5"}, b.run(t))
		b.found = &walk.Memory{}
		b.walk.Found, b.walk.Controller = b.found, "globex"
		require.Empty(t, b.run(t))
	})
}

func TestWhatOfAControllerNoConnectorCanSearchIsNamed(t *testing.T) {
	t.Parallel()
	graph, err := datamap.Compile([]datamap.Dataset{
		{Key: "paper", Controller: "acme", Collections: []datamap.Collection{{Name: "files", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "email", Identity: "email"}}}}},
		{Key: "other", Controller: "globex", Collections: []datamap.Collection{{Name: "files", Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "email", Identity: "email"}}}}},
	})
	require.NoError(t, err)
	w := walk.Walk{Graph: graph, Found: &walk.Memory{}, Controller: "acme", Open: func(ctx context.Context, name string) (connectors.System, error) {
		return manual.Open(ctx, connectors.Config{Name: name, Kind: manual.Kind})
	}}
	result, err := w.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []datamap.Address{{Dataset: "paper", Collection: "files"}}, result.Manual)
}

func TestTheWalkOfAControllerInPartsFindsTheSame(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, owned, ownedRows)
		b.walk.Identities, b.walk.Controller = nil, "globex"
		want := b.run(t)
		require.Contains(t, strings.Join(want, " "), "foreign_row")
		b.found = &walk.Memory{}
		b.walk.Found = b.found
		for stage := walk.Stage(0); stage <= walk.StageSpread; stage++ {
			for left := true; left; {
				for part := range 2 { // the second serves nothing
					w := b.walk
					w.Serves = func(string) bool { return part == 0 }
					var err error
					_, left, err = w.RunStage(t.Context(), walk.Part{Index: part, Of: 2}, stage)
					require.NoError(t, err)
				}
			}
		}
		b.walk.Graph = b.graph
		require.Equal(t, want, b.run(t), "nothing is left to do")
	})
}
