package account

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// Show renders a page of the console inside the frame; section is the part of the navigation that it belongs to.
type Show func(w http.ResponseWriter, r *http.Request, status int, section string, render func(*templates.Engine, templates.Frame) ([]byte, error)) error

// Deps is what signing in needs.
type Deps struct {
	Store       *store.Store
	Sessions    scs.Store
	Show        Show
	Address     func(*http.Request) string // the client's
	Base        *url.URL                   // as people reach the service
	Permissions func() []Subject           // the access table, for its page
	Now         func() time.Time
	Config
}

// Config is the part that an operator sets. Its zero value is safe and usable.
type Config struct {
	KeysOff       bool          // access keys open the API only, not the console
	SecondFactor  []models.Role // that must have one; nil is the default of Mandatory
	MinLength     int           // of passwords; 12 when zero
	Breached      Breached      // passwords that are known to have leaked, besides the common ones
	MaxAge        time.Duration // of a password; zero asks nobody to change one that is good
	Idle          time.Duration // after which a session ends when it is not used; 30 minutes when zero
	Lifetime      time.Duration // after which a session ends; 12 hours when zero
	Confirm       []Act         // before which people show once more who they are, unless they did within ConfirmWithin; nil is the default of Asked
	ConfirmWithin time.Duration // 10 minutes when zero
	// FailuresPerAddress is how many attempts to sign in may fail from one network within a quarter of an hour, browsers that are known aside; 50 when zero.
	FailuresPerAddress int
	SSO                *SSO // nil: no single sign-on
}

// Mandatory are the roles that must have a second factor, unless the operator says otherwise: those who decide, and those who manage accounts.
func Mandatory() []models.Role {
	return []models.Role{models.RoleDPO, models.RoleOperator, models.RoleHandler}
}

// Account serves the pages of signing in.
type Account struct {
	Deps
	sessions *scs.SessionManager
	passkeys *webauthn.WebAuthn // nil where the address of the service is no name
	hasher   *hasher
	sso      *provider // nil without single sign-on
}

// What a session holds.
const (
	keyAccess  = "access_key"     // identifier of the access key that opened it, or
	keySession = "member_session" // identifier of a person's session, or
	keyHalf    = "half"           // identifier of an account whose password was right, while something is missing
	keyPassed  = "half_passed"    // nothing is missing but what the person must set up now
	keyMethod  = "method"         // what has been shown so far
	keyFresh   = "fresh"          // unix time at which the person last showed it
	keyPasskey = "passkey"        // a ceremony under way
	keySSO     = "sso"            // a visit to the identity provider under way
	keyBack    = "back"           // where a confirmation leads back to
)

// halfFor is how long somebody who has shown the first of two things has for the second, or to set it up.
const halfFor = 10 * time.Minute

// New makes the part of the server that signs people in. It fails on an identity provider that is not configured rightly.
func New(d Deps) (*Account, error) {
	if d.Idle == 0 {
		d.Idle = 30 * time.Minute
	}
	if d.Lifetime == 0 {
		d.Lifetime = 12 * time.Hour
	}
	if d.MinLength == 0 {
		d.MinLength = 12
	}
	if d.SecondFactor == nil {
		d.SecondFactor = Mandatory()
	}
	if d.Confirm == nil {
		d.Confirm = Asked()
	}
	if d.ConfirmWithin == 0 {
		d.ConfirmWithin = 10 * time.Minute
	}
	a := &Account{Deps: d, sessions: sessions(d), hasher: newHasher(), passkeys: passkeysOf(d.Base)}
	var err error
	a.sso, err = newProvider(d.SSO, d.Base)
	return a, err
}

func sessions(d Deps) *scs.SessionManager {
	m := scs.New()
	m.Store, m.IdleTimeout, m.Lifetime, m.HashTokenInStore = d.Sessions, d.Idle, d.Lifetime, true
	m.Cookie.Name, m.Cookie.Secure = cookieName("session", d.Base), d.Base.Scheme == "https"
	m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Path, m.Cookie.Persist = true, http.SameSiteLaxMode, "/", false
	return m
}

// cookieName binds a cookie to this host where the service is reached over TLS.
func cookieName(name string, base *url.URL) string {
	if base.Scheme == "https" {
		return "__Host-habeas_" + name
	}
	return "habeas_" + name
}

