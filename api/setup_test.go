package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/pgxstore"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/api"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/ledger"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgtest"
	"habeas/models/store/vault"
)

var start = time.Date(2027, time.February, 1, 9, 0, 0, 0, time.UTC)

// bundle is a server over a database of its own, with an operator, two customers and a key for each role.
type bundle struct {
	*store.Store
	t       testing.TB
	url     string
	client  *http.Client // keeps no cookies and follows no redirect
	log     *safeBuffer
	mails   *mailbox
	acme    request.Controller
	globex  request.Controller
	keys    map[models.Role]string
	globexK string // the other customer's key
	clock   func(time.Duration)
	dsn     string
	now     func() time.Time

	authority *opendsrtest.Authority // of the processor's certificate
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// mailbox notes the codes that were sent.
type mailbox struct {
	mu    sync.Mutex
	codes []store.PackageCode
}

func (m *mailbox) SendPackageCode(_ context.Context, c store.PackageCode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes = append(m.codes, c)
	return nil
}

func (m *mailbox) last(t *testing.T) store.PackageCode {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	require.NotEmpty(t, m.codes)
	return m.codes[len(m.codes)-1]
}

type option func(*api.Deps)

func setup(t testing.TB, opts ...option) *bundle {
	t.Helper()
	dsn := pgtest.Template(t, "api", func(dsn string) error { return store.Migrate(context.Background(), dsn, func(string) {}) })
	v, err := vault.New(vault.Generate())
	require.NoError(t, err)
	var mu sync.Mutex
	at := start
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
	s, err := store.Open(t.Context(), store.Config{DSN: dsn, Vault: v, Now: now, MaxConns: 6})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	b := &bundle{Store: s, t: t, dsn: dsn, log: &safeBuffer{}, mails: &mailbox{}, keys: map[models.Role]string{}}
	b.now = now
	b.clock = func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(d)
	}
	d := api.Deps{
		Store: s, Sessions: pgxstore.NewWithCleanupInterval(s.Pool(), 0), Codes: b.mails, Now: now,
		Log:    slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Keys:   func() ([]byte, error) { return ledger.JWKS(v.Signer().Public()) },
		Config: api.Config{BaseURL: "http://habeas.test", Contact: "dpo@northwind.example", IdentityKinds: []string{"email", "phone_number"}, PostsPerMinute: 100_000},
	}
	d.OpenDSR, b.authority = processor(t)
	for _, o := range opts {
		o(&d)
	}
	h, err := api.New(d)
	require.NoError(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	b.url, b.client = server.URL, server.Client()
	b.client.Transport = checked{b.client.Transport, t}
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.people()
	return b
}

// people puts the operator, two customers and a key for each role.
func (b *bundle) people() {
	b.t.Helper()
	ctx := b.t.Context()
	put := func(slug string, operator bool) request.Controller {
		c, err := b.PutController(ctx, request.Controller{
			Slug: slug, Name: "Company " + slug, Operator: operator, Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", Subdivision: "BE",
			ContactEmail: models.Personal("privacy@" + slug + ".example"), Authority: "Berlin authority",
		})
		require.NoError(b.t, err)
		return c
	}
	put("northwind", true)
	b.acme, b.globex = put("acme", false), put("globex", false)
	for _, role := range []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleOperator} {
		b.keys[role] = b.key(store.KeySpec{Role: role, Name: "Key of " + string(role)})
	}
	b.keys[models.RoleController] = b.key(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme key"})
	b.globexK = b.key(store.KeySpec{Role: models.RoleController, ControllerID: b.globex.ID, Name: "globex key"})
}

func (b *bundle) key(spec store.KeySpec) string {
	b.t.Helper()
	if spec.Role.Staff() { // made by a person, one for each
		spec.By = models.Actor{Role: models.RoleDPO, ID: models.ID(uuid.New())}
	}
	secret, _, err := b.CreateKey(b.t.Context(), spec)
	require.NoError(b.t, err)
	return secret
}

// answer is a response that has been read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &out), a.body)
	return out
}

// code is the stable code of a problem.
func (a answer) code(t testing.TB) string {
	t.Helper()
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), a.body)
	return a.json(t)["code"].(string)
}

// call sends a JSON call; key may be empty, headers come in pairs.
func (b *bundle) call(method, path, key, body string, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(b.client, r)
}

