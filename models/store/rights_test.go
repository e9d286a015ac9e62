package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

var (
	decider  = models.Actor{Role: models.RoleDPO}
	messages = datamap.Address{Dataset: "chat", Collection: "messages"}
)

// stated is acme's verified request of a right with three located rows in one group, in review.
func (b *bundle) stated(right models.Right, s request.Statement, options ...models.Treatment) (models.ID, plan.Plan) {
	b.t.Helper()
	ctx := b.t.Context()
	sub := b.submission("ada@example.org")
	sub.Controller, sub.Right, sub.Subject.Statement = b.acme, right, s
	id := b.verified(sub).RequestID
	b.advance(id, models.Verifying, models.AwaitingInstruction, models.Locating)
	var rows []datamap.FoundRow
	for n := range 3 {
		rows = append(rows, datamap.FoundRow{
			System: "chat", Address: messages, Key: datamap.Key{datamap.Int(int64(n))}, Shared: true,
			Reason: datamap.ShareReason{Code: datamap.SharedOtherIdentity, Via: messages},
		})
	}
	_, err := b.Found(id).Add(ctx, rows)
	require.NoError(b.t, err)
	sorting, err := b.GroupRows(ctx, id, func(store.LocatedRow) (int, error) { return 1, nil })
	require.NoError(b.t, err)
	p, err := b.SavePlan(ctx, plan.Plan{RequestID: id, Right: right, Sorting: sorting, Groups: []plan.Group{{
		No: 1, System: "chat", Dataset: messages.Dataset, Collection: messages.Collection, Rows: 3, Proposed: models.TreatRefer, Options: options,
		SharedWith: messages.String(), Fields: []plan.Field{{Name: "id", Fixed: true}, {Name: "sender", Identity: true}, {Name: "body"}},
	}}})
	require.NoError(b.t, err)
	b.advance(id, models.InReview)
	require.NoError(b.t, b.KeepValues(ctx, id, messages, []datamap.Key{{datamap.Int(1)}}, []datamap.Row{{Columns: []string{"body"}, Values: []datamap.Value{datamap.Text("Dear Ada")}}}))
	return id, p
}

func (b *bundle) shown(id models.ID, group int) []store.ShownRow {
	b.t.Helper()
	page, err := b.ShowRows(b.t.Context(), models.ScopeOperator(), decider, store.RowsAsked{RequestID: id, Group: group, Limit: 10, Values: true})
	require.NoError(b.t, err)
	return page.Rows
}

func TestAStatementIsSealedAndItsWordsOfTheLawAreRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("ada@example.org")
	sub.Right = models.Objection
	sub.Subject.Statement = request.Statement{
		Ground: request.GroundClaims, Purposes: []request.Purpose{request.DirectMarketing}, Situation: "stalked-canary", Wrong: "wrong-canary", Correct: "correct-canary",
		Corrections: []request.Said{{Field: "field-canary", Value: "value-canary"}},
	}
	id := b.submit(sub).RequestID
	got, err := b.Subject(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, sub.Subject.Statement, got.Statement)
	require.Zero(t, b.count("SELECT count(*) FROM submissions WHERE encode(subject_sealed, 'escape') LIKE '%canary%'"))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, []any{"direct_marketing"}, entries[0].Data["purposes"])
	body, err := entries[0].Body()
	require.NoError(t, err)
	require.NotContains(t, string(body), "canary")
}