// LoadSession puts the session around the calls that have one; other pages neither read nor set a cookie.
func (a *Account) LoadSession(has func(*http.Request) bool, next http.Handler, fail middleware.Fail) http.Handler {
	a.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		fail(w, r, models.Errorf(models.Unavailable, "session_unavailable", "Your session cannot be read just now; try again.").Because(err))
	}
	with := a.sessions.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if has(r) {
			with.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Principal is who is signed in; its zero value is nobody. It is looked up on every call, so that revoking a key, ending a session or deactivating an
// account counts at once. With half it is also somebody who has shown everything and must set up a second factor, or a new password, before they go on.
func (a *Account) Principal(ctx context.Context, half bool) (models.Principal, error) {
	if id, err := models.ParseID(a.sessions.GetString(ctx, keySession)); err == nil {
		return known(a.Store.SessionMember(ctx, id, a.Idle, a.Lifetime))
	}
	if half && a.sessions.GetBool(ctx, keyPassed) {
		m, err := a.half(ctx)
		return known(m, err)
	}
	return a.keyHolder(ctx)
}

// known turns an account that cannot be signed in to into nobody.
func known(m store.Member, err error) (models.Principal, error) {
	if models.KindOf(err) == models.Unauthenticated {
		return models.Principal{}, nil
	}
	if err != nil {
		return models.Principal{}, err
	}
	return m.Principal(), nil
}

// half is the account of somebody who has not signed in wholly; it fails with member_inactive for anybody else.
func (a *Account) half(ctx context.Context) (store.Member, error) {
	id, err := models.ParseID(a.sessions.GetString(ctx, keyHalf))
	if err != nil || !a.shown(ctx, halfFor) {
		return store.Member{}, models.Errorf(models.Unauthenticated, "member_inactive", "Sign in first.")
	}
	return a.Store.ActiveMember(ctx, id)
}

// keyHolder is who signed in with an access key.
func (a *Account) keyHolder(ctx context.Context) (models.Principal, error) {
	id, err := models.ParseID(a.sessions.GetString(ctx, keyAccess))
	if err != nil || a.KeysOff {
		return models.Principal{}, nil
	}
	keys, err := a.Store.Keys(ctx, models.ScopeOperator())
	if err != nil {
		return models.Principal{}, err
	}
	now := a.Now()
	at := slices.IndexFunc(keys, func(k store.AccessKey) bool { return k.ID == id })
	if at < 0 || !keys[at].RevokedAt.IsZero() || (!keys[at].ExpiresAt.IsZero() && !now.Before(keys[at].ExpiresAt)) {
		return models.Principal{}, nil
	}
	key := keys[at]
	p := models.Principal{Actor: models.Actor{Role: key.Role, ID: key.ID}, Name: key.Name, Scope: models.ScopeOf(key.ControllerID), Grants: key.Grants}
	if key.Role.Staff() {
		p.Scope = models.ScopeOperator()
	}
	return p, nil
}

// Half reports whether the caller must still set something up before they are signed in.
func (a *Account) Half(ctx context.Context) bool { return a.sessions.GetBool(ctx, keyPassed) }

// member is the account of the caller; ok is false for an access key, which has none.
func (a *Account) member(c echo.Context) (m store.Member, ok bool, err error) {
	if a.sessions.GetString(c.Request().Context(), keyAccess) != "" {
		return store.Member{}, false, nil
	}
	m, err = a.Store.ActiveMember(c.Request().Context(), caller(c).ID)
	return m, err == nil, err
}

// own is member for what only a person can do; it fails with no_account.
func (a *Account) own(c echo.Context) (store.Member, error) {
	m, ok, err := a.member(c)
	if err == nil && !ok {
		err = models.Errorf(models.NotFound, "no_account", "An access key has no account; sign in with yours.")
	}
	return m, err
}

func caller(c echo.Context) models.Principal {
	return middleware.CallOf(c.Request().Context()).Principal
}

// show renders one page with its view.
func show[V any](a *Account, c echo.Context, status int, section string, page *templates.Page[V], view V) error {
	return a.Show(c.Response(), c.Request(), status, section, func(e *templates.Engine, f templates.Frame) ([]byte, error) { return page.Render(e, f, view) })
}

// Routes adds the routes of signing in and of accounts.
func (a *Account) Routes(e *echo.Echo) {
	e.GET("/.well-known/change-password", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/staff/account") })
	e.GET("/staff/login", a.loginPage)
	e.POST("/staff/login", a.login)
	e.POST("/staff/logout", a.logout)
	e.GET("/staff/login/factor", a.factorPage)
	e.POST("/staff/login/factor", a.factor)
	e.POST("/staff/login/passkey/options", a.passkeyChallenge)
	e.POST("/staff/login/passkey", a.passkeyLogin)
	e.GET("/staff/login/sso", a.visitProvider)
	e.GET("/staff/login/sso/callback", a.fromProvider)
	e.GET("/staff/forgot", a.forgotPage)
	e.POST("/staff/forgot", a.forgot)
	e.GET("/staff/link/:token", a.linkPage)
	e.POST("/staff/link/:token", a.useLink)
	e.GET("/staff/confirm", a.confirmPage)
	e.POST("/staff/confirm", a.confirm)
	e.GET("/staff/account", a.page)
	e.POST("/staff/account/password", a.changePassword)
	e.GET("/staff/account/factor", a.setupPage)
	e.POST("/staff/account/factor/begin", a.beginTOTP)
	e.POST("/staff/account/factor/confirm", a.confirmTOTP)
	e.POST("/staff/account/factor/remove", a.removeTOTP)
	e.POST("/staff/account/continue", a.goOnward)
	e.POST("/staff/account/recovery", a.newRecoveryCodes)
	e.POST("/staff/account/passkeys/options", a.newPasskeyOptions)
	e.POST("/staff/account/passkeys", a.addPasskey)
	e.POST("/staff/account/passkeys/:id/remove", a.removePasskey)
	e.POST("/staff/account/sessions/end", a.endOthers)
	e.POST("/staff/account/sessions/:id/end", a.endSession)
	e.GET("/staff/members", a.members)
	e.POST("/staff/members", a.invite)
	e.POST("/staff/members/:id/role", a.changeRole)
	e.POST("/staff/members/:id/link", a.sendLink)
	e.POST("/staff/members/:id/factors", a.resetFactors)
	e.POST("/staff/members/:id/deactivate", a.deactivate)
	e.GET("/staff/permissions", a.permissions)
}
