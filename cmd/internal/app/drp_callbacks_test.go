package app_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/app"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// agentApp is an App that delivers, with an agent that speaks to acme.
type agentApp struct {
	*app.App
	t       *testing.T
	key     ed25519.PrivateKey
	handler http.Handler
	token   string
}

// speaking starts one; hosts may be reached inside the network, and a person has some time to confirm a request.
func speaking(t *testing.T, lapse time.Duration, hosts ...string) *agentApp {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	c := live(t, "SELECT 1")
	c.Policy.PrivateWebhooks, c.Policy.LapseAfter = hosts, lapse
	c.DRP = file(t, strings.Replace(directory, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", base64.StdEncoding.EncodeToString(public), 1))
	a, _, err := build(t, c)
	require.NoError(t, err)
	_, err = a.Store.PutController(t.Context(), request.Controller{Slug: "acme", Name: "Acme", Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", Subdivision: "BE"})
	require.NoError(t, err)
	out := &agentApp{App: a, t: t, key: key}
	out.handler, err = a.Handler()
	require.NoError(t, err)
	out.token = out.send("/drp/v1/agent/SLIP", nil)["token"]
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = a.Deliver(ctx) })
	t.Cleanup(func() {
		stop()
		group.Wait()
	})
	return out
}

func (a *agentApp) send(path string, more map[string]any) map[string]string {
	a.t.Helper()
	m := map[string]any{"agent-id": "SLIP", "business-id": "ACME", "issued-at": time.Now().Add(-time.Minute), "expires-at": time.Now().Add(time.Minute), "drp.version": "1.0"}
	for name, value := range more {
		m[name] = value
	}
	body, err := json.Marshal(m)
	require.NoError(a.t, err)
	text := base64.StdEncoding.EncodeToString(append(ed25519.Sign(a.key, body), body...))
	r := httptest.NewRequestWithContext(a.t.Context(), http.MethodPost, path, strings.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+a.token)
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	require.Equal(a.t, http.StatusOK, w.Code, w.Body)
	var out map[string]string
	require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &out))
	return out
}

// exercised is a request that the agent has sent with an address for callbacks, and ours.
func (a *agentApp) exercised(callback string) (id string, ours models.ID) {
	a.t.Helper()
	id = a.send("/drp/v1/data-rights-request", map[string]any{"exercise": "deletion", "regime": "CCPA", "email": "sam@example.com", "status_callback": callback})["request_id"]
	page, _, err := a.Store.Requests(a.t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(a.t, err)
	require.Len(a.t, page, 1)
	return id, page[0].ID
}

// told are the statuses that a server was told, in their order.
func told(t *testing.T, r *receiver) []map[string]any {
	t.Helper()
	bodies, heads := r.got()
	out := make([]map[string]any, len(bodies))
	for i, body := range bodies {
		require.NoError(t, json.Unmarshal([]byte(body), &out[i]))
		require.Equal(t, "application/json", heads[i].Get("Content-Type"))
		require.NotContains(t, body, "sam@example.com")
	}
	return out
}

func TestAnAgentIsToldHowItsRequestStandsUntilItHasAnswered(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	down := true
	agent := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			down = false
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	a := speaking(t, 30*24*time.Hour, agent.host(t))
	id, ours := a.exercised(agent.URL + "/update_status?token=t1")
	issued, err := a.Store.IssueVerifications(t.Context(), ours)
	require.NoError(t, err)
	_, err = a.Store.VerifyByToken(t.Context(), issued[0].Token)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(told(t, agent)) == 2 }, time.Minute, 20*time.Millisecond, "once more, since the first was not taken")
	for _, got := range told(t, agent) {
		require.Equal(t, id, got["request_id"])
		require.Equal(t, "in_progress", got["status"])
		require.NotContains(t, got, "reason")
	}
	for _, to := range []models.State{models.Verifying, models.Locating, models.InReview} {
		require.NoError(t, a.Store.Advance(t.Context(), ours, to, ""))
	}
	require.NoError(t, a.Store.Advance(t.Context(), ours, models.Closed, models.Refused))
	require.Eventually(t, func() bool { return len(told(t, agent)) == 3 }, time.Minute, 20*time.Millisecond)
	last := told(t, agent)[2]
	require.Equal(t, "denied", last["status"])
	require.Equal(t, "other", last["reason"])
}

func TestAnAgentIsToldThatNobodyHasConfirmedInTime(t *testing.T) {
	t.Parallel()
	agent := newReceiver(t, nil)
	a := speaking(t, time.Second, agent.host(t))
	a.exercised(agent.URL)
	require.Eventually(t, func() bool { return len(told(t, agent)) == 1 }, time.Minute, 20*time.Millisecond)
	require.Equal(t, "insuf_verification", told(t, agent)[0]["reason"])
}

func TestACallbackNeverReachesTheNetworkInside(t *testing.T) {
	t.Parallel()
	agent := newReceiver(t, nil)
	a := speaking(t, time.Millisecond)
	a.exercised(strings.Replace(agent.URL, "http://", "https://", 1))
	var code string
	require.Eventually(t, func() bool {
		err := a.Store.Pool().QueryRow(t.Context(), "SELECT last_code FROM webhook_deliveries WHERE drp_id IS NOT NULL AND attempts > 0 AND last_code <> ''").Scan(&code)
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	require.Equal(t, "webhook_forbidden", code)
	bodies, _ := agent.got()
	require.Empty(t, bodies)
}
