package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
)

var (
	dpo      = models.Actor{Role: models.RoleDPO, ID: models.MustParseID("00000000-0000-4000-8000-000000000001")}
	customer = models.Actor{Role: models.RoleController, ID: models.MustParseID("00000000-0000-4000-8000-000000000002")}
)

// inReview is a verified request whose plan waits for the DPO: one group to choose for, one decided by itself.
func (b *bundle) inReview() (models.ID, plan.Plan) {
	b.t.Helper()
	id := b.verified(b.submission("ada@example.org")).RequestID
	b.advance(id, models.Verifying, models.Locating)
	p, err := b.SavePlan(b.t.Context(), plan.Plan{RequestID: id, Right: models.Erasure, Groups: []plan.Group{
		{No: 1, Dataset: "crm", Collection: "contacts", Rows: 3, Proposed: models.TreatErase, Reason: plan.ReasonGround},
		{
			No: 2, Dataset: "crm", Collection: "parties", Rows: 1, Proposed: models.TreatRefer, Reason: plan.ReasonShared,
			Options: []models.Treatment{models.TreatKeep, models.TreatErase},
		},
	}})
	require.NoError(b.t, err)
	b.advance(id, models.InReview)
	return id, p
}

func (b *bundle) decide(d request.Decision) error {
	b.t.Helper()
	_, err := b.Decide(b.t.Context(), models.ScopeOperator(), d)
	return err
}

func TestDecisionIsRecordedSealedAndOrdered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.inReview()
	d, err := b.Decide(t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: id, Kind: request.Extend, Actor: dpo, Reason: "Ada's files are in the attic.",
	})
	require.NoError(t, err)

	got, err := b.Decision(t.Context(), models.ScopeOperator(), d.ID)
	require.NoError(t, err)
	require.EqualValues(t, "Ada's files are in the attic.", got.Reason)
	require.Equal(t, dpo, got.Actor)
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE kind = 'update' AND name = 'extend' AND decision_id = $1", d.ID.String()))

	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	last := entries[len(entries)-1]
	require.Equal(t, "decision.extend", last.Kind)
	require.Equal(t, dpo, last.Actor)
	require.Len(t, last.Data["reason_digest"], 64)
}

func TestDecisionsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.inReview()
	reason := models.Personal("because")
	for name, c := range map[string]struct {
		code string
		d    request.Decision
	}{
		"another's role":    {"decision_forbidden", request.Decision{Kind: request.Approve, Actor: customer, PlanDigest: p.Digest()}},
		"another state":     {"decision_not_open", request.Decision{Kind: request.Instruct, Actor: customer}},
		"no such kind":      {"unknown_decision", request.Decision{Kind: "bless", Actor: dpo}},
		"no reason":         {"reason_missing", request.Decision{Kind: request.Refuse, Actor: dpo, Reason: "  "}},
		"no question":       {"no_open_question", request.Decision{Kind: request.Answer, Actor: models.Actor{Role: models.RoleSubject}}},
		"another plan":      {"plan_changed", request.Decision{Kind: request.Approve, Actor: dpo, PlanDigest: "00"}},
		"a missing choice":  {"choice_missing", request.Decision{Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest()}},
		"an unknown group":  {"unknown_group", request.Decision{Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{9: models.TreatKeep}}},
		"an unknown choice": {"choice_not_offered", request.Decision{Kind: request.Change, Actor: dpo, Reason: reason, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatRetain}}},
	} {
		c.d.RequestID = id
		err := b.decide(c.d)
		require.Error(t, err, name)
		require.Equal(t, c.code, models.CodeOf(err), name)
	}
	require.Equal(t, 1, b.count("SELECT count(*) FROM decisions"), "only the verification")
}

func TestApprovalBindsToThePlanShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.inReview()
	shown := p.Digest()
	change := request.Decision{
		RequestID: id, Kind: request.Change, Actor: dpo, Reason: "keep it", PlanDigest: shown, Choices: map[int]models.Treatment{2: models.TreatKeep},
	}
	require.NoError(t, b.decide(change))
	requireCode(t, "plan_changed", b.decide(change)) // a double click
	requireCode(t, "plan_changed", b.decide(request.Decision{
		RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: shown, Choices: map[int]models.Treatment{2: models.TreatErase},
	}))
	changed, decided, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.False(t, decided)

	approve := request.Decision{RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: changed.Digest()}
	require.NoError(t, b.decide(approve))
	requireCode(t, "already_decided", b.decide(approve))
	chosen, decided, err := b.Plan(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.True(t, decided)
	require.Equal(t, models.TreatKeep, chosen.Groups[1].Treatment())
}

