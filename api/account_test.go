package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/api/account"
	"habeas/models"
	"habeas/models/store"
)

// somebody is a person with an account.
type somebody struct {
	store.Member
	email, password string
}

const good = "quilt harbour seven lantern"

// person makes an account and opens it by its link, as a browser does.
func (b *bundle) person(role models.Role, controller models.ID, email string) somebody {
	b.t.Helper()
	m, token, err := b.InviteFirst(b.t.Context(), store.MemberSpec{Role: role, ControllerID: controller, Name: "Mara Lind", Email: models.Personal(email)})
	require.NoError(b.t, err)
	b.clock(time.Minute)
	require.Equal(b.t, http.StatusSeeOther, b.post(b.browser(), "/staff/link/"+token, url.Values{"password": {good}}).status)
	return somebody{m, email, good}
}

func (s somebody) form() url.Values { return url.Values{"email": {s.email}, "password": {s.password}} }

// enter signs somebody in who has no second factor and needs none.
func (b *bundle) enter(c *http.Client, s somebody) {
	b.t.Helper()
	b.clock(time.Minute) // signing in is limited by address
	a := b.post(c, "/staff/login", s.form())
	require.Equal(b.t, http.StatusSeeOther, a.status, a.body)
	require.Equal(b.t, 200, b.get(c, "/staff/account").status)
}

// officer is a browser in which a data protection officer has signed in.
func (b *bundle) officer(email string) *http.Client {
	b.t.Helper()
	c := b.browser()
	b.withApp(c, b.person(models.RoleDPO, models.ID{}, email))
	require.Equal(b.t, "/staff", b.post(c, "/staff/account/continue", nil).header.Get("Location"))
	return c
}

// withApp signs a DPO in and sets up an authenticator app; it returns the app's secret and the recovery codes.
func (b *bundle) withApp(c *http.Client, s somebody) (secret string, codes []string) {
	b.t.Helper()
	b.clock(time.Minute)
	a := b.post(c, "/staff/login", s.form())
	require.Equal(b.t, "/staff/account/factor", a.header.Get("Location"), a.body)
	require.Equal(b.t, http.StatusSeeOther, b.post(c, "/staff/account/factor/begin", nil).status)
	page := b.get(c, "/staff/account/factor")
	found := regexp.MustCompile(`<code class="secret">([A-Z2-7 ]+)</code>`).FindStringSubmatch(page.body)
	require.NotNil(b.t, found, page.body)
	require.Contains(b.t, page.body, `<svg class="qr"`)
	secret = strings.ReplaceAll(found[1], " ", "")
	shown := b.post(c, "/staff/account/factor/confirm", url.Values{"code": {b.code(secret)}})
	require.Equal(b.t, 200, shown.status, shown.body)
	codes = regexp.MustCompile(`[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}`).FindAllString(shown.body, -1)
	require.Len(b.t, codes, 10)
	return secret, codes
}

// code is what an authenticator app shows now.
func (b *bundle) code(secret string) string {
	b.t.Helper()
	code, err := totp.GenerateCode(secret, b.now())
	require.NoError(b.t, err)
	return code
}

func TestAnInvitedPersonChoosesAPasswordAndIsIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, token, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleAuditor, Name: "Mara Lind", Email: "mara@northwind.example"})
	require.NoError(t, err)
	c := b.browser()
	for range 2 {
		page := b.get(c, "/staff/link/"+token)
		require.Contains(t, page.body, "Mara Lind")
		require.Contains(t, page.body, "At least 15 characters", "without a second factor")
	}
	for password, says := range map[string]string{
		"qx9": "too short", "password12345678": "easy to guess", "mara lind northwind": "easy to guess", strings.Repeat("xyzabc 9", 20): "more than 128",
	} {
		b.clock(time.Minute)
		a := b.post(c, "/staff/link/"+token, url.Values{"password": {password}})
		require.Equal(t, 400, a.status, password)
		require.Contains(t, a.body, says, password)
		require.NotContains(t, a.body, password)
	}
	done := b.post(c, "/staff/link/"+token, url.Values{"password": {good}})
	require.Equal(t, "/staff", done.header.Get("Location"), done.body)
	require.Equal(t, 200, b.get(c, "/staff").status)
	require.Contains(t, b.get(c, "/staff/account").body, "mara@northwind.example")
	used := b.post(b.browser(), "/staff/link/"+token, url.Values{"password": {good}})
	require.Equal(t, http.StatusConflict, used.status)
	require.Equal(t, "This link has been used", title(t, used))
	require.Equal(t, 404, b.get(c, "/staff/link/nonsense").status)
}

