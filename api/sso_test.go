package api_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/api/account"
	"habeas/models"
	"habeas/models/member"
	"habeas/models/store"
)

// withProvider is a server whose people may come from an identity provider, which runs in this process.
func withProvider(t *testing.T, change func(*account.SSO)) (*bundle, *mockoidc.MockOIDC) {
	t.Helper()
	idp, err := mockoidc.NewServer(nil)
	require.NoError(t, err)
	require.NoError(t, idp.AddMiddleware(sayingWhereToSignOut))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, idp.Start(listener, nil))
	t.Cleanup(func() { require.NoError(t, idp.Shutdown()) })
	c := idp.Config()
	sso := &account.SSO{Name: "Northwind ID", Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: models.Personal(c.ClientSecret), Scopes: []string{"email", "profile"}}
	if change != nil {
		change(sso)
	}
	return setup(t, func(d *api.Deps) { d.SignIn.SSO = sso }), idp
}

// visit goes to the provider as somebody and returns the address on which the provider sends them back to us.
func (b *bundle) visit(c *http.Client, idp *mockoidc.MockOIDC, as mockoidc.User) string {
	b.t.Helper()
	idp.QueueUser(as)
	away := b.get(c, "/staff/login/sso")
	require.Equal(b.t, http.StatusSeeOther, away.status, away.body)
	to, err := url.Parse(away.header.Get("Location"))
	require.NoError(b.t, err)
	q := to.Query()
	require.Equal(b.t, "S256", q.Get("code_challenge_method"))
	require.NotEmpty(b.t, q.Get("code_challenge"))
	require.NotEmpty(b.t, q.Get("nonce"))
	require.Equal(b.t, "http://habeas.test/staff/login/sso/callback", q.Get("redirect_uri"))
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, to.String(), http.NoBody)
	require.NoError(b.t, err)
	back := b.do(&http.Client{CheckRedirect: b.client.CheckRedirect}, r)
	require.Equal(b.t, http.StatusFound, back.status, back.body)
	return strings.TrimPrefix(back.header.Get("Location"), "http://habeas.test")
}

func ada(email string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "subject-of-" + email, Email: email, EmailVerified: true}
}

func TestAnInvitedPersonComesFromTheIdentityProvider(t *testing.T) {
	t.Parallel()
	b, idp := withProvider(t, nil)
	m, _, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleAuditor, Name: "Ada", Email: "ada@northwind.example"})
	require.NoError(t, err)
	c := b.browser()
	require.Contains(t, b.get(c, "/staff/login").body, "Sign in with Northwind ID")
	require.Equal(t, "/staff", b.get(c, b.visit(c, idp, ada("ada@northwind.example"))).header.Get("Location"))
	require.Equal(t, 200, b.get(c, "/staff").status)
	found, err := b.MemberByID(t.Context(), models.ScopeOperator(), m.ID)
	require.NoError(t, err)
	require.Equal(t, member.Active, found.State)

	moved := ada("ada@northwind.example")
	moved.Email = "ada.new@northwind.example"
	again := b.browser()
	require.Equal(t, "/staff", b.get(again, b.visit(again, idp, moved)).header.Get("Location"), "the subject counts, not the address that it has by now")
	other := ada("ada@northwind.example")
	other.Subject = "somebody else with her address"
	require.Equal(t, "/staff/login?note=stranger", b.get(again, b.visit(again, idp, other)).header.Get("Location"))
	require.NoError(t, b.DeactivateMember(t.Context(), models.ScopeOperator(), models.Actor{Role: models.RoleDPO}, m.ID))
	require.Equal(t, "/staff/login", b.get(c, "/staff").header.Get("Location"), "at once")
	require.Equal(t, "/staff/login?note=stranger", b.get(again, b.visit(again, idp, ada("ada@northwind.example"))).header.Get("Location"))
}

