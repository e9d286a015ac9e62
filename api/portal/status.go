package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/look"
	"habeas/api/middleware"
	"habeas/api/problem"
	"habeas/api/tongue"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// formOf reads a posted form; a body that is too large is told as such.
func formOf(c echo.Context) (url.Values, error) { return middleware.Form(c.Request()) }

func asFaults(err error) (problem.Faults, bool) { return errors.AsType[problem.Faults](err) }

// flashes are the messages that a page may show after it was led to, by the word in the address.
var flashes = map[string]string{"verified": "flash.verified", "resent": "flash.resent", "withdrawn": "flash.withdrawn", "answered": "flash.answered", "complained": "flash.complained"}

func (p *Portal) status(c echo.Context) error {
	return p.showStatus(c, http.StatusOK, nil)
}

func (p *Portal) showStatus(c echo.Context, status int, mistakes templates.Errors) error {
	token := c.Param("token")
	st, err := p.Store.StatusByToken(c.Request().Context(), token)
	if err != nil {
		return err
	}
	view := templates.StatusView{Path: "/status/" + token, Reference: st.Reference, Masked: true, State: models.Verifying}
	if st.Agent != nil {
		view = p.agentStatus(view, *st.Agent)
	}
	if !st.Masked {
		if view, err = p.statusView(c, st, view.Path); err != nil {
			return err
		}
	}
	view.Errors = mistakes
	if len(mistakes) == 0 {
		view.Flash = flashes[c.QueryParam("done")]
	}
	return show(p, c, status, templates.Status, view)
}

// statusView shows the person their own request, which is why the question and the messages are revealed here.
func (p *Portal) statusView(c echo.Context, st store.Status, path string) (templates.StatusView, error) {
	ctx := c.Request().Context()
	r, err := p.Store.Request(ctx, models.ScopeOperator(), st.RequestID)
	if err != nil {
		return templates.StatusView{}, err
	}
	controller, err := p.Store.ControllerByID(ctx, models.ScopeOperator(), r.ControllerID)
	if err != nil {
		return templates.StatusView{}, err
	}
	c.SetRequest(look.For(c.Request(), controller.ID))
	zone := words.Zone(controller.Timezone)
	view := templates.StatusView{
		Path: path, Reference: st.Reference, Right: st.Right, Controller: st.Controller, State: st.State, Outcome: st.Outcome,
		Due: words.Due(st.Clock, st.State != models.Closed, p.Now()), Reckoning: words.Reckoning(st.Clock), Question: st.Question.Reveal(),
		PackageReady: st.PackageReady, CanWithdraw: st.CanWithdraw, CanComplain: st.CanComplain, Slug: controller.Slug, Authorities: authorities(controller),
		Countries: countries(tongue.Of(c.Request()), ""),
	}
	if !st.State.Verified() { // the workflow has not taken the confirmation up yet
		view.State = models.Received
	}
	notices, err := p.Store.Notices(ctx, models.ScopeOperator(), st.RequestID)
	if err != nil {
		return templates.StatusView{}, err
	}
	view.Told = len(notices) > 0
	for _, e := range st.Timeline {
		if key := words.Event(e.Kind); key != "" {
			view.Events = append(view.Events, templates.Event{At: e.At.In(zone), Text: key})
		}
	}
	for _, m := range slices.Backward(st.Messages) {
		view.Messages = append(view.Messages, templates.Message{At: m.At.In(zone), Kind: m.Kind, Body: m.Body.Reveal(), Lang: templates.Match(r.Language)})
	}
	for _, one := range st.Complaints {
		view.Complaints = append(view.Complaints, templates.Complaint{At: one.At.In(zone), Text: one.Text.Reveal(), Answered: !one.AnsweredAt.IsZero()})
	}
	for _, g := range st.Retained {
		view.Kept = append(view.Kept, templates.Kept{What: p.called(c, g), Rows: g.Rows, Citation: g.Citation, Counted: g.Counted, Until: g.HoldThrough})
	}
	return view, nil
}

// called is what the rows of a group are, in the reader's language where the data map has it.
func (p *Portal) called(c echo.Context, g plan.Group) models.Said {
	if p.Graph != nil {
		if node := p.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection}); node != nil {
			return node.CalledIn(tongue.Of(c.Request()))
		}
	}
	return models.Said{Text: strings.ReplaceAll(g.Collection, "_", " ")}
}

func (p *Portal) enterCode(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	code := strings.TrimSpace(form.Get("code"))
	if code == "" {
		return p.showStatus(c, http.StatusBadRequest, templates.Errors{{Field: "code", Key: "error.missing_code"}})
	}
	err = p.Store.VerifyByCode(c.Request().Context(), c.Param("token"), code)
	switch models.CodeOf(err) {
	case "link_used": // pressed twice, or the link was used meanwhile: the page then shows the request
		return c.Redirect(http.StatusSeeOther, "/status/"+c.Param("token"))
	case "wrong_code", "too_many_attempts", "link_expired":
		return p.showStatus(c, problem.Of(err, "", "").Status, templates.Errors{{Field: "code", Key: "error." + models.CodeOf(err)}})
	}
	if err != nil {
		return err
	}
	return p.done(c, "verified")
}

func (p *Portal) done(c echo.Context, what string) error {
	return c.Redirect(http.StatusSeeOther, "/status/"+c.Param("token")+"?done="+what)
}

func (p *Portal) resend(c echo.Context) error {
	_, err := p.Store.DecideByStatusToken(c.Request().Context(), c.Param("token"), request.Resend, "")
	if models.KindOf(err) == models.Conflict { // nothing left to verify: the page says how it stands
		return c.Redirect(http.StatusSeeOther, "/status/"+c.Param("token"))
	}
	if err != nil {
		return err
	}
	return p.done(c, "resent")
}

func (p *Portal) withdraw(c echo.Context) error {
	if _, err := p.Store.DecideByStatusToken(c.Request().Context(), c.Param("token"), request.Withdraw, ""); err != nil {
		return err
	}
	return p.done(c, "withdrawn")
}

func (p *Portal) answer(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(form.Get("answer"))
	switch {
	case text == "":
		return p.showStatus(c, http.StatusBadRequest, templates.Errors{{Field: "answer", Key: "error.missing_answer"}})
	case len(text) > 16000:
		return p.showStatus(c, http.StatusBadRequest, templates.Errors{{Field: "answer", Key: "error.too_long"}})
	}
	if _, err := p.Store.DecideByStatusToken(c.Request().Context(), c.Param("token"), request.Answer, models.Personal(text)); err != nil {
		return err
	}
	return p.done(c, "answered")
}
