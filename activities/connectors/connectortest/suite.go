package connectortest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Harness prepares the real system for one test.
type Harness interface {
	// Open makes the tables with their rows in an empty place of their own and opens the system with Secret; the clean-up of t
	// closes it.
	Open(t *testing.T, tables []*Table) connectors.System
	// Rows reads all rows of a table without the connector, in any form in which equal rows are equal texts, sorted.
	Rows(t *testing.T, table *Table) []string
}

// Secret is the secret with which a Harness opens its system.
var Secret = []byte("0123456789abcdef")

// Run runs the suite. What the system has no capability for is listed in the log, and must be refused as Unsupported.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *suite){
		"Ping":       func(t *testing.T, s *suite) { require.NoError(t, s.system.Ping(t.Context())) },
		"Lookup":     lookups,
		"Stream":     streams,
		"Export":     exports,
		"Delete":     deletes,
		"DeleteRace": deleteRace,
		"Mask":       masks,
		"NoKey":      noKey,
		"Restrict":   restricts,
		"Verify":     verifies,
		"Check":      checks,
		"Refuse":     refusals,
		"Rectify":    rectifies,
		"Scan":       scans,
		"Inspect":    inspects,
		"Read":       reads,
		"Methods":    methods,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			s := &suite{Harness: h, tables: tables()}
			if l, ok := h.(Limited); ok {
				s.limits = l.Limits()
				fit(s.tables, s.limits)
			}
			s.system = h.Open(t, []*Table{s.tables["people"], s.tables["members"], s.tables["events"]})
			test(t, s)
		})
	}
}

type suite struct {
	Harness
	tables map[string]*Table
	system connectors.System
	limits Limits
}

// have is the capability, or the end of the test with a reason.
func have[T any](t *testing.T, s *suite, capability string) T {
	t.Helper()
	c, err := connectors.As[T](s.system, capability)
	if err != nil {
		require.Equal(t, models.Unsupported, models.KindOf(err))
		t.Skipf("the system cannot %s; a person must do it", capability)
	}
	return c
}

func (s *suite) node(name string) *datamap.Node { return s.tables[name].Node }

// keys are the keys of the given rows of a table.
func (s *suite) keys(name string, rows ...int) []datamap.Key {
	table := s.tables[name]
	var list []datamap.Key
	for _, r := range rows {
		var key datamap.Key
		for _, field := range table.Node.Key {
			i := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Name == field })
			key = append(key, table.Rows[r][i])
		}
		list = append(list, key)
	}
	return list
}

func (s *suite) find(t *testing.T, q connectors.Query) []datamap.Row {
	t.Helper()
	var rows []datamap.Row
	err := have[connectors.Locator](t, s, "locate").Lookup(t.Context(), q, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	})
	require.NoError(t, err)
	return rows
}

// ids finds rows of people and lists their id, sorted.
func (s *suite) ids(t *testing.T, field string, fold bool, values ...datamap.Value) []string {
	t.Helper()
	q := connectors.Query{Node: s.node("people"), Fields: []string{field}, Fold: fold, Return: []string{"id"}}
	for _, v := range values {
		q.Keys = append(q.Keys, datamap.Key{v})
	}
	list := []string{}
	for _, r := range s.find(t, q) {
		list = append(list, r.Values[0].Text())
	}
	slices.Sort(list)
	return list
}

