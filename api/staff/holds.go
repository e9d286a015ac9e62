package staff

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"habeas/api/figures"
	"habeas/models/calendar"
	"habeas/templates"
)

// holds lists what a law keeps from being erased now, by the day on which its hold has ended.
func (k *Console) holds(c echo.Context) error {
	ctx, who := c.Request().Context(), caller(c)
	page, next, err := k.Store.Holds(ctx, who.Scope, c.QueryParam("cursor"), pageSize)
	if err != nil {
		return err
	}
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	counts, asOf, err := k.Store.HoldCounts(ctx, who.Scope)
	if err != nil {
		return err
	}
	names := namesOfControllers(controllers)
	view := templates.HoldsView{Many: len(names) > 1, AsOf: asOf.In(figures.HomeZone(controllers))}
	for _, h := range counts {
		view.Laws = append(view.Laws, templates.HoldLaw{
			Law: figures.LawOf(h.Citation, h.Rule), Holds: h.Holds, Rows: h.Rows, First: calendar.DateOf(h.First.UTC()), Last: calendar.DateOf(h.Last.UTC()),
		})
	}
	for _, h := range page {
		view.Rows = append(view.Rows, templates.HoldRow{
			Path: "/staff/requests/" + h.RequestID.String(), Reference: h.Reference, Controller: names[h.ControllerID], What: h.Group.Name(), System: h.Group.System,
			Rows: h.Group.Rows, Citation: figures.LawOf(h.Group.Citation, h.Group.Rule), Explanation: h.Group.Explanation, Counted: h.Group.Counted, On: h.DueOn,
		})
	}
	if next != "" {
		view.Next = "/staff/holds?" + url.Values{"cursor": {next}}.Encode()
	}
	return show(k, c, http.StatusOK, "holds", templates.Holds, view)
}
