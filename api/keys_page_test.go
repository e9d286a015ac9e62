package api_test

import (
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

var keySecret = regexp.MustCompile(`habeas_[a-z_]+_[0-9a-f]{32}_[A-Z0-9]+`)

func TestACustomerMakesRotatesAndRevokesAKeyOnAPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.signIn(b.keys[models.RoleController])
	b.clock(time.Second)
	made := b.post(c, "/staff/keys", url.Values{"name": {"Warehouse sync"}, "scope": {"requests:read"}, "days": {"30"}, "role": {"dpo"}, "controller": {"globex"}})
	require.Equal(t, 200, made.status)
	secret := keySecret.FindString(made.body)
	require.Equal(t, 200, b.call("GET", "/v1/requests", secret, "").status)
	require.NotContains(t, b.get(c, "/staff/keys").body, secret, "it was shown once")
	keys, err := b.Keys(t.Context(), models.ScopeOf(b.acme.ID))
	require.NoError(t, err)
	require.Equal(t, "Warehouse sync", keys[0].Name)
	require.Equal(t, models.RoleController, keys[0].Role, "whatever the form says")
	require.Equal(t, b.acme.ID, keys[0].ControllerID)
	require.Equal(t, start.Add(time.Second).AddDate(0, 0, 30), keys[0].ExpiresAt)

	path := "/staff/keys/" + keys[0].ID.String()
	rotated := b.post(c, path+"/rotate", url.Values{"hours": {"24"}})
	require.Contains(t, rotated.body, "The former secret is valid until")
	next := keySecret.FindString(rotated.body)
	require.NotEqual(t, secret, next)
	require.Equal(t, 200, b.call("GET", "/v1/requests", secret, "").status)
	require.Equal(t, "/staff/keys?done=revoked", b.post(c, path+"/revoke", nil).header.Get("Location"))
	require.Contains(t, b.get(c, "/staff/keys?done=revoked").body, "The key is revoked.")
	require.Equal(t, "bad_key", b.call("GET", "/v1/requests", next, "").code(t))
	ended := b.post(c, path+"/rotate", url.Values{"hours": {"24"}})
	require.Equal(t, 409, ended.status)
	require.Contains(t, ended.body, "make another")

	other := b.signIn(b.globexK)
	require.NotContains(t, b.get(other, "/staff/keys").body, "Warehouse sync")
}

func TestAFaultyKeyIsSentBackWithItsMistakes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.signIn(b.keys[models.RoleOperator])
	a := b.post(c, "/staff/keys", url.Values{"name": {""}, "role": {"controller"}, "days": {"x"}, "scope": {"canary"}})
	require.Equal(t, 400, a.status)
	for _, says := range []string{"Enter a name", "Choose the controller", "Enter a number of days", "Choose scopes that there are"} {
		require.Contains(t, a.body, says)
	}
	require.NotContains(t, a.body, "canary")
	a = b.post(c, "/staff/keys", url.Values{"name": {"x"}, "role": {"none"}})
	require.Equal(t, 400, a.status)

	b.clock(time.Minute)
	made := b.post(c, "/staff/keys", url.Values{"name": {"Globex sync"}, "role": {"controller"}, "controller": {"globex"}})
	require.Equal(t, 200, made.status)
	who, err := b.Authenticate(t.Context(), keySecret.FindString(made.body))
	require.NoError(t, err)
	require.Equal(t, models.ScopeOf(b.globex.ID), who.Scope)
	staff, err := b.Keys(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	for _, k := range staff {
		if k.Role == models.RoleDPO {
			require.Equal(t, 403, b.post(c, "/staff/keys/"+k.ID.String()+"/rotate", url.Values{"hours": {"0"}}).status, "nobody gets another's secret")
		}
	}
}
