package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

var secretShown = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{44}`)

// hook adds a webhook in the console and returns its path and the secret that the page shows.
func (b *bundle) hook(c *http.Client, form url.Values) (path, secret string) {
	b.t.Helper()
	a := b.post(c, "/staff/webhooks", form)
	require.Equal(b.t, http.StatusOK, a.status, a.body)
	require.Equal(b.t, "no-store", a.header.Get("Cache-Control"))
	found := regexp.MustCompile(`/staff/webhooks/[0-9a-f-]{36}`).FindString(a.body)
	return found, strings.ReplaceAll(secretShown.FindString(strings.ReplaceAll(a.body, "&#43;", "+")), "&#43;", "+")
}

func TestACustomerKeepsItsWebhooksAndSeesEachSecretOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acme, globex := b.signIn(b.keys[models.RoleController]), b.signIn(b.globexK)
	path, secret := b.hook(acme, url.Values{"url": {"https://acme.example/hook?token=canary"}, "event": {"request.created", "request.closed"}})
	require.NotEmpty(t, secret)
	page := b.get(acme, path)
	require.Equal(t, 200, page.status)
	require.NotRegexp(t, secretShown, page.body, "a secret is shown once")
	require.Contains(t, b.get(acme, "/staff/webhooks").body, path)

	b.file(models.Erasure, "sam@example.com")
	require.Equal(t, http.StatusSeeOther, b.post(acme, path+"/test", nil).status)
	page = b.get(acme, path+"?done=tested")
	require.Contains(t, page.body, "The test is on its way.")
	require.Contains(t, page.body, "request.created")
	replay := regexp.MustCompile(path + `/messages/[0-9a-f-]{36}/replay`).FindString(page.body)
	require.NotEmpty(t, replay)
	require.Equal(t, http.StatusSeeOther, b.post(acme, replay, nil).status)

	rotated := b.post(acme, path+"/rotate", nil)
	require.Equal(t, 200, rotated.status)
	require.Regexp(t, secretShown, strings.ReplaceAll(rotated.body, "&#43;", "+"))
	require.NotContains(t, rotated.body, secret)
	require.Contains(t, rotated.body, "signed with the former secret as well")

	require.NotContains(t, b.get(globex, "/staff/webhooks").body, path)
	require.NotContains(t, b.get(globex, "/staff/webhooks").body, "acme")
	for _, call := range []string{path + "/rotate", path + "/test", path + "/switch", replay} {
		require.Equal(t, 404, b.post(globex, call, url.Values{"active": {"false"}}).status, call)
	}
	require.Equal(t, 404, b.get(globex, path).status)

	require.Equal(t, http.StatusSeeOther, b.post(acme, path+"/switch", url.Values{"active": {"false"}}).status)
	require.Equal(t, http.StatusConflict, b.post(acme, path+"/test", nil).status)
	require.NotContains(t, b.log.String(), "canary")
	require.NotContains(t, b.log.String(), "whsec_")
}

func TestStaffSeeAllWebhooksAndThoseWhoMayAddThemForACustomer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	operator := b.signIn(b.keys[models.RoleOperator])
	path, secret := b.hook(operator, url.Values{"url": {"https://globex.example/"}, "event": {"breach.told"}, "controller": {"globex"}})
	require.NotEmpty(t, secret)
	list, err := b.Endpoints(t.Context(), models.ScopeOf(b.globex.ID))
	require.NoError(t, err)
	require.Len(t, list, 1)
	b.clock(time.Minute)
	auditor := b.signIn(b.keys[models.RoleAuditor])
	page := b.get(auditor, path)
	require.Equal(t, 200, page.status)
	require.NotContains(t, page.body, path+"/rotate", "only who may sees how")
	require.Equal(t, 403, b.post(auditor, path+"/rotate", nil).status)
	require.Equal(t, 404, b.post(operator, "/staff/webhooks", url.Values{"url": {"https://x.example/"}, "event": {"breach.told"}, "controller": {"nobody"}}).status)
}

func TestAFaultyWebhookIsSentBackWithItsMistakes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acme := b.signIn(b.keys[models.RoleController])
	a := b.post(acme, "/staff/webhooks", url.Values{"url": {"ftp://acme.example"}, "event": {"request.closed"}})
	require.Equal(t, 400, a.status)
	require.Contains(t, a.body, "Enter an address")
	require.Contains(t, a.body, "ftp://acme.example")
	a = b.post(acme, "/staff/webhooks", url.Values{"url": {"https://acme.example"}})
	require.Equal(t, 400, a.status)
	require.Contains(t, a.body, "Choose at least one kind of event")
	list, err := b.Endpoints(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Empty(t, list)
}
