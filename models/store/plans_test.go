package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/request"
)

// erasurePlan has a group to erase, one to decide about and one to retain.
func erasurePlan(id models.ID) plan.Plan {
	return plan.Plan{
		RequestID: id, Right: models.Erasure, RuleSet: "2026-01", DataMapDigest: "abc",
		Groups: []plan.Group{
			{
				No: 1, System: "sales", Dataset: "crm", Collection: "customer", Rows: 3, Proposed: models.TreatErase, Reason: plan.ReasonGround,
				Categories: []string{"user.contact.email"},
			},
			{
				No: 2, System: "sales", Dataset: "freight", Collection: "party", Rows: 1, Proposed: models.TreatRefer, Reason: plan.ReasonShared,
				Options: []models.Treatment{models.TreatKeep, models.TreatErase}, SharedWith: "crm.customer",
			},
			{
				No: 3, System: "sales", Dataset: "customs", Collection: "entry", Rows: 2, Proposed: models.TreatRetain, Reason: plan.ReasonHeld,
				Rule: "EU_UCC_51", Citation: "Reg. 952/2013 Art. 51(1)", HoldThrough: date("2027-12-31"), ErasableOn: date("2028-01-01"),
				Categories: []string{"user.government_id"},
			},
		},
	}
}

func date(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// planned is a verified request of the operator whose plan is shown to the DPO.
func (b *bundle) planned(email string) (models.ID, plan.Plan) {
	b.t.Helper()
	id := b.verified(b.submission(email)).RequestID
	b.advance(id, models.Verifying, models.Locating)
	p, err := b.SavePlan(b.t.Context(), erasurePlan(id))
	require.NoError(b.t, err)
	b.advance(id, models.InReview)
	return id, p
}

func TestPlanSavedAgainIsTheSameVersion(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, first := b.planned("ada@example.org")
	require.Equal(t, 1, first.Version)
	again, err := b.SavePlan(t.Context(), erasurePlan(id))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, first.Digest(), again.Digest())

	other := erasurePlan(id)
	other.Groups[0].Rows++
	second, err := b.SavePlan(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, 2, second.Version)
	shown, decided, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.False(t, decided)
	require.Equal(t, second, shown)
	require.Equal(t, second.Digest(), shown.Digest(), "the digest survives storage")
	r, err := b.Request(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, 2, r.PlanVersion)
}

func TestApprovalSettlesOnlyThePlanThatWasShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, shown := b.planned("ada@example.org")
	approve := request.Decision{RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: shown.Digest()}

	_, err := b.Decide(t.Context(), models.ScopeOperator(), approve)
	requireCode(t, "choice_missing", err)
	approve.Choices = map[int]models.Treatment{2: models.TreatKeep}
	changed := erasurePlan(id)
	changed.Groups[0].Rows = 99
	latest, err := b.SavePlan(t.Context(), changed)
	require.NoError(t, err)
	_, err = b.Decide(t.Context(), models.ScopeOperator(), approve)
	requireCode(t, "plan_changed", err)

	approve.PlanDigest = latest.Digest()
	_, err = b.Decide(t.Context(), models.ScopeOperator(), approve)
	require.NoError(t, err)
	p, decided, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.True(t, decided)
	require.Equal(t, 2, p.Version)
	require.Equal(t, models.TreatKeep, p.Groups[1].Treatment())
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'plan.decided'`))

	b.advance(id, models.Executing)
	_, err = b.SavePlan(t.Context(), erasurePlan(id))
	requireCode(t, "execution_started", err)
}

func TestChangeMakesANewVersionThatWaitsForApproval(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, shown := b.planned("ada@example.org")
	_, err := b.Decide(t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: id, Kind: request.Change, Actor: dpo, PlanDigest: shown.Digest(), Reason: "The other person has agreed.",
		Choices: map[int]models.Treatment{2: models.TreatErase},
	})
	require.NoError(t, err)
	p, decided, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.False(t, decided)
	require.Equal(t, 2, p.Version)
	require.Equal(t, models.TreatErase, p.Groups[1].Treatment())
	_, err = b.Decide(t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: shown.Digest(),
	})
	requireCode(t, "plan_changed", err)
}

func TestPolicyApprovesOnlyWhatLeavesNothingToDecide(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, shown := b.planned("ada@example.org")
	requireCode(t, "choice_missing", b.ApproveByPolicy(t.Context(), id, shown.Digest()))
	clear := erasurePlan(id)
	clear.Groups = clear.Groups[:1]
	latest, err := b.SavePlan(t.Context(), clear)
	require.NoError(t, err)
	requireCode(t, "plan_changed", b.ApproveByPolicy(t.Context(), id, shown.Digest()))
	for range 2 {
		require.NoError(t, b.ApproveByPolicy(t.Context(), id, latest.Digest()))
		again, err := b.SavePlan(t.Context(), clear)
		require.NoError(t, err)
		require.Equal(t, latest, again, "a retried planning step finds its plan")
	}
	require.Equal(t, 1, b.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'plan.decided'`))
}

func TestPlanOfAnotherTenantIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.planned("ada@example.org")
	_, _, err := b.Plan(t.Context(), models.ScopeOf(b.acme.ID), id)
	requireCode(t, "not_found", err)
	_, _, err = b.Plan(t.Context(), models.Scope{}, id)
	requireCode(t, "not_found", err)
	without := b.submit(b.submission("grace@example.org")).RequestID
	_, _, err = b.Plan(t.Context(), models.ScopeOperator(), without)
	requireCode(t, "not_found", err)
}
