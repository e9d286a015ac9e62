package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/app"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/webhook"
)

// receiver is a customer's server; answer may misbehave.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	answer http.HandlerFunc
}

func newReceiver(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.bodies, r.heads = append(r.bodies, string(body)), append(r.heads, req.Header)
		r.mu.Unlock()
		if r.answer != nil {
			r.answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) host(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(r.URL)
	require.NoError(t, err)
	return u.Host
}

func (r *receiver) got() ([]string, []http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.bodies...), append([]http.Header{}, r.heads...)
}

// sending is an App that delivers, with a customer.
type sending struct {
	*app.App
	acme models.Scope
	id   models.ID
}

func startSending(t *testing.T, private ...string) *sending {
	t.Helper()
	c := live(t, "SELECT 1")
	c.Policy.PrivateWebhooks = private
	a, _, err := build(t, c)
	require.NoError(t, err)
	acme, err := a.Store.PutController(t.Context(), request.Controller{Slug: "acme", Name: "Acme", Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", ContactEmail: "a@acme.example"})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = a.Deliver(ctx) })
	t.Cleanup(func() {
		stop()
		group.Wait()
	})
	return &sending{a, models.ScopeOf(acme.ID), acme.ID}
}

func (s *sending) endpoint(t *testing.T, url string) (models.ID, models.Personal) {
	t.Helper()
	e, secret, err := s.Store.AddEndpoint(t.Context(), s.acme, models.System(), store.Endpoint{ControllerID: s.id, URL: models.Personal(url), Events: webhook.Kinds()})
	require.NoError(t, err)
	return e.ID, secret
}

// tried orders a test and waits until it was tried.
func (s *sending) tried(t *testing.T, id models.ID) store.Delivery {
	t.Helper()
	require.NoError(t, s.Store.TestEndpoint(t.Context(), s.acme, id))
	var d store.Delivery
	require.Eventually(t, func() bool {
		list, err := s.Store.Deliveries(t.Context(), s.acme, id, 1)
		require.NoError(t, err)
		d = list[0]
		return d.State == store.DeliveryDelivered || d.Code != ""
	}, 30*time.Second, 20*time.Millisecond)
	return d
}

func TestAMessageVerifiesWithTheOfficialLibraryByEitherSecretOfARotation(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, nil)
	s := startSending(t, r.host(t))
	id, first := s.endpoint(t, r.URL+"/hook?token=canary")
	second, err := s.Store.RotateEndpoint(t.Context(), s.acme, models.System(), id)
	require.NoError(t, err)
	d := s.tried(t, id)
	require.Equal(t, store.DeliveryDelivered, d.State)
	require.Equal(t, 200, d.Status)
	bodies, heads := r.got()
	require.Equal(t, d.ID.String(), heads[0].Get("webhook-id"))
	for _, secret := range []models.Personal{first, second} {
		verifier, err := standardwebhooks.NewWebhook(secret.Reveal())
		require.NoError(t, err)
		require.NoError(t, verifier.Verify([]byte(bodies[0]), heads[0]))
		require.Error(t, verifier.Verify([]byte(bodies[0]+" "), heads[0]))
	}
	require.Len(t, strings.Fields(heads[0].Get("webhook-signature")), 2)
	var m struct{ Type webhook.Kind }
	require.NoError(t, json.Unmarshal([]byte(bodies[0]), &m))
	require.Equal(t, webhook.Test, m.Type)

	require.NoError(t, s.Store.Replay(t.Context(), s.acme, models.System(), d.ID))
	require.Eventually(t, func() bool { bodies, _ := r.got(); return len(bodies) == 2 }, 30*time.Second, 20*time.Millisecond)
	bodies, heads = r.got()
	require.Equal(t, bodies[0], bodies[1])
	require.Equal(t, heads[0].Get("webhook-id"), heads[1].Get("webhook-id"), "a receiver knows what it has had")
}

func TestAReceiverThatMisbehavesIsTriedAgainAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	inside := newReceiver(t, nil)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		state  store.DeliveryState
		status int
		code   string
	}{
		"an error in the body of a 200": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"error":"canary"}`) }, store.DeliveryDelivered, 200, ""},
		"ten megabytes": {func(w http.ResponseWriter, _ *http.Request) {
			for range 160 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, store.DeliveryDelivered, 200, ""},
		"a redirect inside": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
		}, store.DeliveryWaiting, 307, "webhook_unavailable"},
		"an error":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, store.DeliveryWaiting, 500, "webhook_unavailable"},
		"a broken answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, store.DeliveryWaiting, 0, "webhook_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, c.answer)
			s := startSending(t, r.host(t), inside.host(t))
			id, _ := s.endpoint(t, r.URL)
			d := s.tried(t, id)
			require.Equal(t, c.state, d.State)
			require.Equal(t, c.status, d.Status)
			require.Equal(t, c.code, d.Code)
			if c.state == store.DeliveryWaiting {
				require.True(t, d.NextAt.After(d.CreatedAt), "it is tried again")
			}
		})
	}
	t.Cleanup(func() {
		bodies, _ := inside.got()
		require.Empty(t, bodies, "no redirect is followed")
	})
}

func TestAReceiverThatHangsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var hanging, most atomic.Int64
	slow := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		if now := hanging.Add(1); now > most.Load() {
			most.Store(now)
		}
		defer hanging.Add(-1)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	quick := newReceiver(t, nil)
	s := startSending(t, slow.host(t), quick.host(t))
	hangs, _ := s.endpoint(t, slow.URL)
	for range 20 {
		require.NoError(t, s.Store.TestEndpoint(t.Context(), s.acme, hangs))
	}
	require.Eventually(t, func() bool { return hanging.Load() == 1 }, 30*time.Second, 20*time.Millisecond)
	id, _ := s.endpoint(t, quick.URL)
	require.Equal(t, store.DeliveryDelivered, s.tried(t, id).State, "while the other still hangs")
	require.EqualValues(t, 1, most.Load(), "one call at a time")
}

func TestNoWebhookReachesInsideTheNetwork(t *testing.T) {
	t.Parallel()
	inside := newReceiver(t, nil)
	s := startSending(t)
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, url := range []string{inside.URL, "https://127.0.0.1" + port, "https://localhost" + port, "https://localhost", "https://[::1]/", "https://169.254.169.254/"} {
		id, _ := s.endpoint(t, url) // a name that leads inside is seen when the connection is made, so that a changed entry of DNS helps nobody
		d := s.tried(t, id)
		require.Equal(t, "webhook_forbidden", d.Code, url)
		require.Zero(t, d.Status)
	}
	bodies, _ := inside.got()
	require.Empty(t, bodies)
}
