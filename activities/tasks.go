package activities

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
)

// need makes sure that there is a task, and returns it; the system's own instructions go with it.
func (a *Activities) need(ctx context.Context, spec task.Spec) (task.Task, error) {
	if tells, ok := a.deps.Systems[spec.System].(connectors.Instructor); ok {
		spec.Instructions = tells.Instructions()
	}
	return a.deps.Store.EnsureTask(ctx, spec)
}

// SettleTasks notes in the located rows what people have settled and counts the tasks that still wait for them.
func (a *Activities) SettleTasks(ctx context.Context, in Ending) (Tasks, error) {
	out, err := a.settleTasks(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) settleTasks(ctx context.Context, in Ending) (Tasks, error) {
	out := Tasks{RemindEvery: a.pace.ReviewEvery}
	tasks, err := a.deps.Store.TasksOf(ctx, in.RequestID, in.DeferralID)
	if err != nil {
		return out, err
	}
	for _, t := range tasks {
		if !t.State.Settled() {
			out.Open++
			continue
		}
		out.Refused = out.Refused || t.State == task.Refused
		if err := a.settle(ctx, t); err != nil {
			return out, err
		}
	}
	return out, nil
}

// settle gives the rows of a settled task their status: what a person has done, or that the rows stay because nobody can.
func (a *Activities) settle(ctx context.Context, t task.Task) error {
	if t.Action != task.Erase && t.Action != task.Restrict && t.Action != task.Rectify || len(t.Groups) == 0 {
		return nil
	}
	p, err := a.approvedPlan(ctx, t.RequestID)
	if err != nil {
		return err
	}
	for _, g := range p.Groups {
		if t.Action == task.Rectify {
			if t.Covers(g.No) {
				if err := a.settleByHand(ctx, t, g); err != nil {
					return err
				}
			}
			continue
		}
		status, has := a.statusBy(p.Right, t, g)
		if !t.Covers(g.No) || !has {
			continue
		}
		pending := []store.RowStatus{store.RowLocated, store.RowBlocked}
		if t.Action == task.Erase {
			pending = append(pending, store.RowRestricted, store.RowKept)
		}
		err := a.eachBatch(ctx, GroupRef{RequestID: t.RequestID, Group: g.No}, pending, func(rows []store.LocatedRow) error {
			return a.deps.Store.MarkRows(ctx, t.RequestID, ids(rows), status)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// statusBy is the status that a settled task gives to the rows of a group, if any.
func (a *Activities) statusBy(right models.Right, t task.Task, g plan.Group) (store.RowStatus, bool) {
	node := a.graph(right).Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
	masked := g.Treatment() == models.TreatMask || node != nil && node.Erasure() == datamap.EraseMask
	switch {
	case t.Action == task.Restrict:
		return store.RowRestricted, t.State == task.Confirmed
	case t.State == task.Refused:
		return store.RowKept, true
	case masked:
		return store.RowMasked, true
	}
	return store.RowErased, true
}

// openTasks counts the tasks that wait for people.
func (a *Activities) openTasks(ctx context.Context, of Ending) (int, error) {
	tasks, err := a.deps.Store.TasksOf(ctx, of.RequestID, of.DeferralID)
	n := 0
	for _, t := range tasks {
		if !t.State.Settled() {
			n++
		}
	}
	return n, err
}

// settledTask is the settled task of an action that covers a group.
func settledTask(tasks []task.Task, action task.Action, group int) (task.Task, bool) {
	i := slices.IndexFunc(tasks, func(t task.Task) bool { return t.Action == action && t.State.Settled() && t.Covers(group) })
	if i < 0 {
		return task.Task{}, false
	}
	return tasks[i], true
}

// needGroup makes a task of groups of the plan, which are all of one collection.
func (a *Activities) needGroup(ctx context.Context, of Ending, action task.Action, reason task.Reason, groups ...plan.Group) (task.Task, error) {
	spec := task.Spec{
		RequestID: of.RequestID, DeferralID: of.DeferralID, System: groups[0].System, Action: action, Reason: reason, Collections: []string{groups[0].Name()},
	}
	for _, g := range groups {
		spec.Groups = append(spec.Groups, g.No)
	}
	return a.need(ctx, spec)
}

// waits is 1 for a task that waits for people.
func waits(t task.Task) int {
	if t.State.Settled() {
		return 0
	}
	return 1
}

// byHand makes a task of a step that the connector has refused, in all groups that it would have dealt with; it is 0 when people have settled it
// already.
func (a *Activities) byHand(ctx context.Context, in GroupRef, action task.Action) (int, error) {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return 0, err
	}
	first, err := groupIn(p, in.Group)
	if err != nil {
		return 0, err
	}
	made, err := a.needGroup(ctx, Ending{RequestID: in.RequestID, DeferralID: in.DeferralID}, action, task.Unsupported, together(p, first)...)
	return waits(made), err
}

// leaveToOthers makes tasks of what people have to erase or set apart, and lists what processors do by themselves.
func (a *Activities) leaveToOthers(ctx context.Context, id models.ID, p plan.Plan, work *Work) error {
	of := Ending{RequestID: id}
	erase, err := a.needGroups(ctx, of, task.Erase, task.Unsupported, p, func(g plan.Group) bool { return g.By == plan.ByHand && erasedByPlan(g) })
	if err != nil {
		return err
	}
	restrict, err := a.needGroups(ctx, of, task.Restrict, task.Unsupported, p, func(g plan.Group) bool {
		return g.By != "" && g.Treatment() == models.TreatRetain
	})
	if err != nil {
		return err
	}
	steps, partly, err := a.delegations(ctx, id, p, erasedByPlan)
	work.Delegations, work.Tasks = steps, erase+restrict+partly
	if err != nil {
		return err
	}
	refused, err := a.refused(ctx, id)
	work.Retained = work.Retained || refused
	return err
}

// refused reports whether the DPO has closed a task of the request without its having been done: what it was about is not fulfilled.
func (a *Activities) refused(ctx context.Context, id models.ID) (bool, error) {
	tasks, err := a.deps.Store.TasksOf(ctx, id, models.ID{})
	return slices.ContainsFunc(tasks, func(t task.Task) bool { return t.State == task.Refused }), err
}

// queues are all queues of the systems, the main one first; nil when there is no other.
func (a *Activities) queues() []Queue {
	out := []Queue{}
	for _, system := range a.deps.Graph.Systems() {
		if q := a.deps.Queues[system]; q != "" {
			out = append(out, q)
		}
	}
	if len(out) == 0 {
		return nil
	}
	slices.Sort(out)
	return append([]Queue{""}, slices.Compact(out)...)
}

// queuesOf are the queues other than the main one of the groups' systems, each once.
func (a *Activities) queuesOf(groups []plan.Group, chosen func(plan.Group) bool) []Queue {
	var out []Queue
	for _, g := range groups {
		if q := a.deps.Queues[g.System]; q != "" && chosen(g) && !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	slices.Sort(out)
	return out
}
