package opendsr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/opendsr"
	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/models"
	"habeas/models/datamap"
	dsr "habeas/models/opendsr"
)

// id is of version 7, as Habeas' own are; sent is what the processor is told.
var id = models.MustParseID("0188a0f2-7d9b-7b5a-9c3e-0123456789ab")

const sent = "0188a0f2-7d9b-4b5a-9c3e-0123456789ab"

type bundle struct {
	*opendsrtest.Processor
	connectors.Delegate
	system connectors.System
}

// ownCallback is not of the settings: the installation's own address for callbacks, which setup gives to the connector.
const ownCallback = "(own)"

// setup starts a processor and opens it.
func setup(t *testing.T, change func(p *opendsrtest.Processor, set map[string]any)) *bundle {
	t.Helper()
	p, err := opendsrtest.New("example-processor.com")
	require.NoError(t, err)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, p.Authority.PEM(), 0o600))
	set := map[string]any{
		"url": server.URL + "/v2", "private": []string{u.Host}, "domain": p.Domain, "ca_file": file, "auth": map[string]any{"kind": "bearer"},
		"identities": map[string]any{"email": map[string]any{"type": "email", "format": "sha256"}, "customer_id": map[string]any{"type": "controller_customer_id"}},
	}
	if change != nil {
		change(p, set)
	}
	own, _ := set[ownCallback].(string)
	delete(set, ownCallback)
	b, err := json.Marshal(set)
	require.NoError(t, err)
	s, err := opendsr.Open(t.Context(), connectors.Config{Name: "dsr", Kind: opendsr.Kind, DSN: "canary", Settings: b, Callback: own})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &bundle{p, s.(connectors.Delegate), s}
}

func order(right connectors.Right) connectors.Delegation {
	return connectors.Delegation{
		ID: id, Right: right, Received: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC),
		Identities: []connectors.DelegatedIdentity{{Kind: "email", Value: " Ann@Example.com"}, {Kind: "customer_id", Value: "77"}, {Kind: "phone_number", Value: "+49 1"}},
	}
}

