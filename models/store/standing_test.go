package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestAStandingInstructionIsFollowedAndNamedInTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	acme := models.Principal{Actor: customer, Scope: models.ScopeOf(b.acme.ID)}
	standing, err := b.InstructStanding(ctx, acme, store.Standing{Right: models.Erasure})
	require.NoError(t, err)
	_, err = b.InstructStanding(ctx, acme, store.Standing{Right: models.Erasure})
	requireCode(t, "standing_already", err)

	waiting := func(right models.Right, c request.Controller, email string) models.ID {
		sub := b.submission(email)
		sub.Controller, sub.Right = c, right
		id := b.verified(sub).RequestID
		b.advance(id, models.Verifying, models.AwaitingInstruction)
		return id
	}
	kinds := func(id models.ID) (out []string) {
		entries, err := b.Ledger(ctx, models.ScopeOperator(), id)
		require.NoError(t, err)
		for _, e := range entries {
			if e.Kind == "decision.instruct" || e.Kind == "instruction.followed" {
				out = append(out, e.Kind)
				if e.Kind == "decision.instruct" {
					require.Equal(t, customer, e.Actor)
				} else {
					require.Equal(t, standing.String(), e.Data["instruction_id"])
				}
			}
		}
		return out
	}
	followed := waiting(models.Erasure, b.acme, "a@example.org")
	require.Equal(t, []string{"decision.instruct", "instruction.followed"}, kinds(followed))
	_, err = b.Decide(ctx, models.ScopeOf(b.acme.ID), request.Decision{RequestID: followed, Kind: request.Instruct, Actor: customer})
	requireCode(t, "already_decided", err)
	require.Positive(t, b.count("SELECT count(*) FROM orders WHERE request_id = $1 AND name = 'instruct'", followed.String()), "its workflow is told")
	require.Empty(t, kinds(waiting(models.Access, b.acme, "a@example.org")), "another right")
	require.Empty(t, kinds(waiting(models.Erasure, b.globex, "a@example.org")), "another customer")

	require.NoError(t, b.EndStanding(ctx, acme, standing))
	requireCode(t, "not_found", b.EndStanding(ctx, acme, standing))
	require.Empty(t, kinds(waiting(models.Erasure, b.acme, "b@example.org")))
}

func TestOnlyTheCustomerItselfInstructsOnceAndForAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	acme := models.Principal{Actor: customer, Scope: models.ScopeOf(b.acme.ID)}
	standing, err := b.InstructStanding(ctx, acme, store.Standing{Right: models.Access})
	require.NoError(t, err)
	for _, who := range []models.Principal{staffer(models.RoleDPO), staffer(models.RoleAuditor), {Actor: models.Actor{Role: models.RoleDPO, ID: someID()}, Scope: models.ScopeOf(b.acme.ID)}} {
		_, err := b.InstructStanding(ctx, who, store.Standing{Right: models.Erasure})
		requireCode(t, "decision_forbidden", err)
		requireCode(t, "decision_forbidden", b.EndStanding(ctx, who, standing))
	}
	globex := models.Principal{Actor: customer, Scope: models.ScopeOf(b.globex.ID)}
	requireCode(t, "not_found", b.EndStanding(ctx, globex, standing))
	for scope, want := range map[models.Scope]int{models.ScopeOperator(): 1, acme.Scope: 1, globex.Scope: 0, {}: 0} {
		list, err := b.StandingInstructions(ctx, scope)
		require.NoError(t, err)
		require.Len(t, list, want)
	}
}
