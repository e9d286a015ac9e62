package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

var (
	secondDPO = models.Actor{Role: models.RoleDPO, ID: models.MustParseID("00000000-0000-4000-8000-000000000006")}
	another   = models.Actor{Role: models.RoleHandler, ID: models.MustParseID("00000000-0000-4000-8000-000000000005")}
)

// twoEyesTwice has two persons approve the operator's plans.
func (b *bundle) twoEyesTwice(f request.FourEyes) {
	b.t.Helper()
	c, err := b.Operator(b.t.Context())
	require.NoError(b.t, err)
	c.FourEyes = f
	_, err = b.PutController(b.t.Context(), c)
	require.NoError(b.t, err)
}

func (b *bundle) first(id models.ID) *store.FirstApproval {
	b.t.Helper()
	_, first, err := b.Approvals(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	return first
}

func TestAPlanIsApprovedByTwoPersons(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.twoEyesTwice(request.FourEyesErasure)
	id, shown := b.inReview()
	keep := map[int]models.Treatment{2: models.TreatKeep}
	approve := request.Decision{RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: shown.Digest()}
	requireCode(t, "choice_missing", b.decide(approve))
	approve.Choices, approve.Reason = keep, "Bob's row stays, says Canary."
	made, err := b.Decide(t.Context(), models.ScopeOperator(), approve)
	require.NoError(t, err)
	require.True(t, made.Waits)
	require.Zero(t, b.count("SELECT count(*) FROM orders WHERE name = 'approve'"), "the workflow hears of nothing yet")

	p, decided, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.False(t, decided)
	require.Equal(t, models.TreatKeep, p.Groups[1].Treatment(), "the second person sees what the first has chosen")
	first := b.first(id)
	require.Equal(t, dpo, first.Actor)
	require.Equal(t, p.Digest(), first.Digest)
	require.Equal(t, approve.Reason, first.Reason)
	require.Equal(t, b.now(), first.At)

	requireCode(t, "plan_changed", b.decide(approve)) // the same click once more
	approve.PlanDigest, approve.Choices, approve.Reason = p.Digest(), nil, ""
	requireCode(t, "approved_already", b.decide(approve))
	approve.Actor, approve.Choices = secondDPO, map[int]models.Treatment{2: models.TreatErase}
	requireCode(t, "approval_differs", b.decide(approve))
	approve.Choices = nil
	made, err = b.Decide(t.Context(), models.ScopeOperator(), approve)
	require.NoError(t, err)
	require.False(t, made.Waits)
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE name = 'approve' AND decision_id = $1", made.ID.String()))
	d, err := b.Decision(t.Context(), models.ScopeOperator(), made.ID)
	require.NoError(t, err)
	require.EqualValues(t, "Bob's row stays, says Canary.", d.Reason, "the remark of the first stands")
	require.Nil(t, b.first(id), "nobody is waited for")
	requireCode(t, "already_decided", b.decide(approve))

	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	var kinds []string
	for _, e := range entries {
		if e.Kind == "plan.approved_first" {
			require.Equal(t, dpo, e.Actor)
			require.Equal(t, p.Digest(), e.Data["digest"])
			require.NotContains(t, e.Data, "reason")
		}
		if e.Kind == "plan.approved_first" || e.Kind == "decision.approve" || e.Kind == "plan.decided" {
			kinds = append(kinds, e.Kind)
		}
	}
	require.Equal(t, []string{"plan.approved_first", "plan.decided", "decision.approve"}, kinds)
}

func TestAChangedPlanVoidsTheFirstApproval(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.twoEyesTwice(request.FourEyesEvery)
	id, shown := b.inReview()
	approve := request.Decision{RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: shown.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep}}
	require.NoError(t, b.decide(approve))
	p, _, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.NoError(t, b.decide(request.Decision{
		RequestID: id, Kind: request.Change, Actor: secondDPO, PlanDigest: p.Digest(), Reason: "Erase it.", Choices: map[int]models.Treatment{2: models.TreatErase},
	}))
	require.Nil(t, b.first(id))
	requireCode(t, "plan_changed", b.decide(request.Decision{RequestID: id, Kind: request.Approve, Actor: secondDPO, PlanDigest: p.Digest()}))
	p, _, err = b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	made, err := b.Decide(t.Context(), models.ScopeOperator(), request.Decision{RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest()})
	require.NoError(t, err)
	require.True(t, made.Waits, "it begins again")
}

