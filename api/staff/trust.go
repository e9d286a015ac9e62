package staff

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/api/published"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/trust"
	"habeas/templates"
)

func (k *Console) trustRoutes(e *echo.Echo) {
	e.GET("/staff/trust", k.trust)
	e.GET("/staff/trust/preview", k.trustPreview)
	e.GET("/staff/trust/new", k.newTrust)
	e.POST("/staff/trust/items", k.addTrust)
	e.GET("/staff/trust/items/:item", k.trustItem)
	e.GET("/staff/trust/items/:item/edit", k.editTrust)
	e.POST("/staff/trust/items/:item", k.saveTrust)
	e.POST("/staff/trust/items/:item/remove", k.removeTrust)
	e.POST("/staff/trust/publish", k.publishTrust)
	e.GET("/staff/trust/files/:file", k.trustFile)
}

// flashesOfTrust are what the page says after it was led to.
var flashesOfTrust = map[string]string{"saved": "trust.saved", "published": "trust.done.published"}

// trust is what the public page says beside the register: with what is not published yet for staff, for a customer what is public.
func (k *Console) trust(c echo.Context) error {
	return k.showTrust(c, http.StatusOK, flashesOfTrust[c.QueryParam("done")], "")
}

func (k *Console) showTrust(c echo.Context, status int, flash, failure string) error {
	content, err := k.Store.TrustContent(c.Request().Context())
	if err != nil {
		return err
	}
	today, err := k.today(c)
	if err != nil {
		return err
	}
	who := caller(c)
	view := templates.TrustContentView{Staff: who.Role.Staff(), CanEdit: who.Role == models.RoleDPO, Flash: flash, Failure: failure}
	if n := len(content.Releases); n > 0 {
		view.PublishedAt = content.Releases[n-1].At
	}
	items := content.Public()
	if view.Staff {
		items = content.Preview(k.Now())
		view.Pending, view.Latest, view.History = len(content.Pending()), content.Latest(), trustRows(content, content.Entries)
		if view.Subscribers, err = k.Store.Subscribers(c.Request().Context()); err != nil {
			return err
		}
	}
	for _, kind := range trust.Kinds() {
		group := templates.TrustGroup{Kind: string(kind)}
		for _, item := range items {
			if item.Kind == kind {
				group.Items = append(group.Items, trustItem(content, item, today, view.Staff))
			}
		}
		group.Full = kind == trust.Page && len(group.Items) > 0
		view.Groups = append(view.Groups, group)
	}
	return show(k, c, status, "trust", templates.TrustContent, view)
}

// trustItem is an item as it was written last, with whether the public sees it so.
func trustItem(content trust.Content, item trust.Item, today calendar.Date, staff bool) templates.TrustItem {
	now := item.Versions[0]
	f := now.Facts
	out := templates.TrustItem{Kind: string(item.Kind), Title: f.Title, Label: f.Version, State: "new", Until: f.ValidUntil, Expired: !f.ValidUntil.IsZero() && f.ValidUntil.Before(today)}
	if out.Title == "" && f.Country != "" {
		out.Title = templates.CountryWords(f.Country)
	}
	for _, line := range []string{f.Issuer, f.What, strings.Trim(f.Region+", "+f.Provider, ", "), f.Intro, f.Contact} {
		if line != "" {
			out.Lines = append(out.Lines, line)
		}
	}
	folder := "/trust/files/"
	if staff {
		out.Path, folder = "/staff/trust/items/"+item.ID.String(), "/staff/trust/files/"
	}
	out.File = trustFileOf(now.Entry, folder)
	for _, shown := range content.Public() {
		if shown.ID == item.ID {
			if out.State, out.Versions = "changed", len(shown.Versions); shown.Versions[0].No == now.No {
				out.State = "public"
			}
		}
	}
	return out
}

func trustFileOf(e trust.Entry, folder string) templates.TrustVersion {
	out := templates.TrustVersion{Link: e.Facts.Link}
	if !e.File.ID.IsZero() {
		out.Path, out.Size = folder+e.File.ID.String(), e.File.Size
	}
	return out
}