func TestLeadingDecisionsLeaveNoRoomForOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.inReview()
	require.NoError(t, b.decide(request.Decision{RequestID: id, Kind: request.Refuse, Actor: dpo, Reason: "excessive"}))
	requireCode(t, "already_decided", b.decide(request.Decision{
		RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep},
	}))
	requireCode(t, "already_decided", b.decide(request.Decision{RequestID: id, Kind: request.Refuse, Actor: dpo, Reason: "excessive"}))
}

func TestParallelApprovalsCountOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.inReview()
	codes := make([]string, 8)
	var group errgroup.Group
	for i := range codes {
		group.Go(func() error {
			codes[i] = models.CodeOf(b.decide(request.Decision{
				RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep},
			}))
			return nil
		})
	}
	require.NoError(t, group.Wait())
	refused := 0
	for _, code := range codes {
		if code == "already_decided" {
			refused++
		}
	}
	require.Equal(t, 7, refused, "%v", codes)
	require.Equal(t, 1, b.count("SELECT count(*) FROM decisions WHERE kind = 'approve'"))
}

func TestQuestionPausesAndItsAnswerIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.verified(b.submission("ada@example.org"))
	b.advance(out.RequestID, models.Verifying, models.Locating)
	b.clock.Store(time.Date(2026, 3, 3, 23, 30, 0, 0, time.UTC).UnixMicro())
	question := request.Decision{RequestID: out.RequestID, Kind: request.Clarify, Actor: dpo, Reason: "Which account?"}
	require.NoError(t, b.decide(question))
	requireCode(t, "question_open", b.decide(question))
	status, err := b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.EqualValues(t, "Which account?", status.Question)

	b.pass(48 * time.Hour)
	_, err = b.DecideByStatusToken(t.Context(), out.StatusToken, request.Answer, "The old one.")
	require.NoError(t, err)
	_, err = b.DecideByStatusToken(t.Context(), out.StatusToken, request.Answer, "The old one.")
	requireCode(t, "no_open_question", err)
	status, err = b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.Empty(t, status.Question)

	facts, err := b.ClockFacts(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.Len(t, facts.Pauses, 1)
	require.Equal(t, "2026-03-04", facts.Pauses[0].AskedOn.String(), "the day in Brussels")
	require.Equal(t, "2026-03-06", facts.Pauses[0].AnsweredOn.String())
}

func TestExtensionIsDecidedOnceAndItsNoticeIsDated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.inReview()
	d, err := b.Decide(t.Context(), models.ScopeOperator(), request.Decision{RequestID: id, Kind: request.Extend, Actor: dpo, Reason: "complex"})
	require.NoError(t, err)
	requireCode(t, "already_decided", b.decide(request.Decision{RequestID: id, Kind: request.Extend, Actor: dpo, Reason: "complex"}))
	b.pass(time.Hour)
	require.NoError(t, b.NotifiedOf(t.Context(), d.ID))
	b.pass(time.Hour)
	require.NoError(t, b.NotifiedOf(t.Context(), d.ID))
	facts, err := b.ClockFacts(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, start, facts.ExtendedAt)
	require.Equal(t, start.Add(time.Hour), facts.ExtensionNotifiedAt)
}

func TestStateMovesByTheTableOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	requireCode(t, "bad_transition", b.Advance(t.Context(), id, models.Executing, ""))
	requireCode(t, "bad_outcome", b.Advance(t.Context(), id, models.Closed, ""))
	requireCode(t, "bad_outcome", b.Advance(t.Context(), id, models.Verifying, models.Fulfilled))
	b.advance(id, models.Verifying, models.Verifying)
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.Lapsed))
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.Lapsed))
	requireCode(t, "bad_transition", b.Advance(t.Context(), id, models.Closed, models.Fulfilled))
	require.Equal(t, 2, b.count("SELECT count(*) FROM ledger_entries WHERE kind LIKE 'state.%'"))
	r, err := b.Request(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, start, r.ClosedAt)
}
