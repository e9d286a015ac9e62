package activities_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
)

// processor is another company's system that carries out whole requests by itself, as the contract of a Delegate has it.
type processor struct {
	orders    map[models.ID]connectors.Delegation
	submitted int // calls, repeated ones included
	now       connectors.Delegated
	result    string
	fails     error // of every call
}

func (p *processor) Ping(context.Context) error { return nil }
func (p *processor) Close() error               { return nil }

func (p *processor) Submit(_ context.Context, order connectors.Delegation) (connectors.Delegated, error) {
	p.submitted++
	p.orders[order.ID] = order
	return p.now, p.fails
}

// unreachable is what a processor's connector fails with that does not get through.
var unreachable = models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The processor does not answer.")

func (p *processor) Follow(_ context.Context, id models.ID) (connectors.Delegated, error) {
	if _, known := p.orders[id]; !known {
		return connectors.Delegated{}, models.Errorf(models.NotFound, "not_found", "There is no such request.")
	}
	return p.now, p.fails
}

func (p *processor) Cancel(ctx context.Context, id models.ID) (connectors.Delegated, error) {
	return p.Follow(ctx, id)
}

func (p *processor) Result(_ context.Context, id models.ID, w io.Writer) error {
	if p.orders[id].ID != id || p.result == "" {
		return models.Errorf(models.NotFound, "no_result", "There is nothing.")
	}
	_, err := io.WriteString(w, p.result)
	return err
}

// setupProcessor is a world whose archive is kept by another company.
func setupProcessor(t *testing.T) (*world, *processor) {
	t.Helper()
	w := setupPeople(t)
	p := &processor{orders: map[models.ID]connectors.Delegation{}, now: connectors.Delegated{State: connectors.DelegatedPending}}
	w.deps.Systems["archive"] = p
	w.rebuild()
	return w, p
}

// handedOver is an approved request of which the processor has a part.
func (w *world) handedOver(right models.Right) (models.ID, activities.DelegationRef) {
	w.t.Helper()
	id := w.verified(right)
	ref := activities.RequestRef{RequestID: id}
	out, again := twice[activities.Located](w, id, w.acts.Locate, ref, "rows.located")
	require.Equal(w.t, activities.Located{Rows: 3}, out, "there is nothing for people to search")
	require.Equal(w.t, out, again)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	w.advance(id, models.InReview)
	w.approve(id, nil, "")
	require.Equal(w.t, plan.ByDelegate, w.group(id, "letters").By)
	list, err := w.store.Delegations(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	require.Len(w.t, list, 1)
	return id, activities.DelegationRef{RequestID: id, DelegationID: list[0].ID}
}

func (w *world) follow(ref activities.DelegationRef) bool {
	w.t.Helper()
	return do[activities.Delegated](w, w.acts.FollowDelegation, ref).Over
}

func TestAProcessorIsAskedOnceAndItsResultGoesIntoTheCopy(t *testing.T) {
	t.Parallel()
	w, p := setupProcessor(t)
	id, ref := w.handedOver(models.Access)
	request := activities.RequestRef{RequestID: id}
	work := do[activities.CopyWork](w, w.acts.PrepareCopy, request)
	require.Equal(t, []activities.DelegationStep{{DelegationID: ref.DelegationID}}, work.Delegations)

	p.fails = unreachable
	_, err := try[none](w, w.acts.FollowDelegation, ref)
	requireFailure(t, err, connectors.CodeUnavailable, false)
	p.fails = nil
	require.False(t, w.follow(ref))
	require.False(t, w.follow(ref))
	require.Equal(t, 2, p.submitted, "an answer that was lost is asked for under the same identifier")
	require.Len(t, p.orders, 1)
	order := p.orders[ref.DelegationID]
	require.Equal(t, connectors.RightAccess, order.Right)
	require.Equal(t, []connectors.DelegatedIdentity{{Kind: "email", Value: adaEmail}}, order.Identities)

	p.now = connectors.Delegated{State: connectors.DelegatedDone, Proof: []byte("signed: " + adaName)}
	p.result = `{"letters": ["Dear ` + adaName + `"]}`
	twice[activities.Delegated](w, id, w.acts.FollowDelegation, ref)
	require.True(t, w.follow(ref))
	pkg := do[activities.Package](w, w.acts.BuildPackage, request)
	require.Zero(t, pkg.Tasks)
	require.Equal(t, p.result, string(w.fetched(pkg)["others/archive.json"]))
	proof, err := w.store.DelegationProof(t.Context(), models.ScopeOperator(), ref.DelegationID)
	require.NoError(t, err)
	require.Equal(t, "signed: "+adaName, string(proof))
	entries, err := w.store.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Kind == "delegation.done" {
			require.NotEmpty(t, e.Data["proof_digest"])
		}
	}
}

