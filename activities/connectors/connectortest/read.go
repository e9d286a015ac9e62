package connectortest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// reads shows that whole tables are read as the exporter reads single rows.
func reads(t *testing.T, s *suite) {
	reader := have[connectors.Reader](t, s, "read whole tables")
	inspector := have[connectors.Inspector](t, s, "be inspected")
	rows := map[string]int{}
	var people connectors.Table
	require.NoError(t, inspector.Inspect(t.Context(), 0, func(table connectors.Table) error {
		if table.Name == s.node("people").Table {
			people = table
		}
		return reader.Read(t.Context(), table, func(row datamap.Row) error {
			require.Len(t, row.Values, len(table.Columns))
			rows[table.Name]++
			return nil
		})
	}))
	for _, name := range []string{"people", "members", "events"} {
		require.Equal(t, len(s.tables[name].Rows), rows[s.node(name).Table], name)
	}
	got := map[datamap.Value]bool{}
	require.NoError(t, reader.Read(t.Context(), people, func(row datamap.Row) error {
		mail, ok := row.Get("email")
		require.True(t, ok)
		got[mail] = true
		return nil
	}))
	for _, row := range s.tables["people"].Rows {
		require.True(t, got[row[1]], "every value is read as it is")
	}
	calls := 0
	require.NoError(t, reader.Read(t.Context(), people, func(datamap.Row) error {
		calls++
		return connectors.ErrStop
	}))
	require.Equal(t, 1, calls)
	own := models.Errorf(models.Conflict, "my_own", "Stop it.")
	require.ErrorIs(t, reader.Read(t.Context(), people, func(datamap.Row) error { return own }), own)
}