func requireError(t *testing.T, err error, kind models.Kind, code string) {
	t.Helper()
	require.Equal(t, code, models.CodeOf(err), "%v", err)
	require.Equal(t, kind, models.KindOf(err))
	for _, secret := range []string{"ann@", "Ann@", "canary", "127.0.0.1", "77"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func TestARequestIsHandedOverOnceFollowedAndProved(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.NoError(t, b.system.Ping(t.Context()))
	_, err := b.Follow(t.Context(), id)
	requireError(t, err, models.NotFound, opendsr.CodeUnknown)

	got, err := b.Submit(t.Context(), order(connectors.RightErase))
	require.NoError(t, err)
	require.Equal(t, connectors.DelegatedPending, got.State)
	require.Equal(t, sent, got.Reference)
	require.Equal(t, time.Date(2018, 11, 1, 15, 0, 1, 0, time.UTC), got.ExpectBy)
	verify(t, b, got.Proof, false)
	asked, _ := b.Asked()
	hash, _ := dsr.SHA256.Of("ann@example.com")
	require.Equal(t, dsr.Request{
		Regulation: "gdpr", ID: sent, Type: dsr.Erasure, Submitted: dsr.Time{Time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)}, Version: "2.0",
		Identities: []dsr.Identity{
			{Type: "email", Value: hash, Format: dsr.SHA256}, {Type: "controller_customer_id", Value: "77", Format: dsr.Raw},
		},
	}, asked[sent])

	for status, want := range map[dsr.Status]connectors.DelegatedState{
		dsr.InProgress: connectors.DelegatedRunning, dsr.Completed: connectors.DelegatedDone, dsr.Denied: connectors.DelegatedRefused,
	} {
		b.Set(sent, status, nil)
		got, err = b.Submit(t.Context(), order(connectors.RightErase))
		require.NoError(t, err)
		require.Equal(t, want, got.State, "handed over again, it is what became of it")
		verify(t, b, got.Proof, true)
	}
	require.Equal(t, "denied", followed(t, b, dsr.Denied).Reason)
	_, posts := b.Asked()
	require.Equal(t, 1, posts)
}

func followed(t *testing.T, b *bundle, status dsr.Status) connectors.Delegated {
	t.Helper()
	b.Set(sent, status, nil)
	d, err := b.Follow(t.Context(), id)
	require.NoError(t, err)
	return d
}

// verify checks a proof as a stranger would.
func verify(t *testing.T, b *bundle, file []byte, body bool) {
	t.Helper()
	var proof dsr.Proof
	require.NoError(t, json.Unmarshal(file, &proof))
	require.NoError(t, proof.Verify(b.Authority.Roots()))
	require.Equal(t, body, proof.Body != nil, "what repeats the request is not kept")
	require.NotContains(t, string(file), "encoded_request")
}

func TestOnlyAPendingRequestIsCancelled(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := b.Cancel(t.Context(), id)
	requireError(t, err, models.NotFound, opendsr.CodeUnknown)
	_, err = b.Submit(t.Context(), order(connectors.RightErase))
	require.NoError(t, err)
	b.Set(sent, dsr.InProgress, nil)
	_, err = b.Cancel(t.Context(), id)
	requireError(t, err, models.Conflict, opendsr.CodeNotPending)

	b.Set(sent, dsr.Pending, nil)
	b.Do(func(p *opendsrtest.Processor) { p.Begins = true }) // between the question and the cancellation
	_, err = b.Cancel(t.Context(), id)
	requireError(t, err, models.Conflict, opendsr.CodeNotPending)
	b.Do(func(p *opendsrtest.Processor) { p.Begins = false })

	b.Set(sent, dsr.Pending, nil)
	for range 2 {
		got, err := b.Cancel(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, connectors.DelegatedCancelled, got.State)
		verify(t, b, got.Proof, true)
	}
}

func TestTheResultOfACompletedRequestIsStreamed(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := b.Submit(t.Context(), order(connectors.RightAccess))
	require.NoError(t, err)
	var out bytes.Buffer
	requireError(t, b.Result(t.Context(), id, &out), models.NotFound, opendsr.CodeNoResult)
	b.Set(sent, dsr.Completed, nil)
	requireError(t, b.Result(t.Context(), id, &out), models.NotFound, opendsr.CodeNoResult)
	b.Set(sent, dsr.Completed, bytes.Repeat([]byte("x"), 3<<20))
	require.NoError(t, b.Result(t.Context(), id, &out))
	require.Equal(t, 3<<20, out.Len())
	require.ErrorIs(t, b.Result(t.Context(), id, full{}), errFull, "the caller's own error")

	b.Do(func(p *opendsrtest.Processor) {
		p.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/secure/") {
				return false
			}
			http.Redirect(w, r, "http://127.0.0.1:1/canary", http.StatusFound)
			return true
		}
	})
	requireError(t, b.Result(t.Context(), id, &out), models.Invalid, connectors.CodeMismatch)
	small := setup(t, func(_ *opendsrtest.Processor, set map[string]any) { set["max_result_bytes"] = 10 })
	_, err = small.Submit(t.Context(), order(connectors.RightAccess))
	require.NoError(t, err)
	small.Set(sent, dsr.Completed, []byte("01234567890"))
	requireError(t, small.Result(t.Context(), id, &out), models.Invalid, connectors.CodeMismatch)
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWhatTheFieldDoesOtherwiseIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(p *opendsrtest.Processor, set map[string]any){
		"OpenGDPR 1.0": func(p *opendsrtest.Processor, set map[string]any) {
			p.Old = true
			set["protocol"], set["url"] = "1.0", strings.Replace(set["url"].(string), "/v2", "/v1/", 1)
		},
		"no version in the path": func(_ *opendsrtest.Processor, set map[string]any) {
			set["url"] = strings.TrimSuffix(set["url"].(string), "/v2")
		},
		"another spelling": func(p *opendsrtest.Processor, _ map[string]any) {
			p.Spelling = map[dsr.Status]string{dsr.Completed: "Complete", dsr.Pending: "Received"}
		},
		"only what must be there":       func(p *opendsrtest.Processor, _ map[string]any) { p.Bare = true },
		"400 for what it does not know": func(p *opendsrtest.Processor, _ map[string]any) { p.UnknownIs = 400 },
		"no signatures, and we accept it": func(p *opendsrtest.Processor, set map[string]any) {
			set["unsigned"] = true
			p.Alter = func(h http.Header, b []byte) []byte { h.Del(dsr.HeaderSignature); h.Del(dsr.HeaderDomain); return b }
		},
	} {
		b := setup(t, change)
		got, err := b.Submit(t.Context(), order(connectors.RightErase))
		require.NoError(t, err, name)
		require.Equal(t, connectors.DelegatedPending, got.State, name)
		b.Set(sent, dsr.Completed, nil)
		got, err = b.Follow(t.Context(), id)
		require.NoError(t, err, name)
		require.Equal(t, connectors.DelegatedDone, got.State, name)
		require.Equal(t, name == "no signatures, and we accept it", got.Proof == nil, name)
	}
	unsigned := setup(t, func(p *opendsrtest.Processor, set map[string]any) {
		set["unsigned"] = true
		p.Alter = func(_ http.Header, b []byte) []byte { return append(b, ' ') }
	})
	_, err := unsigned.Submit(t.Context(), order(connectors.RightErase))
	requireError(t, err, models.Invalid, opendsr.CodeUnproven) // a wrong signature is worse than none
}

