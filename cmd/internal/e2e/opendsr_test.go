package e2e_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/cmd/internal/app"
	"habeas/cmd/internal/config"
	"habeas/cmd/internal/devserver"
	"habeas/cmd/internal/devserver/actor"
	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/store"
	"habeas/models/store/vault"
	"habeas/models/webhook"
)

const processorDomain = "opendsr.processor.example"

// processorMap is what the controller knows of the data that its processor holds.
const processorMap = `
dataset:
  - fides_key: carrier
    name: Carrier
    habeas: {system: carrier}
    collections:
      - name: shipments
        description: Your shipments
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`

// ear hears what two other servers are told: the statuses of an OpenDSR controller, and the webhooks of a customer.
type ear struct {
	mu       sync.Mutex
	statuses map[string][]string // by subject_request_id
	events   []webhook.Kind
	secret   string
	cert     *x509.Certificate
	faults   []string
}

func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		if r.URL.Path == "/hook" {
			err = e.hook(r, body)
		} else {
			err = e.callback(r, body)
		}
	}
	if err != nil {
		e.faults = append(e.faults, err.Error())
		w.WriteHeader(http.StatusForbidden)
	}
}

func (e *ear) hook(r *http.Request, body []byte) error {
	verifier, err := standardwebhooks.NewWebhook(e.secret)
	if err != nil {
		return err
	}
	var m struct{ Type webhook.Kind }
	if err := errors.Join(verifier.Verify(body, r.Header), json.Unmarshal(body, &m)); err != nil {
		return err
	}
	e.events = append(e.events, m.Type)
	return nil
}

// callback does what section 8.8 asks of a controller.
func (e *ear) callback(r *http.Request, body []byte) error {
	if r.Header.Get(opendsr.HeaderDomain) != processorDomain {
		return errors.New("a callback for another domain")
	}
	if err := opendsr.Verify(e.cert, body, r.Header.Get(opendsr.HeaderSignature)); err != nil {
		return err
	}
	var s opendsr.StatusReport
	if err := json.Unmarshal(body, &s); err != nil {
		return err
	}
	if s.CallbackURL != "http://"+r.Host+"/callbacks" || s.Controller != "brightline-retail" || s.ExpectBy.IsZero() {
		return errors.New("a callback for somebody else")
	}
	e.statuses[s.ID] = append(e.statuses[s.ID], s.Status)
	return nil
}

// heard are what was told of a request, and the events.
func (e *ear) heard(id string) ([]string, []webhook.Kind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.statuses[id]...), append([]webhook.Kind{}, e.events...)
}

// TestTwoInstallationsSpeakOpenDSR has one installation, a controller, hand its requests to another, its processor, by the protocol alone.
func TestTwoInstallationsSpeakOpenDSR(t *testing.T) {
	if testing.Short() {
		t.Skip("short run: two installations were not connected, which takes a minute")
	}
	t.Parallel()
	e := &ear{statuses: map[string][]string{}}
	ears := httptest.NewServer(e)
	t.Cleanup(ears.Close)
	authority := authorityFile(t)
	controller := openMachine(t)
	processor := openProcessor(t, e, authority, ears.URL, hostOf(t, controller.Config.BaseURL))
	controller.reach(t, processor, authority, ears.URL)

	copied, gone := processor.party(t, "Ottilie Fernruf", "brightline-retail"), processor.party(t, "Roswitha Fernruf", "brightline-retail")
	access, erasure := controller.ask(t, models.Access, copied), controller.ask(t, models.Erasure, gone)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience) // two installations share the machine
	defer cancel()
	controller.refusesForgedCalls(t, authority, access)
	pkg, err := controller.public.Fetch(ctx, controller.Mailbox, access, copied.Subject)
	require.NoError(t, err)
	require.Contains(t, contents(t, pkg.Files), copied.Name.Reveal(), "what the processor holds is in the copy")
	for _, asked := range []actor.Asked{access, erasure} {
		r, err := controller.dpo.AwaitState(ctx, asked.ID, models.Closed)
		require.NoError(t, err)
		require.Equal(t, string(models.Fulfilled), r.Outcome)
	}
	processor.erased(t, gone)

	for _, asked := range []actor.Asked{access, erasure} {
		list, err := controller.store.Delegations(within(t), models.ScopeOperator(), asked.ID)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, store.DelegationDone, list[0].State)
		id := opendsr.RequestID(list[0].ID)
		eventually(t, func() bool {
			statuses, _ := e.heard(id)
			return len(statuses) == 2
		}, "the callbacks come")
		statuses, _ := e.heard(id)
		require.Equal(t, []string{"in_progress", "completed"}, statuses)
		heard := controller.called(t, asked, list[0])
		require.Equal(t, 1, heard["in_progress"])
		require.LessOrEqual(t, heard["completed"], 1, "none when the call before it had brought the end already")
		require.LessOrEqual(t, len(heard), 2)
		controller.movedByCall(t, asked)
	}
	eventually(t, func() bool {
		_, events := e.heard("")
		return len(events) == 4
	}, "the customer's webhook is told")
	_, events := e.heard("")
	require.ElementsMatch(t, []webhook.Kind{"request.created", "request.closed", "request.created", "request.closed"}, events)
	require.Empty(t, e.faults)
	for _, h := range []*house{processor, controller} {
		h.nowhere(t, copied)
		h.nowhere(t, gone)
		h.ledgerVerifies(t)
	}
}