func TestRowsAreDecidedOneByOneAndThePlanSaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id, p := b.stated(models.Access, request.Statement{}, models.TreatRedact, models.TreatDisclose, models.TreatWithhold)
	rows := b.shown(id, 1)
	require.Len(t, rows, 3)
	require.Equal(t, datamap.SharedOtherIdentity, rows[0].Row.Reason.Code)
	require.NotNil(t, rows[1].Values)
	require.Nil(t, rows[0].Values)

	d := store.Separation{
		RequestID: id, PlanDigest: p.Digest(), Group: 1, Rows: []string{rows[1].Name, rows[1].Name}, Treatment: models.TreatRedact, Marked: []string{"body"},
		Actor: decider, Reason: "It names the neighbour.",
	}
	separate := func(scope models.Scope, d store.Separation) error {
		_, err := b.Separate(ctx, scope, d)
		return err
	}
	wrong := d
	wrong.Actor.Role = models.RoleHandler
	requireCode(t, "decision_forbidden", separate(models.ScopeOperator(), wrong))
	requireCode(t, "not_found", separate(models.ScopeOf(b.globex.ID), d))
	wrong = d
	wrong.Rows = []string{"zz"}
	requireCode(t, "unknown_row", separate(models.ScopeOperator(), wrong))
	wrong.Rows = []string{"00", "01", "02"}
	requireCode(t, "unknown_row", separate(models.ScopeOperator(), wrong))
	wrong.Rows = nil
	requireCode(t, "rows_missing", separate(models.ScopeOperator(), wrong))
	wrong = d
	wrong.All = true
	requireCode(t, "rows_missing", separate(models.ScopeOperator(), wrong))
	wrong = d
	wrong.Marked = []string{"nothing"}
	requireCode(t, "unknown_field", separate(models.ScopeOperator(), wrong))

	require.NoError(t, separate(models.ScopeOperator(), d))
	requireCode(t, "plan_changed", separate(models.ScopeOperator(), d))
	p, _, err := b.Plan(ctx, models.ScopeOf(b.acme.ID), id)
	require.NoError(t, err)
	require.Len(t, p.Groups, 2)
	require.EqualValues(t, 2, p.Groups[0].Rows)
	require.Equal(t, plan.Group{
		No: 2, System: "chat", Dataset: "chat", Collection: "messages", Rows: 1, Proposed: models.TreatRefer, Choice: models.TreatRedact, Options: p.Groups[0].Options,
		SharedWith: "chat.messages", Fields: p.Groups[0].Fields, Marked: []string{"body"}, SplitFrom: 1,
	}, p.Groups[1])
	require.Equal(t, rows[1].Name, b.shown(id, 2)[0].Name, "the same row under its name")
	require.Len(t, b.shown(id, 1), 2)

	// Another row with the same choice joins the group; all the rest is decided in one.
	d.PlanDigest, d.Rows = p.Digest(), []string{rows[0].Name}
	require.NoError(t, separate(models.ScopeOperator(), d))
	require.Len(t, b.shown(id, 2), 2)
	p, _, err = b.Plan(ctx, models.ScopeOperator(), id)
	require.NoError(t, err)
	d.PlanDigest, d.Rows, d.All, d.Treatment, d.Marked = p.Digest(), nil, true, models.TreatWithhold, nil
	require.NoError(t, separate(models.ScopeOperator(), d))
	p, _, err = b.Plan(ctx, models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, p.Groups, 2)
	require.Empty(t, p.Undecided())
	_, err = b.Decide(ctx, models.ScopeOperator(), request.Decision{RequestID: id, Kind: request.Approve, Actor: decider, PlanDigest: p.Digest()})
	require.NoError(t, err)
	require.Zero(t, b.count("SELECT count(*) FROM row_values"))
	counts, err := b.CountRows(ctx, id)
	require.NoError(t, err)
	require.Equal(t, []store.RowCount{{Group: 1, Status: store.RowLocated, Rows: 1}, {Group: 2, Status: store.RowLocated, Rows: 2}}, counts)
	requireCode(t, "plan_changed", separate(models.ScopeOperator(), d))
}

