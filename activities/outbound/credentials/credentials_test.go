package credentials_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/outbound"
	"habeas/activities/outbound/credentials"
	"habeas/models"
)

func guardFor(t *testing.T, addresses ...string) *outbound.Guard {
	t.Helper()
	var private []string
	for _, a := range addresses {
		u, err := url.Parse(a)
		require.NoError(t, err)
		private = append(private, u.Host)
	}
	return outbound.New(outbound.Options{Timeout: time.Minute, Private: private})
}

func header(t *testing.T, c *credentials.Credentials) http.Header {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://api.example/x", http.NoBody)
	require.NoError(t, c.Apply(t.Context(), r))
	require.Equal(t, "https://api.example/x", r.URL.String(), "never in the address")
	return r.Header
}

func TestEachKindPutsItsProofIntoAHeader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    credentials.Settings
		secret models.Personal
		header string
		want   string
	}{
		"none":              {credentials.Settings{}, "unused", "Authorization", ""},
		"bearer":            {credentials.Settings{Kind: "bearer"}, "t0", "Authorization", "Bearer t0"},
		"another word":      {credentials.Settings{Kind: "bearer", Prefix: "Token"}, "t0", "Authorization", "Token t0"},
		"basic":             {credentials.Settings{Kind: "basic"}, "u:p:q", "Authorization", "Basic dTpwOnE="},
		"basic with user":   {credentials.Settings{Kind: "basic", User: "u"}, "p:q", "Authorization", "Basic dTpwOnE="},
		"header":            {credentials.Settings{Kind: "header", Name: "X-Api-Key"}, "k", "X-Api-Key", "k"},
		"header and no DSN": {credentials.Settings{Kind: "none"}, "k", "X-Api-Key", ""},
	} {
		got, err := credentials.New(c.set, c.secret, guardFor(t))
		require.NoError(t, err, name)
		require.Equal(t, c.want, header(t, got).Get(c.header), name)
		require.False(t, got.Renew(), name)
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    credentials.Settings
		secret models.Personal
	}{
		"an unknown kind":        {credentials.Settings{Kind: "digest"}, "canary"},
		"basic without a name":   {credentials.Settings{Kind: "basic"}, "canary"},
		"a header without name":  {credentials.Settings{Kind: "header"}, "canary"},
		"a secret of two lines":  {credentials.Settings{Kind: "bearer"}, "canary\r\nX: y"},
		"no address":             {credentials.Settings{Kind: "oauth2", ClientID: "i"}, "canary"},
		"an address without TLS": {credentials.Settings{Kind: "oauth2", ClientID: "i", TokenURL: "http://x.example/"}, "canary"},
		"no id":                  {credentials.Settings{Kind: "oauth2", TokenURL: "https://x.example/"}, "canary"},
	} {
		_, err := credentials.New(c.set, c.secret, guardFor(t))
		require.Equal(t, "bad_settings", models.CodeOf(err), name)
		require.NotContains(t, fmt.Sprint(err), "canary", name)
	}
}

// authority is an authorisation server.
type authority struct {
	mu      sync.Mutex
	given   int
	expires int
	status  int
	last    *http.Request
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = r.ParseForm()
	a.last = r
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.Form.Get("client_id"), r.Form.Get("client_secret")
	}
	w.Header().Set("Content-Type", "application/json")
	if a.status != 0 || id != "id" || secret != "canary" || r.Form.Get("grant_type") != "client_credentials" {
		w.WriteHeader(max(a.status, http.StatusUnauthorized))
		_, _ = fmt.Fprintf(w, `{"error": "invalid_client", "error_description": "canary is wrong"}`)
		return
	}
	a.given++
	_, _ = fmt.Fprintf(w, `{"access_token": "t%d", "token_type": "bearer", "expires_in": %d}`, a.given, a.expires)
}

func TestATokenIsFetchedOnceUntilItExpiresOrIsRefused(t *testing.T) {
	t.Parallel()
	a := &authority{expires: 3600}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	set := credentials.Settings{Kind: "oauth2", TokenURL: server.URL, Scopes: []string{"a", "b"}, Params: map[string]string{"audience": "x"}}
	c, err := credentials.New(set, "id:canary", guardFor(t, server.URL))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { header(t, c) })
	}
	wg.Wait()
	require.Equal(t, "Bearer t1", header(t, c).Get("Authorization"))
	require.Equal(t, "a b", a.last.Form.Get("scope"))
	require.Equal(t, "x", a.last.Form.Get("audience"))
	require.True(t, c.Renew(), "another token can be fetched")
	require.Equal(t, "Bearer t2", header(t, c).Get("Authorization"))

	a.expires = 1 // within the leeway, so expired at once
	c.Renew()
	require.Equal(t, "Bearer t3", header(t, c).Get("Authorization"))
	require.Equal(t, "Bearer t4", header(t, c).Get("Authorization"))

	set.InBody, set.ClientID = true, "id"
	c, err = credentials.New(set, "canary", guardFor(t, server.URL))
	require.NoError(t, err)
	require.Equal(t, "Bearer t5", header(t, c).Get("Authorization"))
}

func TestATokenThatIsNotGivenSaysWhyAndNothingMore(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{0: credentials.ErrRefused, 400: credentials.ErrRefused, 429: credentials.ErrUnavailable, 503: credentials.ErrUnavailable} {
		a := &authority{status: status}
		server := httptest.NewServer(a)
		t.Cleanup(server.Close)
		c, err := credentials.New(credentials.Settings{Kind: "oauth2", TokenURL: server.URL, ClientID: "other"}, "canary", guardFor(t, server.URL))
		require.NoError(t, err)
		err = c.Apply(t.Context(), httptest.NewRequest(http.MethodGet, "https://api.example", http.NoBody))
		require.ErrorIs(t, err, want)
		require.NotContains(t, err.Error(), "canary")
		require.NotContains(t, err.Error(), server.URL)
	}
	inside := httptest.NewTLSServer(&authority{})
	t.Cleanup(inside.Close)
	c, err := credentials.New(credentials.Settings{Kind: "oauth2", TokenURL: inside.URL, ClientID: "id"}, "canary", guardFor(t))
	require.NoError(t, err)
	err = c.Apply(t.Context(), httptest.NewRequest(http.MethodGet, "https://api.example", http.NoBody))
	require.ErrorIs(t, err, outbound.ErrForbidden)
}
