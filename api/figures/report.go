package figures

import (
	"context"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/request"
	"habeas/models/store"
)

// LateListed is how many late requests a report lists.
const LateListed = 200

// Report is what became of the requests of a period, for somebody who may see those of a scope.
type Report struct {
	store.Period
	Key         string    // "2027" or "2027-02"
	PreparedAt  time.Time // of which the counts are
	Controllers []request.Controller
	Figures     Figures
	Months      []Month // of a period of more than one
	Late        []store.LateRequest
	Cut         bool // there are more that were late
	Holds       []store.HoldCount
	Notices     []store.Count // by state
	Breaches    []Breach
	Customer    bool // breaches are those that a customer was told of, and At is when
}

// Breach is a breach of the period.
type Breach struct {
	Reference   string
	At          time.Time // reported, or told
	State, Risk string    // empty for a customer; Risk may be
	Persons     *int      // about; nil when it is not known
}

// IsPeriod reports whether a text names a period: a year, "2027", or a month, "2027-02".
func IsPeriod(text string) bool {
	_, _, err := periodOf(text, time.Time{}, time.UTC)
	return err == nil
}

// periodOf reads a period; none is the month before now. It fails with bad_period.
func periodOf(text string, now time.Time, zone *time.Location) (p store.Period, key string, err error) {
	p.Zone = zone
	if p.From, err = time.ParseInLocation("2006", text, zone); err == nil {
		p.Before = p.From.AddDate(1, 0, 0)
		return p, text, nil
	}
	if text == "" {
		at := now.In(zone)
		text = time.Date(at.Year(), at.Month()-1, 1, 0, 0, 0, 0, zone).Format("2006-01")
	}
	if p.From, err = time.ParseInLocation("2006-01", text, zone); err != nil {
		return p, "", models.Errorf(models.Invalid, "bad_period", "A period is a year such as 2027 or a month such as 2027-02.").At("period")
	}
	p.Before = p.From.AddDate(0, 1, 0)
	return p, text, nil
}

// ReportOf gathers the report of a period; none is the month before now. It fails with bad_period.
func ReportOf(ctx context.Context, s *store.Store, scope models.Scope, period string, now time.Time) (Report, error) {
	controllers, err := s.Controllers(ctx, scope)
	if err != nil {
		return Report{}, err
	}
	p, key, err := periodOf(period, now, HomeZone(controllers))
	if err != nil {
		return Report{}, err
	}
	r := Report{Period: p, Key: key, Controllers: controllers}
	if r.Figures, err = gather(ctx, s, scope, p); err != nil {
		return r, err
	}
	r.PreparedAt = r.Figures.AsOf
	if months := r.Figures.months(p); len(months) > 1 {
		r.Months = months
	}
	if r.Late, err = s.LateRequests(ctx, scope, p, LateListed+1); err != nil {
		return r, err
	}
	if r.Cut = len(r.Late) > LateListed; r.Cut {
		r.Late = r.Late[:LateListed]
	}
	if r.Holds, _, err = s.HoldCounts(ctx, scope); err != nil {
		return r, err
	}
	if r.Notices, err = s.NoticeCounts(ctx, scope, p); err != nil {
		return r, err
	}
	return r, r.addBreaches(ctx, s, scope)
}

// Of is whom a report is of: the operator or, for a customer, itself.
func (r Report) Of() string { return home(r.Controllers).Name }

// addBreaches adds those of the period. A customer learns of those that it was told of, and when.
func (r *Report) addBreaches(ctx context.Context, s *store.Store, scope models.Scope) error {
	list, err := s.Breaches(ctx, scope, 100_000)
	customer, limited := scope.Controller()
	r.Customer = limited
	for _, b := range list {
		if b.Drill {
			continue
		}
		one := Breach{Reference: b.Reference, At: b.ReportedAt, State: string(b.State), Risk: string(b.Risk), Persons: b.Known.Persons}
		if limited {
			i := slices.IndexFunc(b.Customers, func(c register.CustomerDuty) bool { return c.ID == customer })
			if i < 0 {
				continue
			}
			one = Breach{Reference: b.Reference, At: b.Customers[i].ToldAt}
		}
		if !one.At.Before(r.From) && one.At.Before(r.Before) {
			r.Breaches = append(r.Breaches, one)
		}
	}
	return err
}

// NameOf is the name of a controller of the report.
func (r Report) NameOf(id models.ID) string { return r.controller(id).Name }

// SlugOf is the slug of a controller of the report.
func (r Report) SlugOf(id models.ID) string { return r.controller(id).Slug }

func (r Report) controller(id models.ID) request.Controller {
	i := slices.IndexFunc(r.Controllers, func(c request.Controller) bool { return c.ID == id })
	if i < 0 {
		return request.Controller{}
	}
	return r.Controllers[i]
}
