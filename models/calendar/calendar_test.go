package calendar_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/calendar"
)

func calendarOf(t testing.TB, place string) *calendar.Calendar {
	t.Helper()
	country, subdivision, _ := strings.Cut(place, "-")
	c, err := calendar.For(country, subdivision)
	require.NoError(t, err, place)
	return c
}

// places are all countries and subdivisions, as "DE" and "DE-BY".
func places() []string {
	var out []string
	for _, c := range calendar.Countries() {
		out = append(out, c.Code)
		for _, s := range c.Subdivisions {
			out = append(out, c.Code+"-"+s.Code)
		}
	}
	return out
}

func TestForTakesTheCodesOfISOAndTheirAliases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ country, subdivision, is, part string }{
		{"DE", "BY", "DE", "BY"},
		{"DE", "DE-BY", "DE", "BY"},
		{"DE", "", "DE", ""},
		{"GB", "ENG", "GB", "EAW"},
		{"GB", "WLS", "GB", "EAW"},
		{"GB", "GB-SCT", "GB", "SCT"},
		{"UK", "UK-NIR", "GB", "NIR"},
		{"EL", "", "GR", ""},
		{"FR", "RE", "FR", "974"},
		{"FR", "75", "FR", "75"},
		{"CH", "ZH", "CH", "ZH"},
		{"DE", "BY-A", "DE", "BY-A"},
	} {
		cal, err := calendar.For(c.country, c.subdivision)
		require.NoError(t, err, c)
		require.Equal(t, c.is, cal.Country())
		require.Equal(t, c.part, cal.Subdivision())
	}
}

func TestForRefusesPlacesItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ country, subdivision, code string }{
		{"", "", "unknown_country"},
		{"XX", "", "unknown_country"},
		{"US", "CA", "unknown_country"},
		{"de", "", "unknown_country"},
		{"DEU", "", "unknown_country"},
		{"DE", "XX", "unknown_subdivision"},
		{"DE", "DE-", "unknown_subdivision"},
		{"DE", "AT-1", "unknown_subdivision"},
		{"DE", "ZH", "unknown_subdivision"},
		{"EE", "37", "unknown_subdivision"},
	} {
		_, err := calendar.For(c.country, c.subdivision)
		require.Equal(t, c.code, models.CodeOf(err), c)
		require.Equal(t, models.Invalid, models.KindOf(err))
	}
}

func TestAllStatesOfTheEUTheEEAAndTheirNeighboursAreKnown(t *testing.T) {
	t.Parallel()
	var codes []string
	for _, c := range calendar.Countries() {
		codes = append(codes, c.Code)
	}
	require.Equal(t, "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK",
		strings.Join(codes, " "))
	count := map[string]int{}
	for _, c := range calendar.Countries() {
		for _, s := range c.Subdivisions {
			if s.Parent == "" {
				count[c.Code]++
			}
		}
	}
	require.Equal(t, 16, count["DE"])
	require.Equal(t, 19, count["ES"])
	require.Equal(t, 26, count["CH"])
	require.Equal(t, 9, count["AT"])
	require.Equal(t, 3, count["GB"])
}

func TestADayBefore2018IsOnlyAWeekendOrNot(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, "DE-BE")
	for _, s := range []string{"2017-12-25", "2017-10-31", "1990-10-03", "0001-01-01"} {
		require.Equal(t, "year_not_covered", models.CodeOf(c.Covers(date(t, s))), s)
		require.True(t, c.IsWorkingDay(date(t, s)), s)
	}
	require.False(t, c.IsWorkingDay(date(t, "2017-12-24")))
	require.Empty(t, c.Holidays(2017))
	require.Empty(t, c.Holidays(10000))
	require.NoError(t, c.Covers(date(t, "2018-01-01")))
	require.NoError(t, c.Covers(date(t, "9999-12-31")))
	require.False(t, c.IsWorkingDay(date(t, "9999-12-24").AddDays(1)))
	require.Equal(t, "year_not_covered", models.CodeOf(c.Covers(calendar.Date{})))
	require.NotPanics(t, func() { c.NextWorkingDay(date(t, "9999-12-31").AddDays(1)) })
}

func TestHolidaysHaveNoLastYear(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, "NO")
	for year := 2018; year <= 9999; year += 7 {
		require.Len(t, c.Holidays(year), 12, year)
	}
}

func TestWeekendsKnowsNoHoliday(t *testing.T) {
	t.Parallel()
	c := calendar.Weekends()
	require.True(t, c.IsWorkingDay(date(t, "2026-12-25")))
	require.False(t, c.IsWorkingDay(date(t, "2026-12-26")))
	require.Equal(t, "2026-12-28", c.NextWorkingDay(date(t, "2026-12-26")).String())
	_, ok := c.Holiday(date(t, "2026-12-25"))
	require.False(t, ok)
}