func TestASecondFactorIsSetUpBeforeAnythingElseWhereTheRoleNeedsOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.person(models.RoleDPO, models.ID{}, "mara@northwind.example")
	c := b.browser()
	b.clock(time.Minute)
	require.Equal(t, "/staff/account/factor", b.post(c, "/staff/login", dpo.form()).header.Get("Location"))
	for _, path := range []string{"/staff", "/staff/members", "/staff/permissions", "/staff/confirm"} {
		require.Equal(t, "/staff/login", b.get(c, path).header.Get("Location"), path)
	}
	require.Equal(t, "/staff/login", b.post(c, "/staff/members", nil).header.Get("Location"))
	require.NotContains(t, b.get(c, "/staff/account/factor").body, `href="/staff/members"`)
	secret, codes := b.withApp(c, dpo)
	require.Equal(t, "/staff", b.post(c, "/staff/account/continue", nil).header.Get("Location"))
	require.Equal(t, 200, b.get(c, "/staff").status)

	again := b.browser()
	b.clock(time.Minute)
	require.Equal(t, "/staff/login/factor", b.post(again, "/staff/login", dpo.form()).header.Get("Location"))
	require.Equal(t, "/staff/login", b.get(again, "/staff").header.Get("Location"), "a password alone opens nothing")
	require.Equal(t, "/staff/login", b.get(again, "/staff/account/factor").header.Get("Location"), "nor lets it set up another factor")
	wrong := b.post(again, "/staff/login/factor", url.Values{"code": {"000000"}})
	require.Equal(t, 400, wrong.status)
	require.Equal(t, "Error: Second step", title(t, wrong))
	code := b.code(secret)
	require.Equal(t, "/staff", b.post(again, "/staff/login/factor", url.Values{"code": {code[:3] + " " + code[3:]}}).header.Get("Location"))

	third := b.browser()
	b.post(third, "/staff/login", dpo.form())
	replayed := b.post(third, "/staff/login/factor", url.Values{"code": {code}})
	require.Contains(t, replayed.body, "This code has been used", "somebody who saw it")
	b.clock(time.Minute)
	require.Equal(t, "/staff", b.post(third, "/staff/login/factor", url.Values{"code": {strings.ToLower(codes[3])}}).header.Get("Location"))
	fourth := b.browser()
	b.post(fourth, "/staff/login", dpo.form())
	require.Equal(t, 400, b.post(fourth, "/staff/login/factor", url.Values{"code": {codes[3]}}).status, "a recovery code opens once")
	require.Contains(t, b.get(third, "/staff/account").body, "9 are left")
}

func TestSigningInWithAPasswordTakesTooLong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.person(models.RoleDPO, models.ID{}, "mara@northwind.example")
	c := b.browser()
	secret, _ := b.withApp(c, dpo)
	b.clock(time.Minute)
	b.post(c, "/staff/login", dpo.form())
	b.clock(11 * time.Minute)
	require.Equal(t, "/staff/login?note=again", b.post(c, "/staff/login/factor", url.Values{"code": {b.code(secret)}}).header.Get("Location"))
}