func TestOneOfTheTwoIsTheDPO(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.twoEyesTwice(request.FourEyesErasure)
	id, _ := b.inReview()
	approve := func(by models.Actor) error {
		p, _, err := b.Plan(t.Context(), models.ScopeOperator(), id)
		require.NoError(t, err)
		return b.decide(request.Decision{RequestID: id, Kind: request.Approve, Actor: by, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep}})
	}
	requireCode(t, "no_principal", approve(models.Actor{Role: models.RoleDPO}))
	requireCode(t, "decision_forbidden", approve(customer))
	require.NoError(t, approve(handler))
	requireCode(t, "needs_dpo", approve(another))
	require.NoError(t, approve(dpo))
	_, decided, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.True(t, decided)
}

func TestHowManyApproveIsSetByControllerAndElseByTheOperator(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operator, own request.FourEyes
		right         models.Right
		two           bool
	}{
		"nothing is set":        {"", "", models.Erasure, false},
		"the operator's":        {request.FourEyesErasure, "", models.Erasure, true},
		"another right":         {request.FourEyesErasure, "", models.Access, false},
		"every plan":            {request.FourEyesEvery, "", models.Access, true},
		"its own":               {"", request.FourEyesEvery, models.Access, true},
		"its own, none":         {request.FourEyesEvery, request.FourEyesNone, models.Erasure, false},
		"its own, erasure only": {request.FourEyesEvery, request.FourEyesErasure, models.Access, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.twoEyesTwice(c.operator)
			b.acme.FourEyes = c.own
			_, err := b.PutController(t.Context(), b.acme)
			require.NoError(t, err)
			id := b.awaiting(c.right, request.ChannelPortal)
			two, first, err := b.Approvals(t.Context(), models.ScopeOf(b.acme.ID), id)
			require.NoError(t, err)
			require.Nil(t, first)
			require.Equal(t, c.two, two)
			_, _, err = b.Approvals(t.Context(), models.ScopeOf(b.globex.ID), id)
			requireCode(t, "not_found", err)
		})
	}
	b := setup(t)
	b.acme.FourEyes = "six"
	_, err := b.PutController(t.Context(), b.acme)
	requireCode(t, "bad_controller", err)
}

func TestWithoutFourEyesOneDPOApprovesAndNobodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.inReview()
	approve := request.Decision{RequestID: id, Kind: request.Approve, Actor: handler, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep}}
	requireCode(t, "decision_forbidden", b.decide(approve))
	approve.Actor = dpo
	require.NoError(t, b.decide(approve))
	require.Zero(t, b.count("SELECT count(*) FROM plan_approvals"))
}

func TestParallelApprovalsOfTwoPersonsAreOneFirstAndOneSecond(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.twoEyesTwice(request.FourEyesErasure)
	id, p := b.planned("ada@example.org")
	require.NoError(t, b.decide(request.Decision{
		RequestID: id, Kind: request.Change, Actor: dpo, PlanDigest: p.Digest(), Reason: "It stays.", Choices: map[int]models.Treatment{2: models.TreatKeep},
	}))
	p, _, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	var group errgroup.Group
	for _, by := range []models.Actor{dpo, dpo, secondDPO, secondDPO} {
		group.Go(func() error {
			err := b.decide(request.Decision{RequestID: id, Kind: request.Approve, Actor: by, PlanDigest: p.Digest()})
			if code := models.CodeOf(err); code == "approved_already" || code == "already_decided" {
				return nil
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 1, b.count("SELECT count(*) FROM plan_approvals"))
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE name = 'approve'"))
	require.Equal(t, 2, b.count("SELECT count(DISTINCT actor_id) FROM (SELECT actor_id FROM plan_approvals UNION ALL SELECT actor_id FROM decisions WHERE kind = 'approve') a"))
}
