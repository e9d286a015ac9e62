package connectortest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

func deletes(t *testing.T, s *suite) {
	eraser := have[connectors.Eraser](t, s, "erase")
	members, people := s.tables["members"], s.tables["people"]
	before, others := s.Rows(t, members), s.Rows(t, people)
	keys := append(s.keys("members", 0, 3), datamap.Key{text("c"), datamap.Int(1)})
	order := connectors.Erasure{Node: members.Node, Keys: keys, Delete: true}

	out, err := eraser.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 2, Missing: 1}, out)
	after := s.Rows(t, members)
	require.Len(t, after, 2)
	require.Subset(t, before, after, "the other rows are unchanged")
	require.Equal(t, others, s.Rows(t, people), "the other tables are unchanged")

	out, err = eraser.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: 3}, out, "erased twice")
	require.Equal(t, after, s.Rows(t, members))

	order.Keys = make([]datamap.Key, connectors.MaxBatch+1)
	_, err = eraser.Erase(t.Context(), order)
	require.Equal(t, models.Invalid, models.KindOf(err), "too many keys")
	_, err = eraser.Erase(t.Context(), connectors.Erasure{Node: members.Node, Keys: keys})
	require.Equal(t, models.Invalid, models.KindOf(err), "neither delete nor mask")
	require.Equal(t, after, s.Rows(t, members))
}

func deleteRace(t *testing.T, s *suite) {
	eraser := have[connectors.Eraser](t, s, "erase")
	order := connectors.Erasure{Node: s.node("people"), Keys: s.keys("people", 0, 1, 2), Delete: true}
	outs, errs := make([]connectors.Outcome, 4), make([]error, 4)
	var wg sync.WaitGroup
	for i := range outs {
		wg.Go(func() { outs[i], errs[i] = eraser.Erase(t.Context(), order) })
	}
	wg.Wait()
	erased, missing := 0, 0
	for i := range outs {
		require.NoError(t, errs[i])
		erased += outs[i].Erased
		missing += outs[i].Missing
	}
	require.Equal(t, 3, erased, "each row is erased by one of them")
	require.Equal(t, 9, missing)
	require.Len(t, s.Rows(t, s.tables["people"]), 1)
}

func masks(t *testing.T, s *suite) {
	eraser := have[connectors.Eraser](t, s, "erase")
	people := s.tables["people"]
	before := s.Rows(t, people)
	order := connectors.Erasure{Node: people.Node, Keys: append(s.keys("people", 0, 1), datamap.Key{datamap.Int(99)}), Masks: people.Node.Masks()}
	out, err := eraser.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 2, Missing: 1}, out)
	after := s.Rows(t, people)
	unchanged := 0
	for _, row := range after {
		for _, b := range before {
			if row == b {
				unchanged++
			}
		}
	}
	require.Equal(t, 2, unchanged, "the other rows are unchanged")

	fields := []string{"id", "email", "name", "born", "balance", "active"}
	if !s.limits.NoArrays {
		fields = append(fields, "tags")
	}
	rows := s.export(t, people, s.keys("people", 0), fields...)
	require.Len(t, rows, 1)
	r := rows[0].Values
	require.Len(t, r[1].Text(), datamap.HMACLength)
	require.NotContains(t, strings.ToLower(r[1].Text()), "ann")
	require.Equal(t, "[erased]", r[2].Text())
	require.True(t, r[3].IsNull() && r[4].IsNull(), "emptied")
	require.Equal(t, "true", r[5].Text(), "a field without personal data stays")
	if !s.limits.NoArrays {
		require.Equal(t, s.held(people.cell(0, "tags")), r[6])
	}

	out, err = eraser.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 2, Missing: 1}, out, "masked twice")
	require.Equal(t, after, s.Rows(t, people), "masking twice leaves what masking once left, hashes too")
}

