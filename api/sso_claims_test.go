package api_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"habeas/api/account"
	"habeas/models"
	"habeas/models/member"
	"habeas/models/store"
)

// sayingWhereToSignOut adds to the provider's document what RP-Initiated Logout needs.
func sayingWhereToSignOut(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(bytes.Replace(rec.Body.Bytes(), []byte("{"), []byte(`{"end_session_endpoint":"https://id.example/logout?x=1",`), 1))
	})
}

// claimed is somebody of whom the provider says more.
type claimed struct {
	*mockoidc.MockUser
	acr    string
	amr    []string
	groups any
}

type moreClaims struct {
	*mockoidc.IDTokenClaims
	Email         string   `json:"email,omitempty"`
	EmailVerified bool     `json:"email_verified"`
	ACR           string   `json:"acr,omitempty"`
	AMR           []string `json:"amr,omitempty"`
	Groups        any      `json:"groups,omitempty"`
}

func (c claimed) Claims(_ []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	return &moreClaims{base, c.Email, c.EmailVerified, c.acr, c.amr, c.groups}, nil
}

func TestTheProviderSaysWhetherItAskedForASecondFactor(t *testing.T) {
	t.Parallel()
	b, idp := withProvider(t, func(s *account.SSO) { s.ACR = []string{"gold", "silver"} })
	_, _, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleDPO, Name: "Ada", Email: "ada@northwind.example"})
	require.NoError(t, err)
	away := b.get(b.browser(), "/staff/login/sso")
	to, err := url.Parse(away.header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "gold silver", to.Query().Get("acr_values"))
	for name, c := range map[string]struct {
		who  claimed
		want string
	}{
		"nothing":         {claimed{}, "/staff/account/factor"},
		"a weaker acr":    {claimed{acr: "bronze"}, "/staff/account/factor"},
		"a password only": {claimed{amr: []string{"pwd"}}, "/staff/account/factor"},
		"a stronger acr":  {claimed{acr: "silver"}, "/staff"},
		"several factors": {claimed{amr: []string{"pwd", "mfa"}}, "/staff"},
	} {
		c.who.MockUser = ada("ada@northwind.example")
		browser := b.browser()
		require.Equal(t, c.want, b.get(browser, b.visit(browser, idp, c.who)).header.Get("Location"), name)
	}
}

func TestGroupsOfTheProviderGiveRolesOfStaff(t *testing.T) {
	t.Parallel()
	b, idp := withProvider(t, func(s *account.SSO) {
		s.SecondFactor, s.CreateRole, s.Domains = true, models.RoleAuditor, []string{"northwind.example"}
		s.Roles = []account.GroupRole{{Group: "cn=privacy,o=northwind", Role: models.RoleDPO}, {Group: "casework", Role: models.RoleHandler}}
	})
	role := func(email string) models.Role {
		t.Helper()
		all, err := b.Members(t.Context(), models.ScopeOperator())
		require.NoError(t, err)
		for _, m := range all {
			if m.Email.Reveal() == email && m.State == member.Active {
				return m.Role
			}
		}
		return ""
	}
	comes := func(email string, groups any) string {
		t.Helper()
		b.clock(time.Minute)
		c := b.browser()
		return b.get(c, b.visit(c, idp, claimed{MockUser: ada(email), groups: groups})).header.Get("Location")
	}
	require.Equal(t, "/staff", comes("ada@northwind.example", []string{"others", "casework"}))
	require.Equal(t, models.RoleHandler, role("ada@northwind.example"), "made with the role of the group")
	require.Equal(t, "/staff", comes("ada@northwind.example", []string{"casework", "cn=privacy,o=northwind"}))
	require.Equal(t, models.RoleDPO, role("ada@northwind.example"), "the first of the table")
	for _, groups := range []any{nil, []string{"others"}, "others", map[string]any{"casework": true}} {
		require.Equal(t, "/staff/login?note=no_role", comes("ada@northwind.example", groups))
		require.Equal(t, "/staff/login?note=stranger", comes("eve@northwind.example", groups), "nor is an account made")
	}
	require.Equal(t, models.RoleDPO, role("ada@northwind.example"), "who is kept out keeps what they had")
	require.Equal(t, "/staff", comes("ada@northwind.example", "casework"), "one group as a text")
	require.Equal(t, models.RoleHandler, role("ada@northwind.example"))

	_, _, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "Vi", Email: "vi@acme.example"})
	require.NoError(t, err)
	require.Equal(t, "/staff", comes("vi@acme.example", []string{"cn=privacy,o=northwind"}))
	require.Equal(t, models.RoleController, role("vi@acme.example"), "a customer's people are no staff, whatever a group says")
}

func TestWhoSignsOutIsToldThatTheProviderDoesNot(t *testing.T) {
	t.Parallel()
	b, _ := withProvider(t, func(s *account.SSO) { s.Logout = true })
	page := b.get(b.browser(), "/staff/login?note=out").body
	require.Contains(t, page, `href="https://id.example/logout?client_id=`)
	require.Contains(t, page, "post_logout_redirect_uri=http%3A%2F%2Fhabeas.test%2Fstaff%2Flogin")
	require.NotContains(t, b.get(b.browser(), "/staff/login").body, "id.example")
}
