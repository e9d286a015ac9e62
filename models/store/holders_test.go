package store_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/contractend"
	"habeas/models/request"
	"habeas/models/store"
)

// keyOf is the caller that a key of an officer is, made by somebody or, for nobody, on the command line.
func (b *bundle) keyOf(by models.Actor, holder models.ID) models.Principal {
	b.t.Helper()
	_, who := b.holder(store.KeySpec{Role: models.RoleDPO, Name: "a program", By: by, Holder: holder})
	return who
}

func TestAKeyIsTheSamePersonAsWhoeverMadeOrHoldsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ada, eve := b.member(models.RoleDPO, models.ID{}, "ada@northwind.example"), b.member(models.RoleDPO, models.ID{}, "eve@northwind.example")
	own := b.keyOf(ada.Principal().Actor, models.ID{})
	another := b.keyOf(ada.Principal().Actor, models.ID{})
	for name, pair := range map[string][2]models.ID{
		"itself": {ada.ID, ada.ID}, "a person and their key": {ada.ID, own.ID}, "the other way round": {own.ID, ada.ID}, "two keys": {own.ID, another.ID},
		"a key that a key made": {b.keyOf(own.Actor, models.ID{}).ID, ada.ID}, "made by one for another": {b.keyOf(ada.Principal().Actor, eve.ID).ID, eve.ID},
		"and its maker": {b.keyOf(ada.Principal().Actor, eve.ID).ID, ada.ID}, "made on the command line for": {b.keyOf(models.Actor{}, eve.ID).ID, eve.ID},
	} {
		require.Equal(t, "same_person", models.CodeOf(b.Apart(ctx, pair[0], pair[1])), name)
	}
	require.NoError(t, b.Apart(ctx, ada.ID, eve.ID))
	require.NoError(t, b.Apart(ctx, own.ID, eve.ID))
	require.NoError(t, b.Apart(ctx, b.keyOf(models.Actor{}, eve.ID).ID, ada.ID))

	nobodys := b.keyOf(models.Actor{}, models.ID{})
	for _, id := range []models.ID{ada.ID, own.ID, b.keyOf(nobodys.Actor, models.ID{}).ID} {
		requireCode(t, "person_unknown", b.Apart(ctx, nobodys.ID, id))
		requireCode(t, "person_unknown", b.Apart(ctx, id, nobodys.ID))
	}
	requireCode(t, "same_person", b.Apart(ctx, nobodys.ID, nobodys.ID))

	_, acme := b.holder(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme"})
	require.NoError(t, b.Apart(ctx, acme.ID, ada.ID), "a customer's key is the customer's")
	_, _, err := b.RotateKey(ctx, ada.Principal(), acme.ID, 0)
	require.NoError(t, err)
	requireCode(t, "same_person", b.Apart(ctx, acme.ID, ada.ID))
	require.NoError(t, b.Apart(ctx, acme.ID, eve.ID))

	vera := b.member(models.RoleController, b.acme.ID, "vera@acme.example")
	require.NoError(t, b.DeactivateMember(ctx, models.ScopeOperator(), ada.Principal().Actor, eve.ID))
	for _, holder := range []models.ID{vera.ID, eve.ID, own.ID} {
		_, _, err := b.CreateKey(ctx, store.KeySpec{Role: models.RoleDPO, Name: "x", Holder: holder})
		requireCode(t, "bad_holder", err)
	}
}

func TestNobodyApprovesAPlanTwiceWithAKeyOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.twoEyesTwice(request.FourEyesErasure)
	ada := b.member(models.RoleDPO, models.ID{}, "ada@northwind.example").Principal()
	own := b.keyOf(ada.Actor, models.ID{})
	id, shown := b.inReview()
	approve := request.Decision{RequestID: id, Kind: request.Approve, Actor: own.Actor, PlanDigest: shown.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep}}
	require.NoError(t, b.decide(approve))
	approve.Actor, approve.Choices, approve.PlanDigest = ada.Actor, nil, b.first(id).Digest
	requireCode(t, "same_person", b.decide(approve))
	approve.Actor = b.keyOf(models.Actor{}, models.ID{}).Actor
	requireCode(t, "person_unknown", b.decide(approve))
	approve.Actor = secondDPO
	require.NoError(t, b.decide(approve))
}

func TestNobodyConfirmsWithTheirAccountWhatTheyDidWithTheirKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.member(models.RoleDPO, models.ID{}, "ada@northwind.example").Principal()
	search := b.searching("sam@example.com")
	require.NoError(t, b.say(search, request.Complete, b.keyOf(ada.Actor, models.ID{}).Actor, map[string]int64{letters[0]: 1}))
	requireCode(t, "same_person", b.say(search, request.Confirm, ada.Actor, nil))
	require.NoError(t, b.say(search, request.Confirm, dpo, nil))
}

func TestAContractsEndIsApprovedByAPersonWhoDidNotMakeTheKeyThatOrderedIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, eve := b.member(models.RoleDPO, models.ID{}, "ada@northwind.example").Principal(), b.member(models.RoleDPO, models.ID{}, "eve@northwind.example").Principal()
	_, key := b.holder(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme's", By: ada.Actor})
	order := ending(false)
	order.Actor = key.Actor
	end, err := b.OrderContractEnd(t.Context(), key.Scope, b.acme.ID, order)
	require.NoError(t, err)
	approve := func(by models.Actor) error {
		_, err := b.NoteContractEnd(t.Context(), models.ScopeOperator(), end.ID, 0, contractend.Event{Kind: contractend.Approved, Actor: by})
		return err
	}
	requireCode(t, "needs_person", approve(b.keyOf(eve.Actor, models.ID{}).Actor))
	requireCode(t, "same_person", approve(ada.Actor))
	require.NoError(t, approve(eve.Actor))
}

// TestKeysThatWereThereAreTheirMakers runs the migration again over keys whose makers only the ledger knows.
func TestKeysThatWereThereAreTheirMakers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.member(models.RoleDPO, models.ID{}, "ada@northwind.example").Principal()
	eve := b.member(models.RoleOperator, models.ID{}, "eve@northwind.example").Principal()
	own := b.keyOf(ada.Actor, models.ID{})
	child, nobodys := b.keyOf(own.Actor, models.ID{}), b.keyOf(models.Actor{}, models.ID{})
	_, acme := b.holder(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "acme's", By: own.Actor})
	_, _, err := b.RotateKey(t.Context(), eve, acme.ID, 0)
	require.NoError(t, err)
	_, _, err = b.RotateKey(t.Context(), own, own.ID, 0)
	require.NoError(t, err)

	text, err := os.ReadFile("migrations/0220_key_holders.sql")
	require.NoError(t, err)
	up, down, _ := strings.Cut(string(text), "-- +goose Down")
	b.exec(down)
	b.exec(up)
	for _, key := range []models.ID{own.ID, child.ID, acme.ID} {
		requireCode(t, "same_person", b.Apart(t.Context(), key, ada.ID))
	}
	requireCode(t, "same_person", b.Apart(t.Context(), acme.ID, eve.ID))
	requireCode(t, "person_unknown", b.Apart(t.Context(), nobodys.ID, ada.ID))
	require.NoError(t, b.Apart(t.Context(), own.ID, eve.ID))
}
