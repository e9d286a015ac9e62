package portal

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// CodeSender mails the one-time code that opens a package; the mail is sent at once, since the code lives ten minutes.
type CodeSender interface {
	SendPackageCode(ctx context.Context, code store.PackageCode) error
}

// Show renders a page inside the frame.
type Show func(w http.ResponseWriter, r *http.Request, status int, render func(*templates.Engine, templates.Frame) ([]byte, error)) error

// Deps is what the portal needs.
type Deps struct {
	Store         *store.Store
	Show          Show
	Codes         CodeSender // nil when no mail can be sent
	IdentityKinds []string
	PublicSystems map[string]string // name under which the public page shows a system, by the name that the data map uses
	Now           func() time.Time
}

// Portal serves the public pages.
type Portal struct{ Deps }

// New makes the portal. The address has a field of its own on the form, whatever kinds the data map knows.
func New(d Deps) *Portal {
	d.IdentityKinds = slices.DeleteFunc(slices.Clone(d.IdentityKinds), func(kind string) bool { return kind == "email" })
	return &Portal{d}
}

// Routes adds the portal's routes.
func (p *Portal) Routes(e *echo.Echo) {
	e.GET("/", p.home)
	e.GET("/requests/new", p.form)
	e.POST("/requests", p.submit)
	e.GET("/requests/sent/:token", p.sent)
	e.GET("/verify/:token", p.verifyPage)
	e.POST("/verify/:token", p.verify)
	e.GET("/status/:token", p.status)
	e.GET("/status/:token/recipients", p.told)
	e.POST("/status/:token/verify", p.enterCode)
	e.POST("/status/:token/resend", p.resend)
	e.POST("/status/:token/withdraw", p.withdraw)
	e.POST("/status/:token/answer", p.answer)
	e.GET("/package/:token", p.packagePage)
	e.POST("/package/:token/code", p.sendCode)
	e.POST("/package/:token/download", p.download)
	e.GET("/notices/:token", p.noticePage)
	e.POST("/notices/:token", p.acknowledge)
	e.GET("/report", p.reportForm)
	e.POST("/report", p.report)
	e.GET("/breaches/:token", p.breachPage)
	e.POST("/breaches/:token", p.answerBreach)
	e.GET("/changes/:token", p.changePage)
	e.POST("/changes/:token", p.objectToChange)
	e.GET("/trust", p.trust)
	e.GET("/trust/files/:file", p.trustFile)
	e.POST("/trust/subscribe", p.subscribe)
	e.GET("/trust/subscribed", p.subscribed)
	e.GET("/trust/subscribe/:token", p.subscription)
	e.POST("/trust/subscribe/:token", p.confirmSubscription)
	e.GET("/trust/unsubscribe/:token", p.leavePage)
	e.POST("/trust/unsubscribe/:token", p.unsubscribe)
	e.GET("/certificates/:token", p.certificatePage)
	e.GET("/certificates/:token/certificate.pdf", p.certificate)
	e.GET("/certificates/:token/receipts/:receipt", p.certificateReceipt)
}

// show renders one page with its view.
func show[V any](p *Portal, c echo.Context, status int, page *templates.Page[V], view V) error {
	return p.Show(c.Response(), c.Request(), status, func(e *templates.Engine, f templates.Frame) ([]byte, error) { return page.Render(e, f, view) })
}

func (p *Portal) home(c echo.Context) error {
	return show(p, c, http.StatusOK, templates.Home, templates.HomeView{Rights: models.Rights()})
}

