package activities_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
)

const teamsMap = `
      - name: teams
        fields:
          - {name: name, fides_meta: {primary_key: true}}
          - name: members
            fides_meta: {data_type: "integer[]", references: [{dataset: crm, field: customers.id, direction: from}]}
            habeas: {erase: remove, shared: ignore}
          - name: contacts
            fides_meta: {data_type: "string[]", references: [{dataset: crm, field: customers.email, direction: from}]}
            habeas: {erase: remove, value: "nobody", shared: ignore}
`

const teams = `CREATE TABLE teams (name text PRIMARY KEY, members integer[], contacts text[]);
INSERT INTO teams VALUES ('drivers', '{2,1,11}', '{ada.canary@person.example,bob.neighbour@person.example}'), ('alone', '{1}', NULL),
  ('mail', NULL, '{ada.canary@person.example}'), ('others', '{2}', '{bob.neighbour@person.example}');`

func TestAPersonLeavesTheirTeamsAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(teams)
	w.deps.Graph = compile(t, append(slices.Clone(crmMap), teamsMap...))
	w.rebuild()
	id := w.approved(models.Erasure, nil)
	require.EqualValues(t, 3, w.group(id, "teams").Rows, "the fourth team is not the person's")
	work := w.prepared(id)
	left := "alone|{}|- drivers|{2,11}|{bob.neighbour@person.example} mail|-|{nobody} others|{2}|{bob.neighbour@person.example}"
	for range 2 { // the second time the person's own rows have gone
		w.eraseAll(id, work.Erase)
		require.Equal(t, left, w.crm.text("SELECT string_agg(concat_ws('|', name, coalesce(members::text, '-'), coalesce(contacts::text, '-')), ' ' ORDER BY name) FROM teams"))
	}
	require.Zero(t, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}).Left)
	w.crm.exec("UPDATE teams SET members = '{1,2}' WHERE name = 'drivers'")
	require.EqualValues(t, 1, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}).Left, "somebody put them back")
}
