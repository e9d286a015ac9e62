package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requirePolicy holds an answer to the strict policy: whatever a page has in it, only the service's own files run or are shown.
func requirePolicy(t *testing.T, route string, h http.Header) {
	t.Helper()
	if h == nil { // it was not called
		return
	}
	policies := h.Values("Content-Security-Policy")
	require.Len(t, policies, 1, route)
	if policies[0] == "sandbox; default-src 'none'" { // a file to keep
		return
	}
	for part := range strings.SplitSeq(policies[0], "; ") {
		name, sources, _ := strings.Cut(part, " ")
		require.Contains(t, []string{"'none'", "'self'"}, sources, "%s: %s", route, name)
	}
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		require.Contains(t, policies[0], want, route)
	}
}

func TestWhoAsksForTheHeadersOnlyGetsThoseOfThePage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, status := range map[string]int{"/": 200, "/livez": 200, "/staff/login": 200, "/status/none": 404, "/requests": 405} {
		whole, head := b.call("GET", path, "", ""), b.call("HEAD", path, "", "")
		require.Equal(t, status, head.status, path)
		require.Empty(t, head.body, path)
		require.Equal(t, whole.status, head.status, path)
		require.Equal(t, whole.header.Get("Content-Type"), head.header.Get("Content-Type"), path)
		requirePolicy(t, path, head.header)
	}
}
