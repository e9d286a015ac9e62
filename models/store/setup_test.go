package store_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgtest"
	"habeas/models/store/vault"
)

// start is when every test begins, unless it moves the clock.
var start = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// bundle is a migrated database of its own, with an operator, two customers and a clock that stands still.
type bundle struct {
	*store.Store
	t        *testing.T
	dsn      string
	vault    *vault.Vault
	operator request.Controller
	acme     request.Controller // a customer
	globex   request.Controller // another customer
	clock    atomic.Int64       // unix microseconds
	ticks    atomic.Bool        // the clock moves on by itself, whenever it is read
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, dsn: migrated(t), vault: newVault(t)}
	b.clock.Store(start.UnixMicro())
	b.Store = b.open(b.vault)
	b.operator = b.controller("northwind", true)
	b.acme = b.controller("acme", false)
	b.globex = b.controller("globex", false)
	return b
}

// migrated is the URL of a database with the current schema.
func migrated(t testing.TB) string {
	t.Helper()
	return pgtest.Template(t, "store", func(dsn string) error {
		return store.Migrate(context.Background(), dsn, func(string) {})
	})
}

func newVault(t testing.TB) *vault.Vault {
	t.Helper()
	v, err := vault.New(vault.Generate())
	require.NoError(t, err)
	return v
}

// open gives another Store on the same database.
func (b *bundle) open(v *vault.Vault) *store.Store {
	b.t.Helper()
	s, err := store.Open(b.t.Context(), store.Config{DSN: b.dsn, Vault: v, Now: b.now, MaxConns: 16})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, s.Close()) })
	return s
}

func (b *bundle) now() time.Time {
	if b.ticks.Load() {
		b.pass(time.Microsecond)
	}
	return time.UnixMicro(b.clock.Load()).UTC()
}

// pass moves the clock on.
func (b *bundle) pass(d time.Duration) { b.clock.Add(d.Microseconds()) }

func (b *bundle) controller(slug string, operator bool) request.Controller {
	b.t.Helper()
	c, err := b.PutController(b.t.Context(), request.Controller{
		Slug: slug, Name: "Company " + slug, Operator: operator, Regime: "EU_GDPR", Timezone: "Europe/Brussels", Country: "BE",
		ContactEmail: models.Personal("privacy@" + slug + ".example"), Authority: "APD-GBA",
	})
	require.NoError(b.t, err)
	return c
}

// submission is an erasure request to the operator by the portal.
func (b *bundle) submission(email string) store.Submission {
	return store.Submission{
		Controller: b.operator, Right: models.Erasure, Channel: request.ChannelPortal, Language: "en",
		Subject: request.Subject{
			Name: "Ada Lovelace", Email: models.Personal(email), Message: "Please erase my data.",
			Identities: []request.Identity{{Kind: "email", Value: models.Personal(email)}},
		},
		Actor: models.Actor{Role: models.RoleSubject},
	}
}

// submit takes a submission in that must be accepted.
func (b *bundle) submit(sub store.Submission) store.Submitted {
	b.t.Helper()
	out, err := b.Submit(b.t.Context(), sub)
	require.NoError(b.t, err)
	return out
}

// verified is a submitted request whose code was entered on its own page.
func (b *bundle) verified(sub store.Submission) store.Submitted {
	b.t.Helper()
	out := b.submit(sub)
	issued, err := b.IssueVerifications(b.t.Context(), out.RequestID)
	require.NoError(b.t, err)
	require.Len(b.t, issued, 1)
	require.NoError(b.t, b.VerifyByCode(b.t.Context(), out.StatusToken, issued[0].Code))
	return out
}

// advance moves a request through states.
func (b *bundle) advance(id models.ID, states ...models.State) {
	b.t.Helper()
	for _, to := range states {
		require.NoError(b.t, b.Advance(b.t.Context(), id, to, ""))
	}
}

// exec runs statements as the database's superuser, as somebody who tampers would.
func (b *bundle) exec(sql string, args ...any) {
	b.t.Helper()
	require.NoError(b.t, b.try(sql, args...))
}

func (b *bundle) try(sql string, args ...any) error {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.dsn)
	require.NoError(b.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(b.t.Context(), sql, args...)
	return err
}

// count is the number that a query gives.
func (b *bundle) count(sql string, args ...any) (n int) {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.dsn)
	require.NoError(b.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(b.t, conn.QueryRow(b.t.Context(), sql, args...).Scan(&n))
	return n
}

// text is the text that a query gives.
func (b *bundle) text(sql string, args ...any) (s string) {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.dsn)
	require.NoError(b.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(b.t, conn.QueryRow(b.t.Context(), sql, args...).Scan(&s))
	return s
}

// requireCode fails unless err has a stable code.
func requireCode(t testing.TB, code string, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, models.CodeOf(err), "%v", err)
}
