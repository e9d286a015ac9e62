package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestTheDatabaseSaysForWhomARequestWaitsAsTheRuleDoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	for _, state := range models.States() {
		for _, asked := range []bool{false, true} {
			b.exec("UPDATE requests SET state = $1, asked = $2, closed_at = CASE WHEN $1 = 'closed' THEN now() END WHERE id = $3", string(state), asked, id.String())
			require.Equal(t, string(request.WaitsFor(state, asked)), b.text("SELECT waits_for FROM requests WHERE id = $1", id.String()), "%s %t", state, asked)
		}
	}
}

func TestAQuestionMakesARequestWaitForThePersonUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id := b.verified(b.submission("ada@example.org")).RequestID
	b.advance(id, models.Verifying, models.Locating)
	waits := func() request.Party {
		r, err := b.Request(ctx, models.ScopeOperator(), id)
		require.NoError(t, err)
		page, _, err := b.Requests(ctx, models.ScopeOperator(), store.Filter{Waits: r.Waits}, "", 10)
		require.NoError(t, err)
		require.Len(t, page, 1, "%s", r.Waits)
		return r.Waits
	}
	require.Equal(t, request.WaitsSystems, waits())
	decide := func(kind request.DecisionKind, role models.Role) {
		_, err := b.Decide(ctx, models.ScopeOperator(), request.Decision{RequestID: id, Kind: kind, Actor: models.Actor{Role: role}, Reason: "which one?"})
		require.NoError(t, err)
	}
	decide(request.Clarify, models.RoleDPO)
	require.Equal(t, request.WaitsPerson, waits())
	decide(request.Answer, models.RoleSubject)
	require.Equal(t, request.WaitsSystems, waits())
}

func TestTheInboxFindsWhatIsDueSoon(t *testing.T) {
	t.Parallel()
	b := setup(t)
	late, near, far := b.submit(b.submission("a@example.org")).RequestID, b.submit(b.submission("b@example.org")).RequestID, b.submit(b.submission("c@example.org")).RequestID
	for id, days := range map[models.ID]int{late: 1, near: 5, far: 30} {
		require.NoError(t, b.RecordClock(t.Context(), id, due(days), "received"))
	}
	b.pass(3 * 24 * time.Hour)
	page, _, err := b.Requests(t.Context(), models.ScopeOperator(), store.Filter{DueBefore: b.now().Add(7 * 24 * time.Hour)}, "", 10)
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, near, page[0].ID)
}