func (p *Portal) form(c echo.Context) error {
	right, err := models.ParseRight(c.QueryParam("right"))
	if err != nil {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	raw := intake.Raw{Right: string(right), Controller: c.QueryParam("controller")}
	return p.showForm(c, http.StatusOK, raw, "", nil)
}

// showForm shows the form with what was typed; faults stand beside their fields.
func (p *Portal) showForm(c echo.Context, status int, raw intake.Raw, corrections string, faults problem.Faults) error {
	all, err := p.Store.Controllers(c.Request().Context(), models.ScopeOperator())
	if err != nil {
		return err
	}
	right, err := models.ParseRight(raw.Right)
	if err != nil {
		return err
	}
	view := templates.FormView{
		Right: right, Article: right.Article(), Name: raw.Name, Email: raw.Email, Message: raw.Message, Statement: statementView(right, raw.Statement, corrections),
	}
	if len(all) > 1 {
		for _, one := range all {
			view.Controllers = append(view.Controllers, templates.Option{Value: one.Slug, Label: one.Name, Selected: one.Slug == raw.Controller})
		}
	}
	typed := map[string]string{}
	for _, i := range raw.Identities {
		typed[i.Kind] = i.Value
	}
	for _, kind := range p.IdentityKinds {
		view.Identities = append(view.Identities, templates.IdentityField{Kind: kind, Value: typed[kind]})
	}
	for _, f := range faults {
		view.Errors = append(view.Errors, p.fieldError(f, raw))
	}
	return show(p, c, status, templates.Form, view)
}

// fieldError finds the words for a fault and the field to put them beside.
func (p *Portal) fieldError(f *models.Error, raw intake.Raw) templates.FieldError {
	field := strings.TrimPrefix(f.Field, "/")
	if field == "identities" && len(p.IdentityKinds) > 0 {
		field = "identity-" + p.IdentityKinds[0]
	}
	switch f.Code {
	case "bad_email":
		if strings.TrimSpace(raw.Email) == "" {
			return templates.FieldError{Field: field, Key: "error.missing_email"}
		}
	case "bad_identity":
		return templates.FieldError{Field: field, Key: "error.too_long"}
	}
	return templates.FieldError{Field: field, Key: "error." + f.Code}
}

func (p *Portal) submit(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	raw := intake.Raw{
		Right: form.Get("right"), Controller: form.Get("controller"), Name: form.Get("name"), Email: form.Get("email"),
		Message: lines(form, "message"), Language: "en", Statement: intake.Statement{
			Ground: form.Get("ground"), Purposes: form["purpose"], Situation: lines(form, "situation"), Wrong: lines(form, "wrong"),
			Correct: lines(form, "correct"), Corrections: intake.Lines(lines(form, "corrections")),
		},
	}
	for _, kind := range p.IdentityKinds {
		raw.Identities = append(raw.Identities, intake.Identity{Kind: kind, Value: form.Get("identity-" + kind)})
	}
	if form.Get("website") != "" { // a field that people cannot see: a program filled it in
		return models.Errorf(models.Invalid, "bad_request", "The form cannot be read.")
	}
	sub, err := intake.Check(c.Request().Context(), p.Store, raw, models.Principal{})
	if faults, ok := asFaults(err); ok && models.CodeOf(err) != "unknown_right" {
		return p.showForm(c, http.StatusBadRequest, raw, lines(form, "corrections"), faults)
	}
	if err != nil {
		return err
	}
	sub.Channel = request.ChannelPortal
	ctx := c.Request().Context()
	got, err := intake.Level(ctx, func() (store.Submitted, error) { return p.Store.Submit(ctx, sub) })
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/requests/sent/"+got.StatusToken)
}

// lines is a text of several lines as it was typed.
func lines(form url.Values, name string) string {
	return strings.ReplaceAll(form.Get(name), "\r\n", "\n")
}

// statementView is what the form of a right asks besides, with what was typed; nil for a right that asks for nothing.
func statementView(right models.Right, raw intake.Statement, corrections string) *templates.StatementForm {
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

func (p *Portal) sent(c echo.Context) error {
	st, err := p.Store.StatusByToken(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return show(p, c, http.StatusOK, templates.Sent, templates.SentView{Reference: st.Reference, StatusPath: "/status/" + c.Param("token")})
}

func (p *Portal) verifyPage(c echo.Context) error {
	v, err := p.Store.PeekVerification(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return show(p, c, http.StatusOK, templates.Verify, templates.VerifyView{
		State: string(v.State), Path: "/verify/" + c.Param("token"), StatusPath: "/status/" + v.StatusToken,
		Reference: v.Reference, Right: v.Right, Controller: v.Controller,
	})
}

func (p *Portal) verify(c echo.Context) error {
	token, err := p.Store.VerifyByToken(c.Request().Context(), c.Param("token"))
	switch models.CodeOf(err) {
	case "link_used", "link_expired":
		return p.spent(c)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/status/"+token+"?done=verified")
}

// spent explains a link that can no longer be used.
func (p *Portal) spent(c echo.Context) error {
	v, err := p.Store.PeekVerification(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	if v.State == store.VerificationLive { // it became so while we looked; the page with the button is right then
		return p.verifyPage(c)
	}
	return show(p, c, http.StatusConflict, templates.Verify, templates.VerifyView{State: string(v.State), StatusPath: "/status/" + v.StatusToken})
}
