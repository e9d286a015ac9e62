package app_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
)

// directory names one agent and one business.
const directory = `
agents: [{id: SLIP, verify_key: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}]
businesses: [{id: ACME, controller: acme}]
`

func TestTheFileOfAgentsIsReadStrictly(t *testing.T) {
	t.Parallel()
	c := live(t, "SELECT 1")
	for name, x := range map[string][2]string{
		"a key that is none":      {"11qY", "canary"},
		"an id that is none":      {"SLIP", "a/b"},
		"no id":                   {"id: SLIP, ", ""},
		"a business without any":  {", controller: acme", ""},
		"an agent named twice":    {"[{id: SLIP", "[{id: SLIP, verify_key: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}, {id: SLIP"},
		"a business named twice":  {"[{id: ACME", "[{id: ACME, controller: acme}, {id: ACME"},
		"a business's id is none": {"ACME", `"A B"`},
	} {
		c.DRP = file(t, strings.Replace(directory, x[0], x[1], 1))
		_, _, err := build(t, c)
		require.Equal(t, "bad_drp", models.CodeOf(err), name)
	}
	c.DRP = file(t, directory+"others: []\n")
	_, _, err := build(t, c)
	require.ErrorContains(t, err, "drp ")
}

func TestAnAgentOfTheFileIsHeardAndToldTheLegalDate(t *testing.T) {
	t.Parallel()
	public, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	c := live(t, "SELECT 1")
	c.DRP = file(t, strings.Replace(directory, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", base64.StdEncoding.EncodeToString(public), 1))
	a, _, err := build(t, c)
	require.NoError(t, err)
	_, err = a.Store.PutController(t.Context(), request.Controller{Slug: "acme", Name: "Acme", Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", Subdivision: "BE"})
	require.NoError(t, err)
	h, err := a.Handler()
	require.NoError(t, err)

	send := func(path, token string, more map[string]any) map[string]string {
		m := map[string]any{"agent-id": "SLIP", "business-id": "ACME", "issued-at": time.Now().Add(-time.Minute), "expires-at": time.Now().Add(time.Minute), "drp.version": "1.0"}
		for name, value := range more {
			m[name] = value
		}
		body, err := json.Marshal(m)
		require.NoError(t, err)
		text := base64.StdEncoding.EncodeToString(append(ed25519.Sign(key, body), body...))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(text))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		var out map[string]string
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
		return out
	}
	token := send("/drp/v1/agent/SLIP", "", nil)["token"]
	got := send("/drp/v1/data-rights-request", token, map[string]any{"exercise": "access", "regime": "CCPA", "email": "sam@example.com", "email_verified": true})
	require.Equal(t, "need_user_verification", got["reason"])
	due, err := time.Parse(time.RFC3339, got["expected_by"])
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().AddDate(0, 1, 0), due, 10*24*time.Hour, "one month, and what holidays add")
}
