package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// clearPlan is a located request whose plan leaves nothing to decide.
func (b *bundle) clearPlan() (store.Submitted, plan.Plan) {
	b.t.Helper()
	out := b.verified(b.submission("ada@example.org"))
	b.advance(out.RequestID, models.Verifying, models.Locating)
	clear := erasurePlan(out.RequestID)
	clear.Groups = clear.Groups[:1]
	p, err := b.SavePlan(b.t.Context(), clear)
	require.NoError(b.t, err)
	return out, p
}

func TestPolicyDoesNotOvertakeAWithdrawal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out, p := b.clearPlan()
	_, err := b.DecideByStatusToken(t.Context(), out.StatusToken, request.Withdraw, "")
	require.NoError(t, err)
	requireCode(t, "already_decided", b.ApproveByPolicy(t.Context(), out.RequestID, p.Digest()))
	_, decided, err := b.Plan(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.False(t, decided)
}

func TestPolicyWaitsForAnOpenQuestionAndForDecisionsOnTheirWay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out, p := b.clearPlan()
	id := out.RequestID
	require.NoError(t, b.decide(request.Decision{RequestID: id, Kind: request.Clarify, Actor: dpo, Reason: "Which of the two accounts?"}))
	requireCode(t, "question_open", b.ApproveByPolicy(t.Context(), id, p.Digest()))
	_, err := b.DecideByStatusToken(t.Context(), out.StatusToken, request.Answer, "The older one.")
	require.NoError(t, err)
	requireCode(t, "decisions_waiting", b.ApproveByPolicy(t.Context(), id, p.Digest()))
	for {
		orders, err := b.ClaimOrders(t.Context(), 10, time.Minute)
		require.NoError(t, err)
		if len(orders) == 0 {
			break
		}
		for _, o := range orders {
			require.NoError(t, b.FinishOrder(t.Context(), o.ID))
		}
	}
	require.NoError(t, b.ApproveByPolicy(t.Context(), id, p.Digest()))
}

func TestNothingCanBeTakenBackOncePolicyHasApproved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out, p := b.clearPlan()
	require.NoError(t, b.ApproveByPolicy(t.Context(), out.RequestID, p.Digest()))
	_, err := b.DecideByStatusToken(t.Context(), out.StatusToken, request.Withdraw, "")
	requireCode(t, "already_decided", err)
	for _, kind := range []request.DecisionKind{request.Refuse, request.Extend, request.Clarify} {
		requireCode(t, "already_decided", b.decide(request.Decision{RequestID: out.RequestID, Kind: kind, Actor: dpo, Reason: "Too late."}))
	}
	status, err := b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.False(t, status.CanWithdraw)
}

func TestDecisionKeepsNothingThatIsNotOfItsKind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.inReview()
	require.NoError(t, b.decide(request.Decision{
		RequestID: id, Kind: request.Extend, Actor: dpo, Reason: "Much to read.", PlanDigest: "ada@example.org",
		Choices: map[int]models.Treatment{1: "Ada Lovelace"}, NoticeID: models.MustParseID("00000000-0000-4000-8000-000000000009"),
	}))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, e := range entries {
		body, err := e.Body()
		require.NoError(t, err)
		require.False(t, strings.Contains(string(body), "ada@example.org") || strings.Contains(string(body), "Ada Lovelace"), string(body))
	}
	require.Zero(t, b.count("SELECT count(*) FROM decisions WHERE plan_digest <> '' AND kind = 'extend' OR notice_id IS NOT NULL"))
}

func TestRequestThatWasVerifiedOrEndedMeanwhileDoesNotLapse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	verified := b.verified(b.submission("ada@example.org")).RequestID
	b.advance(verified, models.Verifying)
	requireCode(t, "lapse_overtaken", b.Advance(t.Context(), verified, models.Closed, models.Lapsed))
	withdrawn := b.submit(b.submission("grace@example.org")).RequestID
	b.advance(withdrawn, models.Verifying)
	require.NoError(t, b.decide(request.Decision{RequestID: withdrawn, Kind: request.Withdraw, Actor: customer}))
	requireCode(t, "lapse_overtaken", b.Advance(t.Context(), withdrawn, models.Closed, models.Lapsed))
	require.NoError(t, b.Advance(t.Context(), withdrawn, models.Closed, models.Withdrawn))
	waiting := b.submit(b.submission("edith@example.org")).RequestID
	require.NoError(t, b.Advance(t.Context(), waiting, models.Closed, models.Lapsed))
}
