package activities

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/plan"
	"habeas/models/plan/mapped"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
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
	narrowed, err := a.deps.Store.Narrowed(ctx, in.RequestID)
	if err != nil {
		return Planned{}, err
	}
	if narrowed != nil {
		j.narrowing = narrowed.Instruction
	}
	two, _, err := a.deps.Store.Approvals(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return Planned{}, err
	}
	rows := 0
	sorting, err := a.deps.Store.GroupRows(ctx, in.RequestID, func(row store.LocatedRow) (int, error) {
		if rows++; rows%1000 == 0 {
			alive(ctx)
		}
		return j.group(row.Row)
	})
	if err != nil {
		return Planned{}, err
	}
	if err := a.addUnlocated(ctx, in.RequestID, j); err != nil {
		return Planned{}, err
	}
	if err := a.addUnsearched(subject, j); err != nil {
		return Planned{}, err
	}
	p, err := a.deps.Store.SavePlan(ctx, plan.Plan{
		RequestID: in.RequestID, Right: req.Right, Groups: j.builder.Groups(), RuleSet: hold.RuleSet(), DataMapDigest: a.deps.MapID,
		Sorting:       sorting,
		NeedsDecision: narrowed != nil || two || byPerson(req.Right, subject.Statement),
		Narrowed:      narrowed,
	})
	if err != nil {
		return Planned{}, err
	}
	if err := a.keepValues(ctx, p); err != nil {
		return Planned{}, err
	}
	out := Planned{Version: p.Version, Undecided: len(p.Undecided()), Fetch: a.fetches(p)}
	if out.Undecided == 0 && !p.NeedsDecision && a.deps.Policy.ApproveUndecided {
		err = a.deps.Store.ApproveByPolicy(ctx, in.RequestID, p.Digest())
		out.Approved = err == nil
	}
	if code := models.CodeOf(err); code == "already_decided" || code == "question_open" {
		return out, nil // people were faster: their decision ends the request, or the DPO waits for an answer
	}
	return out, err
}

// byPerson reports whether the plan of a request for the right always needs a person's decision.
func byPerson(right models.Right, s request.Statement) bool {
	return right == models.Rectification || right == models.Objection && s.Weighed() || right == models.Deletion
}

// addUnlocated plans for the records that people have counted and those that processors hold.
func (a *Activities) addUnlocated(ctx context.Context, id models.ID, j *judge) error {
	tasks, err := a.deps.Store.TasksOf(ctx, id, models.ID{})
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.Action != task.Locate || t.State != task.Confirmed {
			continue
		}
		for _, name := range t.Collections {
			if err := j.unlocated(name, plan.ByHand, t.Counts[name]); err != nil {
				return err
			}
		}
	}
	delegations, err := a.deps.Store.Delegations(ctx, models.ScopeOperator(), id)
	if err != nil {
		return err
	}
	for _, d := range delegations {
		for _, name := range d.Collections {
			if err := j.unlocated(name, plan.ByDelegate, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlocated adds records of a collection that the walk did not find.
func (j *judge) unlocated(name string, by plan.Means, rows int64) error {
	if by == plan.ByHand && rows == 0 {
		return nil // nothing is held
	}
	for _, node := range j.graph.Nodes {
		if node.Address.String() == name {
			_, err := j.builder.AddUnlocated(j.collection(node), by, rows)
			return err
		}
	}
	return models.Errorf(models.Conflict, "map_changed", "The data map no longer has %s; locate the data again.", name)
}

// addUnsearched plans for what is kept where only people can search, and what they were not asked to search because the customer leaves it out.
func (a *Activities) addUnsearched(subject request.Subject, j *judge) error {
	if j.narrowing.IsZero() {
		return nil
	}
	var kinds []string
	for _, i := range subject.Identities {
		kinds = append(kinds, i.Kind)
	}
	reached := j.graph.Reached(kinds...)
	for _, node := range j.graph.Of(j.controller) {
		if !mapped.LeftOut(node, j.narrowing) || !slices.Contains(reached, node) || !a.searchedByHand(node) {
			continue
		}
		if _, err := j.builder.AddUnlocated(j.collection(node), plan.ByHand, 0); err != nil {
			return err
		}
	}
	return nil
}

// searchedByHand reports whether people search a collection: its system neither searches nor carries out requests by itself.
func (a *Activities) searchedByHand(n *datamap.Node) bool {
	system, here := a.deps.Systems[n.System]
	_, locates := system.(connectors.Locator)
	_, delegates := system.(connectors.Delegate)
	return here && !locates && !delegates
}

// fetches reports whether parts of a copy come from other workers or companies.
func (a *Activities) fetches(p plan.Plan) bool {
	return !p.Right.Erases() && slices.ContainsFunc(p.Groups, func(g plan.Group) bool {
		return g.By == plan.ByDelegate || a.deps.Queues[g.System] != ""
	})
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
	narrowing  request.Narrowing // by the customer's instruction
}

func (a *Activities) judge(right models.Right, today calendar.Date, c request.Controller) *judge {
	return &judge{builder: plan.NewBuilder(right, today, mapped.Hold(a.deps.Rules)), graph: a.graph(right), controller: dataOf(c)}
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
	return j.builder.Add(j.collection(node), mapped.Row(node, row))
}

// collection adds to what the map says of a collection whether the person objects to its use.
func (j *judge) collection(n *datamap.Node) plan.Collection {
	c := mapped.Collection(n)
	purposes, basis := purposesOf(n), n.Dataset.LegalBasis
	c.LeftOut = mapped.LeftOut(n, j.narrowing)
	c.Objected = j.statement.Covers(purposes, basis)
	c.Absolute = slices.ContainsFunc(j.statement.Purposes, func(p request.Purpose) bool {
		return j.statement.Absolute(p) && p.Covers(purposes, basis)
	})
	return c
}
