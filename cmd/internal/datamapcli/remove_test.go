package datamapcli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/sqlite"
	"habeas/cmd/internal/datamapcli"
)

const teamsMap = `dataset:
  - fides_key: club
    collections:
      - name: person
        habeas: {erase: delete}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: team
        fields:
          - {name: name, fides_meta: {primary_key: true}}
          - name: members
            fides_meta: {data_type: "integer[]", references: [{dataset: club, field: person.id, direction: from}]}
            habeas: {erase: remove, shared: ignore}
          - name: contacts
            fides_meta: {data_type: "string[]", references: [{dataset: club, field: person.email, direction: from}]}
            habeas: {erase: remove, value: "nobody", shared: ignore}
`

func TestARehearsalTakesAPersonOutOfListsAndNobodyElse(t *testing.T) {
	t.Parallel()
	const people = `
CREATE TABLE person (id int PRIMARY KEY, email varchar(100));
INSERT INTO person VALUES (1, 'ann@example.com'), (2, 'bob@example.com'), (11, 'cy@example.com');`
	const documents = `INSERT INTO team VALUES ('drivers', '[2, 1, 11]', '["ann@example.com", "bob@example.com"]'), ('alone', '[1]', NULL),
  ('mail', NULL, '["ann@example.com"]'), ('others', '[2]', '["bob@example.com"]');`
	for kind, teams := range map[string]string{
		postgres.Kind: `CREATE TABLE team (name varchar(20) PRIMARY KEY, members int[], contacts text[]);
INSERT INTO team VALUES ('drivers', '{2,1,11}', '{ann@example.com,bob@example.com}'), ('alone', '{1}', NULL),
  ('mail', NULL, '{ann@example.com}'), ('others', '{2}', '{bob@example.com}');`,
		mysql.KindMariaDB: "CREATE TABLE team (name varchar(20) PRIMARY KEY, members json, contacts json);" + documents,
		sqlite.Kind:       "CREATE TABLE team (name varchar(20) PRIMARY KEY, members json, contacts json);" + documents,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			systems := systemsOf(t, "club", kind, filled(t, kind, people+teams))
			path := write(t, teamsMap)
			_, errs, status := run(t, path, "--systems", systems)
			require.Equal(t, 0, status, errs)

			for _, samples := range []string{"50", "0"} { // without samples nothing tells a list from another document
				out, errs, status := command(t, "drift", path, "--systems", systems, "--samples", samples)
				require.Equal(t, 0, status, "%s%s", out, errs)
			}

			out, errs, status := command(t, "rehearse", path, "--systems", systems, "-i", "email=ann@example.com", "--erase", "--on-a-copy", "--scan", "--json")
			require.Equal(t, 0, status, "%s%s", errs, out)
			var r datamapcli.Rehearsed
			require.NoError(t, json.Unmarshal([]byte(out), &r))
			require.Equal(t, 1, r.Erased.Deleted)
			require.Equal(t, 3, r.Erased.Masked, "the fourth team is not the person's")
			require.Equal(t, 4, r.Erased.Checked)
			require.Zero(t, r.Erased.Left)
			require.Empty(t, r.Erased.Unread)

			rows := filepath.Join(t.TempDir(), "rows.jsonl")
			_, errs, status = command(t, "rehearse", path, "--systems", systems, "-i", "email=bob@example.com", "--access", rows)
			require.Equal(t, 0, status, errs)
			text, err := os.ReadFile(rows)
			require.NoError(t, err)
			require.Contains(t, string(text), `{"name":"drivers","members":[2,11],"contacts":["bob@example.com"]}`)
			require.Contains(t, string(text), `{"name":"others","members":[2],"contacts":["bob@example.com"]}`)
			require.NotContains(t, string(text), "alone")
		})
	}
}
