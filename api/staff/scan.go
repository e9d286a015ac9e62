package staff

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// orderScan orders a search of all systems for the person. A refusal is told on the page itself.
func (k *Console) orderScan(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return notFound()
	}
	who := caller(c)
	err = k.Store.OrderScan(c.Request().Context(), who.Scope, id, who.Actor)
	if code := models.CodeOf(err); code == "not_verified" || code == "key_destroyed" {
		detail := problem.Of(err, "", "").Detail
		return k.showRequest(c, http.StatusConflict, func(v *templates.RequestView) { v.Failure = detail })
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/requests/"+id.String()+"?done=scan#scan")
}

// addScan shows what searches of whole systems have found. A customer does not see it: a system holds the data of other customers too, and a
// search does not tell them apart.
func (k *Console) addScan(ctx context.Context, who models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	if !who.Role.Staff() {
		return nil
	}
	scans, err := k.Store.Scans(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	out := &templates.ScanView{OrderedAt: ordered(v.Ledger)}
	switch {
	case v.Shredded:
		out.Refusal = "scan.shredded"
	case r.VerifiedAt.IsZero():
		out.Refusal = "scan.unverified"
	default:
		out.CanOrder = who.Role == models.RoleDPO || who.Role == models.RoleHandler
	}
	for _, s := range scans {
		out.Systems = append(out.Systems, scanRow(s, out.OrderedAt, zone))
		for _, h := range s.Hits {
			out.Places = append(out.Places, templates.ScanPlace{System: s.System, Table: h.Table, Column: h.Column, Rows: h.Rows, Described: h.Described})
		}
	}
	slices.SortStableFunc(out.Places, undescribedFirst)
	v.Scan = out
	return k.addUnscanned(ctx, out)
}

// addUnscanned adds the systems that have no result, once a search is ordered, and counts what is still to come.
func (k *Console) addUnscanned(ctx context.Context, out *templates.ScanView) error {
	if out.OrderedAt.IsZero() {
		return nil
	}
	systems, err := k.Store.Systems(ctx)
	if err != nil {
		return err
	}
	for _, s := range systems {
		if !slices.ContainsFunc(out.Systems, func(row templates.ScanRow) bool { return row.System == s.Name }) {
			out.Systems = append(out.Systems, templates.ScanRow{System: s.Name, State: "none"})
		}
	}
	slices.SortFunc(out.Systems, func(a, b templates.ScanRow) int { return strings.Compare(a.System, b.System) })
	for _, row := range out.Systems {
		if row.Earlier || row.State == "none" {
			out.Waiting++
		}
	}
	return nil
}

// ordered is when the latest search was ordered, by the ledger.
func ordered(entries []templates.LedgerRow) time.Time {
	for _, e := range slices.Backward(entries) {
		if e.Kind == "scan.ordered" {
			return e.At
		}
	}
	return time.Time{}
}

func scanRow(s store.Scan, ordered time.Time, zone *time.Location) templates.ScanRow {
	row := templates.ScanRow{
		System: s.System, At: s.ScannedAt.In(zone), Earlier: s.ScannedAt.Before(ordered), Code: s.Code, Places: len(s.Hits), Skipped: s.Skipped, TooShort: s.TooShort,
	}
	for _, h := range s.Hits {
		if !h.Described {
			row.Undescribed++
		}
	}
	switch {
	case s.Code != "":
		row.State = "unsearched"
	case row.Places > 0:
		row.State = "found"
	case len(s.Skipped) > 0 || len(s.TooShort) > 0:
		row.State = "partly"
	default:
		row.State = "clean"
	}
	return row
}

// undescribedFirst puts first what an erasure by the data map does not reach.
func undescribedFirst(a, b templates.ScanPlace) int {
	switch {
	case a.Described == b.Described:
		return 0
	case b.Described:
		return -1
	}
	return 1
}
