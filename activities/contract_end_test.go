package activities_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/contractend"
	"habeas/models/request"
	"habeas/models/store"
)

// endOf is the end of acme's contract as its key ordered it.
func (w *world) endOf(back bool) models.ID {
	w.t.Helper()
	end, err := w.store.OrderContractEnd(w.t.Context(), models.ScopeOf(w.acme.ID), w.acme.ID, contractend.Event{
		Actor: models.Actor{Role: models.RoleController, ID: models.ID{8}}, Reason: "We leave, says Canary.",
		Facts: contractend.Facts{LastDay: calendar.Date{Year: 2026, Month: time.March, Day: 31}, GraceDays: 30, Return: back},
	})
	require.NoError(w.t, err)
	return end.ID
}

func (w *world) approveEnd(id models.ID) {
	w.t.Helper()
	_, err := w.store.NoteContractEnd(w.t.Context(), models.ScopeOperator(), id, 0, contractend.Event{Kind: contractend.Approved, Actor: officer})
	require.NoError(w.t, err)
}

func (w *world) nextOfEnd(id models.ID, after time.Time) activities.ContractNext {
	w.t.Helper()
	return do[activities.ContractNext](w, w.acts.NextContractStep, activities.ContractRef{ContractEndID: id, After: after})
}

func TestTheOfficerIsRemindedOfAContractsEndOnceForEachInstantAndNotWhenItIsApproved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.endOf(true)
	next := w.nextOfEnd(id, time.Time{})
	require.Equal(t, activities.ContractNext{Step: contractend.Remember, At: w.now()}, next)
	for range 2 {
		do[none](w, w.acts.RemindContractEnd, activities.ContractRef{ContractEndID: id, After: next.At})
	}
	require.Equal(t, 1, w.mails.count())
	require.Equal(t, "dpo@northwind.example", w.mails.last(t).to)
	w.noCanary(w.mails.last(t).mail.Text)
	week := w.nextOfEnd(id, next.At)
	require.Equal(t, next.At.Add(7*day), week.At)
	w.approveEnd(id)
	do[none](w, w.acts.RemindContractEnd, activities.ContractRef{ContractEndID: id, After: week.At})
	require.Equal(t, 1, w.mails.count())
	require.Equal(t, contractend.Give, w.nextOfEnd(id, week.At).Step)
}

// opened lets a step of a contract's end come, and locates and plans the data of the request that it opens.
func (w *world) opened(end models.ID, step contractend.Step) models.ID {
	w.t.Helper()
	next := w.nextOfEnd(end, time.Time{})
	require.Equal(w.t, step, next.Step)
	w.at(next.At)
	for range 2 {
		do[none](w, w.acts.OpenContractRequest, activities.ContractStep{ContractEndID: end, Step: step})
	}
	found, err := w.store.ContractEnd(w.t.Context(), models.ScopeOperator(), end)
	require.NoError(w.t, err)
	id := map[contractend.Step]models.ID{contractend.Give: found.Returns, contractend.Erase: found.Erases}[step]
	opened := do[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: id})
	require.True(w.t, opened.Verified)
	require.False(w.t, opened.Instruction, "the customer has ordered it")
	mails := w.mails.count()
	do[none](w, w.acts.SendConfirmation, activities.RequestRef{RequestID: id})
	require.Equal(w.t, mails, w.mails.count(), "and need not be told so")
	w.advance(id, models.Locating)
	do[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
	do[activities.Planned](w, w.acts.MakePlan, activities.RequestRef{RequestID: id})
	w.advance(id, models.InReview)
	w.decide(id, request.Approve, models.RoleDPO, func(d *request.Decision) { d.PlanDigest = w.plan(id).Digest() })
	w.advance(id, models.Executing)
	return id
}

func TestAllRowsOfACustomerAreReturnedAndErasedAndNoOthers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(`UPDATE customers SET owner = 'acme' WHERE id = 1; UPDATE orders SET owner = 'acme' WHERE customer_id = 1`)
	w.recipient("carrier", store.ChannelMail, "user.name")
	end := w.endOf(true)
	w.approveEnd(end)

	back := w.opened(end, contractend.Give)
	pkg := do[activities.Package](w, w.acts.BuildPackage, activities.RequestRef{RequestID: back})
	w.advance(back, models.Delivering)
	do[none](w, w.acts.SendPackageLink, activities.PackageRef{RequestID: back, PackageID: pkg.PackageID})
	mail := w.mails.last(t)
	require.Equal(t, "privacy@acme.example", mail.to)
	require.Contains(t, mail.mail.Text, "1 May 2026", "the first day after the grace")
	require.Contains(t, mail.mail.Text, "in the name of Northwind")
	files := w.fetched(pkg)
	for name, n := range map[string]int{"crm.customers": 1, "crm.orders": 2} {
		var rows []map[string]any
		require.NoError(t, json.Unmarshal(files["data/"+name+".json"], &rows))
		require.Len(t, rows, n)
		require.Contains(t, files, "data/"+name+".csv")
	}
	require.Contains(t, string(files["data/crm.customers.json"]), "score", "also what no person has provided")
	require.NotContains(t, files, "report.html")
	require.NoError(t, w.store.PackageCollected(t.Context(), w.store.PackageToken(pkg.PackageID)))

	gone := w.opened(end, contractend.Erase)
	require.True(t, w.plan(gone).NeedsDecision)
	work := w.prepared(gone)
	require.Len(t, work.Notices, 1)
	require.Equal(t, activities.Done{Erased: 3}, w.eraseAll(gone, work.Erase))
	proof := do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: gone})
	require.Equal(t, activities.Proof{Checked: 3}, proof)
	require.Equal(t, "2|3", w.crm.text("SELECT (SELECT string_agg(id::text, ',') FROM customers) || '|' || (SELECT string_agg(id::text, ',') FROM orders)"))
	do[activities.NoticeSent](w, w.acts.SendNotice, activities.NoticeRef{NoticeID: work.Notices[0], RequestID: gone, Attempt: 1})
	require.Contains(t, w.mails.last(t).mail.Text, "Company acme")
	require.Contains(t, w.mails.last(t).mail.Text, "- Controller: acme")
	w.advance(gone, models.Notifying, models.Delivering)
	do[none](w, w.acts.SendAnswer, activities.Ending{RequestID: gone, Outcome: models.Fulfilled})
	require.Equal(t, "privacy@acme.example", w.mails.last(t).to)
	require.Contains(t, w.mails.last(t).mail.Text, "https://privacy.example/certificates/")
	require.Contains(t, w.mails.last(t).mail.Text, "- Your orders: 2")
	do[none](w, w.acts.Advance, activities.Advance{RequestID: gone, To: models.Closed, Outcome: models.Fulfilled})
	require.True(t, w.nextOfEnd(end, time.Time{}).Over)
}
