package concerned_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver

	"habeas/activities/concerned"
	"habeas/activities/connectors"
	"habeas/activities/connectors/manual"
	"habeas/activities/connectors/sqlite"
	"habeas/models"
	"habeas/models/breach/persons"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

const dataMap = `
dataset:
  - fides_key: crm
    collections:
      - name: customers
        habeas: {controller_column: owner}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: owner}
          - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - {name: full_name, data_categories: [user.name]}
          - {name: plan}
      - name: guests
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
      - name: orders
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: customer_id, fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}}
      - name: gone
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
  - fides_key: archive
    habeas: {system: archive}
    collections:
      - name: letters
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`

const tables = `
CREATE TABLE customers (id INTEGER PRIMARY KEY, owner TEXT, mail TEXT, full_name TEXT, plan TEXT);
CREATE TABLE guests (id INTEGER PRIMARY KEY, mail TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER);
INSERT INTO customers VALUES (1, 'north', 'Ada@person.example', 'Ada', 'gold'), (2, 'north', 'bob@person.example', 'Bob', 'free'),
  (3, 'south', 'carl@person.example', 'Carl', 'gold'), (4, 'north', NULL, 'Nobody', 'gold'), (5, 'north', 'no address', 'Broken', 'free');
INSERT INTO guests VALUES (1, ' ada@person.example '), (2, 'dora@person.example');`

func systems(t *testing.T) map[string]connectors.System {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crm.db")
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), tables)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	crm, err := sqlite.Open(t.Context(), connectors.Config{Name: "crm", Kind: "sqlite", DSN: models.Personal(path)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, crm.Close()) })
	archive, err := manual.Open(t.Context(), connectors.Config{Name: "archive", Kind: manual.Kind})
	require.NoError(t, err)
	return map[string]connectors.System{"crm": crm, "archive": archive}
}

func graph(t *testing.T) *datamap.Graph {
	t.Helper()
	datasets, problems := file.Parse("crm.yml", []byte(dataMap))
	require.Empty(t, problems)
	g, err := datamap.Compile(datasets)
	require.NoError(t, err)
	return g
}

func TestEverybodyWhoseAddressStandsInTheChosenRowsIsFoundOnce(t *testing.T) {
	t.Parallel()
	g, from := graph(t), systems(t)
	for name, test := range map[string]struct {
		query  concerned.Query
		counts concerned.Counts
		found  string
	}{
		"one collection": {
			concerned.Query{Collections: []string{"crm.customers"}},
			concerned.Counts{Rows: 5, Persons: 3, Without: 2},
			"Ada <Ada@person.example>, Bob <bob@person.example>, Carl <carl@person.example>",
		},
		"two, with a person in both": {
			concerned.Query{Collections: []string{"crm.customers", "crm.guests"}},
			concerned.Counts{Rows: 7, Persons: 4, Without: 2},
			"Ada <Ada@person.example>, Bob <bob@person.example>, Carl <carl@person.example>,  <dora@person.example>",
		},
		"by a field":      {concerned.Query{Collections: []string{"crm.customers"}, Where: map[string]string{"plan": "gold"}}, concerned.Counts{Rows: 3, Persons: 2, Without: 1}, "Ada <Ada@person.example>, Carl <carl@person.example>"},
		"of a controller": {concerned.Query{Collections: []string{"crm.customers"}, Where: map[string]string{"plan": "gold"}, Controller: "south"}, concerned.Counts{Rows: 1, Persons: 1}, "Carl <carl@person.example>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			counts, err := concerned.Find(t.Context(), g, from, test.query, func(p persons.Person) error {
				found = append(found, p.Name.Reveal()+" <"+p.Email.Reveal()+">")
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, test.counts, counts)
			require.Equal(t, test.found, strings.Join(found, ", "))
		})
	}
}

func TestAQueryThatCannotBeAnsweredIsRefused(t *testing.T) {
	t.Parallel()
	g, from := graph(t), systems(t)
	for code, query := range map[string]concerned.Query{
		"unknown_collection":       {Collections: []string{"crm.nothing"}},
		"no_address":               {Collections: []string{"crm.orders"}},
		"unknown_field":            {Collections: []string{"crm.customers"}, Where: map[string]string{"colour": "x"}},
		"unknown_table":            {Collections: []string{"crm.gone"}},
		connectors.CodeUnsupported: {Collections: []string{"archive.letters"}},
	} {
		_, err := concerned.Find(t.Context(), g, from, query, func(persons.Person) error { return nil })
		require.Equal(t, code, models.CodeOf(err), "%v", err)
	}
}
