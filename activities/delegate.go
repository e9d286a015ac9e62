package activities

import (
	"context"
	"io"
	"slices"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
)

// delegatePatience is how long a processor that has not said when it will be done is waited for.
const delegatePatience = 20 * 24 * time.Hour

// delegatedRight is what a processor is asked for, and what a person does if it does not.
var delegatedRight = map[models.Right]struct {
	right  connectors.Right
	action task.Action
}{
	models.Access:        {connectors.RightAccess, task.Export},
	models.Export:        {connectors.RightExport, task.Export},
	models.Erasure:       {connectors.RightErase, task.Erase},
	models.Return:        {connectors.RightAccess, task.Export},
	models.Deletion:      {connectors.RightErase, task.Erase},
	models.Restriction:   {connectors.RightRestrict, task.Restrict},
	models.Rectification: {connectors.RightRectify, task.Rectify},
}

// FollowDelegation hands a request over to the system that carries it out by itself, or asks how far it is. What it brought and proved is kept. When it
// refuses or does not keep its time, a person goes on.
func (a *Activities) FollowDelegation(ctx context.Context, in DelegationRef) (Delegated, error) {
	out, err := a.followDelegation(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) followDelegation(ctx context.Context, in DelegationRef) (Delegated, error) {
	d, err := a.deps.Store.Delegation(ctx, models.ScopeOperator(), in.DelegationID)
	if err != nil || d.State.Over() {
		return Delegated{Over: d.State.Over()}, err
	}
	req, controller, err := a.load(ctx, in.RequestID)
	if err != nil {
		return Delegated{}, err
	}
	system, err := a.system(ctx, d.System)
	if err != nil {
		return Delegated{}, err
	}
	delegate, err := connectors.As[connectors.Delegate](system, "carry out a request by itself")
	if err != nil {
		return Delegated{}, err
	}
	defer beat(ctx)()
	now, err := a.ask(ctx, delegate, d, req, controller)
	if err != nil {
		if now, err = a.unanswered(d, req, err); err != nil {
			return Delegated{}, err
		}
	}
	return a.noteDelegated(ctx, delegate, d, now, req)
}

// ask hands the request over for the first time, or asks how far it is.
func (a *Activities) ask(ctx context.Context, delegate connectors.Delegate, d store.Delegation, req request.Request, c request.Controller) (connectors.Delegated, error) {
	if d.State == store.DelegationSubmitted {
		return delegate.Follow(ctx, d.ID)
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), req.ID)
	if err != nil {
		return connectors.Delegated{}, err
	}
	order := connectors.Delegation{ID: d.ID, Right: delegatedRight[req.Right].right, Controller: dataOf(c), Received: req.ReceivedAt}
	for _, i := range subject.Identities {
		order.Identities = append(order.Identities, connectors.DelegatedIdentity{Kind: i.Kind, Value: i.Value})
	}
	return delegate.Submit(ctx, order)
}

// unanswered is what an error of the system amounts to: a refusal when asking again cannot help, such as a right that it does not carry out or a request
// that it has lost; an overdue answer when its time is up. Otherwise it is asked again.
func (a *Activities) unanswered(d store.Delegation, req request.Request, err error) (connectors.Delegated, error) {
	switch kind := models.KindOf(err); {
	case models.CodeOf(err) == "key_destroyed":
		return connectors.Delegated{}, err
	case kind == models.NotFound || kind == models.Unsupported || kind == models.Invalid:
		return connectors.Delegated{State: connectors.DelegatedRefused, Reason: models.CodeOf(err)}, nil
	case a.overdue(d, req):
		return connectors.Delegated{State: connectors.DelegatedRunning, ExpectBy: d.ExpectBy}, nil
	}
	return connectors.Delegated{}, err
}

// noteDelegated records an answer and what follows from it.
func (a *Activities) noteDelegated(ctx context.Context, delegate connectors.Delegate, d store.Delegation, now connectors.Delegated, req request.Request) (Delegated, error) {
	d.ExpectBy, d.Reason = now.ExpectBy, now.Reason
	reason := task.Reason("")
	var err error
	switch now.State {
	case connectors.DelegatedDone:
		d.State = store.DelegationDone
		d.HasResult, err = a.fetchResult(ctx, delegate, d, req.Right)
	case connectors.DelegatedRefused, connectors.DelegatedCancelled:
		d.State, reason = store.DelegationRefused, task.DelegateRefused
	default:
		if d.State = store.DelegationSubmitted; a.overdue(d, req) {
			d.State, reason = store.DelegationOverdue, task.DelegateOverdue
		}
	}
	if err == nil && reason != "" {
		err = a.insteadOf(ctx, d, reason, req)
	}
	if err != nil {
		return Delegated{}, err
	}
	return Delegated{Over: d.State.Over()}, a.deps.Store.NoteDelegation(ctx, d, now.Proof)
}

