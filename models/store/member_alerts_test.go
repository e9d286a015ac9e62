package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/member"
	"habeas/models/store"
)

// alerts claims what waits to be sent now, and notes it as sent.
func (b *bundle) alerts() (out []store.MemberAlert) {
	b.t.Helper()
	out, err := b.ClaimMemberAlerts(b.t.Context(), 100, time.Minute)
	require.NoError(b.t, err)
	for _, a := range out {
		require.NoError(b.t, b.MemberAlerted(b.t.Context(), a.ID, false))
	}
	return out
}

func kinds(alerts []store.MemberAlert) (out []member.Alert) {
	for _, a := range alerts {
		out = append(out, a.Kind)
	}
	return out
}

func TestAPersonHearsOfEachChangeOfTheirAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	require.Empty(t, b.alerts(), "who opens an account knows it")
	boss := models.Actor{Role: models.RoleDPO}
	var codes []string
	for _, c := range []struct {
		want  member.Alert
		facts map[string]string
		do    func() error
	}{
		{member.AlertPassword, nil, func() error { return b.SetPassword(ctx, m.ID, "other hash", models.ID{}, here) }},
		{member.AlertFactorAdded, map[string]string{"factor": "totp"}, func() error {
			require.NoError(t, b.BeginTOTP(ctx, m.ID, "SECRET"))
			return b.TakeTOTP(ctx, m.ID, 100, true, here)
		}},
		{member.AlertCodesMade, nil, func() (err error) {
			codes, err = b.NewRecoveryCodes(ctx, m.ID, here)
			return err
		}},
		{member.AlertRecoveryUsed, map[string]string{"left": "9"}, func() error {
			_, err := b.UseRecoveryCode(ctx, m.ID, codes[0], here)
			return err
		}},
		{member.AlertFactorRemoved, map[string]string{"factor": "totp"}, func() error { return b.DropTOTP(ctx, m.ID, here) }},
		{member.AlertFactorAdded, map[string]string{"factor": "passkey"}, func() error { return b.AddPasskey(ctx, m.ID, store.Passkey{Credential: []byte{1}}, here) }},
		{member.AlertFactorRemoved, map[string]string{"factor": "passkey"}, func() error {
			keys, err := b.Passkeys(ctx, m.ID)
			require.NoError(t, err)
			return b.DropPasskey(ctx, m.ID, keys[0].ID, here)
		}},
		{member.AlertFactorsReset, nil, func() error { return b.ResetFactors(ctx, models.ScopeOperator(), boss, m.ID) }},
		{member.AlertRole, map[string]string{"from": "case_handler", "to": "auditor"}, func() error {
			return b.ChangeMemberRole(ctx, models.ScopeOperator(), boss, m.ID, models.RoleAuditor)
		}},
		{member.AlertDeactivated, nil, func() error { return b.DeactivateMember(ctx, models.ScopeOperator(), boss, m.ID) }},
	} {
		require.NoError(t, c.do(), c.want)
		got := b.alerts()
		require.Equal(t, []member.Alert{c.want}, kinds(got))
		require.Equal(t, m.Email, got[0].Member.Email)
		require.Equal(t, b.now(), got[0].At)
		if c.facts == nil {
			c.facts = map[string]string{}
		}
		require.Equal(t, c.facts, got[0].Facts, c.want)
		events, err := b.MemberEvents(ctx, m.ID)
		require.NoError(t, err)
		require.Equal(t, string(c.want), events[0].Kind, "in the person's own log too")
		require.Equal(t, events[0].Place, got[0].Place, "as the log shows it")
		b.pass(time.Minute)
	}
	ok, err := b.UseRecoveryCode(ctx, m.ID, "wrong", here)
	require.NoError(t, err)
	require.False(t, ok)
	require.Error(t, b.SetPassword(ctx, m.ID, "x", models.ID{}, here))
	require.Empty(t, b.alerts(), "what was not done is not told")
}

