package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/store"
)

// deferred is an erasure that is over but for what is retained: an invoice until the end of 2032, a declaration until the end of 2028.
func (w *world) deferred() (models.ID, map[string]store.Deferral) {
	w.t.Helper()
	id := w.executing()
	work := w.prepared(id)
	for _, no := range work.Restrict {
		do[activities.Done](w, w.acts.Restrict, activities.GroupRef{RequestID: id, Group: no})
	}
	w.eraseAll(id, work.Erase)
	twice[none](w, id, w.acts.CreateDeferrals, activities.RequestRef{RequestID: id})
	w.advance(id, models.Notifying, models.Delivering)
	do[none](w, w.acts.Advance, activities.Advance{RequestID: id, To: models.Closed, Outcome: models.PartlyFulfilled})
	list, err := w.store.Deferrals(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	out := map[string]store.Deferral{}
	for _, d := range list {
		out[d.Group.Collection] = d
	}
	require.Len(w.t, out, 2)
	return id, out
}

func TestADeferralIsDueOnTheDayAfterItsHoldInTheControllersZone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, deferrals := w.deferred()
	midnight := time.Date(2028, 12, 31, 23, 0, 0, 0, time.UTC) // in Brussels, 1 January 2029 begins
	w.at(midnight.Add(-time.Second))
	require.Empty(t, do[activities.DueDeferrals](w, w.acts.FindDueDeferrals, struct{}{}).IDs)
	w.at(midnight)
	require.Equal(t, []models.ID{deferrals["declarations"].ID}, do[activities.DueDeferrals](w, w.acts.FindDueDeferrals, struct{}{}).IDs)
}

func TestADeferralErasesWhatItsHoldCovered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recipient("taxman", store.ChannelMail, "user.financial")
	id, deferrals := w.deferred()
	d := deferrals["invoices"]
	w.at(time.Date(2033, 1, 1, 8, 0, 0, 0, time.UTC))
	ref := activities.DeferralRef{DeferralID: d.ID}
	work, again := twice[activities.DeferralWork](w, id, w.acts.OpenDeferral, ref)
	require.Equal(t, work, again)
	require.False(t, work.Held)
	require.Equal(t, id, work.RequestID)
	require.Len(t, work.Notices, 1, "its recipients are told of it")
	require.Len(t, work.Erase, 1)

	require.Equal(t, activities.Done{Erased: 1}, w.eraseAll(id, work.Erase))
	require.Equal(t, activities.Done{}, w.eraseAll(id, work.Erase))
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM invoices"))
	end := activities.Ending{RequestID: id, DeferralID: d.ID}
	require.Equal(t, activities.Proof{Checked: 1}, do[activities.Proof](w, w.acts.ProveErased, end))

	twice[none](w, id, w.acts.FinishDeferral, ref)
	twice[none](w, id, w.acts.SignReceipt, end)
	before := w.mails.count()
	twice[none](w, id, w.acts.SendDeferralDone, end)
	require.Equal(t, before+1, w.mails.count())
	mail := w.mails.last(t)
	require.Equal(t, adaEmail, mail.to)
	require.Contains(t, mail.mail.Text, "Your invoices")
	require.Contains(t, mail.mail.Text, "Customs declarations", "what is still kept is said too")
	require.Contains(t, mail.mail.Text, "Recipient taxman")
	receipts, err := w.store.Receipts(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, receipts, 1)
	require.Equal(t, d.ID, receipts[0].DeferralID)
}

