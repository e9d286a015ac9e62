package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestKeyAuthenticatesUntilItExpiresOrIsRevoked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	secret, id, err := b.CreateKey(ctx, store.KeySpec{
		Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme's system", ExpiresAt: start.Add(time.Hour),
	})
	require.NoError(t, err)
	p, err := b.Authenticate(ctx, secret)
	require.NoError(t, err)
	require.Equal(t, models.Principal{
		Actor: models.Actor{Role: models.RoleController, ID: id}, Name: "acme's system", Scope: models.ScopeOf(b.acme.ID),
	}, p)
	keys, err := b.Keys(ctx, models.ScopeOf(b.acme.ID))
	require.NoError(t, err)
	require.Equal(t, start, keys[0].LastUsedAt)
	require.Equal(t, 0, b.count("SELECT count(*) FROM access_keys WHERE position($1 in encode(secret_hash, 'escape')) > 0", secret))

	last := secret[len(secret)-1:]
	other := "A"
	if last == other {
		other = "B"
	}
	for _, wrong := range []string{
		"", "habeas", "habeas_dpo_x_y", secret[:len(secret)-1] + other, secret + "A", strings.Replace(secret, "controller", "dpo", 1),
		strings.Repeat("_", 5), strings.ToUpper(secret),
	} {
		_, err := b.Authenticate(ctx, wrong)
		requireCode(t, "bad_key", err)
	}
	b.pass(time.Hour)
	_, err = b.Authenticate(ctx, secret)
	requireCode(t, "bad_key", err)

	staff, staffID, err := b.CreateKey(ctx, store.KeySpec{Role: models.RoleHandler, Name: "Grace"})
	require.NoError(t, err)
	p, err = b.Authenticate(ctx, staff)
	require.NoError(t, err)
	require.Equal(t, models.ScopeOperator(), p.Scope)
	require.Equal(t, models.RoleHandler, p.Role)
	for range 2 {
		require.NoError(t, b.RevokeKey(ctx, models.ScopeOperator(), models.System(), staffID))
	}
	_, err = b.Authenticate(ctx, staff)
	requireCode(t, "bad_key", err)
	requireCode(t, "not_found", b.RevokeKey(ctx, models.ScopeOf(b.acme.ID), models.System(), staffID))
}

func TestKeysOfImpossibleRolesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, spec := range []store.KeySpec{
		{Role: models.RoleSubject, Name: "x"},
		{Role: models.RoleSystem, Name: "x"},
		{Role: models.RoleController, Name: "x"},
		{Role: models.RoleDPO, ControllerID: b.acme.ID, Name: "x"},
		{Role: models.RoleDPO},
	} {
		_, _, err := b.CreateKey(t.Context(), spec)
		requireCode(t, "bad_key_spec", err)
	}
	_, _, err := b.CreateKey(t.Context(), store.KeySpec{
		Role: models.RoleController, ControllerID: models.MustParseID("00000000-0000-4000-8000-00000000ffff"), Name: "x",
	})
	requireCode(t, "not_found", err)
}

func TestControllerKeepsItsIDAndThereIsOneOperator(t *testing.T) {
	t.Parallel()
	b := setup(t)
	changed := b.acme
	changed.ID, changed.Name, changed.ContactEmail, changed.Timezone = models.ID{}, "ACME Ltd", "dpo@acme.example", "Europe/Paris"
	put, err := b.PutController(t.Context(), changed)
	require.NoError(t, err)
	require.Equal(t, b.acme.ID, put.ID)
	got, err := b.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, put, got)
	operator, err := b.Operator(t.Context())
	require.NoError(t, err)
	require.Equal(t, b.operator, operator)

	_, err = b.PutController(t.Context(), request.Controller{Slug: "second", Name: "Second", Operator: true, Timezone: "UTC"})
	requireCode(t, "operator_exists", err)
	_, err = b.PutController(t.Context(), request.Controller{Slug: "zoneless", Name: "Zoneless", Timezone: "Europe/Atlantis"})
	requireCode(t, "bad_controller", err)
	_, err = b.PutController(t.Context(), request.Controller{Slug: "nameless", Timezone: "UTC"})
	requireCode(t, "bad_controller", err)
	_, err = b.ControllerBySlug(t.Context(), "nobody")
	requireCode(t, "not_found", err)
}