func TestWrongPasswordsAreAnsweredAlikeAndSlowedDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	known := b.browser()
	b.enter(known, mara)
	var pages []string
	for _, email := range []string{mara.email, "nobody@northwind.example"} {
		b.clock(time.Minute)
		a := b.post(b.browser(), "/staff/login", url.Values{"email": {email}, "password": {"wrong horse battery"}})
		require.Equal(t, 401, a.status)
		pages = append(pages, strings.ReplaceAll(a.body, email, "…"))
	}
	require.Equal(t, pages[0], pages[1])
	stranger := b.browser()
	statuses := map[string][]int{}
	for range 6 {
		for _, email := range []string{mara.email, "nobody@northwind.example"} {
			b.clock(13 * time.Second)
			statuses[email] = append(statuses[email], b.post(stranger, "/staff/login", url.Values{"email": {email}, "password": {"wrong"}}).status)
		}
	}
	require.Equal(t, []int{401, 401, 401, 401, 429, 429}, statuses[mara.email])
	require.Equal(t, statuses[mara.email], statuses["nobody@northwind.example"])
	b.clock(13 * time.Second)
	require.Equal(t, 429, b.post(stranger, "/staff/login", mara.form()).status, "the right password too, from there")
	b.clock(13 * time.Second)
	require.Equal(t, http.StatusSeeOther, b.post(known, "/staff/login", mara.form()).status, "the person's own browser gets in all the same")
	page := b.get(known, "/staff/account").body
	require.Contains(t, page, "A wrong password")
	require.Contains(t, page, "127.0.0.0/24")
	require.Contains(t, page, "Europe/Berlin")
}

func TestASessionIsNewAtEachSignIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	victim := b.browser()
	b.get(victim, "/staff/login")
	u, err := url.Parse(b.url)
	require.NoError(t, err)
	victim.Jar.SetCookies(u, []*http.Cookie{{Name: "habeas_session", Value: "chosen-by-somebody-else", Path: "/"}})
	b.enter(victim, mara)
	cookie := func(c *http.Client) string {
		for _, one := range c.Jar.Cookies(u) {
			if one.Name == "habeas_session" {
				return one.Value
			}
		}
		return ""
	}
	first := cookie(victim)
	require.NotEqual(t, "chosen-by-somebody-else", first)
	b.enter(victim, mara)
	require.NotEqual(t, first, cookie(victim))
	thief := b.browser()
	thief.Jar.SetCookies(u, []*http.Cookie{{Name: "habeas_session", Value: first, Path: "/"}})
	require.Equal(t, "/staff/login", b.get(thief, "/staff").header.Get("Location"), "the former token opens nothing")
}

func TestCookiesAreBoundToTheHostOverTLS(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.BaseURL = "https://habeas.test" })
	_, token, err := b.InviteFirst(t.Context(), store.MemberSpec{Role: models.RoleAuditor, Name: "Mara Lind", Email: "mara@northwind.example"})
	require.NoError(t, err)
	a := b.post(b.client, "/staff/link/"+token, url.Values{"password": {good}})
	require.Equal(t, http.StatusSeeOther, a.status, a.body)
	cookies := a.header.Values("Set-Cookie")
	require.Len(t, cookies, 2)
	for _, cookie := range cookies {
		require.Regexp(t, `^__Host-habeas_(session|device)=[^;]+; Path=/;`, cookie)
		require.Contains(t, cookie, "HttpOnly")
		require.Contains(t, cookie, "Secure")
		require.Contains(t, cookie, "SameSite=Lax")
		require.NotContains(t, cookie, "Domain")
	}
}

