package connectortest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

func rectifies(t *testing.T, s *suite) {
	rectifier := have[connectors.Rectifier](t, s, "rectify")
	people := s.tables["people"]
	before := s.Rows(t, people)
	order := connectors.Rectification{
		Node: people.Node, Keys: append(s.keys("people", 0, 1), datamap.Key{datamap.Int(99)}),
		Set: []connectors.FieldValue{{Field: "name", Value: text("Zoë \"Z\" O'Neil")}, {Field: "born", Value: text("1981-03-01")}},
	}
	n, err := rectifier.Rectify(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, 2, n, "rows that carry the values")
	after := s.Rows(t, people)
	require.Len(t, after, 4)
	require.Len(t, slices.DeleteFunc(slices.Clone(after), func(row string) bool { return !slices.Contains(before, row) }), 2, "the other rows are unchanged")
	rows := s.export(t, people, s.keys("people", 0), "name", "born", "balance")
	require.Equal(t, "Zoë \"Z\" O'Neil", rows[0].Values[0].Text())
	require.Equal(t, s.held(value(datamap.KindDate, "1981-03-01")), rows[0].Values[1], "in the field's own type")
	require.Equal(t, s.held(people.Rows[0][4]), rows[0].Values[2], "the other fields are unchanged")

	n, err = rectifier.Rectify(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, after, s.Rows(t, people), "rectified twice")

	order.Set = []connectors.FieldValue{{Field: "name", Value: text("changed")}, {Field: "id", Value: datamap.Int(7)}}
	_, err = rectifier.Rectify(t.Context(), order)
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "a key")
	if !s.lacks(t, !s.typed(datamap.KindDate), "takes any text for a date") {
		order.Set[1] = connectors.FieldValue{Field: "born", Value: text("yesterday, secretly")}
		_, err = rectifier.Rectify(t.Context(), order)
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "a value that the field cannot hold")
		require.NotContains(t, err.Error(), "secretly", "no value in an error")
	}
	require.Equal(t, after, s.Rows(t, people), "nothing is half done")

	order.Set = []connectors.FieldValue{{Field: "name", Value: datamap.Null}}
	n, err = rectifier.Rectify(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, 2, n, "emptied")
	require.True(t, s.export(t, people, s.keys("people", 0), "name")[0].Values[0].IsNull())
}

func scans(t *testing.T, s *suite) {
	scanner := have[connectors.Scanner](t, s, "scan")
	find := func(texts ...models.Personal) map[string]int64 {
		hits := map[string]int64{}
		skipped, err := scanner.Scan(t.Context(), texts, func(h connectors.Hit) error {
			require.NotZero(t, h.Rows)
			hits[h.Table+"/"+h.Column] += h.Rows
			return nil
		})
		require.NoError(t, err)
		require.Empty(t, skipped)
		return hits
	}
	place := func(table, column string) string {
		for hit := range find("Änn O'Neil", "vip", "logout") {
			i := strings.LastIndex(hit, "/")
			if s.isTable(hit[:i], table) && strings.EqualFold(hit[i+1:], column) {
				return hit
			}
		}
		return ""
	}
	require.NotEmpty(t, place("people", "name"), "a text column")
	require.NotEmpty(t, place("events", "what"), "another table")
	if !s.limits.NoArrays {
		require.NotEmpty(t, place("people", "tags"), "an element of an array")
	}
	require.EqualValues(t, 1, find("änn o'neil")[place("people", "name")], "without regard to case")
	require.EqualValues(t, 2, find("NN")[place("people", "name")], "as part of a longer text")
	require.Empty(t, find("no%e", "o_Neil", ".*"), "a text is not a pattern")
	require.Empty(t, find("nobody-has-this"))
	own := models.Errorf(models.Conflict, "my_own", "Stop it.")
	_, err := scanner.Scan(t.Context(), []models.Personal{"ann"}, func(connectors.Hit) error { return own })
	require.ErrorIs(t, err, own)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = scanner.Scan(ctx, []models.Personal{"ann"}, func(connectors.Hit) error { return nil })
	require.Error(t, err, "a scan stops when it is told to")
}

