package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
)

// records gives Ada rows under holds: invoices (field by field, German law), customs entries (US law) and declarations (EU law).
const records = `
INSERT INTO invoices VALUES (1, 1, 10.50, 'Ada Canary', 'call canary', '2024-05-01', NULL), (2, 1, 99.00, 'Ada Canary', 'again canary', '2010-01-01', NULL);
INSERT INTO entries VALUES (1, 1, '2025-01-01', 'tea');
INSERT INTO declarations VALUES (1, 1, '2025-06-01', 'coffee'), (2, 1, NULL, 'sugar');
UPDATE customers SET address_id = 1 WHERE id = 2;`

func TestEachRowIsJudgedByTheHoldsOnIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(records)
	id := w.verified(models.Erasure)
	ref := activities.RequestRef{RequestID: id}
	do[activities.Located](w, w.acts.Locate, ref)
	first, second := twice[activities.Planned](w, id, w.acts.MakePlan, ref)
	require.Equal(t, first, second, "made again, it is the same plan")
	require.Equal(t, activities.Planned{Version: 1, Undecided: 3}, first)

	type verdict struct {
		rows    int64
		reason  plan.Reason
		does    models.Treatment
		through calendar.Date
	}
	got := map[string][]verdict{}
	for _, g := range w.plan(id).Groups {
		got[g.Collection] = append(got[g.Collection], verdict{g.Rows, g.Reason, g.Proposed, g.HoldThrough})
	}
	require.Equal(t, map[string][]verdict{
		"customers": {{1, plan.ReasonGround, models.TreatErase, calendar.Date{}}},
		"orders":    {{2, plan.ReasonGround, models.TreatErase, calendar.Date{}}},
		"addresses": {{1, plan.ReasonShared, models.TreatRefer, calendar.Date{}}},
		"invoices": {
			{1, plan.ReasonHeld, models.TreatRetain, date(2032, 12, 31)}, {1, plan.ReasonGround, models.TreatErase, calendar.Date{}},
		},
		"entries": {{1, plan.ReasonThirdCountry, models.TreatRefer, date(2030, 1, 1)}},
		"declarations": {
			{1, plan.ReasonHeld, models.TreatRetain, date(2028, 12, 31)}, {1, plan.ReasonAnchorMissing, models.TreatRefer, calendar.Date{}},
		},
	}, got)
	for _, g := range w.plan(id).Groups {
		if g.Reason == plan.ReasonHeld || g.Reason == plan.ReasonThirdCountry {
			require.NotEmpty(t, g.Citation)
			require.NotEmpty(t, g.Explanation)
		}
	}
	require.Equal(t, "map-1", w.plan(id).DataMapDigest)
}

func TestAPlanWithNothingToDecideIsApprovedOnlyIfThePolicySaysSo(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]bool{"policy": true, "a person": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.deps.Policy.ApproveUndecided = policy
			w.rebuild()
			id := w.verified(models.Erasure)
			ref := activities.RequestRef{RequestID: id}
			do[activities.Located](w, w.acts.Locate, ref)
			out, _ := twice[activities.Planned](w, id, w.acts.MakePlan, ref)
			require.Equal(t, activities.Planned{Version: 1, Approved: policy}, out)
			_, decided, err := w.store.Plan(t.Context(), models.ScopeOperator(), id)
			require.NoError(t, err)
			require.Equal(t, policy, decided)
		})
	}
}

func TestAPlanWithSomethingToDecideIsNeverApprovedByPolicy(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.deps.Policy.ApproveUndecided = true
	w.rebuild()
	w.crm.exec(records)
	id := w.verified(models.Erasure)
	ref := activities.RequestRef{RequestID: id}
	do[activities.Located](w, w.acts.Locate, ref)
	require.Equal(t, activities.Planned{Version: 1, Undecided: 3}, do[activities.Planned](w, w.acts.MakePlan, ref))
}

func TestARowOfACollectionThatTheMapNoLongerHasStopsThePlan(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	do[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
	w.deps.Graph = compile(t, []byte(`
dataset:
  - fides_key: crm
    collections:
      - name: customers
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`))
	w.rebuild()
	_, err := try[activities.Planned](w, w.acts.MakePlan, activities.RequestRef{RequestID: id})
	requireFailure(t, err, "map_changed", false)
}

func TestACopyLeavesToTheDPOWhatIsSharedAndToTheLawWhatIsNotPortable(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(records)
	access := w.planned(models.Access)
	require.Equal(t, models.TreatRefer, w.group(access, "addresses").Proposed)
	require.Equal(t, models.TreatDisclose, w.group(access, "invoices").Proposed, "a hold is no reason to keep a copy back")
	export := w.planned(models.Export)
	require.Equal(t, models.TreatWithhold, w.group(export, "invoices").Proposed)
	require.Equal(t, plan.ReasonNotPortable, w.group(export, "orders").Reason)
	require.Equal(t, models.TreatDisclose, w.group(export, "customers").Proposed)
}