// overdue reports whether the system has not kept its word, or the request's legal date has passed.
func (a *Activities) overdue(d store.Delegation, req request.Request) bool {
	now := a.deps.Now()
	switch {
	case req.Clock.Overdue(now):
		return true
	case !d.ExpectBy.IsZero():
		return now.After(d.ExpectBy)
	}
	return !d.SubmittedAt.IsZero() && now.After(d.SubmittedAt.Add(delegatePatience))
}

// insteadOf makes a task of what the system did not do.
func (a *Activities) insteadOf(ctx context.Context, d store.Delegation, reason task.Reason, req request.Request) error {
	groups, err := a.delegatedGroups(ctx, d)
	if err != nil {
		return err
	}
	spec := task.Spec{RequestID: d.RequestID, System: d.System, Action: delegatedRight[req.Right].action, Reason: reason}
	for _, g := range groups {
		spec.Collections, spec.Groups = append(spec.Collections, g.Name()), append(spec.Groups, g.No)
	}
	_, err = a.need(ctx, spec)
	return err
}

// delegatedGroups are the groups of the plan that a delegation is about.
func (a *Activities) delegatedGroups(ctx context.Context, d store.Delegation) ([]plan.Group, error) {
	p, err := a.approvedPlan(ctx, d.RequestID)
	return slices.DeleteFunc(slices.Clone(p.Groups), func(g plan.Group) bool { return g.By != plan.ByDelegate || g.System != d.System }), err
}

// fetchResult keeps what an access or portability request brought; false when there is nothing.
func (a *Activities) fetchResult(ctx context.Context, delegate connectors.Delegate, d store.Delegation, right models.Right) (bool, error) {
	if !right.Copies() {
		return false, nil
	}
	err := a.deps.Store.WritePart(ctx, d.RequestID, d.Part(), func(w io.Writer) (int64, error) {
		return 0, delegate.Result(ctx, d.ID, w)
	})
	if models.CodeOf(err) == "no_result" {
		return false, nil
	}
	return err == nil, err
}

// delegations sorts out what is handed over: a system that is to erase all that it holds is asked to; where a part has to stay, a person does the rest,
// and so does one where the customer leaves a part out of a copy, since the system would send all.
func (a *Activities) delegations(ctx context.Context, id models.ID, p plan.Plan, chosen func(plan.Group) bool) (steps []DelegationStep, tasks int, err error) {
	all, err := a.deps.Store.Delegations(ctx, models.ScopeOperator(), id)
	if err != nil {
		return nil, 0, err
	}
	for _, d := range all {
		wanted, others, leftOut := 0, 0, 0
		for _, g := range p.Groups {
			switch {
			case g.By != plan.ByDelegate || g.System != d.System:
			case chosen(g):
				wanted++
			case g.LeftOut():
				leftOut++
			default:
				others++
			}
		}
		switch {
		case wanted > 0 && leftOut == 0 && (others == 0 || !p.Right.Erases()):
			steps = append(steps, DelegationStep{DelegationID: d.ID, Queue: a.deps.Queues[d.System]})
		case wanted > 0:
			n, err := a.needGroups(ctx, Ending{RequestID: id}, delegatedRight[p.Right].action, task.DelegatePartly, p, func(g plan.Group) bool {
				return g.By == plan.ByDelegate && g.System == d.System && chosen(g)
			})
			if err != nil {
				return nil, 0, err
			}
			tasks += n
		}
	}
	return steps, tasks, nil
}

// needGroups makes tasks of the chosen groups and counts those that wait for people.
func (a *Activities) needGroups(ctx context.Context, of Ending, action task.Action, reason task.Reason, p plan.Plan, chosen func(plan.Group) bool) (int, error) {
	waiting := map[models.ID]bool{}
	for _, g := range p.Groups {
		if !chosen(g) {
			continue
		}
		t, err := a.needGroup(ctx, of, action, reason, g)
		if err != nil {
			return 0, err
		}
		if !t.State.Settled() {
			waiting[t.ID] = true
		}
	}
	return len(waiting), nil
}
