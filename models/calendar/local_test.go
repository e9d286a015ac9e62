package calendar_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
)

func local(t testing.TB, text string) []calendar.LocalDay {
	t.Helper()
	days, err := calendar.ParseLocalDays(strings.NewReader(text))
	require.NoError(t, err)
	return days
}

func TestLocalDaysCountInTheirPlaceOnly(t *testing.T) {
	t.Parallel()
	days := local(t, `{"days": [
		{"country": "IT", "subdivision": "25", "name": "Saint Ambrose", "local": "Sant'Ambrogio", "rule": "12-07", "source": "patron of Milan", "from": "2027"},
		{"country": "IT", "name": "Anniversary", "rule": "2026-03-17", "source": "house rule"},
		{"country": "DE", "subdivision": "BY", "name": "Test", "rule": "07-01", "source": "x"}
	]}`)
	milan := calendarOf(t, "IT-25").WithLocalDays(days...)
	require.True(t, milan.IsWorkingDay(date(t, "2026-12-07")), "from 2027 on")
	require.False(t, milan.IsWorkingDay(date(t, "2027-12-07")))
	h, ok := milan.Holiday(date(t, "2027-12-07"))
	require.True(t, ok)
	require.Equal(t, "Sant'Ambrogio", h.LocalName)
	require.False(t, milan.IsWorkingDay(date(t, "2026-03-17")))
	require.Equal(t, "25", milan.Subdivision())

	require.True(t, calendarOf(t, "IT-25").IsWorkingDay(date(t, "2027-12-07")), "the shared calendar is as before")
	rome := calendarOf(t, "IT-RM").WithLocalDays(days...)
	require.True(t, rome.IsWorkingDay(date(t, "2027-12-07")))
	require.False(t, rome.IsWorkingDay(date(t, "2026-03-17")))
	augsburg := calendarOf(t, "DE-BY-A").WithLocalDays(days...)
	require.False(t, augsburg.IsWorkingDay(date(t, "2026-07-01")), "a day of Bavaria counts in its cities")
	require.True(t, calendarOf(t, "DE").WithLocalDays(days...).IsWorkingDay(date(t, "2026-07-01")))
	require.Same(t, calendarOf(t, "PL"), calendarOf(t, "PL").WithLocalDays(days...))
	require.False(t, augsburg.WithLocalDays(days...).IsWorkingDay(date(t, "2026-08-08")), "what it had it keeps")
}