func TestHolidayNamesItsLaw(t *testing.T) {
	t.Parallel()
	h, ok := calendarOf(t, "NL").Holiday(date(t, "2026-04-03"))
	require.True(t, ok)
	require.Equal(t, calendar.Holiday{
		Date: date(t, "2026-04-03"), Name: "Good Friday", LocalName: "Goede Vrijdag", Source: "Algemene termijnenwet, art. 3(2)",
		Note: "Equated with the recognised holidays for time limits.", Certainty: "high",
	}, h)
	h, ok = calendarOf(t, "GB-EAW").Holiday(date(t, "2027-12-28"))
	require.True(t, ok)
	require.True(t, h.Substitute)
	_, ok = calendarOf(t, "FR").Holiday(date(t, "2026-04-03"))
	require.False(t, ok)
}

func TestWorkingDaysAreCountedBothWays(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, "DE-NW")
	for _, s := range []struct {
		from string
		n    int
		to   string
	}{
		{"2026-04-02", 1, "2026-04-07"},
		{"2026-04-07", -1, "2026-04-02"},
		{"2026-04-03", 0, "2026-04-03"}, // zero does not move, not even from a holiday
		{"2026-12-23", 3, "2026-12-29"},
		{"2026-01-02", 5, "2026-01-09"},
	} {
		require.Equal(t, s.to, c.AddWorkingDays(date(t, s.from), s.n).String(), s)
	}
}

func TestTheHolidaysOfAYearAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, "PL")
	c.Holidays(2026)[0].Name = "changed"
	require.Equal(t, "New Year's Day", c.Holidays(2026)[0].Name)
}

func TestWorkingDayRules(t *testing.T) {
	t.Parallel()
	all := places()
	rapid.Check(t, func(r *rapid.T) {
		c := calendarOf(t, rapid.SampledFrom(all).Draw(r, "place"))
		d, e := drawDate(r, "d"), drawDate(r, "e")
		next := c.NextWorkingDay(d)
		require.True(r, c.IsWorkingDay(next))
		require.False(r, next.Before(d))
		require.Equal(r, c.IsWorkingDay(d), next == d)
		require.LessOrEqual(r, d.DaysUntil(next), 11) // the longest run: a Christmas week with its substitutes
		if !e.Before(d) {
			require.False(r, c.NextWorkingDay(e).Before(next), "monotone")
		}
		for day := d; day.Before(next); day = day.AddDays(1) {
			require.False(r, c.IsWorkingDay(day))
		}
	})
}

func TestAddWorkingDaysCountsWhatItPasses(t *testing.T) {
	t.Parallel()
	all := places()
	rapid.Check(t, func(r *rapid.T) {
		c := calendarOf(t, rapid.SampledFrom(all).Draw(r, "place"))
		d, n := drawDate(r, "d"), rapid.IntRange(1, 60).Draw(r, "n")
		end := c.AddWorkingDays(d, n)
		require.True(r, c.IsWorkingDay(end))
		count := 0
		for day := d.AddDays(1); !day.After(end); day = day.AddDays(1) {
			if c.IsWorkingDay(day) {
				count++
			}
		}
		require.Equal(r, n, count)
		if start := c.NextWorkingDay(d); start == d {
			require.Equal(r, d, c.AddWorkingDays(end, -n))
		}
	})
}

func TestOneCalendarServesManyAtOnce(t *testing.T) {
	t.Parallel()
	c, fresh := calendarOf(t, "ES-MD"), calendarOf(t, "ES-MD")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for year := 2018; year < 2100; year++ {
				for _, h := range c.Holidays(year) {
					if fresh.IsWorkingDay(h.Date) {
						t.Errorf("%s is no working day", h.Date)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestALookUpAllocatesNothing(t *testing.T) {
	c := calendarOf(t, "DE-BE")
	d, end := date(t, "2026-04-03"), date(t, "2026-12-31")
	require.False(t, c.IsWorkingDay(d))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for day := d; day.Before(end); day = day.AddDays(1) {
			c.IsWorkingDay(day)
		}
		c.NextWorkingDay(d)
		c.Holiday(d)
		if _, err := calendar.For("DE", "DE-BE"); err != nil {
			t.Error(err)
		}
	}))
}

func BenchmarkIsWorkingDay(b *testing.B) {
	c, d := calendarOf(b, "DE-BE"), date(b, "2026-05-14")
	b.ReportAllocs()
	for b.Loop() {
		c.IsWorkingDay(d)
	}
}

func BenchmarkNextWorkingDay(b *testing.B) {
	d := date(b, "2026-04-03")
	b.ReportAllocs()
	for b.Loop() {
		c, err := calendar.For("DE", "BE")
		if err != nil {
			b.Fatal(err)
		}
		c.NextWorkingDay(d)
	}
}

func BenchmarkFirstLookUpOfAYear(b *testing.B) {
	c := calendarOf(b, "ES-AN")
	days, err := calendar.ParseLocalDays(strings.NewReader(`{"days": [{"country": "ES", "name": "Feast", "rule": "06-02", "source": "x"}]}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.WithLocalDays(days...).IsWorkingDay(calendar.Date{Year: 2026, Month: 6, Day: 1})
	}
}