func TestFaultsAreSaidInTheWordsOfTheContract(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct {
		kind models.Kind
		code string
	}{
		401: {models.Forbidden, connectors.CodeCredentials}, 403: {models.Forbidden, connectors.CodeRefused}, 429: {models.Unavailable, connectors.CodeBusy},
		500: {models.Unavailable, connectors.CodeFailed}, 502: {models.Unavailable, connectors.CodeUnavailable}, 503: {models.Unavailable, connectors.CodeBusy},
		301: {models.Invalid, connectors.CodeMismatch},
	} {
		b := setup(t, func(p *opendsrtest.Processor, _ map[string]any) {
			p.Intercept = func(w http.ResponseWriter, _ *http.Request) bool {
				http.Error(w, `{"error": {"message": "Ann@Example.com canary"}}`, status)
				return true
			}
		})
		_, err := b.Submit(t.Context(), order(connectors.RightErase))
		requireError(t, err, want.kind, want.code)
		_, err = b.Follow(t.Context(), id)
		requireError(t, err, want.kind, want.code)
		requireError(t, b.system.Ping(t.Context()), want.kind, want.code)
	}
	large := setup(t, func(p *opendsrtest.Processor, _ map[string]any) {
		p.Intercept = func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write(bytes.Repeat([]byte(" "), 10<<20)) // whoever reads it hangs up before its end
			return true
		}
	})
	_, err := large.Submit(t.Context(), order(connectors.RightErase))
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
	b := setup(t, func(p *opendsrtest.Processor, _ map[string]any) {
		p.Spelling = map[dsr.Status]string{dsr.Pending: "who knows"}
	})
	_, err = b.Submit(t.Context(), order(connectors.RightErase))
	require.NoError(t, err)
	_, err = b.Follow(t.Context(), id)
	requireError(t, err, models.Invalid, connectors.CodeMismatch)

	_, err = b.Submit(t.Context(), order(connectors.RightRestrict))
	requireError(t, err, models.Unsupported, connectors.CodeUnsupported)
	unknown := order(connectors.RightErase)
	unknown.ID, unknown.Identities = models.MustParseID("0188a0f2-7d9b-7b5a-9c3e-0123456789ac"), unknown.Identities[2:]
	_, err = b.Submit(t.Context(), unknown)
	requireError(t, err, models.Unsupported, connectors.CodeUnsupported)
	refused := order(connectors.RightExport)
	refused.ID = unknown.ID
	_, err = b.Submit(t.Context(), refused) // this processor has no portability, and says 400
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
}