func TestLocalDaysAreReadStrictly(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		``:                   "bad_local_days",
		`[]`:                 "bad_local_days",
		`{"day": []}`:        "bad_local_days",
		`{"days": []} {"x"}`: "bad_local_days",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07", "source": "y", "colour": "red"}]}`:              "bad_local_days",
		`{"days": [{"country": "XX", "name": "x", "rule": "12-07", "source": "y"}]}`:                               "unknown_country",
		`{"days": [{"country": "IT", "subdivision": "ZZ", "name": "x", "rule": "12-07", "source": "y"}]}`:          "unknown_subdivision",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07"}]}`:                                              "bad_holiday",
		`{"days": [{"country": "IT", "rule": "12-07", "source": "y"}]}`:                                            "bad_holiday",
		`{"days": [{"country": "IT", "in": ["BZ"], "name": "x", "rule": "12-07", "source": "y"}]}`:                 "bad_holiday",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07", "source": "y", "from": "26"}]}`:                 "bad_holiday",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07", "source": "y", "from": "2027", "to": "2026"}]}`: "bad_holiday",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07", "source": "y", "when": "monday"}]}`:             "bad_holiday",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07", "source": "y", "substitute": "maybe"}]}`:        "bad_holiday",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07", "source": "y", "certainty": "low"}]}`:           "bad_holiday",
		`{"days": [{"country": "IT", "name": "x", "rule": "12-07", "source": "y", "unless": "never"}]}`:            "bad_rule",
	} {
		_, err := calendar.ParseLocalDays(strings.NewReader(text))
		require.Equal(t, code, models.CodeOf(err), text)
	}
}

func TestRulesGiveTheirDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, extra, dates string }{
		{"12-07", "", "2026-12-07 2027-12-07 2028-12-07"},
		{"2027-02-03", "", "2027-02-03"},
		{"easter", "", "2026-04-05 2027-03-28 2028-04-16"},
		{"easter-2", "", "2026-04-03 2027-03-26 2028-04-14"},
		{"orthodox+50", "", "2026-06-01 2027-06-21 2028-06-05"},
		{"1st mon 05", "", "2026-05-04 2027-05-03 2028-05-01"},
		{"4th thu 11", "", "2026-11-26 2027-11-25 2028-11-23"},
		{"last mon 08", "", "2026-08-31 2027-08-30 2028-08-28"},
		{"sat from 06-20", "", "2026-06-20 2027-06-26 2028-06-24"},
		{"wed before 11-23", "", "2026-11-18 2027-11-17 2028-11-22"},
		{"mon before 11-23", "", "2026-11-16 2027-11-22 2028-11-20"}, // strictly before: 23 November 2026 is a Monday
		{"1st sun 09 +4", "", "2026-09-10 2027-09-09 2028-09-07"},
		{"12-31 +1", "", ""}, // leaves the year
		{"07-04", `, "except": [2027]`, "2026-07-04 2028-07-04"},
		{"07-04", `, "when": "sat sun"`, "2026-07-04 2027-07-04"},
		{"07-04", `, "from": "2027", "to": "2027-12-31"`, "2027-07-04"},
		{"07-04", `, "from": "2027-07-05"`, "2028-07-04"},
		{"07-04", `, "substitute": "weekday"`, "2026-07-04 2026-07-06 2027-07-04 2027-07-05 2028-07-04"},
		{"07-04", `, "substitute": "sunday"`, "2026-07-04 2027-07-04 2027-07-05 2028-07-04"},
		{"07-04", `, "substitute": "saturday before"`, "2026-07-04 2027-07-03 2028-07-04"},
		{"07-04", `, "if": "1st sat 07"`, "2026-07-04"},
		{"07-04", `, "unless": "1st sat 07"`, "2027-07-04 2028-07-04"},
	} {
		days := local(t, fmt.Sprintf(`{"days": [{"country": "EE", "name": "Feast", "rule": %q, "source": "x"%s}]}`, c.rule, c.extra))
		cal := calendarOf(t, "EE").WithLocalDays(days...)
		var got []string
		for year := 2026; year <= 2028; year++ {
			for _, h := range cal.Holidays(year) {
				if h.Name == "Feast" {
					got = append(got, h.Date.String())
				}
			}
		}
		require.Equal(t, c.dates, strings.Join(got, " "), "%s%s", c.rule, c.extra)
	}
}

func TestRulesOfNoKnownFormAreRefused(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"", "12", "13-01", "02-29", "02-30", "2026-02-29", "easter+", "easter 2", "easter+71", "easter--2", "easter2", "ramadan",
		"5th mon 05", "1st day 05", "1st mon 5", "1st mon 13", "1st mon", "sat after 06-20", "sat from 06-31", "day from 06-20",
		"12-07 +0", "12-07 +31", "12-07 +x", "+3", "1st mon 05 06", "wed before", "12-07 12-08",
	} {
		_, err := calendar.ParseLocalDays(strings.NewReader(fmt.Sprintf(
			`{"days": [{"country": "EE", "name": "Feast", "rule": %q, "source": "x"}]}`, rule)))
		require.Equal(t, "bad_rule", models.CodeOf(err), "%q", rule)
	}
}

func FuzzParseLocalDays(f *testing.F) {
	f.Add(`{"days": [{"country": "EE", "name": "Feast", "rule": "1st mon 05 +4", "source": "x", "when": "mon", "from": "2026"}]}`)
	f.Add(`{"days": [{"country": "GB", "subdivision": "SCT", "name": "F", "rule": "12-31", "source": "x", "substitute": "weekday"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		days, err := calendar.ParseLocalDays(strings.NewReader(text))
		if err != nil {
			require.NotEqual(t, "internal", models.CodeOf(err))
			return
		}
		for _, place := range []string{"EE", "GB-SCT"} {
			c := calendarOf(t, place).WithLocalDays(days...)
			for _, year := range []int{2018, 2027, 9999} {
				c.Holidays(year)
			}
		}
	})
}
