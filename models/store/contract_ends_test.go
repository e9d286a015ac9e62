package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/contractend"
	"habeas/models/member"
	"habeas/models/store"
	"habeas/models/webhook"
)

var acmesKey = models.Actor{Role: models.RoleController, ID: models.ID{77}}

func ending(back bool) contractend.Event {
	return contractend.Event{
		Actor: acmesKey, Reason: "we leave, " + canary,
		Facts: contractend.Facts{LastDay: calendar.Date{Year: 2026, Month: time.March, Day: 31}, GraceDays: 7, Return: back},
	}
}

// ends is the end of acme's contract, approved and after the grace.
func (b *bundle) ends(back bool) store.ContractEnd {
	b.t.Helper()
	end, err := b.OrderContractEnd(b.t.Context(), models.ScopeOf(b.acme.ID), b.acme.ID, ending(back))
	require.NoError(b.t, err)
	end = b.contractEnd(end.ID, contractend.Approved)
	b.pass(60 * 24 * time.Hour)
	return end
}

func (b *bundle) contractEnd(id models.ID, kind contractend.Kind) store.ContractEnd {
	b.t.Helper()
	end, err := b.NoteContractEnd(b.t.Context(), models.ScopeOperator(), id, 0, contractend.Event{Kind: kind, Actor: officer, Reason: "x"})
	require.NoError(b.t, err)
	return end
}

