package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// awaiting is a request of acme's that waits for its instruction.
func (b *bundle) awaiting(right models.Right, channel request.Channel) models.ID {
	b.t.Helper()
	sub := b.submission("canary@example.org")
	sub.Controller, sub.Right, sub.Channel = b.acme, right, channel
	id := b.verified(sub).RequestID
	b.advance(id, models.Verifying, models.AwaitingInstruction)
	return id
}

func TestANarrowedInstructionIsKeptWithItsReasonSealed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, scope := t.Context(), models.ScopeOf(b.acme.ID)
	id := b.awaiting(models.Erasure, request.ChannelPortal)
	d := request.Decision{
		RequestID: id, Kind: request.Instruct, Actor: customer, Narrowing: request.Narrowing{Systems: []string{"shop", "erp", "shop"}}, Reason: " ",
	}
	_, err := b.Decide(ctx, scope, d)
	requireCode(t, "reason_missing", err)
	narrowed, err := b.Narrowed(ctx, id)
	require.NoError(t, err)
	require.Nil(t, narrowed)

	d.Reason = "Canary's shop answers by itself."
	made, err := b.Decide(ctx, scope, d)
	require.NoError(t, err)
	narrowed, err = b.Narrowed(ctx, id)
	require.NoError(t, err)
	require.Equal(t, request.Narrowing{Systems: []string{"erp", "shop"}}, narrowed.Instruction)
	require.Equal(t, made.ID, narrowed.DecisionID)
	require.Equal(t, b.acme.Name, narrowed.Name)
	require.Equal(t, b.now(), narrowed.At)

	decided, err := b.Decision(ctx, scope, made.ID)
	require.NoError(t, err)
	require.Equal(t, narrowed.Instruction, decided.Narrowing)
	entries, err := b.Ledger(ctx, models.ScopeOperator(), id)
	require.NoError(t, err)
	last := entries[len(entries)-1]
	require.Equal(t, "decision.instruct", last.Kind)
	require.Equal(t, map[string]any{"systems": []any{"erp", "shop"}}, last.Data["narrowing"])
	require.Equal(t, narrowed.ReasonDigest, last.Data["reason_digest"])
	require.Zero(t, b.count("SELECT count(*) FROM orders o WHERE o::text LIKE '%shop%'"), "the workflow is told of no part")
}

func TestOnlyAnInstructionIsNarrowed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.awaiting(models.Erasure, request.ChannelPortal)
	made, err := b.Decide(t.Context(), models.ScopeOf(b.acme.ID), request.Decision{
		RequestID: id, Kind: request.Decline, Actor: customer, Reason: "No.", Narrowing: request.Narrowing{Systems: []string{"shop"}},
	})
	require.NoError(t, err)
	require.True(t, made.Narrowing.IsZero())
}

func TestAStandingInstructionNarrowsTheRequestsThatFollowIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	acme := models.Principal{Actor: customer, Scope: models.ScopeOf(b.acme.ID)}
	in := store.Standing{
		Right: models.Access, Channels: []request.Channel{request.ChannelPortal}, Narrowing: request.Narrowing{Categories: []string{"user.financial"}},
	}
	_, err := b.InstructStanding(ctx, acme, in)
	requireCode(t, "reason_missing", err)
	in.Reason = "We answer for our invoices ourselves."
	_, err = b.InstructStanding(ctx, acme, store.Standing{Right: models.Access, Channels: []request.Channel{"pigeon"}})
	requireCode(t, "bad_channel", err)
	_, err = b.InstructStanding(ctx, acme, in)
	require.NoError(t, err)
	list, err := b.StandingInstructions(ctx, acme.Scope)
	require.NoError(t, err)
	require.Equal(t, in.Channels, list[0].Channels)
	require.Equal(t, in.Narrowing, list[0].Narrowing)
	require.Equal(t, in.Reason, list[0].Reason)

	byLetter := b.awaiting(models.Access, request.ChannelStaff)
	require.Zero(t, b.count("SELECT count(*) FROM decisions WHERE request_id = $1 AND kind = 'instruct'", byLetter.String()), "it came another way")
	followed := b.submission("other@example.org")
	followed.Controller, followed.Right = b.acme, models.Access
	id := b.verified(followed).RequestID
	b.advance(id, models.Verifying, models.AwaitingInstruction)
	narrowed, err := b.Narrowed(ctx, id)
	require.NoError(t, err)
	require.Equal(t, in.Narrowing, narrowed.Instruction)
	d, err := b.Decision(ctx, acme.Scope, narrowed.DecisionID)
	require.NoError(t, err)
	require.EqualValues(t, in.Reason, d.Reason)
}
