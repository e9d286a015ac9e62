package figures

import (
	"cmp"
	"context"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// Dashboard is how the requests inside a scope stand now, and what became of them in the last twelve months.
type Dashboard struct {
	store.Period
	AsOf        time.Time // of which the counts are
	Total       Tally
	Months      []Month
	Parties     []Tally // that open requests wait for; without what was closed
	Rights      []Tally
	Controllers []Tally // with the most open requests first; empty where there is but one
}

// Tally counts the requests that have Key in common: a party, a right or the slug of a controller.
type Tally struct {
	Key, Name           string // Name is a controller's
	Open, Soon, Overdue int64
	store.Closing
}

// DashboardOf counts for a dashboard.
func DashboardOf(ctx context.Context, s *store.Store, scope models.Scope, now time.Time) (Dashboard, error) {
	controllers, err := s.Controllers(ctx, scope)
	if err != nil {
		return Dashboard{}, err
	}
	p := twelveMonths(now, HomeZone(controllers))
	f, err := gather(ctx, s, scope, p)
	if err != nil {
		return Dashboard{}, err
	}
	d := Dashboard{Period: p, AsOf: f.AsOf, Months: f.months(p)}
	d.Total = f.tally(Tally{Closing: f.Closing(store.ByNothing, "")}, func(store.OpenCount) bool { return true })
	for _, party := range request.Parties() {
		d.Parties = append(d.Parties, f.tally(Tally{Key: string(party)}, func(o store.OpenCount) bool { return o.Waits == party }))
	}
	for _, right := range models.AllRights() {
		one := Tally{Key: string(right), Closing: f.Closing(store.ByRight, string(right))}
		d.Rights = append(d.Rights, f.tally(one, func(o store.OpenCount) bool { return o.Right == right }))
	}
	if len(controllers) > 1 {
		d.Controllers = f.ofControllers(controllers)
	}
	d.Parties, d.Rights, d.Controllers = some(d.Parties), some(d.Rights), some(d.Controllers)
	return d, nil
}

func (f Figures) ofControllers(controllers []request.Controller) []Tally {
	var out []Tally
	for _, c := range controllers {
		one := Tally{Key: c.Slug, Name: c.Name, Closing: f.Closing(store.ByController, c.ID.String())}
		out = append(out, f.tally(one, func(o store.OpenCount) bool { return o.ControllerID == c.ID }))
	}
	slices.SortStableFunc(out, func(a, b Tally) int { return cmp.Compare(b.Open, a.Open) })
	return out
}

// tally adds up the open requests that belong together.
func (f Figures) tally(one Tally, belongs func(store.OpenCount) bool) Tally {
	for _, o := range f.Open {
		if belongs(o) {
			one.Open, one.Soon, one.Overdue = one.Open+o.Open, one.Soon+o.Soon, one.Overdue+o.Overdue
		}
	}
	return one
}

// some leaves out those of which there is nothing to say.
func some(list []Tally) []Tally {
	return slices.DeleteFunc(list, func(one Tally) bool { return one.Open == 0 && one.Closed == 0 })
}

// twelveMonths is the month of an instant with the eleven before it.
func twelveMonths(now time.Time, zone *time.Location) store.Period {
	at := now.In(zone)
	month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, zone)
	return store.Period{From: month.AddDate(0, -11, 0), Before: month.AddDate(0, 1, 0), Zone: zone}
}
