package account

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// flashes are what the page of signing in says, by what stands in its address.
var flashes = map[string]string{"out": "login.out", "sso": "login.sso.failed", "stranger": "login.sso.stranger", "no_role": "login.sso.no_role", "again": "login.again"}

func (a *Account) loginPage(c echo.Context) error {
	view := templates.LoginView{Flash: flashes[c.QueryParam("note")]}
	if c.QueryParam("note") == "out" {
		view.SignOutThere = a.signOutThere()
	}
	return a.showLogin(c, http.StatusOK, view)
}

func (a *Account) showLogin(c echo.Context, status int, view templates.LoginView) error {
	view.Keys, view.Passkeys = !a.KeysOff, a.passkeys != nil
	if a.sso != nil {
		view.SSO = a.sso.Name
	}
	return show(a, c, status, "", templates.Login, view)
}

func (a *Account) login(c echo.Context) error {
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	if key := form.Get("key"); key != "" {
		return a.keyLogin(c, key)
	}
	email, password := strings.TrimSpace(form.Get("email")), form.Get("password")
	view := templates.LoginView{Email: email}
	if email == "" {
		view.Errors = append(view.Errors, templates.FieldError{Field: "email", Key: "error.sign_in_email"})
	}
	if password == "" {
		view.Errors = append(view.Errors, templates.FieldError{Field: "password", Key: "error.sign_in_password"})
	}
	if view.Errors != nil {
		return a.showLogin(c, http.StatusUnauthorized, view)
	}
	m, err := a.checkPassword(c, models.Personal(email), models.Personal(password))
	switch {
	case models.KindOf(err) == models.TooMany:
		view.Errors = templates.Errors{{Field: "email", Key: "error.too_many_sign_ins"}}
		return a.showLogin(c, http.StatusTooManyRequests, view)
	case models.KindOf(err) == models.Unauthenticated:
		view.Errors = templates.Errors{{Field: "email", Key: "error.bad_sign_in"}}
		return a.showLogin(c, http.StatusUnauthorized, view)
	case err != nil:
		return err
	}
	return a.passed(c, m, "password", false)
}

// checkPassword finds whose address and password these are. It fails with bad_sign_in, whatever is wrong and after the same work, or with
// too_many_attempts.
func (a *Account) checkPassword(c echo.Context, email, password models.Personal) (store.Member, error) {
	ctx := c.Request().Context()
	attempt, err := a.Store.BeginAttempt(ctx, a.attempt(c, store.AttemptPassword, email))
	if err != nil {
		return store.Member{}, err
	}
	id, hash, err := a.Store.CredentialsOf(ctx, email)
	if err != nil {
		return store.Member{}, err
	}
	ok, outdated, err := a.hasher.same(ctx, password, hash)
	if err != nil {
		return store.Member{}, err
	}
	if !ok {
		return store.Member{}, models.Errorf(models.Unauthenticated, "bad_sign_in", "The address or the password is not right.")
	}
	if err := a.Store.AttemptSucceeded(ctx, attempt); err != nil {
		return store.Member{}, err
	}
	if outdated {
		if hash, err = a.hasher.make(ctx, password); err == nil {
			err = a.Store.Rehash(ctx, id, hash)
		}
		if err != nil {
			return store.Member{}, err
		}
	}
	return a.Store.ActiveMember(ctx, id)
}

func (a *Account) attempt(c echo.Context, kind store.AttemptKind, email models.Personal) store.Attempt {
	r := c.Request()
	return store.Attempt{Kind: kind, Email: email, Source: a.sourceOf(r), Device: a.deviceOf(r), Place: a.placeOf(r), PerSource: a.FailuresPerAddress}
}

// KnownBrowser reports whether somebody who may sign in has done so in this browser before.
func (a *Account) KnownBrowser(r *http.Request) (bool, error) {
	token := a.deviceOf(r)
	if token == "" {
		return false, nil
	}
	return a.Store.DeviceKnown(r.Context(), token)
}

