package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

func TestSomebodyWhoHasLostEverythingIsHelpedOnTheMachine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ada := b.member(models.RoleDPO, models.ID{}, "ada@example.org")
	require.NoError(t, b.AddPasskey(ctx, ada.ID, store.Passkey{Credential: []byte("1"), Record: []byte("r"), Name: "phone"}, here))
	token, err := b.RecoverMember(ctx, ada.ID)
	require.NoError(t, err)
	found, err := b.MemberByID(ctx, models.ScopeOperator(), ada.ID)
	require.NoError(t, err)
	require.False(t, found.Factor())
	require.Equal(t, 1, b.count("SELECT count(*) FROM member_alerts WHERE member_id = $1 AND kind = 'factors_reset'", ada.ID.String()), "the person is told")
	require.Equal(t, 2, b.count("SELECT count(*) FROM ledger_entries WHERE kind IN ('member.factors_reset', 'member.recovered')"))
	require.Zero(t, b.count("SELECT count(*) FROM member_links WHERE mail_at IS NOT NULL AND ended_at IS NULL"), "the link is not mailed")
	_, err = b.UseLink(ctx, token, someHash, here)
	require.NoError(t, err)
	_, err = b.RecoverMember(ctx, models.ID{9})
	requireCode(t, "not_found", err)
}