func inspects(t *testing.T, s *suite) {
	inspector := have[connectors.Inspector](t, s, "be inspected")
	found := map[string]connectors.Table{}
	require.NoError(t, inspector.Inspect(t.Context(), 3, func(table connectors.Table) error {
		for name := range s.tables {
			if s.isTable(table.Name, name) {
				found[name] = table
			}
		}
		return nil
	}))
	require.Len(t, found, 3, "all tables")
	for name, want := range s.tables {
		table := found[name]
		require.False(t, table.View)
		var key []string
		for _, c := range want.Columns {
			i := slices.IndexFunc(table.Columns, func(got connectors.Column) bool { return got.Name == c.Name })
			if i < 0 && c.Key && s.limits.Inferred {
				continue // it may be a part of the rows' own name
			}
			require.GreaterOrEqual(t, i, 0, "%s.%s", name, c.Name)
			got := table.Columns[i]
			require.LessOrEqual(t, len(got.Samples), 3)
			if s.typed(c.Kind) {
				require.Equal(t, c.Kind, got.Kind, "%s.%s", name, c.Name)
			}
			require.Equal(t, c.Array, got.Array, "%s.%s", name, c.Name)
			if c.Key {
				key = append(key, c.Name)
			}
		}
		if s.limits.SystemKey != nil {
			key = s.limits.SystemKey
		}
		if !s.limits.NoSchema && !s.limits.Inferred {
			require.Equal(t, key, table.Key, name)
		}
	}
	names := found["people"].Columns[slices.IndexFunc(found["people"].Columns, func(c connectors.Column) bool { return c.Name == "name" })]
	require.NotEmpty(t, names.Samples)
	require.NoError(t, inspector.Inspect(t.Context(), 0, func(table connectors.Table) error {
		for _, c := range table.Columns {
			require.Empty(t, c.Samples, "none were asked for")
		}
		return nil
	}))
	own := models.Errorf(models.Conflict, "my_own", "Stop it.")
	require.ErrorIs(t, inspector.Inspect(t.Context(), 0, func(connectors.Table) error { return own }), own)
}

// methods masks one field by each method and compares with what package mask says; a method that the kind cannot do is Unsupported.
func methods(t *testing.T, s *suite) {
	eraser := have[connectors.Eraser](t, s, "erase")
	people, maker := s.tables["people"], mask.NewMaker(Secret)
	for row, m := range []datamap.Mask{
		{Field: "email", Method: datamap.FieldHash},
		{Field: "name", Method: datamap.FieldRandom, Suffix: "@erased.invalid"},
		{Field: "email", Method: datamap.FieldFormat},
	} {
		key := s.keys("people", row)
		order := connectors.Erasure{Node: people.Node, Keys: key, Masks: []datamap.Mask{m}}
		was := s.export(t, people, key, m.Field)[0].Values[0]
		want, err := maker.Value(m, mask.Place{Address: people.Node.Address, Row: key[0]}, was)
		require.NoError(t, err)
		for range 2 {
			out, err := eraser.Erase(t.Context(), order)
			if models.KindOf(err) == models.Unsupported {
				t.Logf("left out: this kind of system cannot erase by %s", m.Method)
				break
			}
			require.NoError(t, err, m.Method)
			require.Equal(t, connectors.Outcome{Masked: 1}, out, m.Method)
			require.Equal(t, want, s.export(t, people, key, m.Field)[0].Values[0], m.Method)
			s.effective(t, order)
		}
	}
	order := connectors.Erasure{Node: people.Node, Keys: s.keys("people", 2), Masks: []datamap.Mask{{Field: "email", Method: datamap.FieldEncrypt}}}
	_, err := eraser.Erase(t.Context(), order)
	if models.KindOf(err) == models.Unsupported {
		t.Log("left out: this kind of system cannot erase by encrypt")
		return
	}
	require.NoError(t, err)
	once := s.export(t, people, order.Keys, "email")
	require.NotContains(t, once[0].Values[0].Text(), "bob")
	s.effective(t, order)
	_, err = eraser.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, once, s.export(t, people, order.Keys, "email"), "encrypted twice")
}

// effective requires that the system itself finds nothing left, where it can look.
func (s *suite) effective(t *testing.T, order connectors.Erasure) {
	t.Helper()
	verifier, err := connectors.As[connectors.Verifier](s.system, "verify")
	if err != nil {
		return
	}
	left, err := verifier.Left(t.Context(), order)
	require.NoError(t, err)
	require.Zero(t, left)
}

// export reads fields of the rows with the keys.
func (s *suite) export(t *testing.T, table *Table, keys []datamap.Key, fields ...string) []datamap.Row {
	t.Helper()
	var rows []datamap.Row
	require.NoError(t, have[connectors.Exporter](t, s, "export").Export(t.Context(), table.Node, keys, fields, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	}))
	return rows
}
