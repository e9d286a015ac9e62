package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEasterIsAsTheChurchesKeepIt takes the dates from the tables of the churches.
func TestEasterIsAsTheChurchesKeepIt(t *testing.T) {
	t.Parallel()
	days := local(t, `{"days": [
		{"country": "EE", "name": "W", "rule": "easter", "source": "x"},
		{"country": "EE", "name": "O", "rule": "orthodox", "source": "x"}
	]}`)
	c := calendarOf(t, "EE").WithLocalDays(days...)
	for _, e := range []struct {
		year             int
		western, eastern string
	}{
		{2018, "2018-04-01", "2018-04-08"},
		{2019, "2019-04-21", "2019-04-28"},
		{2020, "2020-04-12", "2020-04-19"},
		{2021, "2021-04-04", "2021-05-02"},
		{2022, "2022-04-17", "2022-04-24"},
		{2023, "2023-04-09", "2023-04-16"},
		{2024, "2024-03-31", "2024-05-05"},
		{2025, "2025-04-20", "2025-04-20"},
		{2026, "2026-04-05", "2026-04-12"},
		{2027, "2027-03-28", "2027-05-02"},
		{2028, "2028-04-16", "2028-04-16"},
		{2029, "2029-04-01", "2029-04-08"},
		{2030, "2030-04-21", "2030-04-28"},
		{2038, "2038-04-25", "2038-04-25"}, // the latest western one
		{2049, "2049-04-18", "2049-04-25"},
		{2100, "2100-03-28", "2100-05-02"}, // the Julian calendar falls a day further behind
		{2285, "2285-03-22", ""},           // the earliest western one
	} {
		western, eastern := "", ""
		for _, h := range c.Holidays(e.year) {
			switch h.Name {
			case "W":
				western = h.Date.String()
			case "O":
				eastern = h.Date.String()
			}
		}
		require.Equal(t, e.western, western)
		if e.eastern != "" {
			require.Equal(t, e.eastern, eastern)
		}
	}
	for year := 2018; year <= 9999; year++ {
		for _, h := range c.Holidays(year) {
			if h.Name == "W" || h.Name == "O" {
				require.Zero(t, int(h.Date.Weekday()), h.Date)
			}
		}
	}
}
