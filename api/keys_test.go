package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
)

func TestACustomerKeepsItsOwnKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key := b.keys[models.RoleController]
	made := b.call("POST", "/v1/keys", key, `{"name":"Reader","scopes":["requests:read"],"expires_at":"2027-06-01T00:00:00Z"}`)
	require.Equal(t, http.StatusCreated, made.status, made.body)
	got := made.json(t)
	reader, id := got["secret"].(string), got["key"].(map[string]any)["id"].(string)
	require.Equal(t, "acme", got["key"].(map[string]any)["controller"])
	require.Equal(t, 200, b.call("GET", "/v1/requests", reader, "").status)
	for _, call := range []answer{
		b.call("GET", "/v1/keys", reader, ""), b.call("GET", "/v1/breaches", reader, ""),
		b.call("POST", "/v1/requests", reader, `{"right":"access","email":"a@example.com"}`),
	} {
		require.Equal(t, "scope_missing", call.code(t))
	}
	require.NotContains(t, b.call("GET", "/v1/keys", key, "").body, reader)

	rotated := b.call("POST", "/v1/keys/"+id+"/rotate", key, `{"overlap_hours":1}`)
	require.Equal(t, 200, rotated.status, rotated.body)
	require.Equal(t, 200, b.call("GET", "/v1/requests", reader, "").status, "for an hour")
	b.clock(time.Hour)
	require.Equal(t, "bad_key", b.call("GET", "/v1/requests", reader, "").code(t))
	second := rotated.json(t)["secret"].(string)
	require.Equal(t, 200, b.call("GET", "/v1/requests", second, "").status)
	require.Equal(t, false, b.call("POST", "/v1/keys/"+id+"/revoke", key, "").json(t)["valid"])
	require.Equal(t, "bad_key", b.call("GET", "/v1/requests", second, "").code(t))
	require.Equal(t, "key_ended", b.call("POST", "/v1/keys/"+id+"/rotate", key, `{"overlap_hours":1}`).code(t))

	require.Equal(t, "not_found", b.call("POST", "/v1/keys/"+id+"/revoke", b.globexK, "").code(t))
	require.Equal(t, "key_forbidden", b.call("POST", "/v1/keys", key, `{"name":"x","role":"dpo"}`).code(t))
	require.Equal(t, "unknown_controller", b.call("POST", "/v1/keys", key, `{"name":"x","controller":"globex"}`).code(t))
	require.Equal(t, "unknown_scope", b.call("POST", "/v1/keys", key, `{"name":"x","scopes":["canary"]}`).code(t))
}

func TestAKeyOfAProgramOpensNoPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.key(store.KeySpec{Role: models.RoleDPO, Name: "sync", Grants: models.Grants()})
	c := b.browser()
	require.Equal(t, http.StatusUnauthorized, b.post(c, "/staff/login", url.Values{"key": {secret}}).status)
	require.Equal(t, "/staff/login", b.get(c, "/staff").header.Get("Location"))
}

func TestListsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 4 {
		b.key(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: fmt.Sprint(i)})
		require.Equal(t, 202, b.call("POST", "/v1/breaches", b.keys[models.RoleDPO], `{"what":"x","source":"employee"}`).status)
		b.clock(time.Second)
	}
	for path, list := range map[string]struct {
		member string
		want   int
	}{"/v1/keys": {"keys", 10}, "/v1/breaches": {"breaches", 4}} {
		seen, cursor := map[string]bool{}, ""
		for pages := 0; pages < 9; pages++ {
			a := b.call("GET", path+"?limit=3&cursor="+cursor, b.keys[models.RoleDPO], "")
			require.Equal(t, 200, a.status, a.body)
			got := a.json(t)
			for _, one := range got[list.member].([]any) {
				id := one.(map[string]any)["id"].(string)
				require.False(t, seen[id], path)
				seen[id] = true
			}
			next, more := got["next"].(string)
			if !more {
				break
			}
			cursor = next
		}
		require.Len(t, seen, list.want, path)
		require.Equal(t, "bad_cursor", b.call("GET", path+"?cursor=canary", b.keys[models.RoleDPO], "").code(t))
	}
}

// ask asks for a token with a form.
func (b *bundle) ask(form url.Values, headers ...string) answer {
	b.t.Helper()
	return b.post(b.client, "/oauth/token", form, headers...)
}

func TestAProgramGetsATokenForItsKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.key(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "sync", Grants: []models.Grant{models.GrantReadRequests, models.GrantDecisions}})
	keys, err := b.Keys(t.Context(), models.ScopeOf(b.acme.ID))
	require.NoError(t, err)
	id := ""
	for _, k := range keys {
		if k.Name == "sync" {
			id = k.ID.String()
		}
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	grant := url.Values{"grant_type": {"client_credentials"}}
	a := b.ask(grant, "Authorization", basic)
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	require.Equal(t, "requests:read decisions", a.json(t)["scope"])
	require.InDelta(t, 900, a.json(t)["expires_in"], 0)
	token := a.json(t)["access_token"].(string)
	require.Equal(t, 200, b.call("GET", "/v1/requests", token, "").status)

	posted := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {"decisions"}}
	a = b.ask(posted)
	require.Equal(t, "decisions", a.json(t)["scope"])
	require.Equal(t, "scope_missing", b.call("GET", "/v1/requests", a.json(t)["access_token"].(string), "").code(t))

	with := func(name, value string) url.Values {
		out := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
		out.Set(name, value)
		return out
	}
	for name, c := range map[string]struct {
		form   url.Values
		status int
		code   string
	}{
		"no grant":       {url.Values{}, 400, "invalid_request"},
		"another grant":  {with("grant_type", "password"), 400, "unsupported_grant_type"},
		"wrong secret":   {with("client_secret", "habeas_canary"), 401, "invalid_client"},
		"another client": {with("client_id", b.acme.ID.String()), 401, "invalid_client"},
		"no client":      {grant, 401, "invalid_client"},
		"no identifier":  {with("client_id", "canary"), 401, "invalid_client"},
		"a wider scope":  {with("scope", "keys"), 400, "invalid_scope"},
		"no such scope":  {with("scope", "canary"), 400, "invalid_scope"},
		"twice":          {url.Values{"grant_type": {"client_credentials", "client_credentials"}}, 400, "invalid_request"},
	} {
		a := b.ask(c.form)
		require.Equal(t, c.status, a.status, name)
		require.Equal(t, c.code, a.json(t)["error"], name)
		require.NotContains(t, a.body, "canary", name)
		require.Equal(t, c.status == 401, strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic"), name)
	}
	require.Equal(t, "invalid_request", b.ask(posted, "Authorization", basic).json(t)["error"], "shown in two ways")
	require.Equal(t, "invalid_request", b.call("POST", "/oauth/token", "", `{}`).json(t)["error"], "JSON is no form")

	b.clock(15 * time.Minute)
	require.Equal(t, "token_expired", b.call("GET", "/v1/requests", token, "").code(t))
	meta := b.call("GET", "/.well-known/oauth-authorization-server", "", "").json(t)
	require.Equal(t, "http://habeas.test", meta["issuer"])
	require.Equal(t, "http://habeas.test/oauth/token", meta["token_endpoint"])
}

func TestTheDocumentNamesTheScopeOfEachRoute(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	flow := spec.Components.SecuritySchemes["oauth"].Value.Flows.ClientCredentials
	for _, g := range models.Grants() {
		require.Contains(t, flow.Scopes, string(g))
	}
	require.Len(t, flow.Scopes, len(models.Grants()))
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			route := method + " " + strings.NewReplacer("{", ":", "}", "").Replace(path)
			named := ""
			for _, one := range *op.Security {
				if scopes, ok := one["oauth"]; ok {
					named = strings.Join(scopes, " ")
				}
			}
			require.Equal(t, string(api.GrantOf(route)), named, route)
			require.Equal(t, api.IsPublic(route), named == "" || route == "POST /v1/requests" || route == "POST /v1/agent-requests", route)
		}
	}
}

func TestADecisionIsTakenOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	path, key := "/v1/requests/"+f.id.String()+"/decisions", b.keys[models.RoleController]
	refused := b.call("POST", path, key, `{"kind":"decline"}`, "Idempotency-Key", "k")
	require.Equal(t, "reason_missing", refused.code(t))
	first := b.call("POST", path, key, `{"kind":"instruct"}`, "Idempotency-Key", "k")
	require.Equal(t, 202, first.status, "what was refused may be corrected: %s", first.body)
	again := b.call("POST", path, key, `{ "kind": "instruct" }`, "Idempotency-Key", "k")
	require.Equal(t, first.body, again.body)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Equal(t, "idempotency_key_reused", b.call("POST", path, key, `{"kind":"decline","reason":"no"}`, "Idempotency-Key", "k").code(t))
	require.Equal(t, "already_decided", b.call("POST", path, key, `{"kind":"instruct"}`).code(t))
	require.Equal(t, 404, b.call("POST", path, b.globexK, `{"kind":"instruct"}`, "Idempotency-Key", "k").status, "another's key is another key")

	made := b.call("POST", "/v1/keys", key, `{"name":"Reader"}`, "Idempotency-Key", "made")
	require.Equal(t, 201, made.status)
	require.Equal(t, made.body, b.call("POST", "/v1/keys", key, `{"name":"Reader"}`, "Idempotency-Key", "made").body)

	person := b.verified(models.Access, "tom@example.com", models.AwaitingInstruction)
	withdraw := func() answer {
		return b.call("POST", "/v1/status/"+person.token+"/withdraw", "", "", "Idempotency-Key", "k")
	}
	require.Equal(t, 202, withdraw().status)
	require.Equal(t, 202, withdraw().status)
	require.Equal(t, "already_decided", b.call("POST", "/v1/status/"+person.token+"/withdraw", "", "").code(t))
}
