package activities

import (
	"context"
	"slices"

	"go.temporal.io/sdk/activity"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// MakePlan judges every located row by the holds on it and sorts the rows into the groups of a new plan.
func (a *Activities) MakePlan(ctx context.Context, in RequestRef) (Planned, error) {
	out, err := a.makePlan(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) makePlan(ctx context.Context, in RequestRef) (Planned, error) {
	req, controller, err := a.load(ctx, in.RequestID)
	if err != nil {
		return Planned{}, err
	}
	today, err := a.today(controller)
	if err != nil {
		return Planned{}, err
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return Planned{}, err
	}
	j := a.judge(req.Right, today, controller)
	j.statement = subject.Statement
	rows := 0
	sorting, err := a.deps.Store.GroupRows(ctx, in.RequestID, func(row store.LocatedRow) (int, error) {
		if rows++; rows%1000 == 0 {
			activity.RecordHeartbeat(ctx)
		}
		return j.group(row.Row)
	})
	if err != nil {
		return Planned{}, err
	}
	p, err := a.deps.Store.SavePlan(ctx, plan.Plan{
		RequestID: in.RequestID, Right: req.Right, Groups: j.builder.Groups(), RuleSet: hold.RuleSet(), DataMapDigest: a.deps.MapID,
		Sorting:       sorting,
		NeedsDecision: req.Right == models.Rectification || req.Right == models.Objection && subject.Statement.Weighed(),
	})
	if err != nil {
		return Planned{}, err
	}
	if err := a.keepValues(ctx, p); err != nil {
		return Planned{}, err
	}
	out := Planned{Version: p.Version, Undecided: len(p.Undecided())}
	if out.Undecided == 0 && !p.NeedsDecision && a.deps.Policy.ApproveUndecided {
		err = a.deps.Store.ApproveByPolicy(ctx, in.RequestID, p.Digest())
		out.Approved = err == nil
	}
	if code := models.CodeOf(err); code == "already_decided" || code == "question_open" {
		return out, nil // people were faster: their decision ends the request, or the DPO waits for an answer
	}
	return out, err
}

// today is the calendar day in the controller's zone.
func (a *Activities) today(c request.Controller) (calendar.Date, error) {
	zone, err := a.deps.Law.Zone(c.Timezone)
	if err != nil {
		return calendar.Date{}, err
	}
	return calendar.DateOf(a.deps.Now().In(zone)), nil
}

// judge sorts located rows into groups.
type judge struct {
	builder    *plan.Builder
	graph      *datamap.Graph
	controller string // rows of another controller are none of this request
	statement  request.Statement
}

func (a *Activities) judge(right models.Right, today calendar.Date, c request.Controller) *judge {
	return &judge{builder: plan.NewBuilder(right, today, a.hold), graph: a.deps.Graph, controller: dataOf(c)}
}

// group is the number of the row's group; 0 for a row of another controller.
func (j *judge) group(row datamap.FoundRow) (int, error) {
	if row.Controller != j.controller {
		return 0, nil
	}
	node := j.graph.Node(row.Address)
	if node == nil {
		return 0, models.Errorf(models.Conflict, "map_changed", "The data map no longer has %s; locate the data again.", row.Address)
	}
	return j.builder.Add(j.collection(node), planRow(node, row))
}

// collection adds to what the map says of a collection whether the person objects to its use.
func (j *judge) collection(n *datamap.Node) plan.Collection {
	c := planCollection(n)
	purposes, basis := purposesOf(n), n.Dataset.LegalBasis
	c.Objected = j.statement.Covers(purposes, basis)
	c.Absolute = slices.ContainsFunc(j.statement.Purposes, func(p request.Purpose) bool {
		return j.statement.Absolute(p) && p.Covers(purposes, basis)
	})
	return c
}

func planCollection(n *datamap.Node) plan.Collection {
	c := plan.Collection{
		System: n.System, Dataset: n.Address.Dataset, Name: n.Address.Collection, Categories: nodeCategories(n),
		Masked: n.Erasure() == datamap.EraseMask, Kept: n.Erasure() == datamap.EraseKeep,
		SharedKept: n.Collection.Shared == datamap.ShareKeep, Markable: n.Collection.Restrict != nil, Fields: planFields(n),
	}
	for i := range n.Fields {
		c.Portable = c.Portable || n.Portable(&n.Fields[i])
	}
	for _, h := range n.Collection.Holds {
		c.Holds = append(c.Holds, plan.HoldRule{Code: h.Rule, Fields: h.Fields})
	}
	return c
}

// nodeCategories are the data categories of a collection and its fields, sorted.
func nodeCategories(n *datamap.Node) []string {
	out := slices.Clone(n.Collection.Categories)
	for i := range n.Fields {
		out = append(out, n.Fields[i].Categories...)
	}
	return sorted(out)
}

func planRow(n *datamap.Node, row datamap.FoundRow) plan.Row {
	out := plan.Row{Anchors: map[string]map[string]calendar.Date{}}
	if row.Shared {
		out.SharedWith = row.Reason.Via.String()
	}
	for _, h := range n.Collection.Holds {
		dates := map[string]calendar.Date{}
		for i, d := range row.Dates(h) {
			if !d.IsZero() {
				dates[h.Anchors[i].Field] = d
			}
		}
		out.Anchors[h.Rule] = dates
	}
	return out
}

// hold computes one hold by the catalogue.
func (a *Activities) hold(code string, anchors map[string]calendar.Date) (plan.Hold, error) {
	rule, err := a.deps.Rules.Rule(code)
	if err != nil {
		return plan.Hold{}, err
	}
	r, err := hold.Compute(rule, anchors)
	if err != nil {
		return plan.Hold{}, err
	}
	return plan.Hold{
		Rule: code, Citation: r.Citation, Explanation: r.Explanation, Through: r.HoldThrough, ErasableFrom: r.ErasableFrom,
		ThirdCountry: r.ThirdCountry,
	}, nil
}