// opened is the request that a step of a contract's end opens.
func (b *bundle) opened(id models.ID, kind contractend.Kind) models.ID {
	b.t.Helper()
	require.NoError(b.t, b.OpenContractRequest(b.t.Context(), id, kind))
	require.NoError(b.t, b.OpenContractRequest(b.t.Context(), id, kind), "again")
	end, err := b.ContractEnd(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	return map[contractend.Kind]models.ID{contractend.Returning: end.Returns, contractend.Erasing: end.Erases}[kind]
}

func (b *bundle) settledEnd(id models.ID) store.ContractEnd {
	b.t.Helper()
	end, err := b.SettleContractEnd(b.t.Context(), id)
	require.NoError(b.t, err)
	return end
}

// wakes counts the orders that tell the workflow of a contract's end something.
func (b *bundle) wakes(id models.ID) int {
	return b.count("SELECT count(*) FROM orders WHERE contract_end_id = $1 AND kind = 'update'", id.String())
}

func TestACustomersDataIsReturnedAndThenErasedByRequestsOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	end := b.ends(true)
	require.Equal(t, "acme", end.Slug)
	back := b.opened(end.ID, contractend.Returning)
	r, err := b.Request(t.Context(), models.ScopeOf(b.acme.ID), back)
	require.NoError(t, err)
	require.Equal(t, models.Return, r.Right)
	require.False(t, r.VerifiedAt.IsZero(), "nobody has to be verified")
	subject, err := b.Subject(t.Context(), models.ScopeOperator(), back)
	require.NoError(t, err)
	require.Equal(t, b.acme.ContactEmail, subject.Email)
	require.Equal(t, "controller", subject.Identities[0].Kind)
	require.Equal(t, "acme", subject.Identities[0].Value.Reveal())
	require.Equal(t, 1, b.count("SELECT count(*) FROM requests"))
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE request_id = $1 AND kind = 'start'", back.String()))
	require.Equal(t, contractend.Giving, b.settledEnd(end.ID).State)

	before := b.wakes(end.ID)
	b.advance(back, models.Locating, models.InReview, models.Executing)
	pkg, err := b.CreatePackage(t.Context(), back)
	require.NoError(t, err)
	token, err := b.FinishPackage(t.Context(), pkg, b.write(pkg, 100), 100, b.now().Add(time.Hour))
	require.NoError(t, err)
	b.advance(back, models.Delivering)
	require.Equal(t, contractend.Giving, b.settledEnd(end.ID).State, "ready, and not fetched")
	require.NoError(t, b.PackageCollected(t.Context(), token))
	require.Equal(t, before+1, b.wakes(end.ID))
	require.Equal(t, contractend.Given, b.settledEnd(end.ID).State)

	gone := b.opened(end.ID, contractend.Erasing)
	require.NotEqual(t, back, gone)
	b.advance(gone, models.Locating, models.InReview, models.Executing, models.Notifying, models.Delivering)
	require.Equal(t, contractend.Deleting, b.settledEnd(end.ID).State)
	_, key, err := b.CreateKey(t.Context(), store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme's"})
	require.NoError(t, err)
	globexSecret, _, err := b.CreateKey(t.Context(), store.KeySpec{Role: models.RoleController, ControllerID: b.globex.ID, Name: "globex's"})
	require.NoError(t, err)
	_, _, err = b.AddEndpoint(t.Context(), models.ScopeOperator(), officer, store.Endpoint{ControllerID: b.acme.ID, URL: "https://acme.example/h", Events: []webhook.Kind{webhook.RequestClosed}})
	require.NoError(t, err)
	person, _ := b.invited(models.RoleViewer, b.acme.ID, "vi@acme.example")
	other, _ := b.invited(models.RoleViewer, b.globex.ID, "gil@globex.example")
	require.NoError(t, b.Advance(t.Context(), gone, models.Closed, models.PartlyFulfilled))
	require.Equal(t, before+2, b.wakes(end.ID))

	end = b.settledEnd(end.ID)
	require.Equal(t, contractend.Over, end.State)
	last := end.Events[len(end.Events)-1]
	require.Equal(t, contractend.Facts{Members: 1, Keys: 1, Webhooks: 1, Partly: true}, last.Facts)
	for id, want := range map[models.ID]member.State{person.ID: member.Deactivated, other.ID: other.State} {
		m, err := b.MemberByID(t.Context(), models.ScopeOperator(), id)
		require.NoError(t, err)
		require.Equal(t, want, m.State)
	}
	keys, err := b.Keys(t.Context(), models.ScopeOf(b.acme.ID))
	require.NoError(t, err)
	require.Equal(t, key, keys[0].ID)
	require.False(t, keys[0].RevokedAt.IsZero())
	hooks, err := b.Endpoints(t.Context(), models.ScopeOf(b.acme.ID))
	require.NoError(t, err)
	require.False(t, hooks[0].Active)
	_, err = b.Authenticate(t.Context(), globexSecret)
	require.NoError(t, err, "another customer's access goes on")
	require.Len(t, b.settledEnd(end.ID).Events, len(end.Events), "nothing more happens")
	require.Empty(t, b.leaks(canary))
	require.ErrorContains(t, b.try("DELETE FROM contract_end_events"), "append-only")
	require.Equal(t, len(end.Events), b.count("SELECT count(*) FROM ledger_entries WHERE kind LIKE 'contract_end.%' AND controller_id = $1", b.acme.ID.String()))
	require.Equal(t, end.ID, b.endOf(gone))
	require.Equal(t, end.ID, b.endOf(back))
}

func (b *bundle) endOf(request models.ID) models.ID {
	b.t.Helper()
	end, err := b.ContractEndOf(b.t.Context(), models.ScopeOperator(), request)
	require.NoError(b.t, err)
	return end.ID
}

func TestAReturnThatNobodyFetchedWaitsForTheOfficer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	end := b.ends(true)
	back := b.opened(end.ID, contractend.Returning)
	b.advance(back, models.Locating, models.InReview, models.Executing, models.Delivering)
	require.NoError(t, b.Advance(t.Context(), back, models.Closed, models.Fulfilled))
	end = b.settledEnd(end.ID)
	require.True(t, end.Unfetched)
	require.Equal(t, contractend.Giving, end.State)
	require.Len(t, b.settledEnd(end.ID).Events, len(end.Events))
	require.Zero(t, b.opened(end.ID, contractend.Erasing), "not yet")
	b.contractEnd(end.ID, contractend.Released)
	require.NotZero(t, b.opened(end.ID, contractend.Erasing))
}

