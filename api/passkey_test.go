package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates/pagetest"
)

// onLocalhost is a server that a browser reaches by a name, as passkeys need it.
func onLocalhost(t *testing.T) (b *bundle, base string) {
	t.Helper()
	front := httptest.NewUnstartedServer(nil)
	base = "http://localhost:" + front.Listener.Addr().String()[len("127.0.0.1:"):]
	b = setup(t, func(d *api.Deps) { d.BaseURL = base })
	to, err := url.Parse(b.url)
	require.NoError(t, err)
	front.Config.Handler = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
	front.Start()
	t.Cleanup(front.Close)
	return b, base
}

func TestAPasskeyIsTheSecondFactorAndLaterAllThatIsAskedFor(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short run: passkeys were not used in a browser")
	}
	ctx := pagetest.Open(t, 8*time.Minute)
	b, base := onLocalhost(t)
	_, token, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleDPO, Name: "Mara Lind", Email: "mara@northwind.example"})
	require.NoError(t, err)
	var authenticator webauthn.AuthenticatorID
	virtual := chromedp.ActionFunc(func(ctx context.Context) (err error) {
		if err := webauthn.Enable().Do(ctx); err != nil {
			return err
		}
		authenticator, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
			HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	})
	dir := filepath.Join("..", "build", "screens")
	require.NoError(t, os.MkdirAll(dir, 0o750))
	var setup, shown []byte
	var codes string
	require.NoError(t, chromedp.Run(
		ctx, virtual,
		chromedp.Navigate(base+"/staff/link/"+token),
		chromedp.SendKeys("#password", good), chromedp.Submit("#password"),
		chromedp.WaitVisible(`[data-passkey=add] button`), chromedp.FullScreenshot(&setup, 100),
		chromedp.SendKeys("#name", "Work laptop"), chromedp.Click(`[data-passkey=add] button`),
		chromedp.WaitVisible(`ol.codes`), chromedp.Text(`ol.codes`, &codes), chromedp.FullScreenshot(&shown, 100),
		chromedp.Click(`form[action="/staff/account/continue"] button`), chromedp.WaitVisible(`form.who`),
	))
	require.Len(t, strings.Fields(codes), 10, "the first second step of any kind comes with recovery codes")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "browser-recovery-codes.png"), shown, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "browser-setup-passkey.png"), setup, 0o600))

	var account string
	require.NoError(t, chromedp.Run(
		ctx, chromedp.Navigate(base+"/staff/account"), chromedp.Text("main", &account),
		chromedp.Click(`form.who button`), chromedp.WaitVisible(`[data-passkey=login] button`),
	))
	require.Contains(t, account, "Passkey: Work laptop")
	people, err := b.Members(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Equal(t, 1, people[0].Passkeys)

	require.NoError(t, chromedp.Run(ctx, chromedp.Click(`[data-passkey=login] button`), chromedp.WaitVisible(`form.who`)))
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(base+"/staff/account"), chromedp.Text("main", &account)))
	require.Contains(t, account, "passkey")

	// An authenticator that does not make sure of the person opens nothing.
	var failed, where string
	require.NoError(t, chromedp.Run(
		ctx, chromedp.Click(`form.who button`), chromedp.WaitVisible(`[data-passkey=login] button`),
		chromedp.ActionFunc(func(ctx context.Context) error { return webauthn.SetUserVerified(authenticator, false).Do(ctx) }),
		chromedp.Click(`[data-passkey=login] button`), chromedp.Poll(`document.querySelector("[data-passkey] [role=alert]").textContent !== ""`, nil),
		chromedp.Text(`[data-passkey] [role=alert]`, &failed), chromedp.Location(&where),
	))
	require.Contains(t, failed, "was not accepted")
	require.Contains(t, where, "/staff/login")
}

func TestAPasskeyThatNobodyAskedForIsRefused(t *testing.T) {
	t.Parallel()
	b, _ := onLocalhost(t)
	c := b.browser()
	require.Equal(t, 400, b.post(c, "/staff/login/passkey", nil, "Accept", "application/json").status)
	require.Equal(t, 200, b.post(c, "/staff/login/passkey/options", nil, "Accept", "application/json").status)
	for range 2 {
		a := b.post(c, "/staff/login/passkey", url.Values{"canary": {"x"}}, "Accept", "application/json")
		require.Equal(t, 400, a.status)
		require.Equal(t, "bad_passkey", a.code(t))
		require.NotContains(t, a.body, "canary")
	}
	require.Equal(t, "/staff/login", b.get(c, "/staff").header.Get("Location"))
	require.Equal(t, http.StatusNotFound, setup(t, func(d *api.Deps) { d.BaseURL = "http://127.0.0.1:8080" }).post(b.client, "/staff/login/passkey/options", nil).status)
}
