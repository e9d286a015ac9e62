package api_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

// agentRequest is a request for another person as a program sends it; changes replace what it says.
func agentRequest(proof []byte, changes ...string) string {
	body := `{"right":"access","controller":"acme","name":"Sam Sample","email":"sam@example.com","agent_name":"Robin Counsel",` +
		`"agent_email":"robin@example.net","agent_basis":"mandate","proof":"` + base64.StdEncoding.EncodeToString(proof) + `"}`
	return strings.NewReplacer(changes...).Replace(body)
}

func TestAProgramFilesForAPersonWithProof(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const path = "/v1/agent-requests"
	for code, body := range map[string]string{
		"bad_proof":       agentRequest([]byte("canary")),
		"proof_too_large": agentRequest(append(append([]byte{}, signedMandate...), make([]byte, 5_000_000)...)),
		"missing_basis":   agentRequest(signedMandate, "mandate", "canary"),
		"agent_is_person": agentRequest(signedMandate, "robin@example.net", "sam@example.com"),
		"bad_agent_email": agentRequest(signedMandate, "robin@example.net", "canary"),
		"too_short":       agentRequest(nil),
		"bad_value":       agentRequest(signedMandate, `"proof":"`, `"proof":"*`),
		"bad_request":     agentRequest(signedMandate, `"proof":"JV`, `"proof":"-_`),
		"too_long":        agentRequest(make([]byte, 5_100_000)),
		"unknown_field":   agentRequest(signedMandate, `"right"`, `"identity_vouched":true,"right"`),
	} {
		a := b.call("POST", path, "", body)
		require.Equal(t, code, a.code(t), code)
		require.Equal(t, 400, a.status)
		require.NotContains(t, a.body, "canary")
	}
	sent := b.call("POST", path, "", agentRequest(signedMandate), "Idempotency-Key", "k1")
	require.Equal(t, 202, sent.status, sent.body)
	require.Equal(t, "verifying", sent.json(t)["state"])
	require.Equal(t, sent.body, b.call("POST", path, "", agentRequest(signedMandate), "Idempotency-Key", "k1").body)

	id, status := sent.json(t)["id"].(string), strings.Replace(sent.json(t)["status_url"].(string), "http://habeas.test/status/", "/v1/status/", 1)
	require.Equal(t, map[string]any{"authority": "asked", "verified": false}, b.call("GET", status, "", "").json(t)["agent"])
	of := "/v1/requests/" + id + "/agents"
	listed := b.call("GET", of, b.keys[models.RoleController], "")
	require.NotContains(t, listed.body, "Robin")
	agent := listed.json(t)["agents"].([]any)[0].(map[string]any)
	require.Equal(t, "asked", agent["state"])
	require.InDelta(t, float64(len(signedMandate)), agent["size"], 0)
	require.Equal(t, "not_found", b.call("GET", of, b.globexK, "").code(t))

	of += "/" + agent["submission_id"].(string)
	require.Equal(t, string(signedMandate), b.call("GET", of+"/proof", b.keys[models.RoleHandler], "").body)
	narrow := b.key(store.KeySpec{Role: models.RoleHandler, Name: "reads", Grants: []models.Grant{models.GrantReadRequests}})
	require.Equal(t, "scope_missing", b.call("GET", of+"/proof", narrow, "").code(t))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), models.MustParseID(id))
	require.NoError(t, err)
	require.Equal(t, "agent.proof_viewed", entries[len(entries)-1].Kind)

	decide := func(body string) answer { return b.call("POST", of+"/decision", b.keys[models.RoleDPO], body) }
	require.Equal(t, "reason_missing", decide(`{"accept":true,"reason":" "}`).code(t))
	require.Equal(t, "missing_field", decide(`{"accept":true}`).code(t))
	require.Equal(t, "accepted", decide(`{"accept":true,"reason":"It is signed."}`).json(t)["state"])
	require.Equal(t, "already_decided", decide(`{"accept":false,"reason":"No."}`).code(t))
	told := b.call("GET", status, "", "").json(t)
	require.Equal(t, true, told["masked"], "the agent sees nothing else of the request")
	require.Equal(t, true, told["agent"].(map[string]any)["verified"])
	require.NotContains(t, b.log.String(), "Robin")
}

func TestTheDPORefusesARequestThatWaitsForThePerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.represented()
	path := "/v1/requests/" + f.id.String() + "/decisions"
	b.advance(f, models.Verifying)
	const refuse = `{"kind":"refuse","reason":"The request is made to harass."}`
	require.Equal(t, "decision_forbidden", b.call("POST", path, b.keys[models.RoleHandler], refuse).code(t))
	dpo := b.signIn(b.keys[models.RoleDPO])
	const offer = `name="kind" value="refuse"`
	require.Contains(t, b.get(dpo, "/staff/requests/"+f.id.String()).body, offer)
	require.Equal(t, 202, b.call("POST", path, b.keys[models.RoleDPO], refuse).status)
	require.NotContains(t, b.get(dpo, "/staff/requests/"+f.id.String()).body, offer)
	link := "/verify/" + b.issue(f).Token
	require.NoError(t, b.Advance(t.Context(), f.id, models.Closed, models.Refused))
	require.NotContains(t, b.get(b.client, "/status/"+f.token).body, "harass", "the agent is not told why")
	late := b.post(b.browser(), link, nil)
	require.Contains(t, late.body, "closed")
}

func TestWhoLooksAtAPersonIsWrittenDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	path := "/v1/requests/" + f.id.String() + "/person"
	got := b.call("GET", path, b.keys[models.RoleController], "")
	require.Equal(t, 200, got.status, got.body)
	require.Equal(t, "sam@example.com", got.json(t)["email"])
	require.Equal(t, "Sam Sample", got.json(t)["name"])
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	require.Equal(t, "subject.viewed", entries[len(entries)-1].Kind)
	require.Equal(t, "role_forbidden", b.call("GET", path, b.keys[models.RoleAuditor], "").code(t))
	require.Equal(t, "not_found", b.call("GET", path, b.globexK, "").code(t))
	narrow := b.key(store.KeySpec{Role: models.RoleDPO, Name: "reads", Grants: []models.Grant{models.GrantReadRequests, models.GrantDecisions}})
	require.Equal(t, "scope_missing", b.call("GET", path, narrow, "").code(t))

	find := func(key, email string) []any {
		return b.call("POST", "/v1/requests/search", key, `{"email":"`+email+`"}`).json(t)["requests"].([]any)
	}
	require.Equal(t, f.id.String(), find(b.keys[models.RoleAuditor], " SAM@example.com ")[0].(map[string]any)["id"])
	require.Empty(t, find(b.globexK, "sam@example.com"))
	require.Empty(t, find(b.keys[models.RoleDPO], "sam"))

	b.advance(f, models.Executing, models.Delivering)
	require.NoError(t, b.Advance(t.Context(), f.id, models.Closed, models.Fulfilled))
	require.NoError(t, b.DestroyKey(t.Context(), f.id))
	require.Equal(t, "key_destroyed", b.call("GET", path, b.keys[models.RoleDPO], "").code(t))
}
