package v1

import (
	"cmp"
	"context"
	"strings"
	"time"

	"habeas/api/figures"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/store"
)

// ListHolds lists what a law keeps from being erased now.
func (s *Server) ListHolds(ctx context.Context, in ListHoldsRequestObject) (ListHoldsResponseObject, error) {
	list, next, err := s.store.Holds(ctx, caller(ctx).Scope, in.Params.Cursor, cmp.Or(in.Params.Limit, usualPage))
	if err != nil {
		return nil, err
	}
	slugs, err := s.controllerSlugs(ctx)
	if err != nil {
		return nil, err
	}
	out := HoldList{Holds: make([]Hold, len(list)), Next: next}
	for i, h := range list {
		g := h.Group
		out.Holds[i] = Hold{
			ID: h.ID.String(), RequestID: h.RequestID.String(), Reference: h.Reference, Controller: slugs[h.ControllerID], System: g.System, Dataset: g.Dataset,
			Collection: g.Collection, Rows: g.Rows, Rule: g.Rule, Citation: g.Citation, Explanation: g.Explanation, HoldThrough: g.HoldThrough.String(),
			ErasableOn: h.DueOn.String(), State: string(h.State),
		}
	}
	return ListHolds200JSONResponse(out), nil
}

// GetDashboard counts the requests that the caller may see.
func (s *Server) GetDashboard(ctx context.Context, _ GetDashboardRequestObject) (GetDashboardResponseObject, error) {
	d, err := figures.DashboardOf(ctx, s.store, caller(ctx).Scope, s.now())
	if err != nil {
		return nil, err
	}
	out := Dashboard{
		AsOf: d.AsOf.UTC(), Timezone: d.Zone.String(), From: d.From.UTC(), Before: d.Before.UTC(), Total: tally(d.Total), Months: make([]PastTally, len(d.Months)),
		Parties: tallies(d.Parties), Rights: tallies(d.Rights),
	}
	if len(d.Controllers) > 0 {
		out.Controllers = tallies(d.Controllers)
	}
	for i, m := range d.Months {
		out.Months[i] = past(m.Key, m.Received, m.Closing)
	}
	return GetDashboard200JSONResponse(out), nil
}

func tallies(in []figures.Tally) []Tally {
	out := make([]Tally, len(in))
	for i, one := range in {
		out[i] = tally(one)
	}
	return out
}

func tally(t figures.Tally) Tally {
	return Tally{
		Key: t.Key, Open: t.Open, Soon: t.Soon, Overdue: t.Overdue, Closed: t.Closed, Answered: t.Answered, Late: t.Late,
		MedianSeconds: int64(t.Median / time.Second), P90Seconds: int64(t.P90 / time.Second),
	}
}

func past(key string, received int64, c store.Closing) PastTally {
	return PastTally{
		Key: key, Received: received, Closed: c.Closed, Answered: c.Answered, Late: c.Late,
		MedianSeconds: int64(c.Median / time.Second), P90Seconds: int64(c.P90 / time.Second),
	}
}

// GetReport is the report of a period in numbers.
func (s *Server) GetReport(ctx context.Context, in GetReportRequestObject) (GetReportResponseObject, error) {
	r, err := s.reportOf(ctx, in.Period)
	if err != nil {
		return nil, err
	}
	return GetReport200JSONResponse(reportJSON(r)), nil
}

// GetReportTable is the report of a period in words.
func (s *Server) GetReportTable(ctx context.Context, in GetReportTableRequestObject) (GetReportTableResponseObject, error) {
	r, err := s.reportOf(ctx, in.Period)
	if err != nil {
		return nil, err
	}
	body, err := r.Document(s.Text).CSV()
	if err != nil {
		return nil, err
	}
	return GetReportTable200TextCsvResponse{
		Body: strings.NewReader(string(body)), ContentLength: int64(len(body)),
		Headers: GetReportTable200ResponseHeaders{ContentDisposition: `attachment; filename="requests-` + r.Key + `.csv"`},
	}, nil
}

func (s *Server) reportOf(ctx context.Context, period string) (figures.Report, error) {
	return figures.ReportOf(ctx, s.store, caller(ctx).Scope, period, s.now())
}

func reportJSON(r figures.Report) Report {
	f := r.Figures
	out := Report{
		Period: r.Key, From: r.From.UTC(), Before: r.Before.UTC(), Timezone: r.Zone.String(), PreparedAt: r.PreparedAt.UTC(), Of: r.Of(),
		Total:    past(r.Key, f.Received(store.ByNothing, ""), f.Closing(store.ByNothing, "")),
		Outcomes: map[string]int64{}, Late: []LateRequest{}, MoreLate: r.Cut, Holds: []HoldCount{}, Notices: map[string]int64{}, Breaches: []ReportedBreach{},
		Rights: []PastTally{},
	}
	for _, o := range f.Open {
		out.Open, out.Overdue = out.Open+o.Open, out.Overdue+o.Overdue
	}
	for _, right := range models.Rights() {
		out.Rights = some(out.Rights, past(string(right), f.Received(store.ByRight, string(right)), f.Closing(store.ByRight, string(right))))
	}
	for _, m := range r.Months {
		out.Months = append(out.Months, past(m.Key, m.Received, m.Closing))
	}
	if len(r.Controllers) > 1 {
		for _, c := range r.Controllers {
			out.Controllers = some(out.Controllers, past(c.Slug, f.Received(store.ByController, c.ID.String()), f.Closing(store.ByController, c.ID.String())))
		}
	}
	for _, o := range figures.Outcomes() {
		if n := f.Closing(store.ByOutcome, string(o)).Closed; n > 0 {
			out.Outcomes[string(o)] = n
		}
	}
	addLists(&out, r)
	return out
}

// some adds what has anything to say.
func some(list []PastTally, one PastTally) []PastTally {
	if one.Received == 0 && one.Closed == 0 {
		return list
	}
	return append(list, one)
}

func addLists(out *Report, r figures.Report) {
	for _, l := range r.Late {
		out.Late = append(out.Late, LateRequest{
			ID: l.ID.String(), Reference: l.Reference, Right: string(l.Right), Controller: r.SlugOf(l.ControllerID), State: string(l.State),
			WaitsFor: string(l.Waits), DueBefore: l.DueBefore.UTC(), ClosedAt: l.ClosedAt, Extended: l.Extended,
		})
	}
	for _, h := range r.Holds {
		out.Holds = append(out.Holds, HoldCount{
			Rule: h.Rule, Citation: h.Citation, Holds: h.Holds, Rows: h.Rows, FirstOn: calendar.DateOf(h.First.UTC()).String(), LastOn: calendar.DateOf(h.Last.UTC()).String(),
		})
	}
	for _, n := range r.Notices {
		out.Notices[n.Key] = n.N
	}
	for _, b := range r.Breaches {
		out.Breaches = append(out.Breaches, ReportedBreach{Reference: b.Reference, At: b.At.UTC(), State: b.State, Risk: b.Risk, Persons: b.Persons})
	}
}
