package activities_test

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/hold"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgtest"
	"habeas/models/store/vault"
	"habeas/templates"
)

const day = 24 * time.Hour

// start is when every test begins: in Brussels it is 10:30 on Monday, 2 March 2026.
var start = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// The person of every test. Whatever of it turns up in an error or in the log fails the test.
const (
	adaEmail = "ada.canary@person.example"
	adaName  = "Ada Canary"
	bobEmail = "bob.neighbour@person.example"
	message  = "My cat's name is Canary-Tabby."
)

var canaries = []string{adaEmail, adaName, "Canary", "canary", bobEmail, "neighbour", "Quiet Lane"}

//go:embed testdata/crm.yml
var crmMap []byte

// crmTables are the tables of the system that the tests erase in. Ada (1) shares an address with Bob (2).
const crmTables = `
CREATE TABLE addresses (id integer PRIMARY KEY, street text NOT NULL);
CREATE TABLE customers (id integer PRIMARY KEY, email text NOT NULL, name text, address_id integer REFERENCES addresses, score integer, owner text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers, item text, owner text);
CREATE TABLE invoices (id integer PRIMARY KEY, customer_id integer, total numeric(12,2), billed_to text, remark text, issued_on date, restricted_at timestamptz);
CREATE TABLE entries (id integer PRIMARY KEY, customer_id integer, entered_on date, goods text);
CREATE TABLE declarations (id integer PRIMARY KEY, customer_id integer, accepted_on date, goods text);
CREATE TABLE mails (id integer PRIMARY KEY, recipients text[]);
INSERT INTO addresses VALUES (1, '1 Quiet Lane'), (2, '2 Quiet Lane');
INSERT INTO customers VALUES (1, 'ada.canary@person.example', 'Ada Canary', 1, 7, NULL), (2, 'bob.neighbour@person.example', 'Bob', 2, 3, NULL);
INSERT INTO orders VALUES (1, 1, 'lamp', NULL), (2, 1, 'chair', NULL), (3, 2, 'table', NULL);`

// world is a Habeas database, one system with its data map, and the activities on both, under a clock that the test moves.
type world struct {
	t      *testing.T
	store  *store.Store
	crm    *crm
	acts   *activities.Activities
	deps   activities.Deps
	env    *testsuite.TestActivityEnvironment
	pulse  pulse
	mails  *mailbox
	hooks  *hooks
	clock  atomic.Int64
	log    safeBuffer
	owner  request.Controller
	acme   request.Controller // a customer
	habeas string             // DSN
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, mails: &mailbox{}, hooks: &hooks{}}
	w.clock.Store(start.UnixMicro())
	w.habeas = pgtest.Template(t, "store", func(dsn string) error { return store.Migrate(context.Background(), dsn, func(string) {}) })
	w.crm = newCRM(t)
	v, err := vault.New(vault.Generate())
	require.NoError(t, err)
	w.store, err = store.Open(t.Context(), store.Config{DSN: w.habeas, Vault: v, Now: w.now, MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	w.owner = w.controller("northwind", true, "Europe/Brussels")
	w.acme = w.controller("acme", false, "America/New_York")
	w.deps = activities.Deps{
		Store: w.store, Systems: map[string]connectors.System{"crm": w.crm}, Graph: w.crm.graph, MapID: "map-1", Rules: hold.Builtin(),
		Law: law{}, Mail: w.mails, Webhook: w.hooks, Links: activities.Links{Base: "https://privacy.example"}, Now: w.now,
		Log: slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Policy: activities.Policy{
			DPOEmail: "dpo@northwind.example", OperatorName: "Northwind", LapseAfter: 30 * day, RemindBefore: []int{7, 1, 0},
			InstructionEvery: 5 * day, ReviewEvery: 3 * day, OverdueEvery: day, PackageFor: 14 * day, KeepKeysFor: 90 * day,
		},
	}
	w.rebuild()
	t.Cleanup(func() {
		w.noCanary(w.log.String())
		require.Zero(t, w.pulse.loose.Load(), "a heartbeat that ends with a part of its activity is taken for a lost activity")
	})
	return w
}

// rebuild makes the activities anew after a test has changed what they depend on.
func (w *world) rebuild() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(tlog.NewStructuredLogger(w.deps.Log))
	w.env = suite.NewTestActivityEnvironment()
	w.env.SetTestTimeout(10 * time.Minute)
	w.env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{&w.pulse}})
	w.acts = activities.New(w.deps)
	w.env.RegisterActivity(w.acts)
}

