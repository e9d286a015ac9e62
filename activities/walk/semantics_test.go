package walk_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

// bench is a database with a data map of one dataset, d, in the system shop.
type bench struct {
	graph *datamap.Graph
	open  func(context.Context, string) (connectors.System, error)
	found walk.Found
	walk  walk.Walk
}

func setup(t *testing.T, at *place, collections, sql string) *bench {
	t.Helper()
	text := "dataset:\n  - fides_key: d\n    habeas: {system: shop, controller: acme}\n    collections:\n"
	for _, line := range strings.Split(strings.Trim(collections, "\n"), "\n") {
		text += "      " + line + "\n"
	}
	datasets, problems := file.Parse("map.yml", []byte(text))
	require.Empty(t, problems, text)
	graph, err := datamap.Compile(datasets)
	require.NoError(t, err)
	b := &bench{graph: graph, found: &walk.Memory{}}
	at.exec(t, at.own(sql))
	b.open = at.systems(t).System
	b.walk = walk.Walk{Graph: graph, Open: b.open, Found: b.found, Batch: 2, Identities: []walk.Identity{{Kind: "email", Value: me}}}
	return b
}

// run walks, and lists what was found as collection/key, with the reason of a shared row.
func (b *bench) run(t *testing.T) []string {
	t.Helper()
	_, err := b.walk.Run(t.Context())
	require.NoError(t, err)
	var list []string
	for _, n := range b.graph.Nodes {
		require.NoError(t, b.found.Each(t.Context(), n.Address, func(r datamap.FoundRow) error {
			parts := make([]string, len(r.Key))
			for i, v := range r.Key {
				parts[i] = v.Text()
			}
			text := n.Collection.Name + "/" + strings.Join(parts, "+")
			if r.Shared {
				text += " " + r.Reason.Code + " " + r.Reason.Via.Collection
			}
			list = append(list, text)
			return nil
		}))
	}
	slices.Sort(list)
	return list
}

func (b *bench) row(t *testing.T, collection, key string) datamap.FoundRow {
	t.Helper()
	var row datamap.FoundRow
	require.NoError(t, b.found.Each(t.Context(), datamap.Address{Dataset: "d", Collection: collection}, func(r datamap.FoundRow) error {
		if r.Key[0].Text() == key {
			row = r
		}
		return nil
	}))
	require.NotNil(t, row.Key)
	return row
}

const customers = `
- name: customer
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
`

func TestASharedAddressDoesNotShareTheOrdersThatAreMine(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, customers+`    - {name: address, fides_meta: {references: [{dataset: d, field: address.id}]}}
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: customer, fides_meta: {references: [{dataset: d, field: customer.id}]}}
    - {name: address, fides_meta: {references: [{dataset: d, field: address.id}]}}
- name: address
  fields: [{name: id, fides_meta: {primary_key: true}}, {name: street, data_categories: [user.contact]}]
`, `CREATE TABLE customer (id int, email text, address int); CREATE TABLE orders (id int, customer int, address int);
CREATE TABLE address (id int, street text);
INSERT INTO address VALUES (1, 'shared'), (2, 'mine'), (3, 'theirs'), (4, 'of a guest');
INSERT INTO customer VALUES (1, 'Me@example.com ', 1), (2, 'you@example.com', 1);
INSERT INTO orders VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 3), (5, NULL, 1), (6, NULL, 4);`)
		require.Equal(t, []string{
			"address/1 foreign_row customer", "address/2", "customer/1", "orders/1", "orders/2",
			"orders/3 other_person customer", "orders/5 shared_row address",
		}, b.run(t))
		row := b.row(t, "orders", "1")
		require.True(t, row.Owned && !row.Own)
		require.Equal(t, []string{"email > d.customer.email", "d.customer.id > d.orders.customer"}, row.Path)
		require.Equal(t, "acme", row.Controller)
	})
}

