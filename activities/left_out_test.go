package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/task"
)

const whyLeftOut = "We answer for this part ourselves, says Canary-Adviser."

// instructed is Ada's verified request, for which its controller has left parts of its data out.
func (w *world) instructed(right models.Right, narrowing request.Narrowing) models.ID {
	w.t.Helper()
	id := w.received(right)
	issued, err := w.store.IssueVerifications(w.t.Context(), id)
	require.NoError(w.t, err)
	_, err = w.store.VerifyByToken(w.t.Context(), issued[0].Token)
	require.NoError(w.t, err)
	do[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: id})
	w.advance(id, models.Verifying, models.AwaitingInstruction)
	w.decide(id, request.Instruct, models.RoleController, func(d *request.Decision) { d.Narrowing, d.Reason = narrowing, whyLeftOut })
	w.advance(id, models.Locating)
	return id
}

// narrowed is the same with its plan approved as it is; it is being executed.
func (w *world) narrowed(right models.Right, narrowing request.Narrowing) models.ID {
	w.t.Helper()
	id := w.instructed(right, narrowing)
	ref := activities.RequestRef{RequestID: id}
	do[activities.Located](w, w.acts.Locate, ref)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	w.advance(id, models.InReview)
	w.decide(id, request.Approve, models.RoleDPO, func(d *request.Decision) { d.PlanDigest = w.plan(id).Digest() })
	w.advance(id, models.Executing)
	return id
}

func TestWhatTheCustomerLeavesOutIsAGroupOfItsOwnThatADPOApproves(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(records)
	w.deps.Policy.ApproveUndecided = true
	w.rebuild()
	id := w.instructed(models.Erasure, request.Narrowing{Categories: []string{"user.financial"}, Collections: []string{"crm.addresses", "crm.declarations", "crm.entries"}})
	ref := activities.RequestRef{RequestID: id}
	do[activities.Located](w, w.acts.Locate, ref)
	planned, again := twice[activities.Planned](w, id, w.acts.MakePlan, ref)
	require.Equal(t, activities.Planned{Version: 1}, planned, "no policy approves it")
	require.Equal(t, planned, again)

	p := w.plan(id)
	require.True(t, p.NeedsDecision)
	got := map[string]int64{}
	for _, g := range p.LeftOut() {
		require.Equal(t, models.TreatKeep, g.Proposed)
		require.Empty(t, g.Options, "nobody but the customer may process it")
		require.True(t, g.HoldThrough.IsZero(), "what is left out is no deferral")
		got[g.Collection] = g.Rows
	}
	require.Equal(t, map[string]int64{"invoices": 2, "declarations": 2, "entries": 1, "addresses": 1}, got)
	require.Equal(t, "northwind", p.Narrowed.Controller)
	require.Equal(t, "Company northwind", p.Narrowed.Name)
	require.Equal(t, w.now(), p.Narrowed.At)
	require.Len(t, p.Narrowed.ReasonDigest, 64)
	other := p
	other.Narrowed = nil
	require.NotEqual(t, p.Digest(), other.Digest(), "the digest covers it")
}

