package api_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
)

func TestTheLogHoldsNothingPersonalAndNoToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const email, name = "canary.person@example.com", "Canary Person"
	a := b.call("POST", "/v1/requests", "", `{"controller":"acme","right":"access","email":"`+email+`","name":"`+name+`","message":"canary words"}`, "Idempotency-Key", "canary-key")
	_, token, _ := strings.Cut(a.json(t)["status_url"].(string), "/status/")
	f := filed{models.MustParseID(a.json(t)["id"].(string)), token}
	issued := b.issue(f)
	c := b.browser()
	b.get(c, "/verify/"+issued.Token+"?email="+email)
	b.post(c, "/status/"+token+"/verify", url.Values{"code": {issued.Code}})
	b.get(c, "/status/"+token)
	b.post(c, "/requests", url.Values{"right": {"access"}, "email": {"canary broken address"}, "name": {name}})
	b.call("POST", "/v1/requests", "", `{"canary":"`+email+`"}`)
	b.call("GET", "/v1/requests?reference=canary", b.keys[models.RoleDPO], "")
	b.call("GET", "/v1/canary/"+email, "", "")
	b.call("CANARY", "/", "", "")
	dpo := b.signIn(b.keys[models.RoleDPO])
	b.post(dpo, "/staff/requests/"+f.id.String()+"/identity", nil)
	b.get(b.client, "/readyz")

	text := b.log.String()
	for _, secret := range []string{"anary", "CANARY", token, issued.Token, issued.Code, "example.com", b.keys[models.RoleDPO], "127.0.0.1", "habeas_session"} {
		require.NotContains(t, text, secret)
	}
	require.Contains(t, text, `"route":"/status/:token"`)
	lines := 0
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); lines++ {
		var line map[string]any
		require.NoError(t, json.Unmarshal(s.Bytes(), &line))
		require.Contains(t, line, "call")
	}
	require.Greater(t, lines, 10)
}

func TestTooManyPostsMustWait(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.PostsPerMinute = 3 })
	post := func(headers ...string) answer {
		return b.call("POST", "/v1/requests", "", `{"controller":"acme","right":"access","email":"a@example.com"}`, headers...)
	}
	for range 3 {
		require.Equal(t, 202, post().status)
	}
	a := post("X-Forwarded-For", "203.0.113.9")
	require.Equal(t, "too_many_requests", a.code(t), "a forged header buys nothing")
	require.Equal(t, "20", a.header.Get("Retry-After"))
	require.Equal(t, 200, b.get(b.client, "/").status, "looking is not limited")
	require.Equal(t, 429, b.post(b.client, "/requests", nil).status)
	b.clock(21 * time.Second)
	require.Equal(t, 202, post().status)
	require.Equal(t, 429, post().status)
}

func TestATrustedProxyNamesTheClient(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) {
		d.PostsPerMinute = 1
		d.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	post := func(from string) int {
		return b.post(b.client, "/requests", url.Values{"right": {"access"}}, "X-Forwarded-For", from).status
	}
	require.Equal(t, 400, post("203.0.113.1"))
	require.Equal(t, 429, post("203.0.113.1"))
	require.Equal(t, 429, post("198.51.100.7, 203.0.113.1"), "what the client itself says before is not believed")
	require.Equal(t, 400, post("203.0.113.2"))
	require.Equal(t, 400, post("2001:db8:1:2::1"))
	require.Equal(t, 429, post("2001:db8:1:2:ffff::9"), "one client has a whole /64")
}

func TestSigningInIsLimited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range store.FailuresPerAddress {
		require.Equal(t, 401, b.post(b.client, "/staff/login", url.Values{"key": {"x"}}).status)
	}
	a := b.post(b.client, "/staff/login", url.Values{"key": {b.keys[models.RoleDPO]}})
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.NotEmpty(t, a.header.Get("Retry-After"))
}

func TestADatabaseThatIsDownIsToldAsSuch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.Close())
	a := b.call("GET", "/readyz", "", "")
	require.GreaterOrEqual(t, a.status, 500)
	require.NotContains(t, a.body, "closed")
	require.Equal(t, 200, b.get(b.client, "/livez").status)
	home := b.get(b.client, "/requests/new?right=access")
	require.GreaterOrEqual(t, home.status, 500)
	require.Contains(t, home.body, "<h1>")
	require.NotContains(t, home.body, "sql")
}

func TestABadBaseURLIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "habeas", "ftp://x", "https://"} {
		_, err := api.New(api.Deps{Config: api.Config{BaseURL: bad}})
		require.Equal(t, "bad_base_url", models.CodeOf(err), bad)
	}
}
