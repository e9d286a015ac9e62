package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/store"
)

func TestAScanFindsThePersonWhereTheMapDoesNotLook(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("CREATE TABLE outbox (body text); INSERT INTO outbox SELECT 'To: Ada.Canary@person.example, ' || n FROM generate_series(1, 3) n; ALTER TABLE customers ADD note text; UPDATE customers SET note = email")
	id := w.approved(models.Erasure, nil)
	in := activities.RequestRef{RequestID: id}
	first, second := twice[activities.Scanned](w, id, w.acts.ScanSystems, in, "system.scanned")
	require.Equal(t, activities.Scanned{Systems: 1, Places: 3, Undescribed: 2}, first)
	require.Equal(t, first, second)
	scans, err := w.store.Scans(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, scans, 1, "the latest of each system")
	require.Equal(t, "crm", scans[0].System)
	require.Equal(t, []store.ScanHit{
		{Table: "public.customers", Column: "email", Rows: 1, Described: true},
		{Table: "public.customers", Column: "note", Rows: 1},
		{Table: "public.outbox", Column: "body", Rows: 3},
	}, scans[0].Hits)
	require.False(t, scans[0].ScannedAt.IsZero())
	_, err = w.store.Scans(t.Context(), models.ScopeOf(w.acme.ID), id)
	require.Equal(t, "not_found", models.CodeOf(err), "another controller's")
	entries, err := w.store.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Kind == "system.scanned" {
			require.Equal(t, map[string]any{"system": "crm", "code": ""}, e.Data, "the customer reads it, and may not learn what others hold")
		}
	}

	w.eraseAll(id, w.prepared(id).Erase)
	after := do[activities.Scanned](w, w.acts.ScanSystems, in)
	require.Equal(t, activities.Scanned{Systems: 1, Places: 1, Undescribed: 1}, after, "what an erasure by the map has left")
}

// pinged answers and can do nothing else.
type pinged struct{ connectors.System }

func TestASystemThatCannotBeSearchedIsAResultAndNotSuccess(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.deps.Systems = map[string]connectors.System{"crm": pinged{w.crm}}
	w.rebuild()
	id := w.received(models.Erasure)
	require.Equal(t, activities.Scanned{Unsearched: 1}, do[activities.Scanned](w, w.acts.ScanSystems, activities.RequestRef{RequestID: id}))
	scans, err := w.store.Scans(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, connectors.CodeUnsupported, scans[0].Code)
}