func TestAPersonEndsTheirSessionsAndLearnsOfThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	eve := b.person(models.RoleAuditor, models.ID{}, "eve@northwind.example")
	here, there, foreign := b.browser(), b.browser(), b.browser()
	b.enter(here, mara)
	b.enter(there, mara)
	b.enter(foreign, eve)
	end := regexp.MustCompile(`/staff/account/sessions/[0-9a-f-]{36}/end`).FindString(b.get(here, "/staff/account").body)
	require.NotEmpty(t, end)
	require.Equal(t, 404, b.post(foreign, end, nil).status)
	require.Equal(t, 200, b.get(there, "/staff").status)
	for range 2 { // of the invitation, and there
		end = regexp.MustCompile(`/staff/account/sessions/[0-9a-f-]{36}/end`).FindString(b.get(here, "/staff/account").body)
		require.Equal(t, http.StatusSeeOther, b.post(here, end, nil).status)
	}
	require.Equal(t, "/staff/login", b.get(there, "/staff").header.Get("Location"))
	require.Equal(t, 200, b.get(here, "/staff").status)
	b.enter(there, mara)
	require.Equal(t, http.StatusSeeOther, b.post(here, "/staff/account/sessions/end", nil).status)
	require.Equal(t, "/staff/login", b.get(there, "/staff").header.Get("Location"))

	b.clock(29 * time.Minute)
	require.Equal(t, 200, b.get(here, "/staff").status)
	b.clock(31 * time.Minute)
	require.Equal(t, "/staff/login", b.get(here, "/staff").header.Get("Location"), "idle")
	b.enter(here, mara)
	for range 24 {
		b.clock(29 * time.Minute)
		require.Equal(t, 200, b.get(here, "/staff").status)
	}
	b.clock(29 * time.Minute)
	require.Equal(t, "/staff/login", b.get(here, "/staff").header.Get("Location"), "after twelve hours, however busy")
}

func TestAPasswordIsChangedByWhoKnowsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	here, there := b.browser(), b.browser()
	b.enter(here, mara)
	b.enter(there, mara)
	change := func(current, password string) answer {
		b.clock(time.Second)
		return b.post(here, "/staff/account/password", url.Values{"current": {current}, "password": {password}})
	}
	require.Contains(t, change("wrong", "another pear under ladders").body, "That is not your password")
	require.Contains(t, change(good, good).body, "That is the password you have")
	require.Contains(t, change(good, "short").body, "too short")
	require.Equal(t, "/staff/account?note=password_set", change(good, "another pear under ladders").header.Get("Location"))
	require.Equal(t, 200, b.get(here, "/staff").status)
	require.Equal(t, "/staff/login", b.get(there, "/staff").header.Get("Location"))
	b.clock(time.Minute)
	require.Equal(t, 401, b.post(there, "/staff/login", mara.form()).status)
	mara.password = "another pear under ladders"
	b.enter(there, mara)
}

func TestAPasswordIsForgottenWithoutTellingWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	var pages []string
	for _, email := range []string{mara.email, "nobody@northwind.example", "nonsense"} {
		a := b.post(b.client, "/staff/forgot", url.Values{"email": {email}})
		require.Equal(t, 200, a.status)
		pages = append(pages, a.body)
	}
	require.Equal(t, pages[0], pages[1])
	require.Equal(t, pages[0], pages[2])
	mails, err := b.ClaimLinkMails(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, mails, 1)
	require.Equal(t, models.Personal(mara.email), mails[0].Member.Email)
	b.clock(time.Minute)
	c := b.browser()
	require.Contains(t, b.get(c, "/staff/link/"+mails[0].Token).body, "signed out everywhere else")
	require.Equal(t, "/staff", b.post(c, "/staff/link/"+mails[0].Token, url.Values{"password": {"another pear under ladders"}}).header.Get("Location"))
}

func TestTheMailboxAloneOpensNoAccountWithASecondFactor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.person(models.RoleDPO, models.ID{}, "mara@northwind.example")
	_, codes := b.withApp(b.browser(), dpo)
	b.clock(time.Hour)
	b.post(b.client, "/staff/forgot", url.Values{"email": {dpo.email}})
	mails, err := b.ClaimLinkMails(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, mails, 1)
	c := b.browser()
	require.Equal(t, "/staff/login/factor", b.post(c, "/staff/link/"+mails[0].Token, url.Values{"password": {"another pear under ladders"}}).header.Get("Location"))
	require.Equal(t, "/staff/login", b.get(c, "/staff").header.Get("Location"))
	require.Equal(t, "/staff", b.post(c, "/staff/login/factor", url.Values{"code": {codes[0]}}).header.Get("Location"))
}

