package deadline_test

import (
	"slices"
	"sort"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models/calendar"
	"habeas/models/deadline"
)

// place is an establishment: its calendar and its time zone.
type place struct {
	country, subdivision, zone string
}

var places = []place{
	{"AT", "", "Europe/Vienna"},
	{"BE", "", "Europe/Brussels"},
	{"BG", "", "Europe/Sofia"},
	{"CY", "", "Asia/Nicosia"},
	{"DE", "BE", "Europe/Berlin"},
	{"DE", "BY", "Europe/Berlin"},
	{"ES", "CN", "Atlantic/Canary"},
	{"FI", "", "Europe/Helsinki"},
	{"FR", "", "Europe/Paris"},
	{"GR", "", "Europe/Athens"},
	{"IE", "", "Europe/Dublin"},
	{"NL", "", "Europe/Amsterdam"},
	{"PL", "", "Europe/Warsaw"},
	{"PT", "", "Europe/Lisbon"},
	{"PT", "", "Atlantic/Azores"},
	{"RO", "", "Europe/Bucharest"},
	{"SE", "", "Europe/Stockholm"},
}

func request(t require.TestingT, p place) deadline.Request {
	cal, err := calendar.For(p.country, p.subdivision)
	require.NoError(t, err)
	zone, err := time.LoadLocation(p.zone)
	require.NoError(t, err)
	return deadline.Request{Regime: deadline.EUGDPR, Calendar: cal, Zone: zone}
}

func anyDay(t *rapid.T, label string) calendar.Date {
	first := calendar.Date{Year: 2018, Month: 5, Day: 25}
	return first.AddDays(rapid.IntRange(0, 60000).Draw(t, label))
}

func compute(t require.TestingT, req deadline.Request) deadline.Result {
	res, err := deadline.Compute(req)
	require.NoError(t, err)
	return res
}

func TestADueDateIsAWorkingDayAtLeast28DaysAwayAndNeverBeforeTheUnrolledDate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := request(t, rapid.SampledFrom(places).Draw(t, "place"))
		req.ReceivedOn = anyDay(t, "received")
		res := compute(t, req)
		require.True(t, req.Calendar.IsWorkingDay(res.DueOn))
		require.False(t, res.DueOn.Before(res.UnrolledDueOn))
		require.GreaterOrEqual(t, req.ReceivedOn.DaysUntil(res.DueOn), 28)
		require.LessOrEqual(t, req.ReceivedOn.DaysUntil(res.UnrolledDueOn), 31)
	})
}

func TestALaterReceiptIsNeverDueEarlier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := request(t, rapid.SampledFrom(places).Draw(t, "place"))
		req.ReceivedOn = anyDay(t, "received")
		first := compute(t, req)
		req.ReceivedOn = req.ReceivedOn.AddDays(rapid.IntRange(1, 40).Draw(t, "later"))
		second := compute(t, req)
		require.False(t, second.DueOn.Before(first.DueOn))
		require.False(t, second.UnrolledDueOn.Before(first.UnrolledDueOn))
	})
}

// Zones where the clocks change at midnight are among these: there a day's end is easily an hour off.
func TestTheDueDateEndsWithItsLastHourInEveryZone(t *testing.T) {
	t.Parallel()
	zones := []string{"Asia/Beirut", "America/Havana", "Africa/Cairo", "America/Asuncion", "America/Santiago", "Australia/Lord_Howe"}
	for _, p := range places {
		zones = append(zones, p.zone)
	}
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(name)
			require.NoError(t, err)
			req := deadline.Request{Regime: deadline.EUGDPR, Calendar: calendar.Weekends(), Zone: zone}
			for req.ReceivedOn = (calendar.Date{Year: 2020, Month: 1, Day: 1}); req.ReceivedOn.Year < 2036; req.ReceivedOn = req.ReceivedOn.AddDays(1) {
				res := compute(t, req)
				require.Equal(t, res.DueOn.AddDays(1), calendar.DateOf(res.DueBefore.In(zone)), "%s", res.DueOn)
				require.Equal(t, res.DueOn, calendar.DateOf(res.DueBefore.In(zone).Add(-time.Nanosecond)), "%s", res.DueOn)
			}
		})
	}
}

func anyPauses(t *rapid.T, received calendar.Date) []deadline.Pause {
	n := rapid.IntRange(0, 4).Draw(t, "pauses")
	pauses := make([]deadline.Pause, n)
	for i := range pauses {
		asked := received.AddDays(rapid.IntRange(0, 14).Draw(t, "asked"))
		pauses[i] = deadline.Pause{AskedOn: asked, AnsweredOn: asked.AddDays(rapid.IntRange(0, 60).Draw(t, "answered"))}
	}
	return pauses
}