func TestARowBetweenTwoPeopleAndWhatBelongsToItAreShared(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, customers+`
- name: shipment
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: sender, fides_meta: {references: [{dataset: d, field: customer.id, direction: from}]}}
    - {name: receiver, fides_meta: {references: [{dataset: d, field: customer.id, direction: from}]}}
    - {name: clerk, habeas: {shared: ignore}, fides_meta: {references: [{dataset: d, field: customer.id, direction: from}]}}
- name: document
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: shipment, fides_meta: {references: [{dataset: d, field: shipment.id, direction: from}]}}
`, `CREATE TABLE customer (id int, email text); CREATE TABLE shipment (id int, sender int, receiver int, clerk int);
CREATE TABLE document (id int, shipment int);
INSERT INTO customer VALUES (1, 'me@example.com'), (2, 'you@example.com');
INSERT INTO shipment VALUES (1, 1, 1, 2), (2, 1, 2, 1), (3, 2, 2, 2), (4, 1, NULL, NULL);
INSERT INTO document VALUES (1, 1), (2, 2), (3, 3), (4, 4);`)
		require.Equal(t, []string{
			"customer/1", "document/1", "document/2 shared_row shipment", "document/4",
			"shipment/1", "shipment/2 other_person customer", "shipment/4",
		}, b.run(t))
	})
}

func TestCompositeKeysOfDifferentTypesCirclesAndSeveralInputs(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, `
- name: customer
  fields:
    - {name: tenant, fides_meta: {primary_key: true}}
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
    - {name: recommended_by, fides_meta: {references: [{dataset: d, field: note.id}]}}
- name: note
  habeas: {composite: [tenant, customer]}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: tenant, fides_meta: {references: [{dataset: d, field: customer.tenant}]}}
    - {name: customer, fides_meta: {references: [{dataset: d, field: customer.id}]}}
    - {name: answer_to, fides_meta: {references: [{dataset: d, field: note.id}]}}
    - {name: author, fides_meta: {identity: email}}
`, `CREATE TABLE customer (tenant text, id bigint, email text, recommended_by varchar(10), PRIMARY KEY (tenant, id));
CREATE TABLE note (id int PRIMARY KEY, tenant text, customer text, answer_to numeric, author text);
INSERT INTO customer VALUES ('a', 1, 'me@example.com', '7'), ('b', 1, 'you@example.com', NULL), ('a', 2, 'you@example.com', 'x');
INSERT INTO note VALUES (1, 'a', '1', NULL, NULL), (2, 'b', '1', NULL, NULL), (3, 'a', '2', NULL, NULL), (4, NULL, NULL, 1, NULL),
  (5, NULL, NULL, 4.00, NULL), (6, NULL, NULL, NULL, 'ME@EXAMPLE.COM'), (7, NULL, NULL, 6, NULL), (8, 'a', 'one', 8, NULL);`)
		require.Equal(t, []string{"customer/a+1", "note/1", "note/4", "note/5", "note/6", "note/7"}, b.run(t))
		require.Equal(t, []string{
			"email > d.customer.email", "d.customer.tenant+id > d.note.tenant+customer", "d.note.id > d.note.answer_to",
		}, b.row(t, "note", "5").Path, "a circle is not repeated")
	})
}

func TestARowWithAnotherPersonsIdentityToo(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, `
- name: message
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: sender, fides_meta: {identity: email}}
    - {name: receiver, fides_meta: {identity: email}}
- name: account
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: mail, fides_meta: {identity: email}}
    - {name: second_mail, fides_meta: {identity: email}, habeas: {same_person: true}}
- name: file
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: message, fides_meta: {references: [{dataset: d, field: message.id, direction: from}]}}
`, `CREATE TABLE message (id int, sender text, receiver text); CREATE TABLE account (id int, mail text, second_mail text);
CREATE TABLE file (id int, message int);
INSERT INTO message VALUES (1, 'me@example.com', 'you@example.com'), (2, 'you@example.com', 'me@example.com'), (3, 'me@example.com', ''), (4, 'x', 'y');
INSERT INTO account VALUES (1, 'me@example.com', 'me@work.example.com'); INSERT INTO file VALUES (1, 1), (3, 3), (4, 4);`)
		require.Equal(t, []string{
			"account/1", "file/1 shared_row message", "file/3", "message/1 other_identity message", "message/2 other_identity message", "message/3",
		}, b.run(t))
	})
}

