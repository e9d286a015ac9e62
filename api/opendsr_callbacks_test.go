package api_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	opendsrsystem "habeas/activities/connectors/opendsr"
	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/api"
	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/store"
)

const callbacks = "/opendsr/v2/callbacks"

// handed are processors by the names of their systems, reached as the App reaches them.
type handed map[string]*opendsrsystem.System

func (h handed) Proved(ctx context.Context, system string, header http.Header, body []byte) (string, error) {
	s, ok := h[system]
	if !ok {
		return "", models.Errorf(models.Unsupported, "unsupported", "This is no processor.")
	}
	return s.Proved(ctx, header, body)
}

// called is an installation whose customers' requests were handed to two processors, each to its own; a third system is none.
type called struct {
	*bundle
	processors map[string]*opendsrtest.Processor
	handed     map[string]store.Delegation // by system
}

// keyed is a processor with a key of its own; those of opendsrtest share one.
func keyed(t *testing.T, domain string) *opendsrtest.Processor {
	t.Helper()
	p, err := opendsrtest.New(domain)
	require.NoError(t, err)
	p.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p.Certificate, err = p.Authority.Issue(p.Key, domain, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	require.NoError(t, err)
	return p
}

func isCalled(t *testing.T) *called {
	t.Helper()
	c := &called{processors: map[string]*opendsrtest.Processor{}, handed: map[string]store.Delegation{}}
	systems := handed{}
	for _, name := range []string{"ads", "mailer"} {
		p := keyed(t, name+".example")
		server := httptest.NewServer(p)
		t.Cleanup(server.Close)
		authority := filepath.Join(t.TempDir(), "ca.pem")
		require.NoError(t, os.WriteFile(authority, p.Authority.PEM(), 0o600))
		settings, err := json.Marshal(map[string]any{
			"url": server.URL + "/v2", "private": []string{strings.TrimPrefix(server.URL, "http://")}, "domain": p.Domain, "ca_file": authority,
			"auth": map[string]any{"kind": "bearer"}, "identities": map[string]any{"email": map[string]any{"type": "email"}},
		})
		require.NoError(t, err)
		s, err := opendsrsystem.Open(t.Context(), connectors.Config{Name: name, Kind: opendsrsystem.Kind, DSN: "canary", Settings: settings})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		systems[name], c.processors[name] = s.(*opendsrsystem.System), p
	}
	c.bundle = setup(t, func(d *api.Deps) { d.OpenDSR, d.Handed = nil, systems })
	for name, slug := range map[string]string{"ads": "acme", "mailer": "globex", "archive": "acme"} {
		a := c.call("POST", "/v1/requests", "", `{"controller":"`+slug+`","right":"erasure","email":"`+name+`@example.org","name":"Sam Sample"}`)
		require.Equal(t, http.StatusAccepted, a.status, a.body)
		f := filed{id: models.MustParseID(a.json(t)["id"].(string))}
		require.NoError(t, c.EnsureDelegation(t.Context(), f.id, name, []string{name + ".profiles"}))
		list, err := c.Delegations(t.Context(), models.ScopeOperator(), f.id)
		require.NoError(t, err)
		c.handed[name] = list[0]
	}
	c.drain()
	return c
}

// drain carries out the orders that wait, and gives those by which processors wake a workflow.
func (c *called) drain() (calls []store.Order) {
	c.t.Helper()
	for {
		orders, err := c.ClaimOrders(c.t.Context(), 50, time.Minute)
		require.NoError(c.t, err)
		if len(orders) == 0 {
			return calls
		}
		for _, o := range orders {
			if o.Kind == store.OrderProcessorCalled {
				calls = append(calls, o)
			}
			require.NoError(c.t, c.FinishOrder(c.t.Context(), o.ID))
		}
	}
}

// heard are the statuses that stand in the ledger of what a system was handed.
func (c *called) heard(system string) (statuses []any) {
	c.t.Helper()
	entries, err := c.Ledger(c.t.Context(), models.ScopeOperator(), c.handed[system].RequestID)
	require.NoError(c.t, err)
	for _, e := range entries {
		if e.Kind == "processor.called" {
			require.Equal(c.t, system+".example", e.Data["domain"])
			statuses = append(statuses, e.Data["status"])
		}
	}
	return statuses
}

// body is a callback about what a system was handed.
func (c *called) body(system, status string) string {
	c.t.Helper()
	b, err := json.Marshal(opendsr.StatusReport{
		Controller: "example_controller_id", ExpectBy: opendsr.Time{Time: start}, CallbackURL: "http://habeas.test" + callbacks,
		ID: opendsr.RequestID(c.handed[system].ID), Status: status, ResultsURL: "https://" + system + ".example/secure/canary", Version: opendsr.Version,
	})
	require.NoError(c.t, err)
	return string(b)
}

// send sends a body, signed by a processor; headers override.
func (c *called) send(by, body string, headers ...string) answer {
	c.t.Helper()
	p := c.processors[by]
	signature, err := opendsr.Sign(p.Key, []byte(body))
	require.NoError(c.t, err)
	return c.call("POST", callbacks, "", body, append([]string{opendsr.HeaderDomain, p.Domain, opendsr.HeaderSignature, signature}, headers...)...)
}

func TestAProvedCallbackIsRecordedAndWakesWhoWaitsForIt(t *testing.T) {
	t.Parallel()
	c := isCalled(t)
	a := c.send("ads", c.body("ads", "in_progress"))
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	require.Empty(t, a.body)
	calls := c.drain()
	require.Len(t, calls, 1)
	require.Equal(t, [2]models.ID{c.handed["ads"].RequestID, c.handed["ads"].ID}, [2]models.ID{calls[0].RequestID, calls[0].DelegationID})
	require.Equal(t, http.StatusAccepted, c.send("ads", c.body("ads", "in_progress")).status)
	require.Empty(t, c.drain(), "the same once more")
	require.Equal(t, http.StatusAccepted, c.send("ads", c.body("ads", "Completed")).status)
	require.Len(t, c.drain(), 1)
	require.Equal(t, http.StatusAccepted, c.send("ads", c.body("ads", "pending")).status, "late: what is done is asked of the processor all the same")
	require.Equal(t, []any{"in_progress", "completed", "pending"}, c.heard("ads"))
	c.drain()

	d, err := c.Delegation(t.Context(), models.ScopeOperator(), c.handed["ads"].ID)
	require.NoError(t, err)
	require.Equal(t, store.DelegationPlanned, d.State, "a callback decides nothing")
	d.State = store.DelegationDone
	require.NoError(t, c.NoteDelegation(t.Context(), d, nil))
	require.Equal(t, http.StatusAccepted, c.send("ads", c.body("ads", "denied")).status)
	require.Empty(t, c.drain(), "it is over")
	require.Len(t, c.heard("ads"), 3)
	require.Empty(t, c.heard("mailer"))
	require.NotContains(t, c.log.String(), "canary")
}

func TestACallbackThatIsNotProvedMovesNothingAndLearnsNothing(t *testing.T) {
	t.Parallel()
	c := isCalled(t)
	c.processors["stranger"] = keyed(t, "stranger.example")
	ads, mailer := c.processors["ads"], c.processors["mailer"]
	good := c.body("ads", "completed")
	signed := func(p *opendsrtest.Processor, body string) string {
		s, err := opendsr.Sign(p.Key, []byte(body))
		require.NoError(t, err)
		return s
	}
	swapped := func(old, now string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, now, 1)
	}
	unknown := swapped(c.handed["ads"].ID.String(), exampleID)
	var first string
	for name, a := range map[string]func() answer{
		"no headers":                func() answer { return c.call("POST", callbacks, "", good) },
		"no signature":              func() answer { return c.send("ads", good, opendsr.HeaderSignature, "") },
		"a signature under another": func() answer { return c.send("ads", good, opendsr.HeaderSignature, signed(ads, unknown)) },
		"a changed body": func() answer {
			return c.send("ads", swapped("completed", "cancelled"), opendsr.HeaderSignature, signed(ads, good))
		},
		"the domain of another":        func() answer { return c.send("ads", good, opendsr.HeaderDomain, mailer.Domain) },
		"another in its own name":      func() answer { return c.send("mailer", good) },
		"another customer's request":   func() answer { return c.send("ads", c.body("mailer", "completed")) },
		"another in the other's name":  func() answer { return c.send("mailer", c.body("ads", "completed"), opendsr.HeaderDomain, ads.Domain) },
		"a stranger":                   func() answer { return c.send("stranger", good) },
		"a stranger in another's name": func() answer { return c.send("stranger", good, opendsr.HeaderDomain, ads.Domain) },
		"an unknown request":           func() answer { return c.send("ads", unknown) },
		"a request of the customer": func() answer {
			return c.send("ads", swapped(c.handed["ads"].ID.String(), c.handed["ads"].RequestID.String()))
		},
		"no identifier":                 func() answer { return c.send("ads", swapped(c.handed["ads"].ID.String(), "nonsense")) },
		"a system that is no processor": func() answer { return c.send("ads", c.body("archive", "completed")) },
		"an unknown status":             func() answer { return c.send("ads", c.body("ads", "done, perhaps")) },
		"another address":               func() answer { return c.send("ads", swapped("http://habeas.test", "http://other.test")) },
		"no JSON":                       func() answer { return c.send("ads", good[:20]) },
		"a number":                      func() answer { return c.send("ads", "7") },
		"nothing":                       func() answer { return c.send("ads", "") },
	} {
		got := a()
		require.Equal(t, http.StatusForbidden, got.status, "%s: %s", name, got.body)
		require.Equal(t, "callback_unproven", got.code(t), name)
		said := got.json(t)
		delete(said, "instance")
		text, err := json.Marshal(said)
		require.NoError(t, err)
		if first == "" {
			first = string(text)
		}
		require.Equal(t, first, string(text), "%s: the answer tells what was wrong", name)
	}
	require.Empty(t, c.drain())
	for system := range c.handed {
		require.Empty(t, c.heard(system))
	}
	require.Equal(t, "body_too_large", c.send("ads", strings.Repeat(" ", 10<<20)).code(t))
	require.Equal(t, http.StatusAccepted, c.send("ads", good).status, "the right one is believed after all these")
}

func TestCallbacksAreBoundedByAddressAndBelievedOfNobodyWithoutProcessors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	statuses := map[int]int{}
	for range 610 {
		statuses[b.call("POST", callbacks, "", "{}").status]++
	}
	require.Equal(t, map[int]int{403: 600, 429: 10}, statuses)
}
