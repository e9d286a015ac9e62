package activities_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
)

// choices are what the DPO decides about records.
var choices = map[string]models.Treatment{
	"addresses": models.TreatKeep, "entries": models.TreatErase,
}

// executing is an approved erasure of everything in records, without the declaration that lacks its date.
func (w *world) executing() models.ID {
	w.t.Helper()
	w.crm.exec(records)
	w.crm.exec("DELETE FROM declarations WHERE id = 2")
	return w.approved(models.Erasure, choices)
}

func (w *world) prepared(id models.ID) activities.Work {
	w.t.Helper()
	return do[activities.Work](w, w.acts.PrepareErasure, activities.RequestRef{RequestID: id})
}

// eraseAll carries out the steps of an erasure in their order and counts what was done.
func (w *world) eraseAll(id models.ID, steps []activities.EraseStep) (sum activities.Done) {
	w.t.Helper()
	for _, s := range steps {
		done := do[activities.Done](w, w.acts.Erase, activities.GroupRef{RequestID: id, Group: s.Group, Index: s.Index})
		sum.Erased += done.Erased
		sum.Masked += done.Masked
		sum.Missing += done.Missing
	}
	return sum
}

func (w *world) recipient(slug string, channel store.RecipientChannel, categories ...string) store.Recipient {
	w.t.Helper()
	r := store.Recipient{
		Slug: slug, Name: "Recipient " + slug, Channel: channel, Address: models.Personal("dpo@" + slug + ".example"), Categories: categories,
		Country: "DE", Purpose: "transport", ReminderAfter: 3 * day,
	}
	if channel == store.ChannelWebhook {
		r.Address, r.Secret = models.Personal("https://"+slug+".example/hook"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	}
	r, err := w.store.PutRecipient(w.t.Context(), r)
	require.NoError(w.t, err)
	return r
}

func TestNothingIsErasedBeforeThePlanIsApproved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.planned(models.Erasure)
	for _, c := range []struct{ activity, in any }{
		{w.acts.PrepareErasure, activities.RequestRef{RequestID: id}},
		{w.acts.Erase, activities.GroupRef{RequestID: id, Group: 1}},
		{w.acts.Restrict, activities.GroupRef{RequestID: id, Group: 1}},
		{w.acts.CreateDeferrals, activities.RequestRef{RequestID: id}},
		{w.acts.BuildPackage, activities.RequestRef{RequestID: id}},
	} {
		_, err := try[none](w, c.activity, c.in)
		requireFailure(t, err, "plan_not_approved", false)
	}
	require.Equal(t, "2", w.crm.text("SELECT count(*) FROM orders WHERE customer_id = 1"))
}

func TestNoticesAndTheSuppressionAreWrittenBeforeAnythingIsDestroyed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recipient("carrier", store.ChannelMail, "user.contact")
	w.recipient("analyst", store.ChannelWebhook, "user.behavior")
	w.recipient("printer", store.ChannelMail, "user.biometric")
	id := w.executing()
	first, second := twice[activities.Work](w, id, w.acts.PrepareErasure, activities.RequestRef{RequestID: id})
	require.Equal(t, first, second, "the same notices, not new ones")
	require.Len(t, first.Notices, 2, "the printer got nothing of what is erased")
	require.True(t, first.Retained)
	require.Equal(t, 1, w.sql("SELECT count(*) FROM suppressions"))
	require.Equal(t, "2", w.crm.text("SELECT count(*) FROM orders WHERE customer_id = 1"))
	require.Zero(t, w.mails.count()+w.hooks.count(), "they are sent by their own workflows")

	groups := map[int]plan.Group{}
	for _, g := range w.plan(id).Groups {
		groups[g.No] = g
	}
	var erased, restricted []string
	for _, s := range first.Erase {
		erased = append(erased, groups[s.Group].Collection)
	}
	for _, no := range first.Restrict {
		restricted = append(restricted, groups[no].Collection)
	}
	slices.Sort(restricted)
	require.Equal(t, []string{"declarations", "invoices"}, restricted)
	require.NotContains(t, erased, "addresses", "the DPO keeps what is shared")
	require.Less(t, slices.Index(erased, "orders"), slices.Index(erased, "customers"), "children go before parents")
}

func TestRetainedRowsAreRestrictedAndWhatTheHoldDoesNotCoverIsMasked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.executing()
	w.prepared(id)
	for _, g := range w.plan(id).Groups {
		if g.Collection != "invoices" || g.Reason != plan.ReasonHeld {
			continue
		}
		require.Equal(t, []string{"billed_to", "total"}, g.HeldFields)
		first, second := twice[activities.Done](w, id, w.acts.Restrict, activities.GroupRef{RequestID: id, Group: g.No})
		require.Equal(t, activities.Done{Masked: 1, Restricted: 1}, first)
		require.Equal(t, activities.Done{}, second)
	}
	require.Equal(t, "Ada Canary", w.crm.text("SELECT billed_to FROM invoices WHERE id = 1"))
	require.Equal(t, "10.50", w.crm.text("SELECT total FROM invoices WHERE id = 1"))
	require.Equal(t, "NULL", w.crm.text("SELECT remark FROM invoices WHERE id = 1"))
	require.Equal(t, "true", w.crm.text("SELECT restricted_at = '2026-03-02 09:30:00+00' FROM invoices WHERE id = 1"))
	require.Equal(t, "NULL", w.crm.text("SELECT restricted_at FROM invoices WHERE id = 2"))
	require.Equal(t, map[string]int{"restricted": 1, "located": 1}, w.rows(id, "invoices"))
}