func TestCorrectionsBindTheApprovalAndOneReplacesAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id, p := b.stated(models.Rectification, request.Statement{Correct: "See above."})
	enter := func(scope models.Scope, actor models.Actor, digest string, value models.Personal, row string) (request.Correction, error) {
		return b.EnterCorrection(ctx, scope, actor, digest, request.Correction{RequestID: id, Group: 1, Field: "body", Value: value, Row: row})
	}
	_, err := enter(models.ScopeOf(b.globex.ID), decider, p.Digest(), "x", "")
	requireCode(t, "not_found", err)
	_, err = enter(models.ScopeOf(b.acme.ID), models.Actor{Role: models.RoleController}, p.Digest(), "x", "")
	requireCode(t, "decision_forbidden", err)
	first, err := enter(models.ScopeOperator(), decider, p.Digest(), "first-canary", "")
	require.NoError(t, err)
	_, err = enter(models.ScopeOperator(), decider, p.Digest(), "again", "")
	requireCode(t, "plan_changed", err)
	latest := func() plan.Plan {
		p, _, err := b.Plan(ctx, models.ScopeOperator(), id)
		require.NoError(t, err)
		return p
	}
	require.Equal(t, models.TreatRectify, latest().Groups[0].Treatment())
	require.Equal(t, []string{"body"}, latest().Groups[0].Corrected)
	before := latest().Corrections
	second, err := enter(models.ScopeOperator(), decider, latest().Digest(), "second-canary", "")
	require.NoError(t, err)
	require.NotEqual(t, before, latest().Corrections, "another value is another plan")
	_, err = enter(models.ScopeOperator(), decider, latest().Digest(), "", b.shown(id, 1)[0].Name)
	require.NoError(t, err)

	for scope, code := range map[models.Scope]string{models.ScopeOf(b.globex.ID): "not_found", {}: "not_found"} {
		_, err := b.Corrections(ctx, scope, id)
		requireCode(t, code, err)
		_, err = b.Restriction(ctx, scope, id)
		requireCode(t, code, err)
		_, err = b.ShowRows(ctx, scope, decider, store.RowsAsked{RequestID: id, Group: 1, Limit: 10})
		requireCode(t, code, err)
		requireCode(t, code, b.DropCorrection(ctx, scope, decider, id, second.ID, latest().Digest()))
	}
	list, err := b.Corrections(ctx, models.ScopeOf(b.acme.ID), id)
	require.NoError(t, err)
	require.Len(t, list, 2, "the second value for the same rows took the first one's place")
	requireCode(t, "not_found", b.DropCorrection(ctx, models.ScopeOperator(), decider, id, first.ID, latest().Digest()))
	require.Zero(t, b.count("SELECT count(*) FROM corrections WHERE encode(value_sealed, 'escape') LIKE '%canary%'"))

	require.NoError(t, b.SettleCorrection(ctx, second.ID, request.CorrectionDone, "", 3))
	require.NoError(t, b.SettleCorrection(ctx, second.ID, request.CorrectionRefused, "late", 0), "what is settled stays")
	list, err = b.Corrections(ctx, models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, c := range list {
		if c.ID == second.ID {
			require.Equal(t, request.CorrectionDone, c.Status)
			require.EqualValues(t, 3, c.Rows)
		}
	}
	for _, c := range list {
		require.NoError(t, b.DropCorrection(ctx, models.ScopeOperator(), decider, id, c.ID, latest().Digest()))
	}
	require.Empty(t, latest().Corrections)
	require.Equal(t, models.TreatRefer, latest().Groups[0].Treatment())
}

func TestSuppressionsAreAskedByPurposeAndByTheirOwnControllerOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id, _ := b.stated(models.Objection, request.Statement{Purposes: []request.Purpose{request.DirectMarketing, request.Profiling}})
	require.NoError(t, b.AddObjection(ctx, id, []request.Purpose{request.DirectMarketing, request.Profiling}))
	require.NoError(t, b.AddObjection(ctx, id, []request.Purpose{request.DirectMarketing}), "again")
	require.Equal(t, 2, b.count("SELECT count(*) FROM suppressions"))
	ada := []request.Identity{{Kind: "email", Value: "ADA@example.org "}, {Kind: "phone_number", Value: "ada@example.org"}}
	ask := func(controller models.ID, purposes ...request.Purpose) []bool {
		got, err := b.Suppressed(ctx, models.ScopeOperator(), controller, ada, purposes...)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, []bool{true, false}, ask(b.acme.ID, request.DirectMarketing))
	require.Equal(t, []bool{true, false}, ask(b.acme.ID, request.Research, request.Profiling))
	require.Equal(t, []bool{false, false}, ask(b.acme.ID, request.Research))
	require.Equal(t, []bool{false, false}, ask(b.acme.ID))
	require.Equal(t, []bool{false, false}, ask(b.globex.ID, request.DirectMarketing))
	_, err := b.Suppressed(ctx, models.ScopeOf(b.globex.ID), b.acme.ID, ada, request.DirectMarketing)
	requireCode(t, "not_found", err)
	require.NoError(t, b.AddSuppression(ctx, id))
	require.Equal(t, []bool{true, false}, ask(b.acme.ID, request.Research), "who was erased is used for nothing")
	require.Zero(t, b.count("SELECT count(*) FROM suppressions WHERE suppressions::text ILIKE '%ada@%'"))
}
