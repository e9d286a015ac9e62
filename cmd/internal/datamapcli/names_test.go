package datamapcli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/mysql/mysqltest"
	"habeas/activities/connectors/sqlite"
	"habeas/cmd/internal/datamapcli"
)

func TestAMapMayWriteNamesInOtherLettersWhereTheDatabaseTakesNoNotice(t *testing.T) {
	t.Parallel()
	const script = `
CREATE TABLE Person (PersonId int PRIMARY KEY, Email varchar(100));
CREATE TABLE Note (NoteId int PRIMARY KEY, PersonId int REFERENCES Person (PersonId), Body varchar(100));
INSERT INTO Person VALUES (1, 'ann@example.com'), (2, 'bob@example.com');
INSERT INTO Note VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z');`
	for kind, tables := range map[string][2]string{
		mysql.KindMariaDB: {"Person", "Note"}, // a table is a file, which has one name
		sqlite.Kind:       {"person", "note"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			systems := systemsOf(t, "hr", kind, filled(t, kind, script))
			path := write(t, `dataset:
  - fides_key: hr
    collections:
      - name: person
        habeas: {erase: delete, table: `+tables[0]+`}
        fields: [{name: personid, fides_meta: {primary_key: true}}, {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
      - name: note
        habeas: {table: `+tables[1]+`}
        fields:
          - {name: noteid, fides_meta: {primary_key: true}}
          - {name: personid, fides_meta: {references: [{dataset: hr, field: person.personid, direction: from}]}}
          - {name: body, data_categories: [user.content]}
`)
			out, errs, status := command(t, "drift", path, "--systems", systems)
			require.Equal(t, 0, status, "%s%s", errs, out)
			out, errs, status = command(t, "rehearse", path, "--systems", systems, "-i", "email=ann@example.com", "--erase", "--on-a-copy", "--json")
			require.Equal(t, 0, status, "%s%s", errs, out)
			var r datamapcli.Rehearsed
			require.NoError(t, json.Unmarshal([]byte(out), &r))
			require.Zero(t, r.Erased.Changed, "the person's rows are not taken for somebody else's")
			require.EqualValues(t, 2, r.Erased.Others)
			require.Equal(t, 3, r.Erased.Masked, "the notes, and the person to whom they refer")
		})
	}
}

func TestARehearsalSaysThatATableInAnotherDatabaseIsNotCompared(t *testing.T) {
	t.Parallel()
	other, dsn := mysqltest.New(t)
	runScript(t, "mysql", dsn+"?multiStatements=true", "CREATE TABLE person (id int PRIMARY KEY, email varchar(100)); INSERT INTO person VALUES (1, 'ann@example.com')")
	systems := systemsOf(t, "hr", mysql.KindMariaDB, filled(t, mysql.KindMariaDB, "CREATE TABLE rate (id int PRIMARY KEY)"))
	path := write(t, `dataset:
  - fides_key: hr
    collections:
      - name: person
        habeas: {erase: delete, table: `+other+`.person}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]
`)
	out, errs, status := command(t, "rehearse", path, "--systems", systems, "-i", "email=ann@example.com", "--erase", "--on-a-copy")
	require.Equal(t, 1, status, errs)
	require.Contains(t, out, "WRONG: The system hr cannot be read whole, so that nothing proves that nobody else's rows changed there.")
	require.Contains(t, out, "1 row looked for again, 0 left.")
}