func (b *bundle) do(client *http.Client, r *http.Request) answer {
	b.t.Helper()
	res, err := client.Do(r)
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, res.Body.Close()) }()
	body, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

// browser is a client with a cookie jar, as a person uses one.
func (b *bundle) browser() *http.Client {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(b.t, err)
	return &http.Client{Transport: b.client.Transport, Jar: jar, CheckRedirect: b.client.CheckRedirect}
}

// signIn is a browser that is signed in with a key.
func (b *bundle) signIn(key string) *http.Client {
	b.t.Helper()
	c := b.browser()
	require.Equal(b.t, http.StatusSeeOther, b.post(c, "/staff/login", url.Values{"key": {key}}).status)
	return c
}

func (b *bundle) get(c *http.Client, path string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, http.NoBody)
	require.NoError(b.t, err)
	return b.do(c, r)
}

func (b *bundle) post(c *http.Client, path string, form url.Values, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(c, r)
}

// filed is a request that was filed for a test.
type filed struct {
	id    models.ID
	token string // of its status page
}

// file files a public request with acme.
func (b *bundle) file(right models.Right, email string) filed {
	b.t.Helper()
	a := b.call("POST", "/v1/requests", "", `{"controller":"acme","right":"`+string(right)+`","email":"`+email+`","name":"Sam Sample"}`)
	require.Equal(b.t, http.StatusAccepted, a.status, a.body)
	got := a.json(b.t)
	_, token, ok := strings.Cut(got["status_url"].(string), "/status/")
	require.True(b.t, ok)
	return filed{models.MustParseID(got["id"].(string)), token}
}

// issue is the verification that would be mailed for a request.
func (b *bundle) issue(f filed) store.Issued {
	b.t.Helper()
	got, err := b.IssueVerifications(b.t.Context(), f.id)
	require.NoError(b.t, err)
	require.NotEmpty(b.t, got)
	return got[len(got)-1]
}

// verified files a request, confirms it and moves it to a state.
func (b *bundle) verified(right models.Right, email string, states ...models.State) filed {
	b.t.Helper()
	f := b.file(right, email)
	require.NoError(b.t, b.VerifyByCode(b.t.Context(), f.token, b.issue(f).Code))
	b.advance(f, states...)
	return f
}

func (b *bundle) advance(f filed, states ...models.State) {
	b.t.Helper()
	for _, s := range states {
		require.NoError(b.t, b.Advance(b.t.Context(), f.id, s, ""))
	}
}

// inReview is a verified request with a plan: one group to erase, one held, one shared.
func (b *bundle) inReview(email string) (filed, plan.Plan) {
	b.t.Helper()
	f := b.verified(models.Erasure, email, models.AwaitingInstruction, models.Locating, models.InReview)
	p, err := b.SavePlan(b.t.Context(), plan.Plan{RequestID: f.id, Right: models.Erasure, RuleSet: "test", Groups: []plan.Group{
		{No: 1, System: "erp", Dataset: "shipments", Collection: "parties", Rows: 12, Proposed: models.TreatErase, Reason: plan.ReasonGround},
		{
			No: 2, System: "erp", Dataset: "customs", Collection: "declarations", Rows: 3, Proposed: models.TreatRetain, Reason: plan.ReasonHeld,
			Rule: "EU_UCC_51", Citation: "Reg. 952/2013 Art. 51(1)", Explanation: "Kept until 31 December 2030.",
			HoldThrough: calendar.Date{Year: 2030, Month: 12, Day: 31}, ErasableOn: calendar.Date{Year: 2031, Month: 1, Day: 1},
		},
		{
			No: 3, System: "erp", Dataset: "tracking", Collection: "watchers", Rows: 1, Proposed: models.TreatRefer, Reason: plan.ReasonShared,
			Options: []models.Treatment{models.TreatKeep, models.TreatErase},
		},
	}})
	require.NoError(b.t, err)
	require.NoError(b.t, b.RecordClock(b.t.Context(), f.id, request.Clock{
		Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", StartOn: calendar.Date{Year: 2027, Month: 2, Day: 1},
		UnrolledDueOn: calendar.Date{Year: 2027, Month: 3, Day: 1}, DueOn: calendar.Date{Year: 2027, Month: 3, Day: 1},
		DueBefore: time.Date(2027, 3, 1, 23, 0, 0, 0, time.UTC), RuleSet: "test", Steps: []string{"Received on 1 February 2027."},
	}, "received"))
	return f, p
}