func TestAProcessorErasesByItself(t *testing.T) {
	t.Parallel()
	w, p := setupProcessor(t)
	id, ref := w.handedOver(models.Erasure)
	work := w.prepared(id)
	require.Equal(t, []activities.DelegationStep{{DelegationID: ref.DelegationID}}, work.Delegations)
	require.Zero(t, work.Tasks)
	p.now = connectors.Delegated{State: connectors.DelegatedDone}
	require.True(t, w.follow(ref))
	require.Equal(t, connectors.RightErase, p.orders[ref.DelegationID].Right)
	w.eraseAll(id, work.Erase)
	require.Equal(t, activities.Proof{Checked: 3}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))
	w.advance(id, models.Notifying, models.Delivering)
	do[none](w, w.acts.SendAnswer, activities.Ending{RequestID: id})
	require.Contains(t, w.mails.last(t).mail.Text, "Your letters: by the company that keeps them for us")
}

func TestWhatAProcessorRefusesOrLeavesUndonePeopleDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now    connectors.Delegated
		fails  error
		wait   time.Duration
		reason task.Reason
		state  store.DelegationState
	}{
		"refused":                {connectors.Delegated{State: connectors.DelegatedRefused, Reason: "unknown_subject"}, nil, 0, task.DelegateRefused, store.DelegationRefused},
		"cancelled":              {connectors.Delegated{State: connectors.DelegatedCancelled}, nil, 0, task.DelegateRefused, store.DelegationRefused},
		"late by its own words":  {connectors.Delegated{State: connectors.DelegatedRunning, ExpectBy: start.Add(day)}, nil, 2 * day, task.DelegateOverdue, store.DelegationOverdue},
		"late without any words": {connectors.Delegated{State: connectors.DelegatedRunning}, nil, 21 * day, task.DelegateOverdue, store.DelegationOverdue},
		"late by the law":        {connectors.Delegated{State: connectors.DelegatedRunning, ExpectBy: start.Add(100 * day)}, nil, 40 * day, task.DelegateOverdue, store.DelegationOverdue},
		"out of reach for long":  {connectors.Delegated{}, unreachable, 21 * day, task.DelegateOverdue, store.DelegationOverdue},
		"lost":                   {connectors.Delegated{}, models.Errorf(models.NotFound, "not_found", "There is no such request."), 0, task.DelegateRefused, store.DelegationRefused},
		"not its right":          {connectors.Delegated{}, models.Errorf(models.Unsupported, "unsupported", "It cannot."), 0, task.DelegateRefused, store.DelegationRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := setupProcessor(t)
			id, ref := w.handedOver(models.Erasure)
			work := w.prepared(id)
			require.False(t, w.follow(ref))
			p.now, p.fails = c.now, c.fails
			if c.wait > 0 {
				out, err := try[activities.Delegated](w, w.acts.FollowDelegation, ref)
				require.Equal(t, c.fails == nil, err == nil)
				require.False(t, out.Over, "it still has time")
				w.pass(c.wait)
			}
			twice[activities.Delegated](w, id, w.acts.FollowDelegation, ref)
			d, err := w.store.Delegation(t.Context(), models.ScopeOperator(), ref.DelegationID)
			require.NoError(t, err)
			require.Equal(t, c.state, d.State)
			erase := w.onlyTask(id, task.Erase)
			require.Equal(t, c.reason, erase.Reason)
			require.Equal(t, []string{"archive.letters"}, erase.Collections)
			w.byHand(erase, 2)
			w.eraseAll(id, work.Erase)
			require.Zero(t, do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id}).Open)
		})
	}
}