func TestAPauseNeverShortensAndOverlapsCountOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := request(t, rapid.SampledFrom(places).Draw(t, "place"))
		req.Regime = rapid.SampledFrom([]string{deadline.EUGDPR, deadline.UKGDPR}).Draw(t, "regime")
		req.ReceivedOn = anyDay(t, "received")
		without := compute(t, req)
		req.Pauses = anyPauses(t, req.ReceivedOn)
		with := compute(t, req)
		require.False(t, with.DueOn.Before(without.DueOn))
		require.Equal(t, without.UnrolledDueOn.AddDays(with.PausedDays), with.UnrolledDueOn)
		require.Equal(t, union(req), with.PausedDays, "%v", req.Pauses)
	})
}

func TestNoQuestionHoweverLateShortensTheClock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := request(t, rapid.SampledFrom(places).Draw(t, "place"))
		req.Regime = rapid.SampledFrom([]string{deadline.EUGDPR, deadline.UKGDPR}).Draw(t, "regime")
		req.ReceivedOn = anyDay(t, "received")
		without := compute(t, req)
		for range rapid.IntRange(1, 4).Draw(t, "pauses") {
			p := deadline.Pause{AskedOn: req.ReceivedOn.AddDays(rapid.IntRange(0, 90).Draw(t, "asked"))}
			if rapid.Bool().Draw(t, "answered") {
				p.AnsweredOn = p.AskedOn.AddDays(rapid.IntRange(0, 60).Draw(t, "after"))
			}
			req.Pauses = append(req.Pauses, p)
		}
		with := compute(t, req)
		require.Equal(t, with.Paused, with.DueOn.IsZero())
		require.True(t, with.Paused || !with.DueOn.Before(without.DueOn))
	})
}

// union counts the days in any pause one by one: another way to the same number.
func union(req deadline.Request) int {
	inclusive := req.Regime == deadline.UKGDPR && !req.ReceivedOn.Before(calendar.Date{Year: 2026, Month: 2, Day: 5})
	days := map[calendar.Date]bool{}
	for _, p := range req.Pauses {
		for d := p.AskedOn; d.Before(p.AnsweredOn) || inclusive && d == p.AnsweredOn; d = d.AddDays(1) {
			days[d] = true
		}
	}
	return len(days)
}

func TestPausesGiveTheSameDateInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := request(t, rapid.SampledFrom(places).Draw(t, "place"))
		req.ReceivedOn = anyDay(t, "received")
		req.Pauses = anyPauses(t, req.ReceivedOn)
		first := compute(t, req)
		req.Pauses = rapid.Permutation(req.Pauses).Draw(t, "order")
		before := slices.Clone(req.Pauses)
		require.Equal(t, first.DueOn, compute(t, req).DueOn)
		require.Equal(t, before, req.Pauses, "the caller's facts are not reordered")
	})
}

func TestAnExtensionIsThreeMonthsFromTheClocksStart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := request(t, rapid.SampledFrom(places).Draw(t, "place"))
		req.ReceivedOn = anyDay(t, "received")
		req.Pauses = anyPauses(t, req.ReceivedOn)
		plain := compute(t, req)
		told := req.ReceivedOn.AddDays(rapid.IntRange(0, 120).Draw(t, "told"))
		req.Extension = &deadline.Extension{NotifiedOn: told, Reasons: true}
		res := compute(t, req)
		require.Equal(t, !told.After(plain.DueOn), res.Extension.Valid)
		require.Equal(t, plain.DueOn, res.DueOn)
		require.Equal(t, plain.DueOn, res.RefusalDueOn)
		if !res.Extension.Valid {
			require.Equal(t, plain.DueOn, res.Deadline())
			return
		}
		require.Equal(t, res.ClockStartOn.AddMonths(3).AddDays(res.PausedDays), res.Extension.UnrolledDueOn)
		require.True(t, req.Calendar.IsWorkingDay(res.Extension.DueOn))
		require.Equal(t, res.Extension.DueOn, res.Deadline())
	})
}

func TestTheRegimesAreOrderedDatedAndCited(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for _, r := range deadline.Regimes() {
		require.False(t, codes[r.Code], r.Code)
		codes[r.Code] = true
		require.NotEmpty(t, r.Citation, r.Code)
		require.NotEmpty(t, r.Jurisdiction, r.Code)
		require.NotEmpty(t, r.Terms, r.Code)
		require.False(t, r.ValidFrom.IsZero(), r.Code)
		require.Contains(t, []string{"high", "medium", "convention"}, r.Certainty, r.Code)
		for _, term := range r.Terms {
			require.Positive(t, term.Count)
			require.NotEmpty(t, term.Citation, r.Code)
			if term.Else != "" {
				require.True(t, hasField(r, term.Else), r.Code)
			}
		}
	}
	versions := deadline.Monthly()
	require.True(t, sort.SliceIsSorted(versions, func(i, j int) bool {
		a, b := versions[i], versions[j]
		return a.Regime < b.Regime || a.Regime == b.Regime && a.ValidFrom.Before(b.ValidFrom)
	}))
}

func hasField(r deadline.Regime, field string) bool {
	for _, t := range r.Terms {
		if t.Field == field {
			return true
		}
	}
	return false
}