func TestAnErasureThatWasStoppedEndsTheOrderAndLeavesTheAccess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret, _, err := b.CreateKey(t.Context(), store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme's"})
	require.NoError(t, err)
	end := b.ends(false)
	gone := b.opened(end.ID, contractend.Erasing)
	b.advance(gone, models.Locating)
	require.NoError(t, b.Advance(t.Context(), gone, models.Closed, models.Refused))
	end = b.settledEnd(end.ID)
	require.Equal(t, contractend.Abandoned, end.State)
	_, err = b.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	_, err = b.OrderContractEnd(t.Context(), models.ScopeOf(b.acme.ID), b.acme.ID, ending(false))
	require.NoError(t, err, "it may be ordered again")
}

func TestAnotherCustomerNeitherSeesNorOrdersTheEndOfAContract(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.OrderContractEnd(t.Context(), models.ScopeOf(b.globex.ID), b.acme.ID, ending(false))
	requireCode(t, "not_found", err)
	_, err = b.OrderContractEnd(t.Context(), models.Scope{}, b.acme.ID, ending(false))
	requireCode(t, "not_found", err)
	end, err := b.OrderContractEnd(t.Context(), models.ScopeOf(b.acme.ID), b.acme.ID, ending(true))
	require.NoError(t, err)
	calls := map[string]func(models.Scope) error{
		"ContractEnd": func(s models.Scope) error { _, err := b.ContractEnd(t.Context(), s, end.ID); return err },
		"NoteContractEnd": func(s models.Scope) error {
			_, err := b.NoteContractEnd(t.Context(), s, end.ID, 99, contractend.Event{Kind: contractend.Withdrawn, Actor: acmesKey, Reason: "x"})
			return err
		},
	}
	for name, call := range calls {
		requireCode(t, "not_found", call(models.ScopeOf(b.globex.ID)))
		requireCode(t, "not_found", call(models.Scope{}))
		require.NotEqual(t, "not_found", models.CodeOf(call(models.ScopeOf(b.acme.ID))), name)
	}
	for scope, want := range map[models.Scope]int{models.ScopeOf(b.globex.ID): 0, {}: 0, models.ScopeOf(b.acme.ID): 1, models.ScopeOperator(): 1} {
		list, err := b.ContractEnds(t.Context(), scope, 10)
		require.NoError(t, err)
		require.Len(t, list, want)
	}
}

func TestOnlyACustomersContractEndsAndOnlyOnceAtATime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.OrderContractEnd(t.Context(), models.ScopeOperator(), b.operator.ID, ending(false))
	requireCode(t, "no_customer", err)
	_, err = b.OrderContractEnd(t.Context(), models.ScopeOperator(), models.ID{5}, ending(false))
	requireCode(t, "not_found", err)
	var group errgroup.Group
	made := make([]error, 4)
	for i := range made {
		group.Go(func() error {
			_, made[i] = b.OrderContractEnd(t.Context(), models.ScopeOf(b.acme.ID), b.acme.ID, ending(false))
			return nil
		})
	}
	require.NoError(t, group.Wait())
	good := 0
	for _, err := range made {
		if err == nil {
			good++
			continue
		}
		requireCode(t, "contract_end_open", err)
	}
	require.Equal(t, 1, good)
	list, err := b.ContractEnds(t.Context(), models.ScopeOperator(), 10)
	require.NoError(t, err)
	_, err = b.NoteContractEnd(t.Context(), models.ScopeOperator(), list[0].ID, 7, contractend.Event{Kind: contractend.Approved, Actor: officer})
	requireCode(t, "contract_end_changed", err)
	globex := b.globex
	globex.ContactEmail = ""
	_, err = b.PutController(t.Context(), globex)
	require.NoError(t, err)
	_, err = b.OrderContractEnd(t.Context(), models.ScopeOperator(), b.globex.ID, ending(true))
	requireCode(t, "no_contact", err)
}
