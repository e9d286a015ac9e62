package staff

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"habeas/api/figures"
	"habeas/models/store"
	"habeas/templates"
)

// controllersShown is how many controllers the dashboard lists, those with the most open requests first.
const controllersShown = 25

// dashboard shows the figures of the requests that somebody may see: a customer its own.
func (k *Console) dashboard(c echo.Context) error {
	d, err := figures.DashboardOf(c.Request().Context(), k.Store, caller(c).Scope, k.Now())
	if err != nil {
		return err
	}
	v := templates.DashboardView{
		Zone: d.Zone.String(), AsOf: d.AsOf.In(d.Zone), Open: d.Total.Open, Soon: d.Total.Soon, Overdue: d.Total.Overdue, Closed: d.Total.Closed,
		Median: figures.Days(d.Total.Closing), OnTime: onTime(d.Total.Closing),
	}
	for _, m := range d.Months {
		v.Months = append(v.Months, templates.Month{
			Year: m.At.Year(), No: int(m.At.Month()), Received: m.Received, Closed: m.Closed, Late: m.Late, Median: figures.Days(m.Closing),
		})
	}
	shown := d.Controllers[:min(len(d.Controllers), controllersShown)]
	v.More = len(d.Controllers) - len(shown)
	v.Waits = templates.Tallies{Head: "fact.waits", Before: "waits.", Rows: tallies(d.Parties, "waits")}
	v.Rights = templates.Tallies{Head: "fact.right", Before: "right.", After: ".short", Past: true, Rows: tallies(d.Rights, "right")}
	v.Controllers = templates.Tallies{Head: "fact.controller", Past: true, Rows: tallies(shown, "controller")}
	for _, list := range []templates.Tallies{v.Waits, v.Rights, v.Controllers} {
		list.Draw()
	}
	return show(k, c, http.StatusOK, "dashboard", templates.Dashboard, v)
}

// tallies are rows that lead to the inbox with a filter.
func tallies(list []figures.Tally, filter string) []templates.Tally {
	var out []templates.Tally
	for _, one := range list {
		row := templates.Tally{
			Key: one.Key, Name: one.Name, Href: "/staff?" + url.Values{filter: {one.Key}}.Encode(), Open: one.Open, Soon: one.Soon, Overdue: one.Overdue,
			Closed: one.Closed, Median: figures.Days(one.Closing),
		}
		out = append(out, row)
	}
	return out
}

// onTime is the share of those that were answered by their legal date. It is rounded down, so that it says 100 % of all only.
func onTime(c store.Closing) string {
	if c.Answered == 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", (c.Answered-c.Late)*100/c.Answered)
}
