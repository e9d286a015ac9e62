package portal

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/subprocessor"
	"habeas/templates"
)

// changePage is what a customer sees of a change of subprocessors by its link. It changes nothing.
func (p *Portal) changePage(c echo.Context) error {
	return p.showChange(c, http.StatusOK, "", "")
}

func (p *Portal) showChange(c echo.Context, status int, failure, typed string) error {
	ctx := c.Request().Context()
	found, customer, err := p.Store.ChangeByToken(ctx, c.Param("token"))
	if err != nil {
		return err
	}
	who, err := p.Store.ControllerByID(ctx, models.ScopeOf(customer), customer)
	if err != nil {
		return err
	}
	s := found.Standing(customer)
	view := templates.ChangeAnswerView{
		Path: "/changes/" + c.Param("token"), Reference: found.Reference, Customer: who.Name, State: string(found.State), Days: s.Days, EffectiveOn: found.EffectiveOn,
		Facts: templates.FactsOf(found.Record), Own: templates.PartOf(*s, who.Name), Failure: failure, Typed: typed,
	}
	view.Over = !s.ToldAt.IsZero() && !s.Window.Open(p.Now())
	view.MayObject = s.Objection == nil && subprocessor.Allowed(subprocessor.Objected, models.RoleController, found.State) == nil
	return show(p, c, status, templates.ChangeAnswer, view)
}

// objectToChange takes a customer's objection in, once.
func (p *Portal) objectToChange(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	reason := strings.ReplaceAll(strings.TrimSpace(form.Get("reason")), "\r\n", "\n")
	err = p.Store.ObjectByToken(c.Request().Context(), c.Param("token"), models.Personal(reason))
	if kind := models.KindOf(err); kind == models.Invalid || (kind == models.Conflict && models.CodeOf(err) != "already_objected") {
		answer := problem.Of(err, "", "")
		return p.showChange(c, answer.Status, answer.Detail, reason)
	}
	if err != nil && models.CodeOf(err) != "already_objected" {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/changes/"+c.Param("token"))
}
