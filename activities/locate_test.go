package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/request"
)

func TestOnlyThePersonsRowsAreLocated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	ref := activities.RequestRef{RequestID: id}
	first, second := twice[activities.Located](w, id, w.acts.Locate, ref, "rows.located")
	require.Equal(t, activities.Located{Rows: 4}, first, "the account, two orders, the address")
	require.Equal(t, first, second)
	require.Equal(t, 4, w.sql("SELECT count(*) FROM located_rows WHERE request_id = $1", id.String()))
}

func TestARowThatAnotherPersonReachesIsCountedAsShared(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("UPDATE customers SET address_id = 1 WHERE id = 2")
	id := w.verified(models.Erasure)
	out := do[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
	require.Equal(t, activities.Located{Rows: 4, Shared: 1}, out)
}

func TestRowsOfAnotherControllerAreNotLocated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(`UPDATE customers SET address_id = 2 WHERE id = 1;
		INSERT INTO customers VALUES (3, '` + adaEmail + `', 'Ada at Acme', NULL, 0, 'acme');
		INSERT INTO orders VALUES (4, 3, 'crate', 'acme')`)
	mine := w.planned(models.Erasure)
	require.Equal(t, int64(1), w.group(mine, "customers").Rows)
	require.Equal(t, int64(2), w.group(mine, "orders").Rows)

	theirs := w.submit(models.Erasure, w.acme, request.ChannelController)
	ref := activities.RequestRef{RequestID: theirs}
	do[activities.Opened](w, w.acts.Open, ref)
	w.advance(theirs, models.Locating)
	do[activities.Located](w, w.acts.Locate, ref)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	require.Equal(t, int64(1), w.group(theirs, "customers").Rows)
	require.Equal(t, int64(1), w.group(theirs, "orders").Rows)
	require.Len(t, w.plan(theirs).Groups, 2)
}

func TestASearchThatWasBrokenOffGoesOnFromThere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	ref := activities.RequestRef{RequestID: id}
	w.crm.fail = func(call string) error {
		if call == "lookup orders" {
			return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system does not answer.")
		}
		return nil
	}
	_, err := try[activities.Located](w, w.acts.Locate, ref)
	requireFailure(t, err, connectors.CodeUnavailable, false)
	require.Equal(t, 1, w.sql("SELECT count(*) FROM located_rows WHERE request_id = $1 AND collection = 'customers'", id.String()),
		"what was found is kept")
	require.NotContains(t, w.kinds(id), "rows.located")

	w.crm.fail = func(string) error { return nil }
	require.Equal(t, activities.Located{Rows: 4}, do[activities.Located](w, w.acts.Locate, ref))
}

func TestASystemThatIsNotConfiguredIsNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Erasure)
	w.deps.Systems = map[string]connectors.System{}
	w.rebuild()
	_, err := try[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
	requireFailure(t, err, "system_unknown", false)
	require.ErrorContains(t, err, "crm")
}
