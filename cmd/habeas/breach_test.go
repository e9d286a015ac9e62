package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver

	"habeas/models/store"
	"habeas/models/store/vault"
)

const guests = `
dataset:
  - fides_key: crm
    collections:
      - name: guests
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`

func TestPersonsOfTheDataMapComeOnTheListOfABreach(t *testing.T) {
	t.Parallel()
	configuration, dsn, keys := installation(t)
	path := filepath.Join(t.TempDir(), "crm.db")
	crm, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = crm.ExecContext(t.Context(), `CREATE TABLE guests (id INTEGER PRIMARY KEY, mail TEXT);
INSERT INTO guests VALUES (1, 'canary.one@person.example'), (2, 'canary.two@person.example'), (3, 'canary.person@haulage.example'), (4, NULL)`)
	require.NoError(t, err)
	require.NoError(t, crm.Close())
	b, err := os.ReadFile(configuration)
	require.NoError(t, err)
	whole := file(t, string(b)+`base_url: http://127.0.0.1:8080
operator_name: Northwind
dpo_email: dpo@northwind.example
smtp: {host: 127.0.0.1, from: privacy@northwind.example, tls: none}
data_maps: [`+file(t, guests)+`]
systems: `+file(t, "systems:\n  crm: {kind: sqlite, dsn: "+path+"}\n")+"\n")
	v, err := vault.New(keys)
	require.NoError(t, err)
	db, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	id, _ := sent(t, db) // canary.person@haulage.example is on it

	got := habeas(t, "--config", whole, "breach", "persons", "--breach", id.String(), "--dry-run", "crm.guests")
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "4 rows, 3 persons; without an address that can be written to: 1 row")
	require.Contains(t, got.out, "Nothing was changed.")
	for _, added := range []string{"2 persons were added", "0 persons were added"} {
		got = habeas(t, "--config", whole, "breach", "persons", "--breach", id.String(), "crm.guests")
		require.Zero(t, got.status, got.err)
		require.Contains(t, got.out, added)
		require.NotContains(t, got.out+got.err, "canary", "no address is shown")
	}
	counts, err := db.CountBreachPersons(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, map[store.PersonState]int64{store.PersonSent: 1, store.PersonWaiting: 2}, counts)

	got = habeas(t, "--config", whole, "breach", "persons", "--breach", "x", "crm.guests")
	require.Equal(t, 2, got.status)
	require.Contains(t, got.err, "identifier of the breach")
	got = habeas(t, "--config", whole, "breach", "persons", "--breach", id.String(), "crm.nobody")
	require.Contains(t, got.err, "No data map has the collection crm.nobody")
}