// contents is the text of a package's files, and of the files in an archive among them.
func contents(t *testing.T, files map[string][]byte) string {
	t.Helper()
	var out strings.Builder
	for _, body := range files {
		archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			out.Write(body)
			continue
		}
		for _, f := range archive.File {
			r, err := f.Open()
			require.NoError(t, err)
			_, err = io.Copy(&out, r)
			require.NoError(t, err)
		}
	}
	return out.String()
}

func (h *house) ledgerVerifies(t *testing.T) {
	t.Helper()
	_, err := h.store.Seal(within(t))
	require.NoError(t, err)
	keys, err := h.public.Keys(within(t))
	require.NoError(t, err)
	report, err := h.store.VerifyLedger(within(t), keys)
	require.NoError(t, err)
	require.Positive(t, report.Entries)
}

// files are an authority with the key and the certificate that it has issued to the processor, as files.
type files struct{ authority, key, cert string }

func authorityFile(t *testing.T) files {
	t.Helper()
	authority, err := opendsrtest.NewAuthority("Authority")
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	cert, err := authority.Issue(key, processorDomain, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name string, body []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, body, 0o600))
		return path
	}
	return files{write("ca.pem", authority.PEM()), write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), write("cert.pem", cert)}
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Host
}

// openProcessor is an installation that answers OpenDSR, with a webhook of its customer.
func openProcessor(t *testing.T, e *ear, f files, ears, controller string) *house {
	t.Helper()
	h := &house{}
	var err error
	h.Server, err = devserver.Start(t.Context(), devserver.Options{
		Log: slog.New(slog.NewJSONHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Configure: func(c *config.Config) {
			c.OpenDSR = config.OpenDSR{KeyFile: f.key, CertFile: f.cert, Domain: processorDomain}
			c.Policy.PrivateWebhooks = append(c.Policy.PrivateWebhooks, hostOf(t, ears), controller)
		},
	})
	require.NoError(t, err)
	h.ready(t)
	pemFile, err := os.ReadFile(f.cert)
	require.NoError(t, err)
	block, _ := pem.Decode(pemFile)
	e.cert, err = x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	customer, err := h.store.ControllerBySlug(t.Context(), "brightline-retail")
	require.NoError(t, err)
	_, secret, err := h.store.AddEndpoint(t.Context(), models.ScopeOf(customer.ID), models.System(), store.Endpoint{
		ControllerID: customer.ID, URL: models.Personal(ears + "/hook"), Events: webhook.Kinds(),
	})
	require.NoError(t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secret = secret.Reveal()
	return h
}

// ready opens the house's own way to its database, and closes everything when the test ends.
func (h *house) ready(t *testing.T) {
	t.Helper()
	h.public = actor.Client{Base: h.Config.BaseURL}
	h.dpo = actor.Client{Base: h.Config.BaseURL, Key: h.DPOKey}
	h.customer = actor.Client{Base: h.Config.BaseURL, Key: h.Customer}
	v, err := vault.New(vault.Config{Master: h.Config.MasterKey.Reveal(), Signing: h.Config.SigningKey.Reveal()})
	require.NoError(t, err)
	h.store, err = store.Open(t.Context(), store.Config{DSN: h.Config.DatabaseURL.Reveal(), Vault: v, Now: h.Clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.close()) })
}

// openMachine is an installation that does not run yet, so that its address is known before.
func openMachine(t *testing.T) *house {
	t.Helper()
	h := &house{}
	var err error
	h.Server, err = devserver.Start(t.Context(), devserver.Options{
		Detached: true, Log: slog.New(slog.NewJSONHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	h.ready(t)
	return h
}

// reach runs an installation whose only system is the processor.
func (h *house) reach(t *testing.T, processor *house, f files, ears string) {
	t.Helper()
	log := slog.New(slog.NewJSONHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	dir := t.TempDir()
	h.Config.DataMaps = []string{filepath.Join(dir, "map.yml")}
	h.Config.Systems = filepath.Join(dir, "systems.yml")
	require.NoError(t, os.WriteFile(h.Config.DataMaps[0], []byte(processorMap), 0o600))
	systems, err := yaml.Marshal(map[string]any{"systems": map[string]any{"carrier": map[string]any{
		"kind": "opendsr", "dsn": processor.Customer, "settings": map[string]any{
			"url": processor.Config.BaseURL + "/opendsr/v2", "domain": processorDomain, "auth": map[string]any{"kind": "bearer"}, "ca_file": f.authority,
			"private": []string{hostOf(t, processor.Config.BaseURL)}, "identities": map[string]any{"email": map[string]any{"type": "email"}},
			"callback": true, "status_callback_urls": []string{ears + "/callbacks"},
		},
	}}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(h.Config.Systems, systems, 0o600))

	a, err := app.Build(t.Context(), h.Config, app.Options{Log: log, Now: h.Clock.Now})
	require.NoError(t, err)
	require.NoError(t, a.CheckSystems(t.Context()))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var group sync.WaitGroup
	var failed [2]error
	group.Go(func() { failed[0] = a.Serve(ctx, h.Listener) })
	group.Go(func() { failed[1] = a.Work(ctx) })
	t.Cleanup(func() {
		stop()
		group.Wait()
		require.NoError(t, errors.Join(failed[0], failed[1], a.Close()))
	})
}