// trustRows are entries as the history shows them, the latest first, each with when it became public.
func trustRows(content trust.Content, entries []trust.Entry) []templates.TrustEntryRow {
	released := map[int64]time.Time{}
	from := int64(0)
	for _, r := range content.Releases {
		last := map[models.ID]int64{}
		for _, e := range content.Entries {
			if e.No > from && e.No <= r.UpTo {
				last[e.Item] = e.No
			}
		}
		for _, no := range last {
			released[no] = r.At
		}
		from = r.UpTo
	}
	var out []templates.TrustEntryRow
	for _, e := range slices.Backward(entries) {
		row := templates.TrustEntryRow{
			No: e.No, At: e.At, By: string(e.Actor.Role), Kind: string(e.Kind), Title: e.Facts.Title, Label: e.Facts.Version, Removed: e.Removed, Released: released[e.No],
			File: trustFileOf(e, "/staff/trust/files/"),
		}
		if row.Title == "" && e.Facts.Country != "" {
			row.Title = templates.CountryWords(e.Facts.Country)
		}
		out = append(out, row)
	}
	return out
}

func (k *Console) trustPreview(c echo.Context) error {
	view, err := k.Preview(c.Request().Context())
	if err != nil {
		return err
	}
	return show(k, c, http.StatusOK, "trust", templates.Trust, view)
}

func noItem() error { return models.Errorf(models.NotFound, "not_found", "There is no such item.") }

// trustOf finds the item of a call with all that was written for it.
func (k *Console) trustOf(c echo.Context) (trust.Content, []trust.Entry, error) {
	id, err := models.ParseID(c.Param("item"))
	if err != nil {
		return trust.Content{}, nil, noItem()
	}
	content, err := k.Store.TrustContent(c.Request().Context())
	if err != nil {
		return content, nil, err
	}
	entries := content.Of(id)
	if len(entries) == 0 {
		return content, nil, noItem()
	}
	return content, entries, nil
}

func (k *Console) trustItem(c echo.Context) error { return k.showTrustItem(c, http.StatusOK, "") }

func (k *Console) showTrustItem(c echo.Context, status int, failure string) error {
	content, entries, err := k.trustOf(c)
	if err != nil {
		return err
	}
	today, err := k.today(c)
	if err != nil {
		return err
	}
	last := entries[len(entries)-1]
	shown := trust.Item{ID: last.Item, Kind: last.Kind, Versions: []trust.Version{{Entry: last}}}
	view := templates.TrustItemView{
		TrustItem: trustItem(content, shown, today, true), Seen: last.No, CanEdit: caller(c).Role == models.RoleDPO && !last.Removed, Entries: trustRows(content, entries), Failure: failure,
	}
	return show(k, c, status, "trust", templates.TrustOne, view)
}

// removeTrust takes an item off the page, once it is published.
func (k *Console) removeTrust(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	id, err := models.ParseID(c.Param("item"))
	if err != nil {
		return noItem()
	}
	_, err = k.Store.KeepTrust(c.Request().Context(), trust.Entry{Item: id, Actor: caller(c).Actor, Removed: true}, seenOf(form.Get("seen")), nil)
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		p := problem.Of(err, "", "")
		return k.showTrustItem(c, p.Status, p.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/trust?done=saved")
}

// seenOf is the number of the entry that was looked at; 0 for none.
func seenOf(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// publishTrust makes public what the caller has looked at.
func (k *Console) publishTrust(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	err = k.Store.PublishTrust(c.Request().Context(), seenOf(form.Get("seen")), caller(c).Actor)
	if models.KindOf(err) == models.Conflict {
		p := problem.Of(err, "", "")
		return k.showTrust(c, p.Status, "", p.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/trust?done=published")
}

// trustFile hands out a file of any version to those who write the page.
func (k *Console) trustFile(c echo.Context) error {
	id, err := models.ParseID(c.Param("file"))
	if err != nil {
		return published.Missing()
	}
	file, content, err := k.Store.TrustFile(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return published.Send(c, file, content)
}
