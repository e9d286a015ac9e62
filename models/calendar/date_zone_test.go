package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models/calendar"
)

// euZones are the zones of the states whose holidays are known, their overseas parts included.
var euZones = []string{
	"Europe/Vienna", "Europe/Brussels", "Europe/Sofia", "Europe/Zagreb", "Asia/Nicosia", "Europe/Prague", "Europe/Copenhagen",
	"Europe/Tallinn", "Europe/Helsinki", "Europe/Mariehamn", "Europe/Paris", "Europe/Berlin", "Europe/Busingen", "Europe/Athens",
	"Europe/Budapest", "Europe/Dublin", "Europe/Rome", "Europe/Riga", "Europe/Vilnius", "Europe/Luxembourg", "Europe/Malta",
	"Europe/Amsterdam", "Europe/Warsaw", "Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Azores", "Europe/Bucharest",
	"Europe/Bratislava", "Europe/Ljubljana", "Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary", "Europe/Stockholm",
	"Atlantic/Reykjavik", "Europe/Oslo", "Arctic/Longyearbyen", "Europe/Vaduz", "Europe/London", "Europe/Zurich",
	"America/Guadeloupe", "America/Martinique", "America/Cayenne", "Indian/Reunion", "Indian/Mayotte", "America/Marigot",
	"America/St_Barthelemy", "America/Curacao", "America/Aruba", "America/Nuuk", "Atlantic/Faroe",
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func TestADayEndsWithTheFirstInstantOfTheNextOne(t *testing.T) {
	t.Parallel()
	for _, name := range euZones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := zone(t, name)
			for d := date(t, "2018-01-01"); d.Year <= 2040; d = d.AddDays(1) {
				end, next := d.EndIn(loc), d.AddDays(1)
				if calendar.DateOf(end) != next || calendar.DateOf(end.Add(-1)) != d {
					t.Fatalf("%s ends at %s", d, end)
				}
				// Nowhere in these zones does the old day come back after it has ended.
				for h := time.Duration(0); h < 3*time.Hour; h += 15 * time.Minute {
					if calendar.DateOf(end.Add(h)) != next {
						t.Fatalf("%s comes back %s after %s", d, h, end)
					}
				}
			}
		})
	}
}

func TestADayEndsWhereMidnightIsMissingOrRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, end string }{
		{"Atlantic/Azores", "2026-03-28", "2026-03-29T01:00:00Z"},  // 00:00 does not exist; the day begins at 01:00
		{"Atlantic/Azores", "2026-10-24", "2026-10-25T00:00:00Z"},  // 00:00 exists twice; the first one counts
		{"Europe/Berlin", "2026-03-28", "2026-03-28T23:00:00Z"},    // the clock changes at 02:00 only
		{"Europe/Berlin", "2026-03-29", "2026-03-29T22:00:00Z"},    // a day of 23 hours
		{"Europe/Berlin", "2026-10-25", "2026-10-25T23:00:00Z"},    // a day of 25 hours
		{"America/Nuuk", "2025-03-29", "2025-03-30T01:00:00Z"},     // 23:00 becomes midnight
		{"Asia/Beirut", "2026-03-28", "2026-03-28T22:00:00Z"},      // midnight is missing
		{"America/Havana", "2026-10-31", "2026-11-01T04:00:00Z"},   // midnight is repeated
		{"America/Santiago", "2026-04-04", "2026-04-05T04:00:00Z"}, // 24:00 goes back to 23:00: the day has 25 hours
		{"Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"},     // the 30th was left out; the 31st follows
		{"Europe/Berlin", "2040-12-31", "2040-12-31T23:00:00Z"},    // ZoneBounds answers the instant itself
		{"UTC", "2026-12-31", "2027-01-01T00:00:00Z"},
	} {
		got := date(t, c.day).EndIn(zone(t, c.zone))
		require.Equal(t, c.end, got.UTC().Format(time.RFC3339), "%s in %s", c.day, c.zone)
		require.Equal(t, c.zone, got.Location().String())
	}
}