func TestSigningInFromANewBrowserOrNetworkIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	enter := func(p store.Place, device string) []store.MemberAlert {
		t.Helper()
		b.pass(2 * time.Hour)
		_, err := b.OpenSession(ctx, m.ID, "password", p, device)
		require.NoError(t, err)
		return b.alerts()
	}
	require.Empty(t, enter(here, ""), "the first time")
	device, err := b.KnowDevice(ctx, m.ID, "")
	require.NoError(t, err)
	require.Empty(t, enter(here, device))
	got := enter(here, "")
	require.Equal(t, []member.Alert{member.AlertNewPlace}, kinds(got))
	require.Equal(t, here, got[0].Place)
	require.Equal(t, map[string]string{"method": "password"}, got[0].Facts)
	there := store.Place{Network: "198.51.100.0/24", Device: here.Device}
	require.Len(t, enter(there, device), 1, "a known browser elsewhere")
	require.Empty(t, enter(there, device), "by now the network is known")
	other := b.member(models.RoleHandler, models.ID{}, "eve@example.org")
	eves, err := b.KnowDevice(ctx, other.ID, "")
	require.NoError(t, err)
	require.Len(t, enter(here, eves), 1, "another's browser")
}

func TestNobodyIsFloodedAndNothingStaysUntold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	for i := range 10 {
		b.pass(time.Minute)
		require.NoError(t, b.SetPassword(ctx, m.ID, "hash", models.ID{}, store.Place{Network: string(rune('a' + i))}))
	}
	require.Len(t, b.alerts(), 3)
	b.pass(51 * time.Minute) // an hour after the first
	late := b.alerts()
	require.Len(t, late, 1)
	require.Equal(t, 7, late[0].Times)
	require.Equal(t, "j", late[0].Place.Network, "the latest")
	require.Empty(t, b.alerts())

	email := models.Personal("ada@example.org")
	tries := func() (locked bool) {
		for i := range 12 {
			_, err := b.BeginAttempt(ctx, store.Attempt{Kind: store.AttemptPassword, Email: email, Source: "192.0.2.1", Place: store.Place{Network: string(rune('a' + i))}})
			locked = locked || err != nil
		}
		return locked
	}
	require.True(t, tries())
	got := b.alerts()
	require.Equal(t, []member.Alert{member.AlertLocked}, kinds(got))
	require.Equal(t, "f", got[0].Place.Network, "the first that was refused")
	for range 11 {
		b.pass(30 * time.Minute)
		require.True(t, tries())
		require.Empty(t, b.alerts(), "a stranger writes one mail in six hours")
	}
	b.pass(31 * time.Minute)
	require.True(t, tries())
	require.Len(t, b.alerts(), 1)
	email = "nobody@example.org"
	require.True(t, tries())
	require.Empty(t, b.alerts())
}

func TestAMailThatWasNotSentIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	require.NoError(t, b.SetPassword(ctx, m.ID, "hash", models.ID{}, here))
	claim := func() []store.MemberAlert {
		t.Helper()
		got, err := b.ClaimMemberAlerts(ctx, 10, time.Minute)
		require.NoError(t, err)
		return got
	}
	first := claim()
	require.Len(t, first, 1)
	require.Empty(t, claim(), "leased")
	require.NoError(t, b.SetPassword(ctx, m.ID, "hash", models.ID{}, here))
	require.Len(t, claim(), 1, "what is being sent is not changed under the sender's hands")
	b.pass(time.Minute)
	again := claim()
	require.Len(t, again, 2, "the lease ran out")
	for _, a := range again {
		require.NoError(t, b.MemberAlerted(ctx, a.ID, true))
	}
	require.Empty(t, claim())
	b.pass(time.Minute)
	require.Len(t, claim(), 2)
}

func TestACustomersAdministratorsHearOfAnAccountThatOthersMadeForThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.member(models.RoleController, b.acme.ID, "vera@acme.example")
	b.member(models.RoleViewer, b.acme.ID, "looker@acme.example")
	b.member(models.RoleController, b.globex.ID, "gil@globex.example")
	b.alerts()
	spec := store.MemberSpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "Ivo Strange", Email: "ivo@acme.example"}
	_, err := b.InviteMember(t.Context(), models.ScopeOperator(), models.Actor{Role: models.RoleOperator}, spec)
	require.NoError(t, err)
	got := b.alerts()
	require.Equal(t, []member.Alert{member.AlertCustomerAdded}, kinds(got), "its administrators alone, and nobody of another customer")
	require.Equal(t, admin.Email, got[0].Member.Email)
	require.Equal(t, map[string]string{"to": "controller"}, got[0].Facts)

	spec.Email = "own@acme.example"
	_, err = b.InviteMember(t.Context(), models.ScopeOf(b.acme.ID), models.Actor{Role: models.RoleController, ID: admin.ID}, spec)
	require.NoError(t, err)
	require.Empty(t, b.alerts(), "their own invitations they know")
}
