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

// Act is something before which a person shows once more who they are, unless they did a short while ago.
type Act string

const (
	ActAccount   Act = "account"   // changing what one signs in with: always
	ActMembers   Act = "members"   // inviting and changing others
	ActKeys      Act = "keys"      // making an access key, or a new secret of one
	ActWebhooks  Act = "webhooks"  // likewise of a webhook
	ActContracts Act = "contracts" // ordering and approving the end of a contract
	ActLetters   Act = "letters"   // approving a letter to the persons whom a breach concerns
	ActDecisions Act = "decisions" // deciding about requests
)

// Acts are those that an operator may choose from.
func Acts() []Act {
	return []Act{ActMembers, ActKeys, ActWebhooks, ActContracts, ActLetters, ActDecisions}
}

// Asked are the acts that are asked for unless the operator says otherwise: those whose effect outlasts the session, or cannot be taken back and is rare.
// Deciding about requests is daily work, and a second person looks at what is grave.
func Asked() []Act {
	return []Act{ActMembers, ActKeys, ActWebhooks, ActContracts, ActLetters}
}

// Fresh reports whether the caller showed who they are a short while ago. An access key is shown with every session, and can be shown no better; who must
// set something up first has just come in.
func (a *Account) Fresh(ctx context.Context) bool {
	return a.sessions.GetString(ctx, keyAccess) != "" || a.Half(ctx) || a.shown(ctx, a.ConfirmWithin)
}

func (a *Account) shown(ctx context.Context, within time.Duration) bool {
	return a.Now().Sub(time.Unix(a.sessions.GetInt64(ctx, keyFresh), 0)) < within
}

// Asks reports whether the caller must show once more who they are before an act.
func (a *Account) Asks(ctx context.Context, act Act) bool {
	return act != "" && (act == ActAccount || slices.Contains(a.Confirm, act)) && !a.Fresh(ctx)
}

// AskedNow are the acts before which the caller must show once more who they are, for pages that say so before somebody fills in a form.
func (a *Account) AskedNow(ctx context.Context) (acts []string) {
	for _, act := range Acts() {
		if a.Asks(ctx, act) {
			acts = append(acts, string(act))
		}
	}
	return acts
}

// AskAgain leads somebody whose sign-in is too long ago to the page that asks once more who they are; afterwards they are on the page of the form that they
// sent, and do again what they wanted to do.
func (a *Account) AskAgain(c echo.Context, back string) error {
	a.sessions.Put(c.Request().Context(), keyBack, back)
	return a.to(c, "/staff/confirm")
}

// confirmPage asks somebody who is signed in to show once more who they are. A page may lead there before its form is filled in, and names itself.
func (a *Account) confirmPage(c echo.Context) error {
	m, err := a.own(c)
	if err != nil {
		return err
	}
	if back := c.QueryParam("back"); strings.HasPrefix(back, "/staff/") && !strings.ContainsAny(back, "?#\\") {
		a.sessions.Put(c.Request().Context(), keyBack, back)
	}
	return a.showConfirm(c, http.StatusOK, m, nil)
}

// showConfirm asks for the second factor of whoever has one: a password alone may have been filled in by the browser that somebody left open.
func (a *Account) showConfirm(c echo.Context, status int, m store.Member, errs templates.Errors) error {
	return show(a, c, status, "account", templates.Confirm, templates.ConfirmView{
		Email: m.Email.Reveal(), Password: m.Password && !m.Factor(), TOTP: m.TOTP, Recovery: m.Factor(), Passkeys: m.Passkeys > 0 && a.passkeys != nil,
		Back: a.sessions.GetString(c.Request().Context(), keyBack), Errors: errs,
	})
}

func (a *Account) confirm(c echo.Context) error {
	form, err := middleware.Form(c.Request())
	if err != nil {
		return err
	}
	m, err := a.own(c)
	if err != nil {
		return err
	}
	field := "password"
	if m.Factor() {
		field = "code"
		_, err = a.checkCode(c, m, form.Get("code"))
	} else {
		var found store.Member
		if found, err = a.checkPassword(c, m.Email, models.Personal(form.Get("password"))); err == nil && found.ID != m.ID {
			err = wrongCode()
		}
	}
	key, status := codeError(err)
	switch {
	case models.CodeOf(err) == "bad_sign_in":
		key, status = "error.bad_password", http.StatusBadRequest
	case field == "password" && key == "error.too_many_factors":
		key = "error.too_many_sign_ins"
	}
	if key != "" {
		return a.showConfirm(c, status, m, templates.Errors{{Field: field, Key: key}})
	}
	if err != nil {
		return err
	}
	return a.confirmed(c)
}

// confirmed notes that the caller has shown who they are, and goes back to where they were.
func (a *Account) confirmed(c echo.Context) error {
	ctx := c.Request().Context()
	a.sessions.Put(ctx, keyFresh, a.Now().Unix())
	back := a.sessions.PopString(ctx, keyBack)
	if back == "" {
		back = "/staff/account"
	}
	return a.to(c, back+"?note=confirmed")
}