func TestWhatTheCustomerLeavesOutOfAnErasureStaysUntouched(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(records)
	w.crm.exec("DELETE FROM declarations WHERE id = 2; DELETE FROM entries; UPDATE customers SET address_id = 2 WHERE id = 2; ALTER TABLE customers ALTER email DROP NOT NULL")
	id := w.narrowed(models.Erasure, request.Narrowing{Collections: []string{"crm.invoices", "crm.orders"}})
	before := w.crm.text("SELECT string_agg(i::text, '|' ORDER BY id) FROM invoices i") + w.crm.text("SELECT string_agg(o::text, '|' ORDER BY id) FROM orders o")

	work := do[activities.Work](w, w.acts.PrepareErasure, activities.RequestRef{RequestID: id})
	require.True(t, work.Retained, "it is fulfilled in part")
	for _, step := range work.Erase {
		do[activities.Done](w, w.acts.Erase, activities.GroupRef{RequestID: id, Group: step.Group, Index: step.Index})
	}
	require.Equal(t, before, w.crm.text("SELECT string_agg(i::text, '|' ORDER BY id) FROM invoices i")+w.crm.text("SELECT string_agg(o::text, '|' ORDER BY id) FROM orders o"))
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM customers WHERE email = $1", adaEmail), "nothing of the person is left in the row that orders refer to")
	require.Equal(t, map[string]int{"masked": 1}, w.rows(id, "customers"))
	require.Equal(t, map[string]int{"kept": 2}, w.rows(id, "invoices"))
	require.Equal(t, map[string]int{"kept": 2}, w.rows(id, "orders"))

	do[none](w, w.acts.CreateDeferrals, activities.RequestRef{RequestID: id})
	deferrals, err := w.store.Deferrals(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, deferrals, 1)
	require.Equal(t, "declarations", deferrals[0].Group.Collection, "no hold makes a deferral of what is left out")

	do[none](w, w.acts.SignReceipt, activities.Ending{RequestID: id, Outcome: models.PartlyFulfilled})
	receipts, err := w.store.Receipts(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Contains(t, string(receipts[0].Body), `"reason": "left_out"`)
	require.Contains(t, string(receipts[0].Body), `"narrowed": {`)
	require.NotContains(t, string(receipts[0].Body), "Adviser", "the words stay sealed")

	do[none](w, w.acts.SendAnswer, activities.Ending{RequestID: id, Outcome: models.PartlyFulfilled})
	text := w.mails.last(t).mail.Text
	for _, said := range []string{"Left out by the controller", "Company northwind decides on this data", "Your invoices: 2", "Your orders: 2", whyLeftOut} {
		require.Contains(t, text, said)
	}

	// The end of the hold erases what was retained, and nothing that was left out.
	w.at(start.AddDate(4, 0, 0))
	ref := activities.DeferralRef{DeferralID: deferrals[0].ID}
	opened := do[activities.DeferralWork](w, w.acts.OpenDeferral, ref)
	require.False(t, opened.Held)
	for _, step := range opened.Erase {
		do[activities.Done](w, w.acts.Erase, activities.GroupRef{RequestID: id, Group: step.Group, Index: step.Index})
	}
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM declarations"))
	require.Equal(t, before, w.crm.text("SELECT string_agg(i::text, '|' ORDER BY id) FROM invoices i")+w.crm.text("SELECT string_agg(o::text, '|' ORDER BY id) FROM orders o"))
}

func TestALimitedCopyLacksWhatIsLeftOutAndSaysSo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var exported []string
	w.crm.fail = func(call string) error {
		exported = append(exported, call)
		return nil
	}
	id := w.narrowed(models.Access, request.Narrowing{Only: true, Categories: []string{"user.name"}})
	pkg := build(w, id)
	require.True(t, pkg.Partly)
	require.NotContains(t, exported, "export orders", "it is not even read")
	files := w.fetched(pkg)
	require.NotContains(t, files, "data/crm.orders.json")
	require.Contains(t, string(files["report.html"]), "This answer is limited")
	require.Contains(t, string(files["report.html"]), "Your orders")
	require.Contains(t, string(files["report.html"]), "We answer for this part ourselves")
	require.NotContains(t, string(files["report.html"]), "lamp")
	require.Contains(t, string(files["README.txt"]), "WHAT IS NOT IN IT")

	w.advance(id, models.Delivering)
	do[none](w, w.acts.SendPackageLink, activities.PackageRef{RequestID: id, PackageID: pkg.PackageID})
	require.Contains(t, w.mails.last(t).mail.Text, "Left out by the controller")
}

func TestACopyOfWhichNothingWasHeldThatIsLeftOutIsWhole(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.narrowed(models.Access, request.Narrowing{Collections: []string{"crm.invoices"}})
	pkg := build(w, id)
	require.False(t, pkg.Partly)
	require.NotContains(t, string(w.fetched(pkg)["report.html"]), "This answer is limited")
}

func TestNobodySearchesByHandWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	id := w.instructed(models.Erasure, request.Narrowing{Systems: []string{"archive"}})
	ref := activities.RequestRef{RequestID: id}
	require.Zero(t, do[activities.Located](w, w.acts.Locate, ref).Tasks)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	left := w.plan(id).LeftOut()
	require.NotEmpty(t, left)
	for _, g := range left {
		require.Equal(t, "archive", g.System)
		require.Equal(t, plan.ByHand, g.By)
	}
	require.Zero(t, w.sql("SELECT count(*) FROM tasks WHERE action = $1", string(task.Locate)))
}

// notes is a second collection that the other company keeps.
const notes = `
      - name: notes
        description: Notes about you
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`

func TestAProcessorThatWouldSendOrEraseAllIsNotAskedWhereAPartIsLeftOut(t *testing.T) {
	t.Parallel()
	for right, action := range map[models.Right]task.Action{models.Access: task.Export, models.Erasure: task.Erase} {
		w, p := setupProcessor(t)
		w.deps.Graph = compile(t, []byte(strings.TrimSpace(peopleMap)+notes))
		w.rebuild()
		id := w.narrowed(right, request.Narrowing{Collections: []string{"archive.notes"}})
		ref := activities.RequestRef{RequestID: id}
		if right == models.Access {
			require.Empty(t, do[activities.CopyWork](w, w.acts.PrepareCopy, ref).Delegations)
		} else {
			work := do[activities.Work](w, w.acts.PrepareErasure, ref)
			require.Empty(t, work.Delegations)
			require.Equal(t, 1, work.Tasks)
		}
		require.Equal(t, []string{"archive.letters"}, w.onlyTask(id, action).Collections)
		require.Zero(t, p.submitted)
	}
}
