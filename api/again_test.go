package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/api/account"
	"habeas/models"
	"habeas/models/store"
)

// dangerous are the acts before which a person shows once more who they are, and the page to which they come back.
var dangerous = []struct {
	act        account.Act
	path, back string
}{
	{account.ActAccount, "/staff/account/factor/begin", "/staff/account/factor"},
	{account.ActAccount, "/staff/account/recovery", "/staff/account"},
	{account.ActMembers, "/staff/members", "/staff/members"},
	{account.ActMembers, "/staff/members/ID/role", "/staff/members"},
	{account.ActKeys, "/staff/keys", "/staff/keys"},
	{account.ActKeys, "/staff/keys/ID/rotate", "/staff/keys"},
	{account.ActWebhooks, "/staff/webhooks", "/staff/webhooks"},
	{account.ActWebhooks, "/staff/webhooks/ID/rotate", "/staff/webhooks/ID"},
	{account.ActContracts, "/staff/contracts", "/staff/contracts/new"},
	{account.ActContracts, "/staff/contracts/ID/events", "/staff/contracts/ID"},
	{account.ActLetters, "/staff/breaches/ID/letter/approve", "/staff/breaches/ID/letter"},
	{account.ActDecisions, "/staff/requests/ID/decisions", "/staff/requests/ID"},
	{account.ActDecisions, "/staff/bulk/decisions", "/staff"},
}

func TestDangerousActsAskOnceMoreWhoItIs(t *testing.T) {
	t.Parallel()
	const id = "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13"
	for name, c := range map[string]struct {
		set    account.Config
		within time.Duration
		asked  []account.Act
	}{
		"as it comes":   {account.Config{}, 10 * time.Minute, account.Asked()},
		"as configured": {account.Config{Confirm: []account.Act{account.ActDecisions}, ConfirmWithin: 3 * time.Minute}, 3 * time.Minute, []account.Act{account.ActDecisions}},
		"never":         {account.Config{Confirm: []account.Act{}}, 10 * time.Minute, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(d *api.Deps) { d.SignIn = c.set })
			dpo := b.person(models.RoleDPO, models.ID{}, "mara@northwind.example")
			browser := b.browser()
			b.withApp(browser, dpo)
			require.Equal(t, "/staff", b.post(browser, "/staff/account/continue", nil).header.Get("Location"))
			send := func(path string) answer { return b.post(browser, strings.ReplaceAll(path, "ID", id), nil) }
			b.clock(c.within - time.Second)
			for _, d := range dangerous[4:] {
				require.NotEqual(t, "/staff/confirm", send(d.path).header.Get("Location"), "%s: just now", d.path)
			}
			b.clock(time.Second)
			for _, d := range dangerous {
				asked := d.act == account.ActAccount
				for _, act := range c.asked {
					asked = asked || act == d.act
				}
				require.Equal(t, asked, send(d.path).header.Get("Location") == "/staff/confirm", d.path)
				if asked {
					require.Contains(t, b.get(browser, "/staff/confirm").body, `href="`+strings.ReplaceAll(d.back, "ID", id)+`"`)
				}
			}
			keys := b.get(browser, "/staff/keys").body
			require.Equal(t, len(c.asked) > 1, strings.Contains(keys, "/staff/confirm?back=%2Fstaff%2Fkeys"), "the page says so before a form is filled in")
			require.Equal(t, http.StatusSeeOther, b.post(browser, "/staff/account/sessions/end", nil).status, "leaving is never made harder")
		})
	}
}

func TestWhoHasASecondFactorShowsItAndNotThePassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.person(models.RoleDPO, models.ID{}, "mara@northwind.example")
	c := b.browser()
	secret, codes := b.withApp(c, dpo)
	b.post(c, "/staff/account/continue", nil)
	b.clock(11 * time.Minute)
	page := b.get(c, "/staff/confirm?back=/staff/keys").body
	require.NotContains(t, page, `name="password"`)
	require.Equal(t, 400, b.post(c, "/staff/confirm", url.Values{"password": {good}}).status)
	require.Equal(t, "/staff/confirm", b.post(c, "/staff/keys", nil).header.Get("Location"))
	require.Equal(t, "/staff/keys?note=confirmed", b.post(c, "/staff/confirm", url.Values{"code": {b.code(secret)}}).header.Get("Location"))
	page = b.get(c, "/staff/keys?note=confirmed").body
	require.Contains(t, page, "Now you can make the change")
	require.NotContains(t, page, "/staff/confirm?back=")
	b.clock(11 * time.Minute)
	require.Equal(t, "/staff/account?note=confirmed", b.post(c, "/staff/confirm", url.Values{"code": {codes[0]}}).header.Get("Location"))
	b.clock(11 * time.Minute)
	for _, elsewhere := range []string{"https://evil.example/", "//evil.example/staff/", "/staff/..//evil.example?x", `/staff/\evil`} {
		b.get(c, "/staff/confirm?back="+url.QueryEscape(elsewhere))
		require.NotContains(t, b.get(c, "/staff/confirm").body, "evil", elsewhere)
	}
}