func TestARestrictionThatTheMapCannotExpressIsLeftToPeople(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.executing()
	w.prepared(id)
	in := activities.GroupRef{RequestID: id, Group: w.group(id, "declarations").No}
	first, second := twice[activities.Done](w, id, w.acts.Restrict, in, "restriction.impossible")
	require.Equal(t, activities.Done{Tasks: 1}, first)
	require.Equal(t, first, second)
	require.Contains(t, w.kinds(id), "restriction.impossible")
	require.Equal(t, map[string]int{"located": 1}, w.rows(id, "declarations"), "unsupported is never success")

	w.byHand(w.onlyTask(id, task.Restrict), 1)
	do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id})
	require.Equal(t, map[string]int{"restricted": 1}, w.rows(id, "declarations"))
	require.Equal(t, activities.Done{}, do[activities.Done](w, w.acts.Restrict, in), "nothing is left to do")
}

func TestAnErasureDoneTwiceErasesOnceAndIsProved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.executing()
	work := w.prepared(id)
	require.Equal(t, activities.Done{Erased: 5}, w.eraseAll(id, work.Erase), "account, two orders, the old invoice, the customs entry")
	before := w.kinds(id)
	require.Equal(t, activities.Done{}, w.eraseAll(id, work.Erase))
	require.Equal(t, before, w.kinds(id))

	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM customers WHERE id = 1"))
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM orders WHERE customer_id = 1"))
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM invoices"), "one is held")
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM customers WHERE id = 2"), "nobody else is touched")
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM orders WHERE customer_id = 2"))
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM addresses WHERE id = 1"))
	require.Equal(t, map[string]int{"erased": 2}, w.rows(id, "orders"))

	proof, _ := twice[activities.Proof](w, id, w.acts.ProveErased, activities.Ending{RequestID: id}, "erasure.proved")
	require.Equal(t, activities.Proof{Checked: 5}, proof)
	w.crm.exec("INSERT INTO entries VALUES (1, 1, '2025-01-01', 'tea')") // the application writes it again
	require.Equal(t, activities.Proof{Checked: 5, Left: 1}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))
}

func TestARowThatWasGoneAlreadyIsCountedAsMissing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.executing()
	work := w.prepared(id)
	w.crm.exec("DELETE FROM orders WHERE id = 1")
	require.Equal(t, activities.Done{Erased: 4, Missing: 1}, w.eraseAll(id, work.Erase))
	require.Equal(t, map[string]int{"missing": 1, "erased": 1}, w.rows(id, "orders"), "as the receipt will say")
	require.Equal(t, activities.Proof{Checked: 5}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))
}

func TestARowThatSomethingElseRefersToIsMaskedOrElseBlocked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("CREATE TABLE audit (order_id integer REFERENCES orders); INSERT INTO audit VALUES (1)")
	id := w.executing()
	work := w.prepared(id)
	require.Equal(t, activities.Done{Erased: 3, Masked: 1}, w.eraseAll(id, work.Erase), "the order stays for the audit, without anything of the person")
	require.Equal(t, map[string]int{"masked": 1, "erased": 1}, w.rows(id, "orders"))
	require.Equal(t, map[string]int{"blocked": 1}, w.rows(id, "customers"), "its address may not be empty")
	require.Equal(t, activities.Proof{Checked: 5, Left: 1}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))

	w.crm.exec("ALTER TABLE customers ALTER email DROP NOT NULL")
	require.Equal(t, activities.Done{Masked: 1}, w.eraseAll(id, work.Erase))
	require.Equal(t, activities.Proof{Checked: 5}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))
}

func TestAReadOnlySystemIsAnErrorAndNothingIsMarked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.executing()
	work := w.prepared(id)
	w.crm.exec("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' SET default_transaction_read_only = on'; END $$")
	w.crm.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	in := activities.GroupRef{RequestID: id, Group: work.Erase[0].Group, Index: work.Erase[0].Index}
	for range 5 { // the pool finds out that its connections are gone
		if w.crm.Ping(t.Context()) == nil {
			break
		}
	}
	_, err := try[activities.Done](w, w.acts.Erase, in)
	requireFailure(t, err, connectors.CodeReadOnly, false)
	require.Zero(t, w.sql("SELECT count(*) FROM located_chunks WHERE request_id = $1 AND (status NOT IN ('located', 'kept') OR statuses IS NOT NULL)", id.String()))
	require.NotContains(t, w.kinds(id), "rows.erased")
}

func TestAnErasureThatIsBrokenOffGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("INSERT INTO orders SELECT n, 1, 'pen', NULL FROM generate_series(100, 1298) n") // 1201 in all: three batches
	id := w.executing()
	work := w.prepared(id)
	step := work.Erase[slices.IndexFunc(work.Erase, func(s activities.EraseStep) bool { return s.Group == w.group(id, "orders").No })]
	in := activities.GroupRef{RequestID: id, Group: step.Group, Index: step.Index}
	batches := 0
	w.crm.fail = func(string) error {
		if batches++; batches == 2 {
			return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system does not answer.")
		}
		return nil
	}
	_, err := try[activities.Done](w, w.acts.Erase, in)
	requireFailure(t, err, connectors.CodeUnavailable, false)
	require.Equal(t, map[string]int{"erased": 500, "located": 701}, w.rows(id, "orders"), "what a batch did is noted before the next")
	require.Equal(t, activities.Done{Erased: 701}, do[activities.Done](w, w.acts.Erase, in))
}

func TestABatchWhoseOutcomeWasLostIsCountedAsErasedWhenItIsGone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("INSERT INTO orders SELECT n, 1, 'pen', NULL FROM generate_series(100, 1298) n")
	id := w.executing()
	work := w.prepared(id)
	step := work.Erase[slices.IndexFunc(work.Erase, func(s activities.EraseStep) bool { return s.Group == w.group(id, "orders").No })]
	in := activities.GroupRef{RequestID: id, Group: step.Group, Index: step.Index}
	batches := 0
	w.crm.lost = func(string) error {
		if batches++; batches == 2 {
			return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system does not answer.")
		}
		return nil
	}
	_, err := try[activities.Done](w, w.acts.Erase, in)
	requireFailure(t, err, connectors.CodeUnavailable, false)
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM orders WHERE customer_id = 1"))
	require.Equal(t, map[string]int{"erased": 500, "located": 701}, w.rows(id, "orders"))
	require.Equal(t, activities.Done{Erased: 701}, do[activities.Done](w, w.acts.Erase, in), "they were ours to erase, and are gone")
	require.Equal(t, map[string]int{"erased": 1201}, w.rows(id, "orders"))
}

func TestWorkThatWasOrderedByAnotherMapIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.executing()
	work := w.prepared(id)
	for _, index := range []int{-1, 99, work.Erase[0].Index + 1} {
		_, err := try[activities.Done](w, w.acts.Erase, activities.GroupRef{RequestID: id, Group: work.Erase[0].Group, Index: index})
		requireFailure(t, err, "map_changed", false)
	}
	_, err := try[activities.Done](w, w.acts.Erase, activities.GroupRef{RequestID: id, Group: 99})
	requireFailure(t, err, "unknown_group", false)
}

func TestWhatTheMapMasksKeepsItsRow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.deps.Graph = compile(t, []byte(`
dataset:
  - fides_key: crm
    collections:
      - name: customers
        habeas: {erase: mask}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}, habeas: {erase: replace, value: gone}}
          - {name: name, data_categories: [user.name], habeas: {erase: null}}
`))
	w.rebuild()
	id := w.approved(models.Erasure, nil)
	work := w.prepared(id)
	require.Equal(t, activities.Done{Masked: 1}, w.eraseAll(id, work.Erase))
	require.Equal(t, activities.Done{}, w.eraseAll(id, work.Erase))
	require.Equal(t, "gone/NULL", w.crm.text("SELECT email || '/' || coalesce(name, 'NULL') FROM customers WHERE id = 1"))
	require.Equal(t, activities.Proof{Checked: 1}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))
	require.Equal(t, map[string]int{"masked": 1}, w.rows(id, "customers"))
}

func TestRowsThatReferToEachOtherInACircleAreLoosenedAndErased(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(`CREATE TABLE heads (id integer PRIMARY KEY, email text, tail integer);
		CREATE TABLE tails (id integer PRIMARY KEY, head integer REFERENCES heads);
		ALTER TABLE heads ADD FOREIGN KEY (tail) REFERENCES tails;
		INSERT INTO heads VALUES (1, '` + adaEmail + `', NULL); INSERT INTO tails VALUES (5, 1); UPDATE heads SET tail = 5`)
	w.deps.Graph = compile(t, []byte(`
dataset:
  - fides_key: crm
    collections:
      - name: heads
        habeas: {erase: delete}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - {name: tail, fides_meta: {data_type: integer, references: [{dataset: crm, field: tails.id, direction: to}]}}
      - name: tails
        habeas: {erase: delete}
        data_categories: [user.name]
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: head, data_categories: [user.unique_id], fides_meta: {data_type: integer, references: [{dataset: crm, field: heads.id, direction: from}]}}
`))
	w.rebuild()
	id := w.approved(models.Erasure, nil)
	work := w.prepared(id)
	require.Len(t, work.Erase, 3, "one step that loosens, two that delete")
	require.Equal(t, activities.Done{Erased: 2}, w.eraseAll(id, work.Erase))
	require.Equal(t, activities.Proof{Checked: 2}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))
}
