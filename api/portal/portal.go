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
	"habeas/api/look"
	"habeas/api/problem"
	"habeas/api/tongue"
	"habeas/models"
	"habeas/models/datamap"
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
	Codes         CodeSender     // nil when no mail can be sent
	Graph         *datamap.Graph // says in words what rows are; nil: none is loaded
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
	e.GET("/c/:slug", p.controllerHome)
	e.GET("/requests/new", p.form)
	e.POST("/requests", p.submit)
	e.POST("/requests/agent", p.submitForAnother)
	e.GET("/requests/sent/:token", p.sent)
	e.GET("/verify/:token", p.verifyPage)
	e.POST("/verify/:token", p.verify)
	e.POST("/verify/:token/object", p.object)
	e.GET("/status/:token", p.status)
	e.GET("/status/:token/recipients", p.told)
	e.POST("/status/:token/verify", p.enterCode)
	e.POST("/status/:token/resend", p.resend)
	e.POST("/status/:token/withdraw", p.withdraw)
	e.POST("/status/:token/answer", p.answer)
	e.POST("/status/:token/complain", p.complain)
	e.GET("/authorities", p.authoritiesPage)
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

// home offers the rights; on a controller's own domain, towards that controller.
func (p *Portal) home(c echo.Context) error {
	view := templates.HomeView{Rights: models.Rights()}
	if own, err := look.Own(c.Request(), p.Store); err == nil {
		view.Controller = own.Slug
	}
	return show(p, c, http.StatusOK, templates.Home, view)
}

// controllerHome is where a controller's own site leads to: it is about that controller.
func (p *Portal) controllerHome(c echo.Context) error {
	found, err := p.Store.ControllerBySlug(c.Request().Context(), c.Param("slug"))
	if err != nil {
		return err
	}
	c.SetRequest(look.For(c.Request(), found.ID))
	return show(p, c, http.StatusOK, templates.Home, templates.HomeView{Rights: models.Rights(), Controller: found.Slug, Name: found.Name})
}

func (p *Portal) form(c echo.Context) error {
	right, err := models.ParseRight(c.QueryParam("right"))
	if err != nil {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	raw := intake.Raw{Right: string(right), Controller: c.QueryParam("controller")}
	if c.QueryParam("for") == "other" {
		raw.Agent = &intake.Agent{}
	}
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
		Agent: agentView(raw.Agent), Other: otherForm(raw),
	}
	own, ownErr := look.Own(c.Request(), p.Store)
	if ownErr == nil { // nobody there is told which other customers there are
		view.Fixed, all = own.Slug, nil
	}
	for _, one := range all {
		if one.Slug == raw.Controller {
			view.Home = "/c/" + one.Slug
			c.SetRequest(look.For(c.Request(), one.ID))
		}
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
		view.Identities = append(view.Identities, templates.IdentityField{Kind: kind, Value: typed[kind], Called: p.identityCalled(c, kind)})
	}
	for _, f := range faults {
		view.Errors = append(view.Errors, p.fieldError(f, raw))
	}
	return show(p, c, status, templates.Form, view)
}

// identityCalled is what the data map calls a kind of identity.
func (p *Portal) identityCalled(c echo.Context, kind string) models.Said {
	if p.Graph == nil {
		return models.Said{}
	}
	return p.Graph.IdentityIn(tongue.Of(c.Request()), kind)
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
	return p.take(c, form, p.rawOf(c, form))
}

// rawOf is what a form says, but for who asks.
func (p *Portal) rawOf(c echo.Context, form url.Values) intake.Raw {
	raw := intake.Raw{
		Right: form.Get("right"), Controller: form.Get("controller"), Name: form.Get("name"), Email: form.Get("email"),
		Message: lines(form, "message"), Language: tongue.Of(c.Request()), Statement: intake.Statement{
			Ground: form.Get("ground"), Purposes: form["purpose"], Situation: lines(form, "situation"), Wrong: lines(form, "wrong"),
			Correct: lines(form, "correct"), Corrections: intake.Lines(lines(form, "corrections")),
		},
	}
	for _, kind := range p.IdentityKinds {
		raw.Identities = append(raw.Identities, intake.Identity{Kind: kind, Value: form.Get("identity-" + kind)})
	}
	if own, err := look.Own(c.Request(), p.Store); err == nil {
		raw.Controller = own.Slug
	}
	return raw
}

// take takes a request in, or shows its form again with what is wrong.
func (p *Portal) take(c echo.Context, form url.Values, raw intake.Raw) error {
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
	return show(p, c, http.StatusOK, templates.Sent, templates.SentView{
		Reference: st.Reference, StatusPath: "/status/" + c.Param("token"), Agent: st.Agent != nil,
	})
}

func (p *Portal) verifyPage(c echo.Context) error {
	v, err := p.Store.PeekVerification(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	view := templates.VerifyView{
		State: string(v.State), Path: "/verify/" + c.Param("token"), StatusPath: statusPath(v.StatusToken),
		Reference: v.Reference, Right: v.Right, Controller: v.Controller,
	}
	switch a := v.Agent; {
	case a != nil && a.State == request.AgentObjected:
		view.State, view.StatusPath = "objected", ""
	case a != nil && v.State == store.VerificationLive: // the person must know who it is to agree
		view.Agent = a.Name.Reveal()
	}
	return show(p, c, http.StatusOK, templates.Verify, view)
}

// statusPath is the path of a status page; empty when there is none to show.
func statusPath(token string) string {
	if token == "" {
		return ""
	}
	return "/status/" + token
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
	return show(p, c, http.StatusConflict, templates.Verify, templates.VerifyView{State: string(v.State), StatusPath: statusPath(v.StatusToken)})
}