func (w *world) now() time.Time { return time.UnixMicro(w.clock.Load()).UTC() }

func (w *world) pass(d time.Duration) { w.clock.Add(d.Microseconds()) }

// at moves the clock to an instant.
func (w *world) at(t time.Time) { w.clock.Store(t.UnixMicro()) }

func (w *world) controller(slug string, operator bool, zone string) request.Controller {
	w.t.Helper()
	c, err := w.store.PutController(w.t.Context(), request.Controller{
		Slug: slug, Name: "Company " + slug, Operator: operator, Regime: "EU_GDPR", Timezone: zone, Country: "BE",
		ContactEmail: models.Personal("privacy@" + slug + ".example"), Authority: "APD-GBA",
	})
	require.NoError(w.t, err)
	return c
}

// try runs an activity as a worker would; no error may say anything about a person.
func try[Out any](w *world, activity, in any) (Out, error) {
	w.t.Helper()
	var out Out
	value, err := w.env.ExecuteActivity(activity, in)
	if err != nil {
		w.noCanary(fmt.Sprintf("%v %+v", err, err))
		return out, err
	}
	if value.HasValue() {
		require.NoError(w.t, value.Get(&out))
	}
	return out, nil
}

// do runs an activity that must succeed.
func do[Out any](w *world, activity, in any) Out {
	w.t.Helper()
	out, err := try[Out](w, activity, in)
	require.NoError(w.t, err)
	return out
}

// twice runs an activity two times, as a worker that died before it could report would, and returns the second result. The ledger must say
// nothing new the second time, and nothing may be sent again, unless the test names the kinds that every run records.
func twice[Out any](w *world, id models.ID, activity, in any, repeated ...string) (first, second Out) {
	w.t.Helper()
	first = do[Out](w, activity, in)
	before, mails, hooks := w.kinds(id), w.mails.count(), w.hooks.count()
	second = do[Out](w, activity, in)
	require.Equal(w.t, mails, w.mails.count(), "a mail was sent again")
	require.Equal(w.t, hooks, w.hooks.count(), "a webhook was posted again")
	require.Equal(w.t, append(before, repeated...), w.kinds(id), "the second run was recorded as if it had done something")
	return first, second
}

// none stands for an activity that returns only an error.
type none struct{}

func (w *world) noCanary(text string) {
	w.t.Helper()
	for _, c := range canaries {
		require.NotContains(w.t, text, c, "personal data escaped")
	}
}

// kinds are the ledger entries about a request, by kind.
func (w *world) kinds(id models.ID) []string {
	w.t.Helper()
	entries, err := w.store.Ledger(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Kind
	}
	return out
}

func (w *world) submit(right models.Right, c request.Controller, channel request.Channel) models.ID {
	w.t.Helper()
	out, err := w.store.Submit(w.t.Context(), store.Submission{
		Controller: c, Right: right, Channel: channel, Language: "en", Actor: models.Actor{Role: models.RoleSubject},
		Vouched: channel == request.ChannelController,
		Subject: request.Subject{
			Name: adaName, Email: adaEmail, Message: message, Identities: []request.Identity{{Kind: "email", Value: adaEmail}},
		},
	})
	require.NoError(w.t, err)
	return out.RequestID
}

// received is Ada's request to the operator, not verified.
func (w *world) received(right models.Right) models.ID {
	w.t.Helper()
	return w.submit(right, w.owner, request.ChannelPortal)
}

