package calendar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"habeas/models/calendar"
)

func TestEveryRecordNamesItsLawAndWhoseDayItIs(t *testing.T) {
	t.Parallel()
	for _, c := range calendar.Countries() {
		require.NotEmpty(t, c.Name)
		require.NotEmpty(t, c.Records)
		for _, r := range c.Records {
			require.NotEmpty(t, r.Name, c.Code)
			require.NotEmpty(t, r.Source, "%s %s", c.Code, r.Name)
			require.NotContains(t, r.Source, "TODO")
			for _, s := range []string{r.Name, r.Local, r.Source, r.Note} {
				require.Equal(t, strings.TrimSpace(s), s, "%s %s", c.Code, r.Name)
			}
		}
		for _, s := range c.Subdivisions {
			require.NotEmpty(t, s.Name, c.Code)
		}
	}
}

// TestEveryRecordIsUsed finds records that can never count, and those that say the same as another.
func TestEveryRecordIsUsed(t *testing.T) {
	t.Parallel()
	for _, c := range calendar.Countries() {
		seen := map[string]bool{}
		for _, r := range c.Records {
			key := strings.Join(append([]string{r.Name, r.Rule, r.When, r.From, r.To}, r.In...), "|")
			require.False(t, seen[key], "%s has it twice: %s", c.Code, key)
			seen[key] = true
			place := c.Code
			if len(r.In) > 0 {
				place += "-" + r.In[0]
			}
			require.True(t, occurs(t, place, r), "%s %s (%s) never comes", place, r.Name, r.Rule)
		}
	}
}

func occurs(t *testing.T, place string, r calendar.Record) bool {
	t.Helper()
	for year := 2018; year <= 2060; year++ {
		for _, h := range calendarOf(t, place).Holidays(year) {
			if h.Name == r.Name && h.Source == r.Source {
				return true
			}
		}
	}
	return false
}

func TestAYearHasAPlausibleNumberOfHolidays(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		c := calendarOf(t, place)
		for year := 2018; year <= 2060; year++ {
			days := c.Holidays(year)
			least := 6
			if strings.HasPrefix(place, "CH") {
				least = 4
			}
			assert.GreaterOrEqual(t, len(days), least, "%s %d", place, year)
			assert.LessOrEqual(t, len(days), 21, "%s %d", place, year)
			for i, h := range days {
				require.Equal(t, year, h.Date.Year)
				require.False(t, c.IsWorkingDay(h.Date))
				require.False(t, h.Substitute && weekend(h.Date), "%s %s is no use as a substitute", place, h.Date)
				require.False(t, i > 0 && h.Date.Before(days[i-1].Date), "in order")
			}
		}
	}
}

// TestEachSpanishCommunityHasTwelveDaysAYear holds the lists of the BOE: twelve days besides the two of the municipality, in some years
// one more that is worked off elsewhere. Sundays are given up for a Monday or another day and do not count here.
func TestEachSpanishCommunityHasTwelveDaysAYear(t *testing.T) {
	t.Parallel()
	allowed := map[string][]int{
		"ES-CN": {11, 12}, // the twelfth is each island's own
		"ES-NC": {13},     // municipalities have one day only
		"ES-CE": {13, 14}, // the city's own days included: they hold in the whole of it
		"ES-ML": {14},
	}
	for _, place := range places() {
		if !strings.HasPrefix(place, "ES-") {
			continue
		}
		want := allowed[place]
		if want == nil {
			want = []int{12, 13}
		}
		for year := 2018; year <= 2026; year++ {
			n := 0
			for _, h := range calendarOf(t, place).Holidays(year) {
				if h.Date.Weekday() != 0 {
					n++
				}
			}
			assert.Contains(t, want, n, "%s %d", place, year)
		}
	}
}

func TestTheRevisionNamesTheReviewAndTheData(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^20\d\d-\d\d-\d\d\+[0-9a-f]{12}$`, calendar.Revision())
	require.Equal(t, calendar.Revision(), calendar.Revision())
}

func TestCountriesMayBeChangedByTheCaller(t *testing.T) {
	t.Parallel()
	calendar.Countries()[0].Records[0].Name = "changed"
	calendar.Countries()[0].Name = "changed"
	require.Equal(t, "Austria", calendar.Countries()[0].Name)
	require.Equal(t, "New Year's Day", calendar.Countries()[0].Records[0].Name)
}