func TestTheIdentityProviderMakesNobodyAMemberByItself(t *testing.T) {
	t.Parallel()
	b, idp := withProvider(t, nil)
	_, _, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleAuditor, Name: "Ada", Email: "ada@northwind.example"})
	require.NoError(t, err)
	c := b.browser()
	unverified := ada("ada@northwind.example")
	unverified.EmailVerified = false
	for _, who := range []*mockoidc.MockUser{ada("stranger@northwind.example"), unverified} {
		to := b.get(c, b.visit(c, idp, who)).header.Get("Location")
		require.Equal(t, "/staff/login?note=stranger", to)
		require.Contains(t, b.get(c, to).body, "There is no account here")
	}
	all, err := b.Members(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestAccountsAreMadeForNamedDomainsWhereConfigured(t *testing.T) {
	t.Parallel()
	b, idp := withProvider(t, func(s *account.SSO) { s.CreateRole, s.Domains = models.RoleAuditor, []string{"northwind.example"} })
	c := b.browser()
	require.Equal(t, "/staff/login?note=stranger", b.get(c, b.visit(c, idp, ada("eve@evil.example"))).header.Get("Location"))
	require.Equal(t, "/staff/login?note=stranger", b.get(c, b.visit(c, idp, ada("eve@sub.northwind.example"))).header.Get("Location"))
	require.Equal(t, "/staff", b.get(c, b.visit(c, idp, ada("Ada@Northwind.example"))).header.Get("Location"))
	all, err := b.Members(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, models.RoleAuditor, all[0].Role)
}

func TestOurSecondFactorIsAskedForUnlessTheProviderAsksForOne(t *testing.T) {
	t.Parallel()
	for asks, want := range map[bool]string{false: "/staff/account/factor", true: "/staff"} {
		b, idp := withProvider(t, func(s *account.SSO) { s.SecondFactor = asks })
		_, _, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleDPO, Name: "Ada", Email: "ada@northwind.example"})
		require.NoError(t, err)
		c := b.browser()
		require.Equal(t, want, b.get(c, b.visit(c, idp, ada("ada@northwind.example"))).header.Get("Location"))
	}
}

func TestAForgedAnswerOfTheIdentityProviderSignsNobodyIn(t *testing.T) {
	t.Parallel()
	b, idp := withProvider(t, nil)
	for _, email := range []string{"ada@northwind.example", "eve@northwind.example"} {
		_, _, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleAuditor, Name: "Ada", Email: models.Personal(email)})
		require.NoError(t, err)
	}
	refused := func(c *http.Client, path string) {
		t.Helper()
		require.Equal(t, "/staff/login?note=sso", b.get(c, path).header.Get("Location"))
		require.Equal(t, "/staff/login", b.get(c, "/staff").header.Get("Location"))
	}
	victim, attacker := b.browser(), b.browser()
	refused(victim, b.visit(attacker, idp, ada("eve@northwind.example"))) // signing the victim in as the attacker
	path := b.visit(victim, idp, ada("ada@northwind.example"))
	u, err := url.Parse(path)
	require.NoError(t, err)
	q := u.Query()
	q.Set("state", "forged")
	refused(victim, u.Path+"?"+q.Encode())
	refused(victim, path) // a visit ends with the first answer, right or wrong

	// A code of another visit, with the right state: its nonce and its verifier are not this visit's.
	stolen, err := url.Parse(b.visit(attacker, idp, ada("ada@northwind.example")))
	require.NoError(t, err)
	own, err := url.Parse(b.visit(victim, idp, ada("eve@northwind.example")))
	require.NoError(t, err)
	q = own.Query()
	q.Set("code", stolen.Query().Get("code"))
	refused(victim, own.Path+"?"+q.Encode())
	refused(victim, "/staff/login/sso/callback?error=access_denied&state="+q.Get("state"))
	text := b.log.String()
	require.NotContains(t, text, "northwind.example")
	require.NotContains(t, text, q.Get("code"))
}

func TestAProviderThatIsDownIsToldAndPasswordsGoOn(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) {
		d.SignIn.SSO = &account.SSO{Name: "Away", Issuer: "http://127.0.0.1:1", ClientID: "x"}
	})
	require.Equal(t, http.StatusServiceUnavailable, b.get(b.client, "/staff/login/sso").status)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	b.clock(time.Minute)
	b.enter(b.browser(), mara)
}
