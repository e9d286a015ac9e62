package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

// crowd puts requests of acme into the inbox, so many that are open and due in a day, and so many that were closed a day ago.
func (b *bundle) crowd(open, closed int) {
	b.t.Helper()
	b.exec(`INSERT INTO requests (id, reference, controller_id, right_code, state, outcome, channel, language, received_at, closed_at, submission_id, wrapped_key, clock, due_before, updated_at)
		SELECT gen_random_uuid(), $1::text || i, $2, 'access', CASE WHEN i <= $3 THEN 'in_review' ELSE 'closed' END, CASE WHEN i <= $3 THEN '' ELSE 'fulfilled' END, 'portal', 'en',
		$5::timestamptz - interval '2 days', CASE WHEN i > $3 THEN $5::timestamptz - interval '1 day' END, gen_random_uuid(), 'k', '{}', $5::timestamptz + interval '1 day', $5
		FROM generate_series(1, $3::int + $4::int) i`, fmt.Sprint(b.count("SELECT count(*) FROM requests"), "-"), b.acme.ID.String(), open, closed, b.now())
}

// overall are the counts of all open requests and of all that were closed in the period.
func overall(f store.Figures) (open, soon, closed int64) {
	for _, o := range f.Open {
		open, soon = open+o.Open, soon+o.Soon
	}
	for _, c := range f.Closings {
		if c.By == store.ByNothing {
			closed = c.Closed
		}
	}
	return open, soon, closed
}

func TestFiguresOfVeryManyAreKeptAndSayOfWhenTheyAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	p := store.Period{From: start.AddDate(0, -1, 0), Before: start.AddDate(0, 1, 0), Zone: time.UTC}
	figures := func(scope models.Scope, asOf time.Time, open, soon, closed int64) {
		t.Helper()
		f, err := b.Figures(ctx, scope, p)
		require.NoError(t, err)
		require.Equal(t, asOf, f.AsOf)
		o, s, c := overall(f)
		require.Equal(t, []int64{open, soon, closed}, []int64{o, s, c})
	}
	all, acme, globex := models.ScopeOperator(), models.ScopeOf(b.acme.ID), models.ScopeOf(b.globex.ID)

	b.crowd(10, 5)
	figures(all, b.now(), 10, 10, 5)
	b.pass(time.Minute)
	b.crowd(1, 0)
	figures(all, b.now(), 11, 11, 5) // few are counted for each call
	require.Equal(t, 0, b.count("SELECT count(*) FROM kept_figures"))

	b.crowd(2000, 2000)
	kept := b.now()
	figures(all, kept, 2011, 2011, 2005)
	figures(acme, kept, 2011, 2011, 2005)
	figures(globex, kept, 0, 0, 0)
	figures(models.Scope{}, kept, 0, 0, 0)
	require.Equal(t, 4, b.count("SELECT count(*) FROM kept_figures"))

	b.pass(time.Minute)
	b.crowd(1, 1)
	figures(all, kept, 2011, 2011, 2005)
	figures(acme, kept, 2011, 2011, 2005)
	figures(globex, b.now(), 0, 0, 0)
	figures(models.Scope{}, b.now(), 0, 0, 0) // who may see nothing does not see the operator's

	n, err := b.RefreshFigures(ctx, 30*time.Second)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	figures(all, b.now(), 2012, 2012, 2006)
	n, err = b.RefreshFigures(ctx, 30*time.Second)
	require.NoError(t, err)
	require.Zero(t, n, "they are not old enough")

	kept = b.now()
	b.pass(9 * time.Minute)
	figures(acme, kept, 2012, 2012, 2006)
	b.pass(2 * time.Minute) // nobody counts any more
	figures(acme, b.now(), 2012, 2012, 2006)

	b.pass(25 * time.Hour)
	n, err = b.RefreshFigures(ctx, time.Second)
	require.NoError(t, err)
	require.Zero(t, n, "nobody has asked for them")
	require.Equal(t, 0, b.count("SELECT count(*) FROM kept_figures"))
}

func TestFiguresOfAPeriodThatIsOverAreFinal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.crowd(0, 3000)
	p := store.Period{From: start.AddDate(0, -1, 0), Before: start.AddDate(0, 0, -1).Add(time.Hour), Zone: time.UTC}
	f, err := b.Figures(t.Context(), models.ScopeOperator(), p)
	require.NoError(t, err)
	_, _, closed := overall(f)
	require.EqualValues(t, 3000, closed)
	b.pass(23 * time.Hour)
	n, err := b.RefreshFigures(t.Context(), time.Minute)
	require.NoError(t, err)
	require.Zero(t, n)
	f, err = b.Figures(t.Context(), models.ScopeOperator(), p)
	require.NoError(t, err)
	require.Equal(t, b.now(), f.AsOf, "what is open is of now, and the period does not change")
}

func TestHoldsOfVeryManyAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.crowd(0, 2500)
	b.exec(`INSERT INTO deferrals (id, request_id, controller_id, group_no, body, due_on, state, created_at)
		SELECT gen_random_uuid(), id, controller_id, 1, '{"rule": "DE_HGB_257", "citation": "§ 257 HGB", "rows": 2}', date '2031-01-01', 'pending', now() FROM requests`)
	counts, asOf, err := b.HoldCounts(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Equal(t, b.now(), asOf)
	b.exec("UPDATE deferrals SET state = 'done', finished_at = now() WHERE request_id = (SELECT min(request_id::text)::uuid FROM deferrals)")
	kept := b.now()
	b.pass(time.Minute)
	again, asOf, err := b.HoldCounts(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Equal(t, kept, asOf)
	require.Equal(t, counts, again)
	_, err = b.RefreshFigures(t.Context(), time.Second)
	require.NoError(t, err)
	again, _, err = b.HoldCounts(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.EqualValues(t, 2499, again[0].Holds)
	require.EqualValues(t, 4998, again[0].Rows)
}
