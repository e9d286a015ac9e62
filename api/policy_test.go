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
