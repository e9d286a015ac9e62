package account

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

func (a *Account) factorPage(c echo.Context) error {
	m, err := a.half(c.Request().Context())
	if models.KindOf(err) == models.Unauthenticated {
		return c.Redirect(http.StatusSeeOther, "/staff/login?note=again")
	}
	if err != nil {
		return err
	}
	return a.showFactor(c, http.StatusOK, m, nil)
}

func (a *Account) showFactor(c echo.Context, status int, m store.Member, errs templates.Errors) error {
	return show(a, c, status, "", templates.Factor, templates.FactorView{TOTP: m.TOTP, Passkeys: m.Passkeys > 0 && a.passkeys != nil, Errors: errs})
}

// factor takes a code of the authenticator app or a recovery code, and signs in.
func (a *Account) factor(c echo.Context) error {
	ctx := c.Request().Context()
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	m, err := a.half(ctx)
	if models.KindOf(err) == models.Unauthenticated {
		return c.Redirect(http.StatusSeeOther, "/staff/login?note=again")
	}
	if err != nil {
		return err
	}
	method, err := a.checkCode(c, m, form.Get("code"))
	if key, status := codeError(err); key != "" {
		return a.showFactor(c, status, m, templates.Errors{{Field: "code", Key: key}})
	}
	if err != nil {
		return err
	}
	return a.complete(c, m, a.sessions.GetString(ctx, keyMethod)+"+"+method, true)
}

// codeError is what a page says about a code that was not taken; "" for success and for any other error.
func codeError(err error) (key string, status int) {
	switch models.CodeOf(err) {
	case "too_many_attempts":
		return "error.too_many_factors", http.StatusTooManyRequests
	case "wrong_code":
		return "error.wrong_factor", http.StatusBadRequest
	case "code_used":
		return "error.code_used", http.StatusBadRequest
	}
	return "", 0
}

// checkCode takes a code of the account's authenticator app or one of its recovery codes and says which it was. It fails with wrong_code, code_used or
// too_many_attempts.
func (a *Account) checkCode(c echo.Context, m store.Member, code string) (method string, err error) {
	ctx := c.Request().Context()
	attempt, err := a.Store.BeginAttempt(ctx, a.attempt(c, store.AttemptCode, m.Email))
	if err != nil {
		return "", err
	}
	method = "totp"
	err = a.checkTOTP(c, m, code)
	if models.CodeOf(err) == "wrong_code" && len(strings.TrimSpace(code)) > totpDigits {
		var ok bool
		if ok, err = a.Store.UseRecoveryCode(ctx, m.ID, code, a.placeOf(c.Request())); err == nil && !ok {
			err = wrongCode()
		}
		method = "recovery"
	}
	if err != nil {
		return "", err
	}
	return method, a.Store.AttemptSucceeded(ctx, attempt)
}

func wrongCode() error {
	return models.Errorf(models.Unauthenticated, "wrong_code", "The code is not right.")
}