// verified is Ada's request to the operator with her address proven.
func (w *world) verified(right models.Right) models.ID {
	w.t.Helper()
	id := w.received(right)
	issued, err := w.store.IssueVerifications(w.t.Context(), id)
	require.NoError(w.t, err)
	_, err = w.store.VerifyByToken(w.t.Context(), issued[0].Token)
	require.NoError(w.t, err)
	do[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: id})
	w.advance(id, models.Verifying, models.Locating)
	return id
}

func (w *world) advance(id models.ID, states ...models.State) {
	w.t.Helper()
	for _, to := range states {
		do[none](w, w.acts.Advance, activities.Advance{RequestID: id, To: to})
	}
}

// planned is Ada's request with her rows located and a plan made.
func (w *world) planned(right models.Right) models.ID {
	w.t.Helper()
	id := w.verified(right)
	ref := activities.RequestRef{RequestID: id}
	do[activities.Located](w, w.acts.Locate, ref)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	w.advance(id, models.InReview)
	return id
}

// approved is a planned request whose plan the DPO has approved, with choices by collection; it is being executed.
func (w *world) approved(right models.Right, choices map[string]models.Treatment) models.ID {
	w.t.Helper()
	id := w.planned(right)
	w.decide(id, request.Approve, models.RoleDPO, func(d *request.Decision) {
		p := w.plan(id)
		d.PlanDigest, d.Choices = p.Digest(), map[int]models.Treatment{}
		for _, g := range p.Groups {
			if choice, ok := choices[g.Collection]; ok {
				d.Choices[g.No] = choice
			}
		}
	})
	w.advance(id, models.Executing)
	return id
}

func (w *world) plan(id models.ID) plan.Plan {
	w.t.Helper()
	p, _, err := w.store.Plan(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	return p
}

// group is the plan's only group of a collection.
func (w *world) group(id models.ID, collection string) plan.Group {
	w.t.Helper()
	var found []plan.Group
	for _, g := range w.plan(id).Groups {
		if g.Collection == collection {
			found = append(found, g)
		}
	}
	require.Len(w.t, found, 1, collection)
	return found[0]
}

func (w *world) decide(id models.ID, kind request.DecisionKind, role models.Role, more ...func(*request.Decision)) models.ID {
	w.t.Helper()
	d := request.Decision{RequestID: id, Kind: kind, Actor: models.Actor{Role: role}}
	if request.NeedsReason(kind) {
		d.Reason = "Because Ada Canary said so."
	}
	for _, f := range more {
		f(&d)
	}
	out, err := w.store.Decide(w.t.Context(), models.ScopeOperator(), d)
	require.NoError(w.t, err)
	return out.ID
}

func (w *world) request(id models.ID) request.Request {
	w.t.Helper()
	r, err := w.store.Request(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	return r
}

// sql is a number from Habeas' own database.
func (w *world) sql(query string, args ...any) (n int) {
	w.t.Helper()
	require.NoError(w.t, w.store.Pool().QueryRow(w.t.Context(), query, args...).Scan(&n))
	return n
}

// rows counts the located rows of a collection by status.
func (w *world) rows(id models.ID, collection string) map[string]int {
	w.t.Helper()
	counts, err := w.store.CountRows(w.t.Context(), id)
	require.NoError(w.t, err)
	out := map[string]int{}
	for _, g := range w.plan(id).Groups {
		for _, c := range counts {
			if c.Group == g.No && g.Collection == collection {
				out[string(c.Status)] += int(c.Rows)
			}
		}
	}
	return out
}

// crm is the system, of which a test can make single calls fail.
type crm struct {
	*postgres.System
	t     *testing.T
	dsn   string
	graph *datamap.Graph
	fail  func(call string) error
	lost  func(call string) error // as fail, but after an erasure was done
	calls atomic.Int64
}

func newCRM(t *testing.T) *crm {
	t.Helper()
	c := &crm{t: t, fail: func(string) error { return nil }}
	c.dsn = pgtest.Template(t, "crm", func(dsn string) error {
		conn, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			return err
		}
		_, err = conn.Exec(context.Background(), crmTables)
		return err
	})
	c.graph = compile(t, crmMap)
	s, err := postgres.Open(t.Context(), connectors.Config{
		Name: "crm", Kind: postgres.Kind, DSN: models.Personal(c.dsn), Secret: []byte("0123456789abcdef0123456789abcdef"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	system, ok := s.(*postgres.System)
	require.True(t, ok)
	c.System = system
	return c
}

func compile(t *testing.T, text []byte) *datamap.Graph {
	t.Helper()
	datasets, problems := file.Parse("crm.yml", text)
	require.Empty(t, problems)
	problems = datamap.Check(datasets, nil)
	require.False(t, datamap.Refused(problems), "%v", problems)
	g, err := datamap.Compile(datasets)
	require.NoError(t, err)
	return g
}

func (c *crm) call(name string) error {
	c.calls.Add(1)
	return c.fail(name)
}

func (c *crm) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	if err := c.call("lookup " + q.Node.Address.Collection); err != nil {
		return err
	}
	return c.System.Lookup(ctx, q, yield)
}

func (c *crm) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	if err := c.call("erase " + order.Node.Address.Collection); err != nil {
		return connectors.Outcome{}, err
	}
	out, err := c.System.Erase(ctx, order)
	if err == nil && c.lost != nil {
		if err := c.lost("erase " + order.Node.Address.Collection); err != nil {
			return connectors.Outcome{}, err
		}
	}
	return out, err
}

func (c *crm) Export(ctx context.Context, n *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	if err := c.call("export " + n.Address.Collection); err != nil {
		return err
	}
	return c.System.Export(ctx, n, keys, fields, yield)
}

// exec changes the system as its own application would.
func (c *crm) exec(sql string, args ...any) {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), c.dsn)
	require.NoError(c.t, err)
	defer func() { require.NoError(c.t, conn.Close(context.Background())) }()
	_, err = conn.Exec(c.t.Context(), sql, args...)
	require.NoError(c.t, err)
}