func TestAKeyNeverHasMoreThanItsMaker(t *testing.T) {
	t.Parallel()
	staff := []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleOperator}
	for _, maker := range append(staff, models.RoleViewer) {
		for _, role := range staff {
			for _, route := range api.Routes() {
				if models.MayGiveKey(maker, role) && api.Admits(route, role) {
					require.True(t, api.Admits(route, maker), "a key of %s may %s, its maker %s may not", role, route, maker)
				}
			}
		}
	}
	require.False(t, models.MayGiveKey(models.RoleOperator, models.RoleDPO))
	require.False(t, models.MayGiveKey(models.RoleController, models.RoleAuditor))
}

func TestAKeyOfAnOfficerTakesAPersonAndEveryOfficerHearsOfIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.person(models.RoleDPO, models.ID{}, "ada@northwind.example")
	grace := b.person(models.RoleDPO, models.ID{}, "grace@northwind.example")
	b.person(models.RoleOperator, models.ID{}, "ops@northwind.example")
	for _, role := range []models.Role{models.RoleDPO, models.RoleOperator} {
		a := b.call("POST", "/v1/keys", b.keys[role], `{"name":"sneaky","role":"dpo"}`)
		require.Equal(t, map[models.Role]string{models.RoleDPO: "key_needs_person", models.RoleOperator: "key_forbidden"}[role], a.code(t))
		require.Equal(t, http.StatusForbidden, b.post(b.signIn(b.keys[role]), "/staff/keys", url.Values{"name": {"sneaky"}, "role": {"dpo"}}).status)
		b.clock(time.Minute)
	}
	c := b.browser()
	b.withApp(c, ada)
	b.post(c, "/staff/account/continue", nil)
	_, err := b.ClaimMemberAlerts(t.Context(), 100, time.Hour)
	require.NoError(t, err)
	made := b.post(c, "/staff/keys", url.Values{"name": {"Night script"}, "role": {"dpo"}})
	require.Equal(t, 200, made.status, made.body)
	told, err := b.ClaimMemberAlerts(t.Context(), 100, time.Hour)
	require.NoError(t, err)
	require.Len(t, told, 2)
	for _, alert := range told {
		require.Contains(t, []models.ID{ada.ID, grace.ID}, alert.Member.ID)
		require.Equal(t, "Night script", alert.Key)
	}
	keys, err := b.Keys(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Equal(t, "Night script", keys[0].Name)
	require.Equal(t, b.now().Add(store.KeyLife), keys[0].ExpiresAt, "by itself for a year")
	require.NotContains(t, b.get(c, "/staff/keys").body, "expires within 30 days")
	b.clock(store.KeyLife - store.KeySoon)
	again := b.signIn(b.keys[models.RoleOperator])
	require.Contains(t, b.get(again, "/staff/keys").body, "1 key expires within 30 days")
}

func TestACustomersAdministratorsHearOfAKeyThatOthersMadeForIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.person(models.RoleController, b.acme.ID, "admin@acme.example")
	b.person(models.RoleController, b.globex.ID, "admin@globex.example")
	require.Equal(t, 201, b.call("POST", "/v1/keys", b.keys[models.RoleController], `{"name":"own"}`).status)
	require.Equal(t, 201, b.call("POST", "/v1/keys", b.keys[models.RoleOperator], `{"name":"for you","role":"controller","controller":"acme"}`).status)
	told, err := b.ClaimMemberAlerts(t.Context(), 100, time.Hour)
	require.NoError(t, err)
	require.Len(t, told, 1)
	require.Equal(t, admin.ID, told[0].Member.ID)
	require.Equal(t, "for you", told[0].Key)
	rotate := "/v1/keys/" + told[0].Facts["key"] + "/rotate"
	for _, role := range []models.Role{models.RoleAuditor, models.RoleHandler} {
		require.Equal(t, "key_forbidden", b.call("POST", rotate, b.keys[role], `{"overlap_hours":0}`).code(t), "who may only read gets nobody's secret")
	}
}

func TestWhatAKeyMakesEndsWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	end := start.AddDate(0, 1, 0)
	maker := b.key(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "a month", ExpiresAt: end})
	made := b.call("POST", "/v1/keys", maker, `{"name":"child"}`)
	require.Equal(t, end.Format(time.RFC3339), made.json(t)["key"].(map[string]any)["expires_at"])
	require.Equal(t, "bad_expiry", b.call("POST", "/v1/keys", maker, `{"name":"child","expires_at":"2028-01-01T00:00:00Z"}`).code(t))
	require.Equal(t, 201, b.call("POST", "/v1/keys", maker, `{"name":"child","expires_at":"2027-02-02T00:00:00Z"}`).status)
}
