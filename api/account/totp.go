package account

import (
	"net/http"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"habeas/api/middleware"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// What every authenticator app can do, RFC 6238.
const (
	totpDigits = 6
	totpPeriod = 30 // seconds
	totpSkew   = 1  // steps before and after this one whose codes are taken, for clocks that differ
)

// checkTOTP takes a code once; it fails with wrong_code or code_used.
func (a *Account) checkTOTP(c echo.Context, m store.Member, code string) error {
	return a.takeTOTP(c, m, code, false)
}

func (a *Account) takeTOTP(c echo.Context, m store.Member, code string, confirm bool) error {
	ctx := c.Request().Context()
	secret, counts, err := a.Store.TOTP(ctx, m.ID)
	if err != nil {
		return err
	}
	step, ok := stepOf(secret, strings.ReplaceAll(strings.TrimSpace(code), " ", ""), a.Now())
	if secret == "" || counts == confirm || !ok {
		return wrongCode()
	}
	return a.Store.TakeTOTP(ctx, m.ID, step, confirm, a.placeOf(c.Request()))
}

// stepOf is the step whose code this is.
func stepOf(secret models.Personal, code string, now time.Time) (step int64, ok bool) {
	this := now.Unix() / totpPeriod
	for step = this - totpSkew; step <= this+totpSkew; step++ {
		valid, err := hotp.ValidateCustom(code, uint64(step), secret.Reveal(), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && valid {
			return step, true
		}
	}
	return 0, false
}

// setupPage offers the second factors, and shows the secret of an authenticator app that is being set up.
func (a *Account) setupPage(c echo.Context) error {
	m, err := a.own(c)
	if err != nil {
		return err
	}
	return a.showSetup(c, http.StatusOK, m, nil)
}

func (a *Account) showSetup(c echo.Context, status int, m store.Member, errs templates.Errors) error {
	view := templates.SetupView{Half: a.sessions.GetBool(c.Request().Context(), keyPassed), TOTP: m.TOTP, Passkeys: a.passkeys != nil, Errors: errs}
	secret, counts, err := a.Store.TOTP(c.Request().Context(), m.ID)
	if err != nil {
		return err
	}
	if secret != "" && !counts {
		key, err := otp.NewKeyFromURL(address(a.Base.Hostname(), m.Email, secret))
		if err != nil {
			return err
		}
		if view.QR, err = picture(key.String()); err != nil {
			return err
		}
		view.Secret = spaced(secret.Reveal())
	}
	return show(a, c, status, "account", templates.Setup, view)
}

// address is what an authenticator app reads from the picture.
func address(issuer string, email, secret models.Personal) string {
	return "otpauth://totp/" + strings.ReplaceAll(issuer+":"+email.Reveal(), " ", "%20") + "?algorithm=SHA1&digits=6&issuer=" + issuer + "&period=30&secret=" + secret.Reveal()
}

// spaced writes a secret in groups of four, to be typed.
func spaced(secret string) string {
	var out strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// picture draws a text as a QR code: the path of an SVG with one unit a module, and its size with the margin that readers need.
func picture(text string) (templates.QR, error) {
	const margin = 4
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return templates.QR{}, err
	}
	var path strings.Builder
	n := code.Bounds().Dx()
	for y := range n {
		for x := range n {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 { //nolint:dogsled // a module is black or white
				path.WriteString(templates.Module(x+margin, y+margin))
			}
		}
	}
	return templates.QR{Size: n + 2*margin, Path: path.String()}, nil
}

// beginTOTP makes the secret of an authenticator app. It counts once a code of it was entered.
func (a *Account) beginTOTP(c echo.Context) error {
	m, err := a.own(c)
	if err != nil {
		return err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: a.Base.Hostname(), AccountName: m.Email.Reveal(), SecretSize: 20})
	if err != nil {
		return err
	}
	if err := a.Store.BeginTOTP(c.Request().Context(), m.ID, models.Personal(key.Secret())); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/account/factor")
}

// confirmTOTP makes an authenticator app count, and shows recovery codes to whoever has none.
func (a *Account) confirmTOTP(c echo.Context) error {
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	m, err := a.own(c)
	if err != nil {
		return err
	}
	err = a.takeTOTP(c, m, form.Get("code"), true)
	if key, _ := codeError(err); key != "" {
		return a.showSetup(c, http.StatusBadRequest, m, templates.Errors{{Field: "code", Key: key}})
	}
	if err != nil {
		return err
	}
	return a.firstCodes(c, m)
}

// firstCodes shows recovery codes to somebody who has none, and otherwise goes on.
func (a *Account) firstCodes(c echo.Context, m store.Member) error {
	left, err := a.Store.RecoveryCodesLeft(c.Request().Context(), m.ID)
	if err != nil {
		return err
	}
	if left > 0 {
		return a.goOn(c, m.ID, "/staff/account?note=factor_added")
	}
	return a.showCodes(c, m)
}

// showCodes makes recovery codes and shows them, once.
func (a *Account) showCodes(c echo.Context, m store.Member) error {
	codes, err := a.Store.NewRecoveryCodes(c.Request().Context(), m.ID, a.placeOf(c.Request()))
	if err != nil {
		return err
	}
	return show(a, c, http.StatusOK, "account", templates.Recovery, templates.RecoveryView{Codes: codes})
}

func (a *Account) newRecoveryCodes(c echo.Context) error {
	m, err := a.own(c)
	if err != nil {
		return err
	}
	return a.showCodes(c, m)
}

// removeTOTP takes the app away, unless it is the last second factor of somebody who must have one.
func (a *Account) removeTOTP(c echo.Context) error {
	m, err := a.own(c)
	if err != nil {
		return err
	}
	if m.Passkeys == 0 && a.mustHave(m) {
		return a.showLast(c, m)
	}
	if err := a.Store.DropTOTP(c.Request().Context(), m.ID, a.placeOf(c.Request())); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/account?note=factor_removed")
}