func lookups(t *testing.T, s *suite) {
	null := datamap.Null
	l := s.limits
	for _, c := range []struct {
		name   string
		field  string
		fold   bool
		values []datamap.Value
		want   []string
		lacks  bool
	}{
		{"no key", "id", false, nil, []string{}, false},
		{"one key", "id", false, []datamap.Value{datamap.Int(3)}, []string{"3"}, false},
		{"a key given twice and one without row", "id", false, []datamap.Value{datamap.Int(3), datamap.Int(3), datamap.Int(99)}, []string{"3"}, false},
		{"text for a number", "id", false, []datamap.Value{text("-4"), text("1")}, []string{"-4", "1"}, false},
		{"nonsense for a number", "id", false, []datamap.Value{text("one"), text(""), text("1e9"), text("99999999999999999999999"), text("1; DROP TABLE people")}, []string{}, false},
		{"nonsense for a date, a UUID and a truth", "born", false, []datamap.Value{text("soon"), datamap.Int(7)}, []string{}, false},
		{"nonsense for a UUID", "uid", false, []datamap.Value{text("x")}, []string{}, false},
		{"a UUID in capitals", "uid", false, []datamap.Value{text("0188A0F2-7D9B-7B5A-9C3E-0123456789AB")}, []string{"1"}, !s.typed(datamap.KindUUID)},
		{"exact text", "email", false, []datamap.Value{text("ann@example.com")}, []string{}, false},
		{"an e-mail address in any case, with blanks", "email", true, []datamap.Value{text("ANN@example.COM ")}, []string{"1", "2"}, false},
		{"a quote", "name", false, []datamap.Value{text("Änn O'Neil")}, []string{"1"}, false},
		{"the empty text is not NULL", "name", false, []datamap.Value{text("")}, []string{"-4"}, l.EmptyIsNull},
		{"NULL equals NULL", "name", false, []datamap.Value{null}, []string{"3"}, l.EmptyIsNull || l.NoNullSearch},
		{"an element of an array", "tags", false, []datamap.Value{text("vip")}, []string{"-4", "1"}, l.NoArrays},
		{"a date", "born", false, []datamap.Value{value(datamap.KindDate, "1980-02-29")}, []string{"1"}, false},
		{"an instant", "seen", false, []datamap.Value{value(datamap.KindTimestamp, "2024-10-27T00:30:00.123456Z")}, []string{"1"}, false},
		{"bytes", "photo", false, []datamap.Value{value(datamap.KindBytes, "\x00\xff'\\")}, []string{"1"}, l.NoBytes},
	} {
		if !s.lacks(t, c.lacks, "cannot hold or search for: "+c.name) {
			require.Equal(t, c.want, s.ids(t, c.field, c.fold, c.values...), c.name)
		}
	}
	rows := s.find(t, connectors.Query{
		Node: s.node("members"), Fields: []string{"org", "no"}, Return: []string{"role", "org"},
		Keys: []datamap.Key{{text("a"), text("2")}, {text("b"), datamap.Int(1)}, {text("b"), datamap.Int(3)}, {text("2"), datamap.Int(1)}},
	})
	require.Len(t, rows, 2, "a key of two fields")
	require.Equal(t, []string{"role", "org"}, rows[0].Columns)
	if s.lacks(t, l.NoNullSearch, "cannot search for rows without a value") {
		return
	}
	rows = s.find(t, connectors.Query{
		Node: s.node("members"), Fields: []string{"org", "person"}, Return: []string{"no"}, Keys: []datamap.Key{{text("b"), null}, {text("a"), datamap.Int(1)}},
	})
	require.Len(t, rows, 2, "a key of two fields, one of them NULL, and a number for text")
}

func streams(t *testing.T, s *suite) {
	locator := have[connectors.Locator](t, s, "locate")
	q := connectors.Query{Node: s.node("people"), Fields: []string{"id"}, Keys: s.keys("people", 0, 1, 2), Return: []string{"id"}}
	calls := 0
	require.NoError(t, locator.Lookup(t.Context(), q, func(datamap.Row) error {
		calls++
		return connectors.ErrStop
	}))
	require.Equal(t, 1, calls, "ErrStop ends the stream without error")
	own := models.Errorf(models.Conflict, "my_own", "Stop it.")
	require.ErrorIs(t, locator.Lookup(t.Context(), q, func(datamap.Row) error { return own }), own)
	require.Len(t, s.ids(t, "id", false, datamap.Int(1), datamap.Int(2)), 2, "the system is usable after a stream was ended")
}

func exports(t *testing.T, s *suite) {
	exporter := have[connectors.Exporter](t, s, "export")
	table := s.tables["people"]
	fields := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		fields[i] = c.Name
	}
	got := map[string]datamap.Row{}
	keys := append(s.keys("people", 0, 1, 2, 3), datamap.Key{datamap.Int(99)})
	require.NoError(t, exporter.Export(t.Context(), table.Node, keys, fields, func(r datamap.Row) error {
		got[r.Values[0].Text()] = r
		return nil
	}))
	require.Len(t, got, 4)
	for _, want := range table.Rows {
		row := got[want[0].Text()]
		require.Equal(t, fields, row.Columns)
		for i := range want {
			require.Equal(t, s.held(want[i]), row.Values[i], "%s of row %s", fields[i], want[0].Text())
		}
		b, err := json.Marshal(row)
		require.NoError(t, err)
		var back datamap.Row
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, row, back, "a row survives JSON")
	}
}

// refusals shows that errors speak of the map and never of values.
func refusals(t *testing.T, s *suite) {
	node := *s.node("people")
	node.Table = "no_such_table"
	q := connectors.Query{Node: &node, Fields: []string{"email"}, Keys: []datamap.Key{{text("secret@example.com")}}, Return: []string{"id"}}
	locator := have[connectors.Locator](t, s, "locate")
	err := locator.Lookup(t.Context(), q, func(datamap.Row) error { return nil })
	if s.lacks(t, s.limits.NoSchema, "has no tables and fields that could be missing") {
		return
	}
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "an unknown table")
	require.ErrorContains(t, err, "suite.people")
	q.Node, q.Fields = s.node("people"), []string{"no_such_field"}
	err = locator.Lookup(t.Context(), q, func(datamap.Row) error { return nil })
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), "an unknown field")
	require.NotContains(t, err.Error(), "secret@", "no value in an error")
	require.ErrorContains(t, err, "no_such_field")
}
