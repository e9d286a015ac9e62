package calendar_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/stretchr/testify/require"

	"habeas/models/calendar"
)

// compared are the places that the library rickar/cal knows too.
var compared = map[string][]*cal.Holiday{
	"AT": at.Holidays, "BE": be.Holidays, "BG": bg.Holidays, "CZ": cz.Holidays, "DK": dk.Holidays, "ES": es.Holidays,
	"FR": fr.Holidays, "GB-EAW": gb.Holidays, "GR": gr.Holidays, "HR": hr.Holidays, "IE": ie.Holidays, "IT": it.Holidays,
	"LT": lt.Holidays, "LV": lv.Holidays, "NL": nl.Holidays, "NO": no.Holidays, "PL": pl.Holidays, "RO": ro.Holidays,
	"SE": se.Holidays, "SI": si.Holidays, "SK": sk.Holidays,
	"DE": de.Holidays, "DE-BW": de.HolidaysBW, "DE-BY": de.HolidaysBY, "DE-BE": de.HolidaysBE, "DE-BB": de.HolidaysBB,
	"DE-HB": de.HolidaysHB, "DE-HH": de.HolidaysHH, "DE-HE": de.HolidaysHE, "DE-MV": de.HolidaysMV, "DE-NI": de.HolidaysNI,
	"DE-NW": de.HolidaysNW, "DE-RP": de.HolidaysRP, "DE-SL": de.HolidaysSL, "DE-SN": de.HolidaysSN, "DE-ST": de.HolidaysST,
	"DE-SH": de.HolidaysSH, "DE-TH": de.HolidaysTH,
	"CH": ch.Holidays, "CH-ZH": ch.HolidaysZH, "CH-BE": ch.HolidaysBE, "CH-LU": ch.HolidaysLU, "CH-UR": ch.HolidaysUR,
	"CH-SZ": ch.HolidaysSZ, "CH-OW": ch.HolidaysOW, "CH-NW": ch.HolidaysNW, "CH-GL": ch.HolidaysGL, "CH-ZG": ch.HolidaysZG,
	"CH-FR": ch.HolidaysFR, "CH-SO": ch.HolidaysSO, "CH-BS": ch.HolidaysBS, "CH-BL": ch.HolidaysBL, "CH-SH": ch.HolidaysSH,
	"CH-AR": ch.HolidaysAR, "CH-AI": ch.HolidaysAI, "CH-SG": ch.HolidaysSG, "CH-GR": ch.HolidaysGR, "CH-AG": ch.HolidaysAG,
	"CH-TG": ch.HolidaysTG, "CH-VD": ch.HolidaysVD, "CH-TI": ch.HolidaysTI, "CH-VS": ch.HolidaysVS, "CH-NE": ch.HolidaysNE,
	"CH-GE": ch.HolidaysGE, "CH-JU": ch.HolidaysJU,
}

const comparedFrom, comparedTo = 2018, 2032

// TestEachDifferenceFromTheLibraryIsExplained compares weekdays off. A difference is named by the place, who has the day (ours, theirs)
// and the day's name; explanations holds the reason for each. Neither an unexplained difference nor an idle explanation may remain.
func TestEachDifferenceFromTheLibraryIsExplained(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	for place, theirs := range compared {
		differences(t, place, theirs, found)
	}
	var unexplained []string
	for what, dates := range found {
		if explanations[what] == "" {
			unexplained = append(unexplained, fmt.Sprintf("%s: %s", what, strings.Join(dates, " ")))
		}
	}
	slices.Sort(unexplained)
	require.Empty(t, unexplained, "differences without an explanation:\n%s", strings.Join(unexplained, "\n"))
	for key := range explanations {
		require.Contains(t, found, key, "explanation is no longer needed")
	}
}

func differences(t *testing.T, place string, theirs []*cal.Holiday, found map[string][]string) {
	t.Helper()
	country, subdivision, _ := strings.Cut(place, "-")
	c, err := calendar.For(country, subdivision)
	require.NoError(t, err)
	for year := comparedFrom; year <= comparedTo; year++ {
		library := map[calendar.Date]string{}
		for _, h := range theirs {
			if _, observed := h.Calc(year); !observed.IsZero() {
				library[calendar.DateOf(observed)] = h.Name
			}
		}
		for d, name := range library {
			if !weekend(d) && c.IsWorkingDay(d) {
				found[place+" theirs "+name] = append(found[place+" theirs "+name], d.String())
			}
		}
		for _, h := range c.Holidays(year) {
			if _, both := library[h.Date]; !weekend(h.Date) && !both {
				found[place+" ours "+h.Name] = append(found[place+" ours "+h.Name], h.Date.String())
			}
		}
	}
}

func weekend(d calendar.Date) bool { return d.Weekday() == 0 || d.Weekday() == 6 }
