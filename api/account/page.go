package account

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// notes are what the page of the account says after something was done, by what stands in its address.
var notes = map[string]string{
	"factor_added": "account.factor_added", "factor_removed": "account.factor_removed",
	"password_set": "account.password_set", "session_ended": "account.session_ended", "sessions_ended": "account.sessions_ended",
	"password_old": "account.password_old",
}

func (a *Account) page(c echo.Context) error {
	m, ok, err := a.member(c)
	if err != nil {
		return err
	}
	if !ok {
		who := caller(c)
		return show(a, c, http.StatusOK, "account", templates.AccountPage, templates.AccountView{Key: true, Name: who.Name, Role: string(who.Role)})
	}
	return a.showPage(c, http.StatusOK, m, templates.AccountView{Flash: notes[c.QueryParam("note")]})
}

func (a *Account) showPage(c echo.Context, status int, m store.Member, view templates.AccountView) error {
	ctx := c.Request().Context()
	zone, err := a.zone(c, m)
	if err != nil {
		return err
	}
	view.Half = a.Half(ctx)
	view.Name, view.Email, view.Role, view.MinLength = m.Name.Reveal(), m.Email.Reveal(), string(m.Role), a.minimum(m.Role)
	view.Password, view.TOTP, view.Mandatory, view.MayPasskey = m.Password, m.TOTP, a.mustHave(m), a.passkeys != nil
	if m.Password {
		view.PasswordAt = m.PasswordAt.In(zone)
	}
	keys, err := a.Store.Passkeys(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, k := range keys {
		view.Passkeys = append(view.Passkeys, templates.PasskeyRow{ID: k.ID.String(), Name: k.Name.Reveal(), CreatedAt: k.CreatedAt.In(zone), UsedAt: within(k.UsedAt, zone)})
	}
	left, err := a.Store.RecoveryCodesLeft(ctx, m.ID)
	if err != nil {
		return err
	}
	view.RecoveryLeft, view.IdleMinutes, view.LifetimeHours = int(left), int(a.Idle.Minutes()), int(a.Lifetime.Hours())
	if err := a.addHistory(c, m, zone, &view); err != nil {
		return err
	}
	return show(a, c, status, "account", templates.AccountPage, view)
}

// within is an instant in a zone; zero stays zero.
func within(at time.Time, zone *time.Location) time.Time {
	if at.IsZero() {
		return at
	}
	return at.In(zone)
}

// addHistory adds where the person is signed in and what happened to the account.
func (a *Account) addHistory(c echo.Context, m store.Member, zone *time.Location, view *templates.AccountView) error {
	ctx := c.Request().Context()
	sessions, err := a.Store.MemberSessions(ctx, m.ID, a.Idle, a.Lifetime)
	if err != nil {
		return err
	}
	this := a.sessions.GetString(ctx, keySession)
	for _, s := range sessions {
		view.Sessions = append(view.Sessions, templates.SessionRow{
			ID: s.ID.String(), This: s.ID.String() == this, Method: s.Method, Device: s.Place.Device, Network: s.Place.Network,
			CreatedAt: s.CreatedAt.In(zone), SeenAt: s.SeenAt.In(zone),
		})
	}
	events, err := a.Store.MemberEvents(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, e := range events {
		view.Events = append(view.Events, templates.AccountEvent{At: e.At.In(zone), Kind: e.Kind, Device: e.Place.Device, Network: e.Place.Network})
	}
	return nil
}

// zone is that of the person's controller.
func (a *Account) zone(c echo.Context, m store.Member) (*time.Location, error) {
	ctx := c.Request().Context()
	if m.Role.Staff() {
		operator, err := a.Store.Operator(ctx)
		if models.CodeOf(err) == "not_found" {
			return time.UTC, nil
		}
		return words.Zone(operator.Timezone), err
	}
	own, err := a.Store.ControllerByID(ctx, m.Scope(), m.ControllerID)
	return words.Zone(own.Timezone), err
}

// mustHave reports whether an account must have a second factor.
func (a *Account) mustHave(m store.Member) bool { return slices.Contains(a.SecondFactor, m.Role) }

func (a *Account) showLast(c echo.Context, m store.Member) error {
	return a.showPage(c, http.StatusConflict, m, templates.AccountView{Failure: "account.last_factor"})
}

// changePassword sets another password, which the current one must allow.
func (a *Account) changePassword(c echo.Context) error {
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	m, err := a.own(c)
	if err != nil {
		return err
	}
	ctx, password := c.Request().Context(), models.Personal(form.Get("password"))
	if m.Password {
		switch _, err := a.checkPassword(c, m.Email, models.Personal(form.Get("current"))); {
		case models.KindOf(err) == models.TooMany:
			return a.showPage(c, http.StatusTooManyRequests, m, wrongField("current", "error.too_many_sign_ins"))
		case models.KindOf(err) == models.Unauthenticated:
			return a.showPage(c, http.StatusBadRequest, m, wrongField("current", "error.bad_password"))
		case err != nil:
			return err
		}
		if password.Reveal() == form.Get("current") {
			return a.showPage(c, http.StatusBadRequest, m, wrongField("password", "error.password_same"))
		}
	}
	if key := a.judge(password, m); key != "" {
		return a.showPage(c, http.StatusBadRequest, m, wrongField("password", key))
	}
	hash, err := a.hasher.make(ctx, password)
	if err != nil {
		return err
	}
	this, err := models.ParseID(a.sessions.GetString(ctx, keySession))
	if err != nil { // half signed in: no session is to be kept
		this = models.ID{}
	}
	if err := a.Store.SetPassword(ctx, m.ID, hash, this, a.placeOf(c.Request())); err != nil {
		return err
	}
	if err := a.sessions.RenewToken(ctx); err != nil {
		return err
	}
	return a.goOn(c, m.ID, "/staff/account?note=password_set")
}

func wrongField(field, key string) templates.AccountView {
	return templates.AccountView{Errors: templates.Errors{{Field: field, Key: key}}}
}

// goOnward signs somebody in who has just set up what was missing.
func (a *Account) goOnward(c echo.Context) error {
	return a.goOn(c, caller(c).ID, "/staff/account")
}

func (a *Account) endSession(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	m, err := a.own(c)
	if err != nil {
		return err
	}
	if err := a.Store.EndSession(c.Request().Context(), m.ID, id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/account?note=session_ended")
}

func (a *Account) endOthers(c echo.Context) error {
	m, err := a.own(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	this, err := models.ParseID(a.sessions.GetString(ctx, keySession))
	if err != nil {
		return err
	}
	if err := a.Store.EndOtherSessions(ctx, m.ID, this); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/account?note=sessions_ended")
}
