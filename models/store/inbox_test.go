package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// due is a clock whose date ends so many days after the start.
func due(days int) request.Clock {
	day := calendar.DateOf(start).AddDays(days)
	return request.Clock{
		Regime: "EU_GDPR", Timezone: "Europe/Brussels", Country: "BE", StartOn: calendar.DateOf(start), UnrolledDueOn: day, DueOn: day,
		DueBefore: day.EndIn(time.UTC), RuleSet: "2026-01", InputsDigest: "abc", Steps: []string{"one month"},
	}
}

func TestInboxIsOrderedByDueDateAndPaged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var want []models.ID
	ids := make([]models.ID, 7)
	for i := range ids {
		ids[i] = b.submit(b.submission(fmt.Sprintf("p%d@example.org", i))).RequestID
	}
	for i, days := range []int{9, 3, 3, 20} {
		require.NoError(t, b.RecordClock(t.Context(), ids[i], due(days), "received"))
	}
	var got []models.ID
	cursor, pages := "", 0
	for {
		page, next, err := b.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, cursor, 2)
		require.NoError(t, err)
		pages++
		for _, r := range page {
			got = append(got, r.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	require.Equal(t, 4, pages)
	require.ElementsMatch(t, ids, got)
	require.ElementsMatch(t, ids[1:3], got[:2])
	want = append(want, ids[0], ids[3])
	require.Equal(t, want, got[2:4])

	for _, bad := range []string{"x", "eHh4", "MjAyNnxub25l"} {
		_, _, err := b.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, bad, 2)
		requireCode(t, "bad_cursor", err)
	}
}

func TestInboxFilters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.submit(b.submission("ada@example.org"))
	access := b.submission("ada@example.org")
	access.Right, access.Controller = models.Access, b.acme
	second := b.submit(access)
	closed := b.submit(b.submission("bob@example.org"))
	require.NoError(t, b.Advance(t.Context(), closed.RequestID, models.Closed, models.Lapsed))
	require.NoError(t, b.RecordClock(t.Context(), first.RequestID, due(1), "received"))
	require.NoError(t, b.RecordClock(t.Context(), closed.RequestID, due(1), "received"))
	b.pass(5 * 24 * time.Hour)
	agents := b.represented("eve@example.org")
	agents.Language = "de-AT"
	third := b.submit(agents)
	paused, extended := due(9), due(40)
	paused.Paused, paused.DueOn, paused.DueBefore = true, calendar.Date{}, time.Time{}
	extended.ExtendedTo = extended.DueOn
	require.NoError(t, b.RecordClock(t.Context(), second.RequestID, extended, "extended"))
	require.NoError(t, b.RecordClock(t.Context(), third.RequestID, paused, "clarify"))
	_, err := b.SavePlan(t.Context(), plan.Plan{RequestID: second.RequestID, Right: models.Erasure, RuleSet: "test", Groups: []plan.Group{
		{No: 1, System: "erp", Dataset: "erp", Collection: "invoices", Rows: 1, Proposed: models.TreatRetain, Reason: plan.ReasonHeld, Rule: "DE_HGB_257"},
	}})
	require.NoError(t, err)
	all := []models.ID{first.RequestID, second.RequestID, third.RequestID, closed.RequestID}

	yes, no := true, false
	for name, c := range map[string]struct {
		f    store.Filter
		want []models.ID
	}{
		"everything":     {store.Filter{}, all},
		"open":           {store.Filter{Open: &yes}, all[:3]},
		"closed":         {store.Filter{Open: &no}, []models.ID{closed.RequestID}},
		"a state":        {store.Filter{State: models.Closed}, []models.ID{closed.RequestID}},
		"a right":        {store.Filter{Right: models.Access}, []models.ID{second.RequestID}},
		"a controller":   {store.Filter{ControllerID: b.acme.ID}, []models.ID{second.RequestID}},
		"overdue":        {store.Filter{Overdue: true}, []models.ID{first.RequestID}},
		"an outcome":     {store.Filter{Outcome: models.Lapsed}, []models.ID{closed.RequestID}},
		"a channel":      {store.Filter{Channel: request.ChannelPortal}, all},
		"no channel":     {store.Filter{Channel: request.ChannelStaff}, nil},
		"a language":     {store.Filter{Language: "de"}, []models.ID{third.RequestID}},
		"a hold":         {store.Filter{Held: true}, []models.ID{second.RequestID}},
		"an agent":       {store.Filter{Represented: true}, []models.ID{third.RequestID}},
		"a paused clock": {store.Filter{Paused: true}, []models.ID{third.RequestID}},
		"an extension":   {store.Filter{Extended: true}, []models.ID{second.RequestID}},
		"a reference":    {store.Filter{Reference: " " + first.Reference[:6] + first.Reference[6:]}, []models.ID{first.RequestID}},
		"an address":     {store.Filter{Find: "ADA@example.org "}, []models.ID{first.RequestID, second.RequestID}},
		"an unknown one": {store.Filter{Find: "carol@example.org"}, nil},
		"both at once":   {store.Filter{Find: "ada@example.org", Right: models.Erasure}, []models.ID{first.RequestID}},
	} {
		page, _, err := b.Requests(t.Context(), models.ScopeOperator(), c.f, "", 10)
		require.NoError(t, err, name)
		var got []models.ID
		for _, r := range page {
			got = append(got, r.ID)
		}
		require.ElementsMatch(t, c.want, got, name)
	}
	_, _, err = b.Requests(t.Context(), models.ScopeOperator(), store.Filter{Reference: "nonsense"}, "", 10)
	requireCode(t, "bad_reference", err)
}

func TestClockIsRecordedOnceWithItsDates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	clock := due(30)
	for range 2 {
		require.NoError(t, b.RecordClock(t.Context(), id, clock, "received"))
	}
	r, err := b.Request(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, clock, r.Clock)
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Equal(t, "2026-04-01", entries[1].Data["due_on"])
	require.Equal(t, "received", entries[1].Data["cause"])
	require.Equal(t, "2026-01", entries[1].Data["rule_set"])

	paused := clock
	paused.Paused, paused.DueOn, paused.DueBefore = true, calendar.Date{}, time.Time{}
	require.NoError(t, b.RecordClock(t.Context(), id, paused, "clarify"))
	r, err = b.Request(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, paused, r.Clock)
	require.Equal(t, 0, b.count("SELECT count(*) FROM requests WHERE due_before IS NOT NULL"))
}

func TestInboxIsReadInTheOrderOfItsIndex(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(`INSERT INTO requests (id, reference, controller_id, right_code, state, channel, language, received_at, submission_id, wrapped_key, clock, due_before, updated_at)
		SELECT gen_random_uuid(), i::text, $1, 'erasure', 'in_review', 'api', 'en', now(), gen_random_uuid(), 'k', '{}', now() + i * interval '1 second', now()
		FROM generate_series(1, 5000) i`, b.operator.ID.String())
	b.exec("ANALYZE requests")
	explained := b.text("EXPLAIN (FORMAT JSON) SELECT * FROM requests WHERE closed_at IS NULL ORDER BY " + store.DueOrder + " LIMIT 51")
	require.Contains(t, explained, "requests_due")
	require.NotContains(t, explained, "Sort")
}
