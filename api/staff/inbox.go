package staff

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/figures"
	"habeas/api/middleware"
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
	q := c.QueryParams()
	return k.showInbox(c, http.StatusOK, q, func(context.Context, *templates.InboxView) error { return nil })
}

// search finds requests by their reference or by the identifier of a person. It is posted, because an identifier has no place in an address;
// the identifier is looked up by its keyed index, so that only the whole of it is found, and it is not shown again.
func (k *Console) search(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(form.Get("q"))
	if text == "" {
		return c.Redirect(http.StatusSeeOther, "/staff")
	}
	if reference, err := store.ParseReference(text); err == nil {
		return c.Redirect(http.StatusSeeOther, "/staff?"+url.Values{"open": {"all"}, "reference": {reference}}.Encode())
	}
	f, who := store.Filter{Email: models.Personal(text)}, caller(c)
	return k.showInbox(c, http.StatusOK, url.Values{"open": {"all"}}, func(ctx context.Context, v *templates.InboxView) error {
		v.Searched, v.Filtered, v.Rows, v.Next = true, true, nil, ""
		rows, _, err := k.Store.Requests(ctx, who.Scope, f, "", pageSize)
		if err != nil {
			return err
		}
		return k.addRows(ctx, who, rows, v)
	})
}

// showInbox shows the list that the parameters ask for; with adds or replaces what the call at hand has to show.
func (k *Console) showInbox(c echo.Context, status int, q url.Values, with func(context.Context, *templates.InboxView) error) error {
	ctx, who := c.Request().Context(), caller(c)
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	view := inboxView(q, controllers)
	view.Actions, view.MayFile = bulkKinds(who.Role), who.Role == models.RoleDPO || who.Role == models.RoleHandler || who.Role == models.RoleController
	if view.Views, err = k.viewLinks(ctx, who, q, controllers); err != nil {
		return err
	}
	if c.Path() != "/staff/search" {
		if err := k.list(ctx, who, q, controllers, &view); err != nil {
			return err
		}
	}
	if err := with(ctx, &view); err != nil {
		return err
	}
	return show(k, c, status, "inbox", templates.Inbox, view)
}

// list adds a page of rows and the way to the next one.
func (k *Console) list(ctx context.Context, who models.Principal, q url.Values, controllers []request.Controller, view *templates.InboxView) error {
	rows, next, err := k.Store.Requests(ctx, who.Scope, filter(q, controllers, k.Now()), q.Get("cursor"), pageSize)
	if models.CodeOf(err) == "bad_reference" { // nothing has that reference
		rows, err = nil, nil
	}
	if err != nil {
		return err
	}
	view.Here = hrefWith(q, "select", "")
	view.SelectAll = hrefWith(q, "select", "all")
	if next != "" {
		view.Next = hrefWith(q, "cursor", next)
	}
	return k.addRows(ctx, who, rows, view)
}

// hrefWith is the inbox's address with one parameter set, or left out when the value is empty.
func hrefWith(q url.Values, name, value string) string {
	changed := url.Values{}
	for key, values := range q {
		if key != name && key != "done" && len(values) > 0 && values[0] != "" {
			changed[key] = values[:1]
		}
	}
	if name != "select" {
		changed.Del("select")
	}
	if value != "" {
		changed.Set(name, value)
	}
	if len(changed) == 0 {
		return "/staff"
	}
	return "/staff?" + changed.Encode()
}

func (k *Console) addRows(ctx context.Context, who models.Principal, rows []request.Request, view *templates.InboxView) error {
	controllers, err := k.Store.Controllers(ctx, who.Scope)
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
			ID: r.ID.String(), Path: "/staff/requests/" + r.ID.String(), Reference: r.Reference, Right: r.Right, State: r.State, Outcome: r.Outcome,
			Controller: names[r.ControllerID], Due: words.Due(r.Clock, r.Open(), now), ReceivedAt: r.ReceivedAt, Waits: string(r.Waits),
		})
	}
	return nil
}

// kept is the part of the parameters that a view keeps.
func kept(q url.Values, controllers []request.Controller) store.ViewFilter {
	f := store.ViewFilter{}
	if o := q.Get("open"); o == "closed" || o == "all" {
		f.Open = o
	}
	if s := models.State(q.Get("state")); slices.Contains(models.States(), s) {
		f.State = s
	}
	if r := models.Right(q.Get("right")); slices.Contains(models.Rights(), r) {
		f.Right = r
	}
	if w := request.Party(q.Get("waits")); slices.Contains(request.Parties(), w) {
		f.Waits = w
	}
	if d := q.Get("due"); d == "overdue" || d == "soon" {
		f.Due = d
	}
	if q.Get("overdue") == "true" {
		f.Due = "overdue"
	}
	for _, one := range controllers {
		if one.Slug == q.Get("controller") {
			f.ControllerID = one.ID
		}
	}
	return f
}

func filter(q url.Values, controllers []request.Controller, now time.Time) store.Filter {
	v := kept(q, controllers)
	f := store.Filter{State: v.State, Right: v.Right, ControllerID: v.ControllerID, Waits: v.Waits, Reference: q.Get("reference"), Overdue: v.Due == "overdue"}
	if v.Due == "soon" {
		f.DueBefore = now.Add(figures.Soon)
	}
	open := v.Open != "closed"
	if v.Open != "all" {
		f.Open = &open
	}
	return f
}

func inboxView(q url.Values, controllers []request.Controller) templates.InboxView {
	f := kept(q, controllers)
	v := templates.InboxView{Open: "open", Reference: q.Get("reference"), Due: f.Due, All: q.Get("select") == "all", Flash: inboxFlash[q.Get("done")]}
	if f.Open != "" {
		v.Open = f.Open
	}
	for _, s := range models.States() {
		v.States = append(v.States, templates.Option{Value: string(s), Selected: s == f.State})
	}
	for _, r := range models.Rights() {
		v.Rights = append(v.Rights, templates.Option{Value: string(r), Selected: r == f.Right})
	}
	for _, w := range request.Parties() {
		v.Waits = append(v.Waits, templates.Option{Value: string(w), Selected: w == f.Waits})
	}
	if len(controllers) > 1 {
		for _, one := range controllers {
			v.Controllers = append(v.Controllers, templates.Option{Value: one.Slug, Label: one.Name, Selected: one.ID == f.ControllerID})
		}
	}
	v.Filtered = f != store.ViewFilter{} || v.Reference != ""
	v.CanSave = f != store.ViewFilter{}
	return v
}

// inboxFlash are, for lists, the messages about what was just done.
var inboxFlash = map[string]string{"saved": "flash.view.saved", "removed": "flash.view.removed", "instructed": "flash.instructed", "ended": "flash.ended"}
