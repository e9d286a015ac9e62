package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

// holder is who has a key.
func (b *bundle) holder(spec store.KeySpec) (secret string, who models.Principal) {
	b.t.Helper()
	secret, _, err := b.CreateKey(b.t.Context(), spec)
	require.NoError(b.t, err)
	who, err = b.Authenticate(b.t.Context(), secret)
	require.NoError(b.t, err)
	return secret, who
}

func TestARotatedKeyHasTwoSecretsForAWhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	first, acme := b.holder(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme"})
	second, key, err := b.RotateKey(ctx, acme, acme.ID, time.Hour)
	require.NoError(t, err)
	require.Equal(t, start.Add(time.Hour), key.FormerUntil)
	b.pass(10 * time.Minute)
	for _, secret := range []string{first, second.Reveal()} {
		who, err := b.Authenticate(ctx, secret)
		require.NoError(t, err)
		require.Equal(t, acme, who)
	}
	keys, err := b.Keys(ctx, acme.Scope)
	require.NoError(t, err)
	require.Equal(t, start.Add(10*time.Minute), keys[0].FormerUsedAt, "somebody still uses the former secret")
	require.Equal(t, start.Add(10*time.Minute), keys[0].LastUsedAt)

	third, _, err := b.RotateKey(ctx, acme, acme.ID, time.Hour)
	require.NoError(t, err)
	_, err = b.Authenticate(ctx, first)
	requireCode(t, "bad_key", err)
	b.pass(time.Hour)
	_, err = b.Authenticate(ctx, second.Reveal())
	requireCode(t, "bad_key", err)
	_, err = b.Authenticate(ctx, third.Reveal())
	require.NoError(t, err)

	_, _, err = b.RotateKey(ctx, acme, acme.ID, store.MaxOverlap+1)
	requireCode(t, "bad_overlap", err)
	require.NoError(t, b.EndKey(ctx, acme, acme.ID))
	_, _, err = b.RotateKey(ctx, acme, acme.ID, 0)
	requireCode(t, "key_ended", err)
	require.Equal(t, 2, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'key.rotated'"))
}

func TestNobodyGetsTheSecretOfAnotherMemberOfStaff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, ada := b.holder(store.KeySpec{Role: models.RoleDPO, Name: "Ada"})
	_, grace := b.holder(store.KeySpec{Role: models.RoleDPO, Name: "Grace"})
	_, _, err := b.RotateKey(t.Context(), ada, grace.ID, 0)
	requireCode(t, "key_forbidden", err)
	_, _, err = b.RotateKey(t.Context(), grace, grace.ID, 0)
	require.NoError(t, err)
}

func TestKeysAreGivenByWhoMay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	_, acme := b.holder(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme"})
	_, dpo := b.holder(store.KeySpec{Role: models.RoleDPO, Name: "Ada"})
	_, handler := b.holder(store.KeySpec{Role: models.RoleHandler, Name: "Grace"})
	own := store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "reader", Grants: []models.Grant{models.GrantReadRequests, models.GrantKeys}}
	secret, key, err := b.GiveKey(ctx, acme, own)
	require.NoError(t, err)
	require.Equal(t, own.Grants, key.Grants)
	reader, err := b.Authenticate(ctx, secret.Reveal())
	require.NoError(t, err)
	require.True(t, reader.May(models.GrantReadRequests))
	require.False(t, reader.May(models.GrantDecisions))
	require.False(t, reader.May(""), "pages have no scope")
	require.True(t, acme.May(models.GrantDecisions))

	_, _, err = b.GiveKey(ctx, acme, store.KeySpec{Role: models.RoleController, ControllerID: b.globex.ID, Name: "x"})
	requireCode(t, "key_forbidden", err)
	_, _, err = b.GiveKey(ctx, acme, store.KeySpec{Role: models.RoleDPO, Name: "x"})
	requireCode(t, "key_forbidden", err)
	_, _, err = b.GiveKey(ctx, handler, store.KeySpec{Role: models.RoleHandler, Name: "x"})
	requireCode(t, "key_forbidden", err)
	_, _, err = b.GiveKey(ctx, dpo, store.KeySpec{Role: models.RoleHandler, Name: "x", ExpiresAt: start})
	requireCode(t, "bad_expiry", err)
	_, _, err = b.GiveKey(ctx, dpo, store.KeySpec{Role: models.RoleHandler, Name: strings.Repeat("x", 201)})
	requireCode(t, "bad_key_spec", err)

	for _, wider := range [][]models.Grant{nil, {models.GrantDecisions}} {
		_, _, err = b.GiveKey(ctx, reader, store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "wider", Grants: wider})
		requireCode(t, "scope_wider", err)
	}
	_, _, err = b.RotateKey(ctx, reader, acme.ID, 0)
	requireCode(t, "scope_wider", err)
	requireCode(t, "scope_wider", b.EndKey(ctx, reader, acme.ID))
	_, err = models.ParseGrants([]string{"everything"})
	requireCode(t, "unknown_scope", err)
}

func TestATokenStandsInForItsKeyForAShortTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	secret, acme := b.holder(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme", Grants: []models.Grant{models.GrantReadRequests, models.GrantDecisions}})
	token, err := b.GiveToken(ctx, acme.ID, secret, []models.Grant{models.GrantReadRequests})
	require.NoError(t, err)
	who, err := b.Bearer(ctx, token.Token.Reveal())
	require.NoError(t, err)
	require.Equal(t, []models.Grant{models.GrantReadRequests}, who.Grants)
	require.Equal(t, acme.ID, who.ID)
	_, err = b.Authenticate(ctx, token.Token.Reveal())
	requireCode(t, "bad_key", err)
	all, err := b.GiveToken(ctx, acme.ID, secret, nil)
	require.NoError(t, err)
	require.Equal(t, acme.Grants, all.Grants)

	_, err = b.GiveToken(ctx, acme.ID, secret, []models.Grant{models.GrantKeys})
	requireCode(t, "scope_wider", err)
	_, err = b.GiveToken(ctx, models.MustParseID("00000000-0000-4000-8000-00000000ffff"), secret, nil)
	requireCode(t, "bad_key", err)
	for _, forged := range []string{token.Token.Reveal() + "A", strings.Replace(token.Token.Reveal(), ".", "A.", 1), "habeas_token_", "habeas_token_e30.e30"} {
		_, err := b.Bearer(ctx, forged)
		requireCode(t, "bad_key", err)
	}

	_, _, err = b.RotateKey(ctx, models.Principal{Actor: models.System(), Scope: models.ScopeOperator()}, acme.ID, 5*time.Minute)
	require.NoError(t, err)
	_, err = b.Bearer(ctx, token.Token.Reveal())
	require.NoError(t, err, "the secret that it was given for is still valid")
	b.pass(5 * time.Minute)
	_, err = b.Bearer(ctx, token.Token.Reveal())
	requireCode(t, "bad_key", err)

	second, globex := b.holder(store.KeySpec{Role: models.RoleController, ControllerID: b.globex.ID, Name: "globex"})
	token, err = b.GiveToken(ctx, globex.ID, second, nil)
	require.NoError(t, err)
	b.pass(store.TokenLife)
	_, err = b.Bearer(ctx, token.Token.Reveal())
	requireCode(t, "token_expired", err)
}

func TestACallWithAKeyChangesSomethingOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	call := func(fingerprint byte) *store.Call {
		return &store.Call{Idempotency: store.Idempotency{Scope: "acme", Key: "k", Fingerprint: [32]byte{fingerprint}}}
	}
	spec := store.KeySpec{Role: models.RoleDPO, Name: "Ada"}
	first := call(1)
	_, known, err := b.Answered(t.Context(), first)
	require.NoError(t, err)
	require.False(t, known)
	_, _, err = b.CreateKey(store.WithCall(t.Context(), first), store.KeySpec{})
	require.Error(t, err)
	require.False(t, first.Changed(), "what failed may be tried again")
	_, _, err = b.CreateKey(store.WithCall(t.Context(), first), spec)
	require.NoError(t, err)
	require.True(t, first.Changed())

	_, _, err = b.CreateKey(store.WithCall(t.Context(), call(1)), spec)
	requireCode(t, "idempotency_key_used", err)
	require.Equal(t, 1, b.count("SELECT count(*) FROM access_keys"))
	_, _, err = b.Answered(t.Context(), call(1))
	requireCode(t, "idempotency_key_used", err)
	require.NoError(t, b.KeepAnswer(t.Context(), first, store.Answer{Status: 201, Body: []byte(`{"secret":"canary"}`)}))
	require.Equal(t, 0, b.count("SELECT count(*) FROM idempotent_calls WHERE position('canary' in encode(answer_sealed, 'escape')) > 0"))
	a, known, err := b.Answered(t.Context(), call(1))
	require.NoError(t, err)
	require.True(t, known)
	require.JSONEq(t, `{"secret":"canary"}`, string(a.Body))
	_, _, err = b.Answered(t.Context(), call(2))
	requireCode(t, "idempotency_key_reused", err)

	b.pass(73 * time.Hour)
	_, known, err = b.Answered(t.Context(), call(2))
	require.NoError(t, err)
	require.False(t, known)
	_, _, err = b.CreateKey(store.WithCall(t.Context(), call(2)), spec)
	require.NoError(t, err)
	b.pass(73 * time.Hour)
	n, err := b.PurgeIdempotency(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
}
