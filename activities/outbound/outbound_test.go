package outbound_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/outbound"
)

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

func get(t *testing.T, g *outbound.Guard, address string) (*http.Response, error) {
	t.Helper()
	client, err := g.Client(parse(t, address))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	return client.Do(req)
}

func TestAnAddressInsideTheNetworkNeedsToBeAllowedByHostAndPort(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	closed := outbound.New(outbound.Options{Timeout: time.Minute, Private: []string{"127.0.0.1:1", "127.0.0.1"}, Roots: roots})
	_, err := get(t, closed, server.URL)
	require.True(t, outbound.Forbidden(err), "%v", err)

	allowed := outbound.New(outbound.Options{Timeout: time.Minute, Private: []string{parse(t, server.URL).Host}, Roots: roots, KeepAlive: true})
	t.Cleanup(allowed.Close)
	res, err := get(t, allowed, server.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusFound, res.StatusCode, "a redirect is not followed")

	strangers := outbound.New(outbound.Options{Timeout: time.Minute, Private: []string{parse(t, server.URL).Host}})
	_, err = get(t, strangers, server.URL)
	require.Error(t, err, "an authority that nobody trusts")
	require.False(t, outbound.Forbidden(err))
}

func TestWhatIsNoAddressOfAnotherHostIsForbidden(t *testing.T) {
	t.Parallel()
	g := outbound.New(outbound.Options{Timeout: time.Second})
	for _, address := range []string{"http://203.0.113.7/", "https://user:secret@203.0.113.7/", "https:///x", "ftp://203.0.113.7", "/x", ""} {
		_, err := g.Client(parse(t, address))
		require.ErrorIs(t, err, outbound.ErrForbidden, address)
	}
	_, err := g.Client(nil)
	require.ErrorIs(t, err, outbound.ErrForbidden)
}
