package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

// rowsOf are the rows of an answer.
func rowsOf(t *testing.T, a answer) (out []map[string]any) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	for _, r := range a.json(t)["rows"].([]any) {
		out = append(out, r.(map[string]any))
	}
	return out
}

func (b *bundle) lastEntry(id models.ID) string {
	b.t.Helper()
	entries, err := b.Ledger(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	return entries[len(entries)-1].Kind
}

func TestAProgramPagesThroughTheRowsOfAGroup(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.sharedRows(models.Access, models.TreatRedact, models.TreatWithhold)
	path, dpo := "/v1/requests/"+f.id.String()+"/groups/1", b.keys[models.RoleDPO]

	first := b.call("GET", path+"/rows?limit=1", b.keys[models.RoleController], "")
	require.Len(t, rowsOf(t, first), 1)
	require.Equal(t, p.Digest(), first.json(t)["plan_digest"])
	row := rowsOf(t, first)[0]
	require.Equal(t, "other_identity", row["shared"])
	require.Equal(t, "chat.messages", row["via"])
	require.NotContains(t, row, "values")
	second := b.call("GET", path+"/rows?limit=1&cursor="+first.json(t)["next"].(string), b.keys[models.RoleAuditor], "")
	require.Len(t, rowsOf(t, second), 1)
	require.NotEqual(t, row["name"], rowsOf(t, second)[0]["name"])
	require.NotContains(t, second.json(t), "next", "the last page")
	require.NotEqual(t, "rows.viewed", b.lastEntry(f.id), "nothing personal was seen")

	require.Equal(t, "values_forbidden", b.call("GET", path+"/values", b.keys[models.RoleController], "").code(t))
	require.Equal(t, "role_forbidden", b.call("GET", path+"/values", b.keys[models.RoleAuditor], "").code(t))
	require.NotEqual(t, "rows.viewed", b.lastEntry(f.id), "nobody has looked")
	values := rowsOf(t, b.call("GET", path+"/values", dpo, ""))
	require.Len(t, values, 2)
	require.Equal(t, row["name"], values[0]["name"])
	require.Equal(t, []any{map[string]any{"field": "id", "value": "0"}, map[string]any{"field": "body", "value": "Dear <b>neighbour</b>"}}, values[0]["values"])
	require.NotContains(t, values[1], "values", "no copy of it was kept")
	require.Equal(t, "rows.viewed", b.lastEntry(f.id))

	for _, of := range []string{"/rows", "/values"} {
		require.Equal(t, "not_found", b.call("GET", path+of, b.globexK, "").code(t), of)
		require.Equal(t, "not_found", b.call("GET", "/v1/requests/"+f.id.String()+"/groups/7"+of, dpo, "").code(t), of)
		require.Equal(t, "bad_parameter", b.call("GET", "/v1/requests/"+f.id.String()+"/groups/x"+of, dpo, "").code(t), of)
		require.Equal(t, "bad_cursor", b.call("GET", path+of+"?cursor=bm9uc2Vuc2U", dpo, "").code(t), of)
	}
	require.NotContains(t, b.log.String(), "neighbour")
}

func TestAProgramDecidesAboutRowsOfThePlanThatItWasShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.sharedRows(models.Access, models.TreatRedact, models.TreatWithhold)
	path, dpo := "/v1/requests/"+f.id.String()+"/groups/1", b.keys[models.RoleDPO]
	page := b.call("GET", path+"/rows?limit=1", dpo, "")
	about := `"rows":["` + rowsOf(t, page)[0]["name"].(string) + `"]`
	decide := func(key, members string) answer {
		return b.call("POST", path+"/decision", key, `{"plan_digest":"`+p.Digest()+`","reason":"It names somebody.",`+members+`}`, "Idempotency-Key", members)
	}
	redact := `"treatment":"redact","marked":["body"],` + about
	require.Equal(t, "not_found", decide(b.globexK, redact).code(t))
	require.Equal(t, "decision_forbidden", decide(b.keys[models.RoleHandler], redact).code(t))
	for members, code := range map[string]string{
		`"treatment":"redact"`:                          "rows_missing",
		`"treatment":"redact","rows":[]`:                "rows_missing",
		`"treatment":"redact","all":true,` + about:      "rows_missing",
		`"treatment":"redact","rows":["00"]`:            "unknown_row",
		`"treatment":"redact","rows":["00","01"]`:       "unknown_row",
		`"treatment":"erase",` + about:                  "choice_not_offered",
		`"treatment":"redact","marked":["x"],` + about:  "unknown_field",
		`"treatment":"redact","reason":" ","all":true`:  "reason_missing",
		`"treatment":"redact","all":true,"canary":true`: "unknown_field",
	} {
		a := decide(dpo, members)
		require.Equal(t, http.StatusBadRequest, a.status, members)
		require.Equal(t, code, a.code(t), members)
	}

	made := decide(dpo, redact)
	require.Equal(t, http.StatusCreated, made.status, made.body)
	require.EqualValues(t, 2, made.json(t)["group"])
	now := b.call("GET", "/v1/requests/"+f.id.String()+"/plan", dpo, "")
	require.Equal(t, now.json(t)["digest"], made.json(t)["plan_digest"])
	require.Contains(t, now.body, `"marked":["body"]`)
	require.Equal(t, made.body, decide(dpo, redact).body, "the same call once more")
	require.Equal(t, rowsOf(t, page)[0]["name"], rowsOf(t, b.call("GET", "/v1/requests/"+f.id.String()+"/groups/2/rows", dpo, ""))[0]["name"])

	a := decide(dpo, `"treatment":"withhold","all":true`)
	require.Equal(t, http.StatusConflict, a.status)
	require.Equal(t, "plan_changed", a.code(t))
	a = b.call("GET", path+"/rows?cursor="+page.json(t)["next"].(string), dpo, "")
	require.Equal(t, http.StatusConflict, a.status, "the next page is of another plan")
	require.Equal(t, "plan_changed", a.code(t))
}

func TestWhatIsInRowsHasAScopeOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.sharedRows(models.Access, models.TreatRedact)
	path := "/v1/requests/" + f.id.String() + "/groups/1"
	secret := func(scopes ...models.Grant) string {
		key, _, err := b.CreateKey(t.Context(), store.KeySpec{Role: models.RoleDPO, Name: "narrow", Grants: scopes})
		require.NoError(t, err)
		return key
	}
	reads, sees := secret(models.GrantReadRequests), secret(models.GrantPersonal)
	require.Len(t, rowsOf(t, b.call("GET", path+"/rows", reads, "")), 2)
	require.Equal(t, "scope_missing", b.call("GET", path+"/values", reads, "").code(t))
	require.Len(t, rowsOf(t, b.call("GET", path+"/values", sees, "")), 2)
	decision := `{"plan_digest":"` + p.Digest() + `","all":true,"treatment":"redact","marked":["body"],"reason":"It names somebody."}`
	require.Equal(t, "scope_missing", b.call("POST", path+"/decision", sees, decision).code(t))
	require.Equal(t, http.StatusCreated, b.call("POST", path+"/decision", secret(models.GrantDecisions), decision).status)
}
