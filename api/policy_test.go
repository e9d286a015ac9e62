package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
)

// kept are the routes whose answers are the same for everybody, and which caches may keep.
var kept = []string{
	"GET /static/:file", "GET /brand/:slug/:file", "GET /.well-known/habeas-keys.json", "GET /.well-known/oauth-authorization-server",
	"GET /opendsr/v2/certificate.pem", "GET /opendsr/v1/certificate.pem", "GET /opendsr/v2/discovery", "GET /opendsr/v1/discovery",
}

// requireGuarded holds an answer to the headers that each has, and its cookies to what keeps them from others.
func requireGuarded(t *testing.T, route string, h http.Header, tls bool) {
	t.Helper()
	requirePolicy(t, route, h)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow",
	} {
		require.Equal(t, []string{want}, h.Values(name), "%s: %s", route, name)
	}
	require.Contains(t, h.Get("Permissions-Policy"), "camera=()", route)
	require.Equal(t, tls, h.Get("Strict-Transport-Security") != "", route)
	require.Empty(t, h.Get("Server"), route)
	require.Empty(t, h.Get("Access-Control-Allow-Origin"), "%s: no other site reads it", route)
	if !slices.Contains(kept, route) {
		require.Equal(t, "no-store", h.Get("Cache-Control"), route)
		require.Equal(t, []string{"same-origin"}, h.Values("Cross-Origin-Resource-Policy"), route)
	}
	for _, line := range h.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		require.NoError(t, err, route)
		require.True(t, cookie.HttpOnly, "%s: %s", route, cookie.Name)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite, "%s: %s", route, cookie.Name)
		require.Equal(t, "/", cookie.Path, "%s: %s", route, cookie.Name)
		require.Empty(t, cookie.Domain, "%s: %s", route, cookie.Name)
		require.Equal(t, tls, cookie.Secure, "%s: %s", route, cookie.Name)
		require.Equal(t, tls, strings.HasPrefix(cookie.Name, "__Host-"), "%s: %s", route, cookie.Name)
	}
}

func TestEachAnswerOfEachRouteIsGuarded(t *testing.T) {
	t.Parallel()
	for name, base := range map[string]string{"over TLS": "https://habeas.test", "without TLS": "http://habeas.test"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tls := strings.HasPrefix(base, "https")
			b := setup(t, func(d *api.Deps) { d.BaseURL = base })
			cookies := 0
			for _, route := range append(api.Routes(), "GET /nothing", "GET /v1/nothing", "POST /staff", "GET /?lang=de", "GET /requests/new?right=access&lang=fr") {
				method, template, _ := strings.Cut(route, " ")
				path := strings.NewReplacer(":id", "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", ":token", "nonsense", ":slug", "acme", ":no", "1").Replace(template)
				for _, key := range []string{"", b.keys[models.RoleDPO]} {
					a := b.call(method, path, key, bodies[route])
					requireGuarded(t, route, a.header, tls)
					cookies += len(a.header.Values("Set-Cookie"))
				}
			}
			signedIn := b.post(b.client, "/staff/login", map[string][]string{"key": {b.keys[models.RoleDPO]}})
			require.Equal(t, http.StatusSeeOther, signedIn.status)
			requireGuarded(t, "POST /staff/login", signedIn.header, tls)
			cookies += len(signedIn.header.Values("Set-Cookie"))
			require.Positive(t, cookies)
			require.Less(t, strings.Count(b.log.String(), `"status":429`), 200, "most routes were answered themselves")
		})
	}
}

// machines are the beginnings of paths whose calls no browser makes by itself with what it keeps: a key, a signature or the address itself is the proof.
var machines = []string{"/v1/", "/oauth/", "/trust/unsubscribe/"}

func TestAFormOfAnotherSiteIsRefusedByEachRouteThatChangesSomething(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.signIn(b.keys[models.RoleDPO])
	tried := 0
	for _, route := range api.Routes() {
		method, template, _ := strings.Cut(route, " ")
		if method == http.MethodGet {
			continue
		}
		path := strings.NewReplacer(":id", "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", ":token", "nonsense", ":no", "1").Replace(template)
		machine := slices.ContainsFunc(machines, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
		for name, headers := range map[string][2]string{
			"another origin": {"Origin", "https://evil.example"}, "no origin": {"Origin", "null"}, "another site": {"Sec-Fetch-Site", "cross-site"},
			"a sibling": {"Sec-Fetch-Site", "same-site"}, "the same name without TLS": {"Origin", "http://habeas.test.evil.example"},
		} {
			r, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader("kind=approve"))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", "application/json")
			r.Header.Set(headers[0], headers[1])
			a := b.do(c, r)
			if machine {
				require.NotContains(t, a.body, "cross_origin", "%s, %s", route, name)
				continue
			}
			tried++
			if strings.HasPrefix(path, "/drp/") { // where it is not configured there is nothing, whoever asks
				require.Equal(t, http.StatusNotFound, a.status, "%s, %s", route, name)
				continue
			}
			require.Equal(t, http.StatusForbidden, a.status, "%s, %s: %s", route, name, a.body)
			if !strings.HasPrefix(path, "/opendsr/") { // which has errors of its own standard
				require.Equal(t, "cross_origin", a.code(t), "%s, %s", route, name)
			}
		}
	}
	require.Greater(t, tried, 400)
	require.Equal(t, 200, b.get(c, "/staff").status, "nobody was signed out either")
}

func TestAKeyInACookieOpensNoInterfaceForPrograms(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.signIn(b.keys[models.RoleDPO])
	for _, route := range api.Routes() {
		_, path, _ := strings.Cut(route, " ")
		if strings.HasPrefix(route, "GET /v1/") && !api.IsPublic(route) {
			path = strings.NewReplacer(":id", "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", ":slug", "acme", ":receipt_id", "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13").Replace(path)
			require.Equal(t, "key_missing", b.get(c, path).code(t), "%s: so that no other site needs to be kept from it", route)
		}
	}
}

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