// deviceOf is what a browser shows to be known by; "" without it.
func (a *Account) deviceOf(r *http.Request) string {
	cookie, err := r.Cookie(cookieName("device", a.Base))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (a *Account) keyLogin(c echo.Context, key string) error {
	ctx := c.Request().Context()
	bad := templates.LoginView{Errors: templates.Errors{{Field: "key", Key: "error.bad_key"}}}
	if a.KeysOff {
		return a.showLogin(c, http.StatusUnauthorized, templates.LoginView{Errors: templates.Errors{{Field: "email", Key: "error.keys_off"}}})
	}
	who, err := a.Store.Authenticate(ctx, key)
	if err == nil && len(who.Grants) > 0 { // a key for a program, which may do less than a page offers
		err = models.Errorf(models.Unauthenticated, "bad_key", "The access key is not valid.")
	}
	if models.KindOf(err) == models.Unauthenticated {
		return a.showLogin(c, http.StatusUnauthorized, bad)
	}
	if err != nil {
		return err
	}
	if err := a.renew(ctx); err != nil {
		return err
	}
	a.sessions.Put(ctx, keyAccess, who.ID.String())
	return c.Redirect(http.StatusSeeOther, home(who.Role))
}

// home is the page on which somebody begins.
func home(role models.Role) string {
	if role == models.RoleOperator {
		return "/staff/operations"
	}
	return "/staff"
}

// renew begins a session anew: one that was set before signing in is worth nothing after it.
func (a *Account) renew(ctx context.Context) error {
	if err := a.sessions.RenewToken(ctx); err != nil {
		return err
	}
	return a.sessions.Clear(ctx)
}

// passed goes on after somebody has shown a password, a link of a mail or a passkey. strong says that no second factor is to be asked for.
func (a *Account) passed(c echo.Context, m store.Member, method string, strong bool) error {
	ctx := c.Request().Context()
	if err := a.renew(ctx); err != nil {
		return err
	}
	a.sessions.Put(ctx, keyFresh, a.Now().Unix())
	a.sessions.Put(ctx, keyMethod, method)
	if m.Factor() && !strong {
		a.sessions.Put(ctx, keyHalf, m.ID.String())
		return a.to(c, "/staff/login/factor")
	}
	return a.complete(c, m, method, strong)
}

// complete signs somebody in, unless they must set something up first.
func (a *Account) complete(c echo.Context, m store.Member, method string, strong bool) error {
	ctx := c.Request().Context()
	if next := a.missing(m, strong); next != "" {
		a.sessions.Put(ctx, keyHalf, m.ID.String())
		a.sessions.Put(ctx, keyPassed, true)
		return a.to(c, next)
	}
	r := c.Request()
	id, err := a.Store.OpenSession(ctx, m.ID, method, a.placeOf(r), a.deviceOf(r))
	if err != nil {
		return err
	}
	if err := a.renew(ctx); err != nil {
		return err
	}
	a.sessions.Put(ctx, keySession, id.String())
	a.sessions.Put(ctx, keyFresh, a.Now().Unix())
	if err := a.knowDevice(c, m.ID); err != nil {
		return err
	}
	return a.to(c, home(m.Role))
}

// missing is the page on which somebody must set something up before they go on, or "".
func (a *Account) missing(m store.Member, strong bool) string {
	switch {
	case m.Password && a.MaxAge > 0 && a.Now().Sub(m.PasswordAt) >= a.MaxAge:
		return "/staff/account?note=password_old"
	case !strong && !m.Factor() && slices.Contains(a.SecondFactor, m.Role):
		return "/staff/account/factor"
	}
	return ""
}

// goOn signs somebody in who was half signed in, once nothing is missing; otherwise, and for others, it goes to a page.
func (a *Account) goOn(c echo.Context, memberID models.ID, otherwise string) error {
	ctx := c.Request().Context()
	if !a.sessions.GetBool(ctx, keyPassed) {
		return a.to(c, otherwise)
	}
	m, err := a.Store.ActiveMember(ctx, memberID)
	if err != nil {
		return err
	}
	return a.complete(c, m, a.sessions.GetString(ctx, keyMethod), false)
}

// deviceFor is how long a browser stays known.
const deviceFor = 180 * 24 * time.Hour

// knowDevice makes the browser known to the account, so that others' attempts do not count against it.
func (a *Account) knowDevice(c echo.Context, memberID models.ID) error {
	token, err := a.Store.KnowDevice(c.Request().Context(), memberID, a.deviceOf(c.Request()))
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{ //nolint:gosec // secure wherever the service is reached over TLS
		Name: cookieName("device", a.Base), Value: token, Path: "/", MaxAge: int(deviceFor.Seconds()), HttpOnly: true, Secure: a.Base.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
	return nil
}

// to leads a form on with a redirect, and a script with the address to go to.
func (a *Account) to(c echo.Context, path string) error {
	if strings.HasPrefix(c.Request().Header.Get("Accept"), "application/json") {
		return c.JSON(http.StatusOK, map[string]string{"to": path})
	}
	return c.Redirect(http.StatusSeeOther, path)
}

func (a *Account) logout(c echo.Context) error {
	ctx := c.Request().Context()
	if id, err := models.ParseID(a.sessions.GetString(ctx, keySession)); err == nil {
		m, err := a.Store.SessionMember(ctx, id, a.Idle, a.Lifetime)
		if err == nil {
			err = a.Store.EndSession(ctx, m.ID, id)
		}
		if err != nil && models.KindOf(err) != models.Unauthenticated {
			return err
		}
	}
	if err := a.sessions.Destroy(ctx); err != nil {
		return err
	}
	// The cookies stay: the session's has been emptied, and the one of a known browser keeps strangers from locking its owner out.
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return c.Redirect(http.StatusSeeOther, "/staff/login?note=out")
}
