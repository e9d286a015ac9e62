package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/store"
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

// historySize is how many changes the public list tells of.
const historySize = 200

// trust is the public list of subprocessors with its dated history, and whether the service works. It names no customer and no system.
func (p *Portal) trust(c echo.Context) error {
	ctx := c.Request().Context()
	view := templates.TrustView{Query: c.QueryParam("q"), Working: p.working(ctx)}
	var err error
	if view.Rows, err = p.subprocessors(ctx, view.Query); err != nil {
		return err
	}
	changes, err := p.Store.PublicChanges(ctx, historySize)
	if err != nil {
		return err
	}
	for _, one := range changes {
		view.History = append(view.History, templates.TrustChange{On: one.On, Announced: one.Announced, Upcoming: one.Upcoming, Emergency: one.Emergency, Sort: string(one.Sort), Name: one.Name, Old: one.Old})
	}
	return show(p, c, http.StatusOK, templates.Trust, view)
}

func (p *Portal) subprocessors(ctx context.Context, query string) ([]templates.TrustRow, error) {
	all, err := p.Store.Recipients(ctx)
	if err != nil {
		return nil, err
	}
	var out []templates.TrustRow
	today := calendar.DateOf(p.Now())
	for _, r := range all {
		f := r.Facts
		text := strings.ToLower(strings.Join(append(slices.Clone(f.Purposes), r.Name, f.LegalName, r.Country), "\n"))
		if !f.Subprocessor || (!f.EndedOn.IsZero() && !f.EndedOn.After(today)) || !strings.Contains(text, strings.ToLower(strings.TrimSpace(query))) {
			continue
		}
		out = append(out, templates.TrustRow{
			Name: r.Name, LegalName: f.LegalName, Country: r.Country, Transfer: string(f.Transfer), Safeguard: r.Safeguard, Purposes: f.Purposes,
			Categories: templates.CategoriesInWords(r.Categories), Since: f.ContractOn,
		})
	}
	return out, nil
}

// working reports whether the database answers and every system did when it was last needed.
func (p *Portal) working(ctx context.Context) bool {
	systems, err := p.Store.Systems(ctx)
	if err != nil || p.Store.Ready(ctx) != nil {
		return false
	}
	return !slices.ContainsFunc(systems, func(s store.SystemHealth) bool { return s.Code != "" })
}