// noKey erases rows that only all of their fields identify, NULL among them.
func noKey(t *testing.T, s *suite) {
	eraser := have[connectors.Eraser](t, s, "erase")
	events := s.tables["events"]
	if s.lacks(t, s.limits.NoKeyless, "gives every row a key") {
		return
	}
	require.False(t, events.Node.HasKey)
	order := connectors.Erasure{Node: events.Node, Keys: s.keys("events", 1, 2), Delete: true}
	out, err := eraser.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 2}, out)
	require.Len(t, s.Rows(t, events), 1)
	out, err = eraser.Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: 2}, out)
}

func restricts(t *testing.T, s *suite) {
	restrictor := have[connectors.Restrictor](t, s, "restrict")
	people := s.tables["people"]
	before := s.Rows(t, people)
	order := connectors.Restriction{Node: people.Node, Keys: s.keys("people", 0, 2), At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	n, err := restrictor.Restrict(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	marked := s.Rows(t, people)
	require.NotEqual(t, before, marked)
	order.At = order.At.AddDate(1, 0, 0)
	n, err = restrictor.Restrict(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, marked, s.Rows(t, people), "the first mark stays")
	order.Lift = true
	for range 2 {
		n, err = restrictor.Restrict(t.Context(), order)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Equal(t, before, s.Rows(t, people), "lifted")
	}
	_, err = restrictor.Restrict(t.Context(), connectors.Restriction{Node: s.node("members"), Keys: s.keys("members", 0)})
	require.Equal(t, connectors.CodeNoRestrict, models.CodeOf(err))
	require.Equal(t, models.Unsupported, models.KindOf(err))
}

func verifies(t *testing.T, s *suite) {
	eraser := have[connectors.Eraser](t, s, "erase")
	verifier := have[connectors.Verifier](t, s, "verify")
	left := func(order connectors.Erasure) int {
		n, err := verifier.Left(t.Context(), order)
		require.NoError(t, err)
		return n
	}
	erase := func(order connectors.Erasure) {
		_, err := eraser.Erase(t.Context(), order)
		require.NoError(t, err)
	}
	remove := connectors.Erasure{Node: s.node("members"), Keys: s.keys("members", 0, 1), Delete: true}
	require.Equal(t, 2, left(remove))
	one := remove
	one.Keys = remove.Keys[:1]
	erase(one)
	require.Equal(t, 1, left(remove), "one of two is left")
	erase(remove)
	require.Equal(t, 0, left(remove))

	mask := connectors.Erasure{Node: s.node("people"), Keys: s.keys("people", 0, 1, 3), Masks: s.node("people").Masks()}
	require.Equal(t, 3, left(mask))
	byMail := connectors.Query{Node: s.node("people"), Fields: []string{"email"}, Fold: true, Keys: []datamap.Key{{text("ann@example.com")}}}
	n, err := verifier.Count(t.Context(), byMail)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	erase(mask)
	require.Equal(t, 0, left(mask))
	n, err = verifier.Count(t.Context(), byMail)
	require.NoError(t, err)
	require.Zero(t, n)
}

func checks(t *testing.T, s *suite) {
	checker := have[connectors.Checker](t, s, "check")
	problems, err := checker.Check(t.Context(), []*datamap.Node{s.node("people"), s.node("members"), s.node("events")})
	require.NoError(t, err)
	require.False(t, datamap.Refused(problems), "%v", problems)

	if s.lacks(t, s.limits.NoSchema, "has no tables and fields that could be missing") {
		return
	}
	table, field := *s.node("members"), *s.node("people")
	table.Table = "no_such_table"
	field.Fields = append([]datamap.Field{{Name: "no_such_field", Categories: []string{"user"}}}, field.Fields...)
	problems, err = checker.Check(t.Context(), []*datamap.Node{&table, &field})
	require.NoError(t, err)
	codes := map[string]string{}
	for _, p := range problems {
		if p.Severity == datamap.Fault {
			codes[p.Code] = p.Where
			require.NotEmpty(t, p.Advice)
		}
	}
	require.Equal(t, map[string]string{"unknown_table": "suite.members", "unknown_column": "suite.people.no_such_field"}, codes)
}
