package calendar_test

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/calendar"
)

func date(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	require.NoError(t, err)
	return d
}

func TestParseDateTakesOnlyDaysThatExist(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31", "2026-11-22"} {
		d, err := calendar.ParseDate(s)
		require.NoError(t, err, s)
		require.Equal(t, s, d.String())
	}
	for _, s := range []string{
		"", "2023-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01", "10000-01-01",
		"2026-1-01", "2026-01-1", "26-01-01", "2026/01/01", "2026-01-01T00:00:00Z", " 2026-01-01", "2026-01-01 ", "-026-01-01", "２026-01-01",
	} {
		_, err := calendar.ParseDate(s)
		require.Equal(t, "bad_date", models.CodeOf(err), s)
		require.NotContains(t, err.Error(), "２026")
	}
}

func TestNewDateRefusesWhatNoCalendarHas(t *testing.T) {
	t.Parallel()
	for _, d := range []calendar.Date{{2026, 2, 29}, {2026, 0, 1}, {2026, 13, 1}, {2026, 1, 32}, {0, 1, 1}, {10000, 1, 1}, {2026, 1, -1}} {
		_, err := calendar.NewDate(d.Year, d.Month, d.Day)
		require.Equal(t, "bad_date", models.CodeOf(err), d)
	}
	d, err := calendar.NewDate(2028, time.February, 29)
	require.NoError(t, err)
	require.Equal(t, "2028-02-29", d.String())
}

func TestDateTravelsThroughJSON(t *testing.T) {
	t.Parallel()
	type form struct {
		On  calendar.Date  `json:"on"`
		Opt *calendar.Date `json:"opt,omitempty"`
	}
	var f form
	require.NoError(t, json.Unmarshal([]byte(`{"on":"2026-03-01"}`), &f))
	require.Equal(t, form{On: date(t, "2026-03-01")}, f)
	out, err := json.Marshal(f)
	require.NoError(t, err)
	require.JSONEq(t, `{"on":"2026-03-01"}`, string(out))

	require.NoError(t, json.Unmarshal([]byte(`{"on":""}`), &f))
	require.True(t, f.On.IsZero())
	out, err = json.Marshal(f)
	require.NoError(t, err)
	require.JSONEq(t, `{"on":""}`, string(out))

	for _, bad := range []string{`{"on":"2026-02-30"}`, `{"on":20260301}`, `{"on":{"Year":2026}}`, `{"on":"2026-03-01T00:00:00Z"}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &f), bad)
	}
}

func TestAddMonthsKeepsTheDayNumberOrTakesTheLastDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from   string
		months int
		to     string
	}{
		{"2026-08-31", 1, "2026-09-30"},
		{"2026-03-05", 1, "2026-04-05"},
		{"2028-01-31", 1, "2028-02-29"},
		{"2027-01-31", 1, "2027-02-28"},
		{"2028-02-29", 1, "2028-03-29"}, // not sticky
		{"2026-01-31", 3, "2026-04-30"},
		{"2026-11-30", 3, "2027-02-28"},
		{"2024-02-29", 12, "2025-02-28"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-05-15", 0, "2026-05-15"},
	} {
		require.Equal(t, c.to, date(t, c.from).AddMonths(c.months).String(), "%s + %d", c.from, c.months)
	}
}

func TestDaysCountAcrossCenturies(t *testing.T) {
	t.Parallel()
	require.Equal(t, 3652058, date(t, "0001-01-01").DaysUntil(date(t, "9999-12-31")))
	require.Equal(t, "9999-12-31", date(t, "0001-01-01").AddDays(3652058).String())
	rapid.Check(t, func(t *rapid.T) {
		d := drawDate(t, "d")
		n := rapid.IntRange(-100000, 100000).Draw(t, "n")
		e := d.AddDays(n)
		require.Equal(t, n, d.DaysUntil(e))
		require.Equal(t, d, e.AddDays(-n))
		require.Equal(t, n > 0, e.After(d))
		require.Equal(t, n < 0, e.Before(d))
		require.Equal(t, -d.Compare(e), e.Compare(d))
		require.Equal(t, time.Weekday(((int(d.Weekday())+n)%7+7)%7), e.Weekday())
	})
}

func drawDate(t *rapid.T, label string) calendar.Date {
	return calendar.Date{Year: 2018, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 366*60).Draw(t, label))
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-01-01", "2024-02-29", "", "0000-00-00", "9999-12-31", "2026-1-1", "abc", "2026-01-01\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.ParseDate(s)
		if err != nil {
			require.Equal(t, "bad_date", models.CodeOf(err))
			require.True(t, d.IsZero())
			return
		}
		require.Equal(t, s, d.String())
		again, err := calendar.NewDate(d.Year, d.Month, d.Day)
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}