// text is one value of the system as text; NULL is "NULL".
func (c *crm) text(sql string, args ...any) string {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), c.dsn)
	require.NoError(c.t, err)
	defer func() { require.NoError(c.t, conn.Close(context.Background())) }()
	var s *string
	require.NoError(c.t, conn.QueryRow(c.t.Context(), "SELECT ("+sql+")::text", args...).Scan(&s))
	if s == nil {
		return "NULL"
	}
	return *s
}

// law has the built-in calendars and zones.
type law struct{}

func (law) Calendar(country, subdivision string) (*calendar.Calendar, error) {
	return calendar.For(country, subdivision)
}
func (law) Zone(name string) (*time.Location, error) { return time.LoadLocation(name) }

// mailbox keeps what was sent.
type mailbox struct {
	mu   sync.Mutex
	sent []sentMail
	fail func() error
}

type sentMail struct {
	to   string
	key  string
	mail templates.Mail
}

func (m *mailbox) Send(_ context.Context, to models.Personal, mail templates.Mail, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	m.sent = append(m.sent, sentMail{to.Reveal(), key, mail})
	return nil
}

func (m *mailbox) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sent)
}

func (m *mailbox) last(t *testing.T) sentMail {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	require.NotEmpty(t, m.sent)
	return m.sent[len(m.sent)-1]
}

// hooks keeps what was posted.
type hooks struct {
	mu     sync.Mutex
	posted []posted
	fail   error
	lose   error // the message is taken all the same
}

type posted struct {
	url, id string
	body    []byte
}

func (h *hooks) Post(_ context.Context, url, _ models.Personal, id string, _ time.Time, body []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		return h.fail
	}
	h.posted = append(h.posted, posted{url.Reveal(), id, body})
	return h.lose
}

func (h *hooks) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.posted)
}

// safeBuffer is a buffer for several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