func TestADeferralUnderALongerHoldByThenIsPutOffAndErasesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, deferrals := w.deferred()
	d := deferrals["invoices"]
	w.at(time.Date(2033, 1, 1, 8, 0, 0, 0, time.UTC))
	longer, err := hold.Builtin().Rule("DE_AO_147_BUECHER") // the law has changed to ten years meanwhile
	require.NoError(t, err)
	longer.Code = "DE_AO_147_BELEG_NEW"
	w.deps.Rules, err = hold.Builtin().With(longer)
	require.NoError(t, err)
	for _, node := range w.crm.graph.Nodes {
		if node.Address.Collection == "invoices" {
			node.Collection.Holds[0].Rule = "DE_AO_147_BELEG_NEW"
		}
	}
	w.rebuild()
	work, again := twice[activities.DeferralWork](w, id, w.acts.OpenDeferral, activities.DeferralRef{DeferralID: d.ID})
	require.Equal(t, activities.DeferralWork{RequestID: id, Held: true}, work)
	require.Equal(t, work, again)
	after, err := w.store.Deferral(t.Context(), models.ScopeOperator(), d.ID)
	require.NoError(t, err)
	require.Equal(t, date(2035, 1, 1), after.DueOn, "held through 2034")
	require.Equal(t, store.DeferralPending, after.State)
	require.Empty(t, do[activities.DueDeferrals](w, w.acts.FindDueDeferrals, struct{}{}).IDs[1:], "only the declaration is due")
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM invoices"))
}

func TestADeferralThatIsOpenedTooEarlyIsPutOff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, deferrals := w.deferred()
	work := do[activities.DeferralWork](w, w.acts.OpenDeferral, activities.DeferralRef{DeferralID: deferrals["invoices"].ID})
	require.Equal(t, activities.DeferralWork{RequestID: id, Held: true}, work)
}

func TestARowThatWasMaskedForTheSakeOfAHeldOneIsDeletedWithIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(`ALTER TABLE invoices ADD FOREIGN KEY (customer_id) REFERENCES customers; ALTER TABLE declarations ADD FOREIGN KEY (customer_id) REFERENCES customers;
		ALTER TABLE customers ALTER email DROP NOT NULL`)
	id, deferrals := w.deferred()
	require.Equal(t, "NULL", w.crm.text("SELECT email FROM customers WHERE id = 1"))
	require.Equal(t, map[string]int{"masked": 1}, w.rows(id, "customers"))

	w.at(time.Date(2029, 1, 1, 8, 0, 0, 0, time.UTC))
	work := do[activities.DeferralWork](w, w.acts.OpenDeferral, activities.DeferralRef{DeferralID: deferrals["declarations"].ID})
	require.Len(t, work.Erase, 2, "the declaration, and then the customer")
	require.Equal(t, activities.Done{Erased: 1}, w.eraseAll(id, work.Erase))
	require.Equal(t, map[string]int{"masked": 1}, w.rows(id, "customers"), "an invoice still refers to it")
	do[none](w, w.acts.FinishDeferral, activities.DeferralRef{DeferralID: deferrals["declarations"].ID})

	w.at(time.Date(2033, 1, 1, 8, 0, 0, 0, time.UTC))
	work = do[activities.DeferralWork](w, w.acts.OpenDeferral, activities.DeferralRef{DeferralID: deferrals["invoices"].ID})
	require.Equal(t, activities.Done{Erased: 2}, w.eraseAll(id, work.Erase))
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM customers WHERE id = 1"))
	require.Equal(t, map[string]int{"erased": 1}, w.rows(id, "customers"))
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM customers WHERE id = 2"))
}

func TestDeferralsOfARequestThatAreDueOnOneDayAreCarriedOutAsOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id, deferrals := w.deferred()
	_, err := w.store.Pool().Exec(t.Context(), "UPDATE deferrals SET due_on = '2033-01-01'")
	require.NoError(t, err)
	w.at(time.Date(2033, 1, 1, 8, 0, 0, 0, time.UTC))
	due := do[activities.DueDeferrals](w, w.acts.FindDueDeferrals, struct{}{})
	require.Len(t, due.IDs, 1)
	ref := activities.DeferralRef{DeferralID: due.IDs[0]}
	work, again := twice[activities.DeferralWork](w, id, w.acts.OpenDeferral, ref)
	require.Equal(t, work, again)
	require.Len(t, work.Erase, 2)
	require.Equal(t, activities.Done{Erased: 2}, w.eraseAll(id, work.Erase))
	end := activities.Ending{RequestID: id, DeferralID: due.IDs[0]}
	require.Equal(t, activities.Proof{Checked: 2}, do[activities.Proof](w, w.acts.ProveErased, end))
	twice[none](w, id, w.acts.FinishDeferral, ref)
	require.Empty(t, do[activities.DueDeferrals](w, w.acts.FindDueDeferrals, struct{}{}).IDs)
	for _, d := range deferrals {
		after, err := w.store.Deferral(t.Context(), models.ScopeOperator(), d.ID)
		require.NoError(t, err)
		require.Equal(t, store.DeferralDone, after.State)
	}
	before := w.mails.count()
	do[none](w, w.acts.SendDeferralDone, end)
	require.Equal(t, before+1, w.mails.count(), "one letter for both")
	require.Contains(t, w.mails.last(t).mail.Text, "Your invoices")
	require.Contains(t, w.mails.last(t).mail.Text, "Customs declarations")
}

