package staff

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// rowsOnAPage is how many records of a group one page shows.
const rowsOnAPage = 25

// place is which records of which group a call is about.
type place struct {
	id    models.ID
	group int
	after int64 // the last record of the page before
	from  int   // how many records come before
}

func placeOf(c echo.Context) (place, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return place{}, notFound()
	}
	no, err := strconv.Atoi(c.Param("no"))
	if err != nil {
		return place{}, notFound()
	}
	p := place{id: id, group: no}
	p.after, err = strconv.ParseInt(c.QueryParam("after"), 10, 64)
	if err != nil {
		p.after = 0
	}
	if p.from, err = strconv.Atoi(c.QueryParam("from")); err != nil || p.from < 0 {
		p.from = 0
	}
	return p, nil
}

func (p place) path() string {
	return "/staff/requests/" + p.id.String() + "/groups/" + strconv.Itoa(p.group)
}

func (k *Console) group(c echo.Context) error {
	return k.showGroup(c, http.StatusOK, false, "", c.QueryParam("done") == "changed")
}

// values shows what is in the records of a page. The ledger says who looked before anything is shown.
func (k *Console) values(c echo.Context) error {
	return k.showGroup(c, http.StatusOK, true, "", false)
}

// showGroup shows the records of a group of the plan; with values only what is in them, for those who may see it.
func (k *Console) showGroup(c echo.Context, status int, values bool, failure string, changed bool) error {
	at, err := placeOf(c)
	if err != nil {
		return err
	}
	view, err := k.groupView(c.Request().Context(), caller(c), at, values)
	if err != nil {
		return err
	}
	view.Failure = failure
	if changed {
		view.Flash = "flash.changed"
	}
	return show(k, c, status, "inbox", templates.Group, view)
}

func (k *Console) groupView(ctx context.Context, who models.Principal, at place, values bool) (templates.GroupView, error) {
	r, err := k.Store.Request(ctx, who.Scope, at.id)
	if err != nil {
		return templates.GroupView{}, err
	}
	shown, err := k.Store.ShowRows(ctx, who.Scope, who.Actor, store.RowsAsked{RequestID: at.id, Group: at.group, After: at.after, Limit: rowsOnAPage, Values: values})
	if err != nil {
		return templates.GroupView{}, err
	}
	rows, open := shown.Rows, !shown.Decided && request.Allowed(request.Change, who.Role, r.State) == nil
	v := templates.GroupView{
		Path: at.path(), Query: "?after=" + strconv.FormatInt(at.after, 10) + "&from=" + strconv.Itoa(at.from), RequestPath: "/staff/requests/" + at.id.String(),
		Reference: r.Reference, Right: r.Right, Group: shown.Group, Digest: shown.Plan.Digest(), Revealed: values,
		CanReveal:  (who.Role == models.RoleDPO || who.Role == models.RoleHandler) && !shown.Decided && len(rows) > 0,
		CanDecide:  open && len(shown.Group.Options) > 0,
		CanCorrect: open && r.Right == models.Rectification,
	}
	for n, row := range rows {
		v.Rows = append(v.Rows, groupRow(row, at.from+n+1))
	}
	if shown.More {
		v.Next = at.path() + "?after=" + strconv.FormatInt(rows[len(rows)-1].ID, 10) + "&from=" + strconv.Itoa(at.from+len(rows))
	}
	return v, k.addCorrections(ctx, who, at.id, &v)
}

func groupRow(row store.ShownRow, no int) templates.GroupRow {
	out := templates.GroupRow{No: no, Name: row.Name, Status: string(row.Status), Why: row.Row.Reason.Code, Copied: row.Values != nil}
	if row.Row.Reason.Code != "" {
		out.Via = row.Row.Reason.Via.String()
	}
	if row.Values != nil {
		for i, name := range row.Values.Columns {
			out.Values = append(out.Values, templates.KindValue{Kind: name, Value: row.Values.Values[i].Text()})
		}
	}
	return out
}

// addCorrections lists what was entered for the group; the new values are shown together with the old ones only.
func (k *Console) addCorrections(ctx context.Context, who models.Principal, id models.ID, v *templates.GroupView) error {
	list, err := k.Store.Corrections(ctx, who.Scope, id)
	if models.CodeOf(err) == "key_destroyed" {
		return nil
	}
	for _, c := range list {
		if c.Group != v.Group.No {
			continue
		}
		row := templates.CorrectionRow{ID: c.ID.String(), Field: c.Field, Status: string(c.Status), Code: c.Code, Rows: c.Rows, OneRow: c.Row != "", CanDrop: v.CanCorrect}
		for _, one := range v.Rows {
			if one.Name == c.Row {
				row.No = one.No
			}
		}
		if v.Revealed {
			row.Value, row.Shown = c.Value.Reveal(), true
		}
		v.Corrections = append(v.Corrections, row)
	}
	return err
}

// separate records what the DPO decides about the chosen records of a group, or about all of it.
func (k *Console) separate(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	at, err := placeOf(c)
	if err != nil {
		return err
	}
	who := caller(c)
	d := store.Separation{
		RequestID: at.id, PlanDigest: form.Get("plan_digest"), Group: at.group, All: form.Get("rows") == "all", Treatment: models.Treatment(form.Get("treatment")),
		Marked: form["field"], Actor: who.Actor, Reason: models.Personal(strings.TrimSpace(form.Get("reason"))),
	}
	if !d.All {
		d.Rows = form["row"]
	}
	_, err = k.Store.Separate(c.Request().Context(), who.Scope, d)
	return k.changed(c, at, err, "/staff/requests/"+at.id.String()+"?done=decided#plan")
}

// correct enters what a field of the group, or of one record of it, is to become.
func (k *Console) correct(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	at, err := placeOf(c)
	if err != nil {
		return err
	}
	who := caller(c)
	_, err = k.Store.EnterCorrection(c.Request().Context(), who.Scope, who.Actor, form.Get("plan_digest"), request.Correction{
		RequestID: at.id, Group: at.group, Row: form.Get("row"), Field: form.Get("field"),
		Value: models.Personal(strings.TrimSpace(strings.ReplaceAll(form.Get("value"), "\r\n", "\n"))),
	})
	return k.changed(c, at, err, at.path()+"?done=changed")
}

// dropCorrection takes a correction back.
func (k *Console) dropCorrection(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	at, err := placeOf(c)
	if err != nil {
		return err
	}
	id, err := models.ParseID(form.Get("correction"))
	if err != nil {
		return notFound()
	}
	who := caller(c)
	err = k.Store.DropCorrection(c.Request().Context(), who.Scope, who.Actor, at.id, id, form.Get("plan_digest"))
	return k.changed(c, at, err, at.path()+"?done=changed")
}

// changed leads on, or tells a refusal on the page itself.
func (k *Console) changed(c echo.Context, at place, err error, to string) error {
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid || kind == models.Forbidden {
		p := problem.Of(err, "", "")
		return k.showGroup(c, p.Status, false, p.Detail, false)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}
