package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestAnotherTenantFindsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	sub := b.submission("ada@example.org")
	sub.Controller = b.acme
	out := b.verified(sub)
	id := out.RequestID
	b.advance(id, models.Verifying, models.AwaitingInstruction)
	_, key, err := b.CreateKey(ctx, store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme's system"})
	require.NoError(t, err)
	d, err := b.Decide(ctx, models.ScopeOf(b.acme.ID), request.Decision{RequestID: id, Kind: request.Instruct, Actor: customer})
	require.NoError(t, err)

	calls := map[string]func(models.Scope) error{
		"ControllerByID": func(s models.Scope) error { _, err := b.ControllerByID(ctx, s, b.acme.ID); return err },
		"Request":        func(s models.Scope) error { _, err := b.Request(ctx, s, id); return err },
		"Subject":        func(s models.Scope) error { _, err := b.Subject(ctx, s, id); return err },
		"Decision":       func(s models.Scope) error { _, err := b.Decision(ctx, s, d.ID); return err },
		"Decisions":      func(s models.Scope) error { _, err := b.Decisions(ctx, s, id); return err },
		"Ledger":         func(s models.Scope) error { _, err := b.Ledger(ctx, s, id); return err },
		"Receipts":       func(s models.Scope) error { _, err := b.Receipts(ctx, s, id); return err },
		"RevokeKey":      func(s models.Scope) error { return b.RevokeKey(ctx, s, customer, key) },
		"Decide": func(s models.Scope) error {
			_, err := b.Decide(ctx, s, request.Decision{RequestID: id, Kind: request.Withdraw, Actor: customer})
			return err
		},
	}
	for name, call := range calls {
		requireCode(t, "not_found", call(models.ScopeOf(b.globex.ID)))
		requireCode(t, "not_found", call(models.Scope{}))
		require.NoError(t, call(models.ScopeOf(b.acme.ID)), name)
	}

	for scope, want := range map[models.Scope]int{
		models.ScopeOf(b.globex.ID): 0, {}: 0, models.ScopeOf(b.acme.ID): 1, models.ScopeOperator(): 1,
	} {
		for _, f := range []store.Filter{{}, {Find: "ada@example.org"}, {Reference: out.Reference}, {ControllerID: b.acme.ID}} {
			page, _, err := b.Requests(ctx, scope, f, "", 10)
			require.NoError(t, err)
			require.Len(t, page, want, "%+v", f)
		}
		keys, err := b.Keys(ctx, scope)
		require.NoError(t, err)
		require.Len(t, keys, want)
	}
	controllers, err := b.Controllers(ctx, models.ScopeOf(b.globex.ID))
	require.NoError(t, err)
	require.Len(t, controllers, 1)
	controllers, err = b.Controllers(ctx, models.Scope{})
	require.NoError(t, err)
	require.Empty(t, controllers)
	all, err := b.Controllers(ctx, models.ScopeOperator())
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.True(t, all[0].Operator)
}