func TestThousandsOfDaysOnWhichAHoldEndsAreFewSteps(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds: a request with 1,300 different holds")
	}
	w := setup(t)
	w.crm.exec("INSERT INTO entries SELECT n, 1, '2025-01-01'::date - n, 'tea' FROM generate_series(1, 1300) n; INSERT INTO entries SELECT n + 5000, 1, '2025-01-01'::date - n, 'salt' FROM generate_series(1, 1300) n")
	choose := map[string]models.Treatment{"entries": models.TreatRetain}
	id := w.approved(models.Erasure, choose)
	work := w.prepared(id)
	require.Greater(t, len(w.plan(id).Retained()), 1290, "a group for each day")
	require.Len(t, work.Restrict, 1, "one step for the collection")
	w.crm.exec("ALTER TABLE entries ADD COLUMN held text")
	for _, node := range w.crm.graph.Nodes {
		if node.Address.Collection == "entries" {
			node.Collection.Restrict = &datamap.Restrict{Column: "held", Set: new("yes")}
		}
	}
	first, second := twice[activities.Done](w, id, w.acts.Restrict, activities.GroupRef{RequestID: id, Group: work.Restrict[0]})
	require.Equal(t, activities.Done{Restricted: 2600}, first)
	require.Equal(t, activities.Done{}, second)
	require.Equal(t, map[string]int{"restricted": 2600}, w.rows(id, "entries"))
	w.eraseAll(id, work.Erase)
	do[none](w, w.acts.CreateDeferrals, activities.RequestRef{RequestID: id})

	list, err := w.store.Deferrals(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Greater(t, len(list), 1290)
	day := list[0].DueOn
	w.at(time.Date(day.Year, day.Month, day.Day, 12, 0, 0, 0, time.UTC))
	due := do[activities.DueDeferrals](w, w.acts.FindDueDeferrals, struct{}{})
	require.Len(t, due.IDs, 1)
	opened := do[activities.DeferralWork](w, w.acts.OpenDeferral, activities.DeferralRef{DeferralID: due.IDs[0]})
	require.Equal(t, activities.Done{Erased: 2}, w.eraseAll(id, opened.Erase), "both entries of that day")
	require.Equal(t, "2598", w.crm.text("SELECT count(*) FROM entries"))
}

func TestThousandsOfGroupsThatTheDPOHasErasedAreOneStep(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("INSERT INTO entries SELECT n, 1, '2025-01-01'::date - n, 'tea' FROM generate_series(1, 300) n")
	id := w.approved(models.Erasure, map[string]models.Treatment{"entries": models.TreatErase})
	work := w.prepared(id)
	var steps []activities.EraseStep
	groups := 0
	for _, g := range w.plan(id).Groups {
		if g.Collection == "entries" {
			groups++
			for _, s := range work.Erase {
				if s.Group == g.No {
					steps = append(steps, s)
				}
			}
		}
	}
	require.Equal(t, 300, groups, "a third country's hold ends on each of so many days, and the DPO decides about each")
	require.Len(t, steps, 1)
	require.Equal(t, activities.Done{Erased: 300}, w.eraseAll(id, steps))
	require.Equal(t, activities.Done{}, w.eraseAll(id, steps))
	require.Equal(t, map[string]int{"erased": 300}, w.rows(id, "entries"))
}
