package staff

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"habeas/api/middleware"
	"habeas/api/problem"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// formOf reads a posted form; a body that is too large is told as such.
func formOf(c echo.Context) (url.Values, error) { return middleware.Form(c.Request()) }

// pageSize is how many requests one page of the inbox shows.
const pageSize = 50

func (k *Console) inbox(c echo.Context) error {
	ctx, who, q := c.Request().Context(), caller(c), c.QueryParams()
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	view := inboxView(q, controllers)
	f := filter(q, controllers)
	rows, next, err := k.Store.Requests(ctx, who.Scope, f, q.Get("cursor"), pageSize)
	if models.CodeOf(err) == "bad_reference" { // nothing has that reference
		rows, err = nil, nil
	}
	if err != nil {
		return err
	}
	names := map[models.ID]string{}
	for _, one := range controllers {
		names[one.ID] = one.Name
	}
	now := k.Now()
	for _, r := range rows {
		view.Rows = append(view.Rows, templates.InboxRow{
			Path: "/staff/requests/" + r.ID.String(), Reference: r.Reference, Right: r.Right, State: r.State, Outcome: r.Outcome,
			Controller: names[r.ControllerID], Due: words.Due(r.Clock, r.Open(), now), ReceivedAt: r.ReceivedAt,
		})
	}
	if next != "" {
		q.Set("cursor", next)
		view.Next = "/staff?" + q.Encode()
	}
	return show(k, c, http.StatusOK, "inbox", templates.Inbox, view)
}

func filter(q url.Values, controllers []request.Controller) store.Filter {
	f := store.Filter{State: models.State(q.Get("state")), Right: models.Right(q.Get("right")), Reference: q.Get("reference"), Overdue: q.Get("overdue") == "true"}
	for _, one := range controllers {
		if one.Slug == q.Get("controller") {
			f.ControllerID = one.ID
		}
	}
	open := q.Get("open") != "closed"
	if q.Get("open") != "all" {
		f.Open = &open
	}
	return f
}

func inboxView(q url.Values, controllers []request.Controller) templates.InboxView {
	v := templates.InboxView{Open: "open", Reference: q.Get("reference"), Overdue: q.Get("overdue") == "true"}
	if o := q.Get("open"); o == "closed" || o == "all" {
		v.Open = o
	}
	for _, s := range models.States() {
		v.States = append(v.States, templates.Option{Value: string(s), Selected: string(s) == q.Get("state")})
	}
	for _, r := range models.Rights() {
		v.Rights = append(v.Rights, templates.Option{Value: string(r), Selected: string(r) == q.Get("right")})
	}
	if len(controllers) > 1 {
		for _, one := range controllers {
			v.Controllers = append(v.Controllers, templates.Option{Value: one.Slug, Label: one.Name, Selected: one.Slug == q.Get("controller")})
		}
	}
	for _, name := range []string{"state", "right", "controller", "reference", "overdue"} {
		v.Filtered = v.Filtered || q.Get(name) != ""
	}
	v.Filtered = v.Filtered || v.Open != "open"
	return v
}

func (k *Console) operations(c echo.Context) error {
	ctx := c.Request().Context()
	view := templates.OperationsView{Ready: true}
	if err := k.Store.Ready(ctx); err != nil {
		view.Ready, view.Failure = false, problem.Of(err, "", "").Detail
	}
	var err error
	if view.OrdersWaiting, view.OldestOrder, err = k.Store.OrdersWaiting(ctx); err != nil {
		return err
	}
	if view.OrdersWaiting > 0 {
		view.OldestMinutes = max(0, int(k.Now().Sub(view.OldestOrder).Minutes()))
	}
	systems, err := k.Store.Systems(ctx)
	if err != nil {
		return err
	}
	for _, s := range systems {
		view.Systems = append(view.Systems, templates.SystemHealth(s))
	}
	return show(k, c, http.StatusOK, "operations", templates.Operations, view)
}