func TestTheCheckComparesTheMapWithTheDiscovery(t *testing.T) {
	t.Parallel()
	node := &datamap.Node{
		Address: datamap.Address{Dataset: "ads", Collection: "people"}, Collection: &datamap.Collection{},
		Fields:     []datamap.Field{{Name: "mail", Identity: "email"}, {Name: "customer", Identity: "customer_id"}, {Name: "phone", Identity: "phone_number"}},
		Identities: []datamap.Identity{{Kind: "email", Field: "mail"}, {Kind: "customer_id", Field: "customer"}, {Kind: "phone_number", Field: "phone"}},
	}
	check := func(b *bundle) (codes []string) {
		problems, err := b.system.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
		require.NoError(t, err)
		for _, p := range problems {
			require.NotEmpty(t, p.Advice)
			codes = append(codes, string(p.Severity)+" "+p.Code+" "+p.Where)
		}
		return codes
	}
	require.Equal(t, []string{"error identity_unmapped ads.people.phone", "warning right_unsupported ads.people"}, check(setup(t, nil)))
	require.ElementsMatch(t, []string{
		"error identity_unsupported ads.people.mail", "error identity_unmapped ads.people.phone", "warning right_unsupported ads.people", "error bad_certificate ads.people",
	}, check(setup(t, func(p *opendsrtest.Processor, set map[string]any) {
		set["identities"].(map[string]any)["email"] = map[string]any{"type": "email", "format": "md5"}
		p.Certificate = nil
	})))
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, `{"url": "https://x.example"}`, `{"url": "http://x.example", "identities": {"email": {"type": "email"}}}`, `{"url": "https://x.example", "identities": {"email": {"format": "raw"}}}`,
		`{"url": "https://x.example", "identities": {"email": {"type": "email", "format": "sha512"}}}`, `{"url": "https://x.example", "identities": {"email": {"type": "email"}}, "protocol": "3.0"}`,
		`{"url": "https://x.example", "identities": {"email": {"type": "email"}}, "regulation": "lgpd"}`, `{"url": "https://x.example", "identities": {"email": {"type": "email"}}, "timeout": "soon"}`,
		`{"url": "https://x.example", "identities": {"email": {"type": "email"}}, "ca_file": "/nowhere"}`, `{"url": "https://x.example", "identities": {"email": {"type": "email"}}, "callbacks": []}`,
	} {
		_, err := opendsr.Open(t.Context(), connectors.Config{Name: "dsr", Kind: opendsr.Kind, Settings: []byte(text)})
		require.Equal(t, "bad_settings", models.CodeOf(err), text)
	}
}

func TestATokenThatTheProcessorRefusesIsFetchedAnew(t *testing.T) {
	t.Parallel()
	given := 0
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		given++
		w.Header().Set("Content-Type", "application/json")
		token := "canary"
		if given == 1 {
			token = "stale"
		}
		_, _ = w.Write([]byte(`{"access_token": "` + token + `", "token_type": "bearer", "expires_in": 3600}`))
	}))
	t.Cleanup(authority.Close)
	b := setup(t, func(_ *opendsrtest.Processor, set map[string]any) {
		set["auth"] = map[string]any{"kind": "oauth2", "client_id": "id", "token_url": authority.URL}
		set["private"] = append(set["private"].([]string), strings.TrimPrefix(authority.URL, "http://"))
	})
	_, err := b.Submit(t.Context(), order(connectors.RightErase))
	require.NoError(t, err)
	require.Equal(t, 2, given)
}

func TestARequestThatAnotherHasJustHandedOverIsTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := b.Submit(t.Context(), order(connectors.RightErase))
	require.NoError(t, err)
	b.Set(sent, dsr.InProgress, nil)
	asked := 0
	b.Do(func(p *opendsrtest.Processor) {
		p.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, sent) {
				asked++
			}
			if asked == 1 && r.Method == http.MethodGet {
				w.WriteHeader(http.StatusNotFound)
			}
			return asked == 1 && r.Method == http.MethodGet
		}
	})
	got, err := b.Submit(t.Context(), order(connectors.RightErase))
	require.NoError(t, err)
	require.Equal(t, connectors.DelegatedRunning, got.State)
	requests, posts := b.Asked()
	require.Len(t, requests, 1)
	require.Equal(t, 2, posts, "the second was refused")
}