func TestAnIdentityOfAKindThatWasNotGivenProvesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		const phones = customers + `    - {name: details, fides_meta: {references: [{dataset: d, field: phone.id, direction: to}]}}
    - {name: house, fides_meta: {references: [{dataset: d, field: house.id}]}}
- name: phone
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: customer, fides_meta: {references: [{dataset: d, field: customer.id, direction: from}]}}
    - {name: house, fides_meta: {references: [{dataset: d, field: house.id}]}}
    - {name: number, fides_meta: {identity: phone_number}}
- {name: house, fields: [{name: id, fides_meta: {primary_key: true}}]}
`
		b := setup(t, at, phones, `CREATE TABLE customer (id int, email text, details int, house int); CREATE TABLE phone (id int, customer int, house int, number text);
CREATE TABLE house (id int); INSERT INTO house VALUES (1);
INSERT INTO customer VALUES (1, 'me@example.com', 2, 1);
INSERT INTO phone VALUES (1, 1, NULL, '+1'), (2, NULL, NULL, '+2'), (3, NULL, 1, '+3');`)
		require.Equal(t, []string{"customer/1", "house/1 foreign_row phone", "phone/1", "phone/2 other_identity phone"}, b.run(t))
		b.found = &walk.Memory{}
		b.walk.Found = b.found
		b.walk.Identities = append(b.walk.Identities, walk.Identity{Kind: "phone_number", Value: "+2"}, walk.Identity{Kind: "phone_number", Value: "+1"})
		require.Equal(t, []string{"customer/1", "house/1 foreign_row phone", "phone/1", "phone/2"}, b.run(t))
	})
}

func TestTheScopeLeavesOutRowsOfOtherControllers(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, customers+`    - {name: owner}
- name: orders
  habeas: {controller_column: owner, shared: always, holds: [{rule: EU_UCC_51, anchors: {declaration_accepted: accepted}}]}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: owner}
    - {name: accepted}
    - {name: customer, fides_meta: {references: [{dataset: d, field: customer.id, direction: from}]}}
`, `CREATE TABLE customer (id int, email text, owner text); CREATE TABLE orders (id int, customer int, owner text, accepted timestamptz);
INSERT INTO customer VALUES (1, 'me@example.com', 'x');
INSERT INTO orders VALUES (1, 1, 'acme', '2026-08-31 23:30:00 zoned'), (2, 1, 'other', NULL), (3, 1, NULL, NULL);`)
		b.walk.Scope = func(controller string) bool { return controller == "acme" }
		zone, err := time.LoadLocation("Europe/Brussels")
		require.NoError(t, err)
		b.walk.Zone = zone
		require.Equal(t, []string{"customer/1", "orders/1 map orders"}, b.run(t))
		row := b.row(t, "orders", "1")
		hold := b.graph.Node(row.Address).Collection.Holds[0]
		require.Equal(t, "2026-09-01", row.Dates(hold)[0].String(), "the day is the controller's")
	})
}

func TestASystemThatCannotSearchIsLeftToAPerson(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, customers, "CREATE TABLE customer (id int, email text)")
		b.walk.Open = func(context.Context, string) (connectors.System, error) { return cabinet{}, nil }
		result, err := b.walk.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, []datamap.Address{{Dataset: "d", Collection: "customer"}}, result.Manual)
		reading := walk.Reading{Open: b.walk.Open, Keys: walk.KeysOf(b.found, nil)}
		err = reading.Rows(t.Context(), b.graph.Nodes[0], func(datamap.Row) error { return nil })
		require.Equal(t, models.Unsupported, models.KindOf(err))
	})
}

// cabinet is a system without any capability.
type cabinet struct{}

func (cabinet) Ping(context.Context) error { return nil }
func (cabinet) Close() error               { return nil }

func TestAWalkWithoutAKnownIdentityIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, at *place) {
		b := setup(t, at, customers, "SELECT 1")
		for _, identities := range [][]walk.Identity{nil, {{Kind: "passport", Value: "1"}}, {{Kind: "email", Value: "  "}}} {
			b.walk.Identities = identities
			_, err := b.walk.Run(t.Context())
			require.Equal(t, "no_identity", models.CodeOf(err))
		}
	})
}