func TestChangingWhatOneSignsInWithAsksOnceMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleController, b.acme.ID, "mara@acme.example")
	c := b.browser()
	b.enter(c, mara)
	b.clock(11 * time.Minute)
	for path, back := range map[string]string{"/staff/account/factor/begin": "/staff/account/factor", "/staff/members": "/staff/members"} {
		require.Equal(t, "/staff/confirm", b.post(c, path, url.Values{"role": {"controller_viewer"}, "name": {"Vi"}, "email": {"vi@acme.example"}}).header.Get("Location"))
		require.Contains(t, b.post(c, "/staff/confirm", url.Values{"password": {"wrong"}}).body, "That is not your password")
		require.Equal(t, back+"?note=confirmed", b.post(c, "/staff/confirm", url.Values{"password": {good}}).header.Get("Location"))
		require.Equal(t, http.StatusSeeOther, b.post(c, path, url.Values{"role": {"controller_viewer"}, "name": {"Vi"}, "email": {"vi@acme.example"}}).status)
		b.clock(11 * time.Minute)
	}
}

func TestTheLastSecondFactorStaysWhereTheRoleNeedsOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.person(models.RoleDPO, models.ID{}, "mara@northwind.example")
	c := b.browser()
	b.withApp(c, dpo)
	b.post(c, "/staff/account/continue", nil)
	require.Contains(t, b.post(c, "/staff/account/factor/remove", nil).body, "Add another before you remove this one")

	admin := b.person(models.RoleController, b.acme.ID, "mara@acme.example")
	b.enter(c, admin)
	b.post(c, "/staff/account/factor/begin", nil)
	secret := regexp.MustCompile(`<code class="secret">([A-Z2-7 ]+)</code>`).FindStringSubmatch(b.get(c, "/staff/account/factor").body)[1]
	require.Equal(t, 200, b.post(c, "/staff/account/factor/confirm", url.Values{"code": {b.code(strings.ReplaceAll(secret, " ", ""))}}).status)
	require.Equal(t, "/staff/account?note=factor_removed", b.post(c, "/staff/account/factor/remove", nil).header.Get("Location"))
}

func TestAnOldPasswordIsChangedFirstWhereThePolicySaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.SignIn = account.Config{MaxAge: 24 * time.Hour} })
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	c := b.browser()
	b.enter(c, mara)
	b.clock(25 * time.Hour)
	require.Equal(t, "/staff/account?note=password_old", b.post(c, "/staff/login", mara.form()).header.Get("Location"))
	require.Equal(t, "/staff/login", b.get(c, "/staff").header.Get("Location"))
	require.Contains(t, b.get(c, "/staff/account?note=password_old").body, "older than is allowed")
	require.Equal(t, "/staff", b.post(c, "/staff/account/password", url.Values{"current": {good}, "password": {"another pear under ladders"}}).header.Get("Location"))
	require.Equal(t, 200, b.get(c, "/staff").status)
}

func TestAccessKeysOpenTheConsoleOnlyWhereTheyMay(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.SignIn = account.Config{KeysOff: true} })
	c := b.browser()
	a := b.post(c, "/staff/login", url.Values{"key": {b.keys[models.RoleDPO]}})
	require.Equal(t, 401, a.status)
	require.Contains(t, a.body, "Access keys do not open this console")
	require.NotContains(t, b.get(c, "/staff/login").body, `name="key"`)
	require.Equal(t, 200, b.call("GET", "/v1/requests", b.keys[models.RoleDPO], "").status, "the API as ever")
}
