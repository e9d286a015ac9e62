package connectortest

import (
	"context"
	"slices"
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
		name := ""
		for wanted := range s.tables {
			if s.isTable(table.Name, wanted) {
				name = wanted
			}
		}
		if name == "people" {
			people = table
		}
		return reader.Read(t.Context(), table, func(row datamap.Row) error {
			require.Len(t, row.Values, len(table.Columns))
			rows[name]++
			return nil
		})
	}))
	for name, table := range s.tables {
		require.Equal(t, len(table.Rows), rows[name], name)
	}
	s.readsAsItIs(t, reader, people)
	s.stopsReading(t, reader, people)
}

// readsAsItIs compares every value; a list may come as the document that it is to the system.
func (s *suite) readsAsItIs(t *testing.T, reader connectors.Reader, people connectors.Table) {
	t.Helper()
	got := map[string]datamap.Row{}
	require.NoError(t, reader.Read(t.Context(), people, func(row datamap.Row) error {
		id, ok := row.Get("id")
		require.True(t, ok)
		got[id.Text()] = row
		return nil
	}))
	want := s.tables["people"]
	for _, cells := range want.Rows {
		row := got[cells[0].Text()]
		for i, c := range want.Columns {
			v, ok := row.Get(c.Name)
			require.True(t, ok, c.Name)
			if c.Array {
				require.Equal(t, s.held(cells[i]).IsNull(), v.IsNull(), "%s of row %s", c.Name, cells[0].Text())
			} else {
				require.Equal(t, s.held(cells[i]), v, "%s of row %s", c.Name, cells[0].Text())
			}
		}
	}
}

func (s *suite) stopsReading(t *testing.T, reader connectors.Reader, people connectors.Table) {
	t.Helper()
	calls := 0
	require.NoError(t, reader.Read(t.Context(), people, func(datamap.Row) error {
		calls++
		return connectors.ErrStop
	}))
	require.Equal(t, 1, calls)
	own := models.Errorf(models.Conflict, "my_own", "Stop it.")
	require.ErrorIs(t, reader.Read(t.Context(), people, func(datamap.Row) error { return own }), own)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, reader.Read(ctx, people, func(datamap.Row) error { return nil }), "a reader stops when it is told to")
	if s.lacks(t, s.limits.NoSchema, "has no tables and fields that could be missing") {
		return
	}
	gone := people
	gone.Name = "no_such_table"
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(reader.Read(t.Context(), gone, func(datamap.Row) error { return nil })), "a table that has gone")
	gone = people
	gone.Columns = append(slices.Clone(people.Columns), connectors.Column{Name: "no_such_field"})
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(reader.Read(t.Context(), gone, func(datamap.Row) error { return nil })), "a column that has gone")
}
