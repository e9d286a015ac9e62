package staff

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/templates"
)

// languages are those in which a person may be written to; where a text is missing it is in English.
var languages = []string{"en", "de", "fr", "es", "it", "nl", "pl"}

// fileForm asks for a request that a customer files for a person, or that somebody enters who has a letter or a call before them.
func (k *Console) fileForm(c echo.Context) error {
	return k.showFileForm(c, http.StatusOK, intake.Raw{Right: c.QueryParam("right")}, "", nil)
}

func (k *Console) showFileForm(c echo.Context, status int, raw intake.Raw, corrections string, faults problem.Faults) error {
	who := caller(c)
	view := templates.FileView{Customer: who.Role == models.RoleController, Vouched: raw.Vouched, Language: raw.Language, Languages: languages}
	right, err := models.ParseRight(raw.Right)
	if err != nil { // nothing is chosen yet
		view.Rights = models.Rights()
		return show(k, c, status, "inbox", templates.File, view)
	}
	view.Form = templates.FormView{
		Right: right, Article: right.Article(), Name: raw.Name, Email: raw.Email, Message: raw.Message, Statement: statementForm(right, raw.Statement, corrections),
	}
	all, err := k.Store.Controllers(c.Request().Context(), who.Scope)
	if err != nil {
		return err
	}
	if len(all) > 1 {
		for _, one := range all {
			view.Form.Controllers = append(view.Form.Controllers, templates.Option{Value: one.Slug, Label: one.Name, Selected: one.Slug == raw.Controller})
		}
	}
	typed := map[string]string{}
	for _, i := range raw.Identities {
		typed[i.Kind] = i.Value
	}
	for _, kind := range k.IdentityKinds {
		if kind != "email" {
			view.Form.Identities = append(view.Form.Identities, templates.IdentityField{Kind: kind, Value: typed[kind]})
		}
	}
	for _, f := range faults {
		field := strings.TrimPrefix(f.Field, "/")
		if field == "identity_vouched" {
			field = "language" // whoever may not vouch has no such field; it would be the next one
		}
		view.Form.Errors = append(view.Form.Errors, templates.FieldError{Field: field, Key: "error." + f.Code})
	}
	return show(k, c, status, "inbox", templates.File, view)
}

// statementForm is what a right asks besides, with what was typed; nil for a right that asks for nothing.
func statementForm(right models.Right, raw intake.Statement, corrections string) *templates.StatementForm {
	v := templates.StatementForm{Situation: raw.Situation, Wrong: raw.Wrong, Correct: raw.Correct, Corrections: corrections}
	switch right {
	case models.Restriction:
		for _, g := range request.Grounds() {
			v.Grounds = append(v.Grounds, templates.Option{Value: string(g), Selected: string(g) == raw.Ground})
		}
	case models.Objection:
		for _, one := range request.Purposes() {
			v.Purposes = append(v.Purposes, templates.Option{Value: string(one), Selected: slices.Contains(raw.Purposes, string(one))})
		}
	case models.Rectification:
		v.Rectify = true
	default:
		return nil
	}
	return &v
}

// file takes the request in as the portal and the JSON interface do.
func (k *Console) file(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), caller(c)
	raw := k.rawOf(form)
	sub, err := intake.Check(ctx, k.Store, raw, who)
	if faults, ok := errors.AsType[problem.Faults](err); ok {
		return k.showFileForm(c, http.StatusBadRequest, raw, form.Get("corrections"), faults)
	}
	if err != nil {
		return err
	}
	got, err := k.Store.Submit(ctx, sub)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/requests/"+got.RequestID.String()+"?done=filed")
}

func (k *Console) rawOf(form url.Values) intake.Raw {
	text := func(name string) string { return strings.ReplaceAll(form.Get(name), "\r\n", "\n") }
	raw := intake.Raw{
		Right: form.Get("right"), Controller: form.Get("controller"), Name: form.Get("name"), Email: form.Get("email"), Message: text("message"),
		Vouched: form.Get("vouched") == "true", Statement: intake.Statement{
			Ground: form.Get("ground"), Purposes: form["purpose"], Situation: text("situation"), Wrong: text("wrong"),
			Correct: text("correct"), Corrections: intake.Lines(text("corrections")),
		},
	}
	if l := form.Get("language"); slices.Contains(languages, l) {
		raw.Language = l
	}
	for _, kind := range k.IdentityKinds {
		raw.Identities = append(raw.Identities, intake.Identity{Kind: kind, Value: form.Get("identity-" + kind)})
	}
	return raw
}
