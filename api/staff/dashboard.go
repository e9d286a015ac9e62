package staff

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/words"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// controllersShown is how many controllers the dashboard lists, those with the most open requests first.
const controllersShown = 25

// dashboard shows the figures of the requests that somebody may see: a customer its own.
func (k *Console) dashboard(c echo.Context) error {
	ctx, who := c.Request().Context(), caller(c)
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	if err != nil {
		return err
	}
	p := twelveMonths(k.Now(), homeZone(controllers))
	f, err := k.figures(ctx, who.Scope, p)
	if err != nil {
		return err
	}
	v := templates.DashboardView{Zone: p.Zone.String(), Months: f.months(p), AsOf: f.AsOf.In(p.Zone)}
	for _, o := range f.Open {
		v.Open, v.Soon, v.Overdue = v.Open+o.Open, v.Soon+o.Soon, v.Overdue+o.Overdue
	}
	all := f.closing(store.ByNothing, "")
	v.Closed, v.Median, v.OnTime = all.Closed, days(all), onTime(all)
	v.Waits, v.Rights = f.byParty(), f.byRight()
	if len(controllers) > 1 {
		v.Controllers = f.byController(controllers)
		if n := len(v.Controllers.Rows); n > controllersShown {
			v.Controllers.Rows, v.More = v.Controllers.Rows[:controllersShown], n-controllersShown
		}
	}
	for _, list := range []templates.Tallies{v.Waits, v.Rights, v.Controllers} {
		list.Draw()
	}
	return show(k, c, http.StatusOK, "dashboard", templates.Dashboard, v)
}

// homeZone is the time zone of the operator or, for a customer, its own.
func homeZone(controllers []request.Controller) *time.Location {
	zone := time.UTC
	for i, one := range controllers {
		if i == 0 || one.Operator {
			zone = words.Zone(one.Timezone)
		}
	}
	return zone
}

// home is homeZone for somebody.
func (k *Console) home(ctx context.Context, who models.Principal) (*time.Location, error) {
	controllers, err := k.Store.Controllers(ctx, who.Scope)
	return homeZone(controllers), err
}

// twelveMonths is the month of an instant with the eleven before it.
func twelveMonths(now time.Time, zone *time.Location) store.Period {
	at := now.In(zone)
	month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, zone)
	return store.Period{From: month.AddDate(0, -11, 0), Before: month.AddDate(0, 1, 0), Zone: zone}
}

// figures are the counts of a period and of what is open.
type figures struct{ store.Figures }

func (k *Console) figures(ctx context.Context, scope models.Scope, p store.Period) (figures, error) {
	f, err := k.Store.Figures(ctx, scope, p)
	return figures{f}, err
}

// closing is what was closed under a key; zero for none.
func (f figures) closing(by, key string) store.Closing {
	for _, c := range f.Closings {
		if c.By == by && c.Key == key {
			return c
		}
	}
	return store.Closing{}
}

func (f figures) receivedOf(by, key string) int64 {
	for _, c := range f.Received {
		if c.By == by && c.Key == key {
			return c.N
		}
	}
	return 0
}

// months are those of a period, oldest first, whether or not anything happened in them.
func (f figures) months(p store.Period) []templates.Month {
	var out []templates.Month
	for at := p.From; at.Before(p.Before); at = at.AddDate(0, 1, 0) {
		key := at.Format("2006-01")
		closed := f.closing(store.ByMonth, key)
		out = append(out, templates.Month{
			Year: at.Year(), No: int(at.Month()), Received: f.receivedOf(store.ByMonth, key), Closed: closed.Closed, Late: closed.Late, Median: days(closed),
		})
	}
	return out
}

// tally adds up the open requests that belong together.
func (f figures) tally(one templates.Tally, closed store.Closing, belongs func(store.OpenCount) bool) templates.Tally {
	for _, o := range f.Open {
		if belongs(o) {
			one.Open, one.Soon, one.Overdue = one.Open+o.Open, one.Soon+o.Soon, one.Overdue+o.Overdue
		}
	}
	one.Closed, one.Median = closed.Closed, days(closed)
	return one
}

func (f figures) byParty() templates.Tallies {
	out := templates.Tallies{Head: "fact.waits", Before: "waits."}
	for _, party := range request.Parties() {
		one := templates.Tally{Key: string(party), Href: "/staff?waits=" + string(party)}
		out.Rows = append(out.Rows, f.tally(one, store.Closing{}, func(o store.OpenCount) bool { return o.Waits == party }))
	}
	return some(out)
}

func (f figures) byRight() templates.Tallies {
	out := templates.Tallies{Head: "fact.right", Before: "right.", After: ".short", Past: true}
	for _, right := range models.AllRights() {
		one := templates.Tally{Key: string(right), Href: "/staff?right=" + string(right)}
		out.Rows = append(out.Rows, f.tally(one, f.closing(store.ByRight, string(right)), func(o store.OpenCount) bool { return o.Right == right }))
	}
	return some(out)
}

// byController lists the controllers with the most open requests first.
func (f figures) byController(controllers []request.Controller) templates.Tallies {
	out := templates.Tallies{Head: "fact.controller", Past: true}
	for _, c := range controllers {
		one := templates.Tally{Name: c.Name, Href: "/staff?" + url.Values{"controller": {c.Slug}}.Encode()}
		out.Rows = append(out.Rows, f.tally(one, f.closing(store.ByController, c.ID.String()), func(o store.OpenCount) bool { return o.ControllerID == c.ID }))
	}
	slices.SortStableFunc(out.Rows, func(a, b templates.Tally) int { return int(b.Open - a.Open) })
	return some(out)
}

// some leaves out those of which there is nothing to say.
func some(t templates.Tallies) templates.Tallies {
	t.Rows = slices.DeleteFunc(t.Rows, func(one templates.Tally) bool { return one.Open == 0 && one.Closed == 0 })
	return t
}

func days(c store.Closing) string {
	if c.Answered == 0 {
		return ""
	}
	return templates.Days(c.Median)
}

// onTime is the share of those that were answered by their legal date. It is rounded down, so that it says 100 % of all only.
func onTime(c store.Closing) string {
	if c.Answered == 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", (c.Answered-c.Late)*100/c.Answered)
}
