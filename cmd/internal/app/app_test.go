package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/app"
	"habeas/cmd/internal/config"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/store/pgtest"
	"habeas/models/store/vault"
)

const goodMap = `
dataset:
  - fides_key: crm
    collections:
      - name: customers
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// settings are those of an installation whose Temporal, mail server and databases are all down.
func settings(t *testing.T) config.Config {
	t.Helper()
	keys := vault.Generate()
	c := config.Default()
	c.DatabaseURL, c.MasterKey, c.SigningKey = "postgres://habeas:canary@127.0.0.1:1/habeas", models.Personal(keys.Master), models.Personal(keys.Signing)
	c.BaseURL, c.OperatorName, c.DPOEmail = "https://privacy.example", "Northwind", "dpo@northwind.example"
	c.SMTP.Host, c.SMTP.From = "127.0.0.1", "privacy@northwind.example"
	c.Temporal.Address = "127.0.0.1:1"
	c.DataMaps = []string{file(t, goodMap)}
	c.Systems = file(t, "systems: {crm: {kind: postgres, dsn: 'postgres://habeas:canary@127.0.0.1:1/crm'}}")
	return c
}

// live is an installation with a database of its own and a system, and a Temporal that is down.
func live(t *testing.T, tables string) config.Config {
	t.Helper()
	c := settings(t)
	c.DatabaseURL = models.Personal(pgtest.Template(t, "store", func(dsn string) error {
		return store.Migrate(context.Background(), dsn, func(string) {})
	}))
	crm := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), crm)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), tables)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	c.Systems = file(t, "systems: {crm: {kind: postgres, dsn: '"+crm+"'}}")
	return c
}

// journal is a log for several goroutines.
type journal struct {
	mu    sync.Mutex
	b     bytes.Buffer
	wrote chan struct{}
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.wrote <- struct{}{}:
	default:
	}
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func build(t *testing.T, c config.Config) (*app.App, *journal, error) {
	t.Helper()
	log := &journal{wrote: make(chan struct{}, 1)}
	a, err := app.Build(t.Context(), c, app.Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		require.NotContains(t, err.Error(), "canary")
		return nil, log, err
	}
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a, log, nil
}

func TestNothingHasToBeUpToPutTheAppTogether(t *testing.T) {
	t.Parallel()
	a, _, err := build(t, settings(t))
	require.NoError(t, err)
	require.Error(t, a.Clients.Healthy(t.Context()))
	require.Error(t, a.Store.Ready(t.Context()))
	keys, err := a.PublicKeys()
	require.NoError(t, err)
	require.Contains(t, string(keys), "Ed25519")
}

func TestWhatIsWrongIsRefusedByName(t *testing.T) {
	t.Parallel()
	collection := func(text string) func(*testing.T, *config.Config) {
		return func(t *testing.T, c *config.Config) {
			c.DataMaps = []string{file(t, strings.TrimSuffix(goodMap, "\n")+text)}
		}
	}
	for name, c := range map[string]struct {
		change func(*testing.T, *config.Config)
		code   string
		want   []string
	}{
		"nothing configured": {func(_ *testing.T, c *config.Config) { *c = config.Default() }, "bad_configuration", []string{"HABEAS_DATABASE_URL", "HABEAS_SYSTEMS"}},
		"a bad key":          {func(_ *testing.T, c *config.Config) { c.MasterKey = "canary" }, "", nil},
		"a missing reference": {collection(`
      - name: orders
        data_categories: [user.behavior]
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: customer_id, fides_meta: {data_type: integer, references: [{dataset: crm, field: clients.id, direction: from}]}}
`), "data_map_refused", []string{"crm.orders", "clients"}},
		"personal data that no one can reach": {collection(`
      - name: diaries
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: words, data_categories: [user.behavior]}
`), "data_map_refused", []string{"crm.diaries"}},
		"a hold of no law": {collection(`
      - name: papers
        habeas: {holds: [{rule: NO_SUCH_LAW, anchors: {document_date: at}}]}
        data_categories: [user.name]
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: at}
          - {name: who, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`), "data_map_refused", []string{"crm.papers", "NO_SUCH_LAW"}},
		"a system that is not configured": {func(t *testing.T, c *config.Config) {
			c.Systems = file(t, "systems: {erp: {kind: postgres, dsn: 'postgres://canary@db/erp'}}")
		}, "unknown_system", []string{"crm"}},
		"a kind of system that there is not": {func(t *testing.T, c *config.Config) {
			c.Systems = file(t, "systems: {crm: {kind: abacus, dsn: 'canary'}}")
		}, "unknown_system_kind", []string{"crm", "abacus"}},
		"an address of a system that is none": {func(t *testing.T, c *config.Config) {
			c.Systems = file(t, "systems: {crm: {kind: postgres, dsn: 'postgres://:canary@%zz'}}")
		}, "bad_dsn", []string{"crm"}},
		"own rules that are none": {func(t *testing.T, c *config.Config) { c.Rules = file(t, "no rules") }, "", []string{"rules"}},
		"own days that are none":  {func(t *testing.T, c *config.Config) { c.Holidays = file(t, "someday;;;") }, "", []string{"holidays"}},
		"authorities that are none": {func(t *testing.T, c *config.Config) {
			c.Temporal.CAFile = file(t, "no certificate")
		}, "bad_ca_file", nil},
		"a certificate that is none": {func(t *testing.T, c *config.Config) {
			c.Temporal.CertFile, c.Temporal.KeyFile = file(t, "x"), file(t, "x")
		}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settings(t)
			c.change(t, &settings)
			_, _, err := build(t, settings)
			require.Error(t, err)
			if c.code != "" {
				require.Equal(t, c.code, models.CodeOf(err), "%v", err)
			}
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestAMapThatDoesNotFitItsSystemIsRefusedByName(t *testing.T) {
	t.Parallel()
	a, _, err := build(t, live(t, "CREATE TABLE customers (id integer PRIMARY KEY, email text)"))
	require.NoError(t, err)
	require.NoError(t, a.CheckSystems(t.Context()))
	for tables, want := range map[string]string{
		"CREATE TABLE clients (id integer)":               "customers",
		"CREATE TABLE customers (id integer PRIMARY KEY)": "email",
	} {
		a, _, err := build(t, live(t, tables))
		require.NoError(t, err)
		err = a.CheckSystems(t.Context())
		require.Equal(t, "data_map_refused", models.CodeOf(err), "%v", err)
		require.ErrorContains(t, err, want)
	}
}

func TestASystemThatIsDownIsPassedOverAndNoted(t *testing.T) {
	t.Parallel()
	c := live(t, "SELECT 1")
	c.Systems = file(t, "systems: {crm: {kind: postgres, dsn: 'postgres://habeas:canary@127.0.0.1:1/crm'}}")
	a, log, err := build(t, c)
	require.NoError(t, err)
	require.NoError(t, a.CheckSystems(t.Context()))
	require.Contains(t, log.String(), "A system does not answer")
	require.NotContains(t, log.String(), "canary")
}

func TestARecipientIsReachedByASystemThatNoMapNamesAndMissedWhenItIsNotConfigured(t *testing.T) {
	t.Parallel()
	c := live(t, "CREATE TABLE customers (id integer PRIMARY KEY, email text)")
	a, log, err := build(t, c)
	require.NoError(t, err)
	_, err = a.Store.PutRecipient(t.Context(), store.Recipient{
		Slug: "ads", Name: "Ads", Channel: store.ChannelOpenDSR, Address: "ads", Categories: []string{"user.contact"}, ReminderAfter: time.Hour,
	})
	require.NoError(t, err)
	require.NoError(t, a.CheckSystems(t.Context()))
	require.Contains(t, log.String(), "A recipient's system is not configured")

	systems, err := os.ReadFile(c.Systems)
	require.NoError(t, err)
	c.Systems = file(t, strings.TrimSuffix(string(systems), "}")+`, ads: {kind: opendsr, dsn: canary, settings: {url: "https://127.0.0.1:1/v2", identities: {email: {type: email}}}}}`)
	a, log, err = build(t, c)
	require.NoError(t, err)
	require.NoError(t, a.CheckSystems(t.Context()), "whatever is wrong with another company's system, the worker starts")
	require.Contains(t, log.String(), "address_forbidden")
	require.NotContains(t, log.String(), "is not configured")
}

func TestThePortalIsServedWithoutTemporalAndStopsWhenTold(t *testing.T) {
	t.Parallel()
	a, _, err := build(t, live(t, "SELECT 1"))
	require.NoError(t, err)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, l) }()
	for _, path := range []string{"/livez", "/readyz", "/.well-known/habeas-keys.json"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://%s%s", l.Addr(), path), nil)
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, path)
	}
	stop()
	require.NoError(t, <-ended)
}

func TestAWorkerWaitsForATemporalThatIsDownAndStopsWhenTold(t *testing.T) {
	t.Parallel()
	a, log, err := build(t, live(t, "SELECT 1"))
	require.NoError(t, err)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Work(ctx) }()
	for !strings.Contains(log.String(), "Temporal does not answer") {
		select {
		case <-log.wrote:
		case err := <-ended:
			t.Fatalf("the worker has ended: %v", err)
		}
	}
	stop()
	require.NoError(t, <-ended)
}
