package templates_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/templates"
)

func TestALegalDateIsSaidInWords(t *testing.T) {
	t.Parallel()
	e, err := templates.New()
	require.NoError(t, err)
	on := calendar.Date{Year: 2027, Month: time.March, Day: 3}
	for want, due := range map[string]templates.Due{
		"by 3 March 2027, 23:59 Europe/Berlin, in 12 days":           {On: on, Zone: "Europe/Berlin", Days: 12},
		"by 3 March 2027, 23:59 Europe/Berlin, in 1 day":             {On: on, Zone: "Europe/Berlin", Days: 1},
		"by 3 March 2027, 23:59 Europe/Berlin, today":                {On: on, Zone: "Europe/Berlin"},
		"by 3 March 2027, 23:59 Europe/Berlin, 1 day late":           {On: on, Zone: "Europe/Berlin", Days: -1, Overdue: true},
		"by 3 March 2027, 23:59 Europe/Berlin, 2 days late":          {On: on, Zone: "Europe/Berlin", Days: -2, Overdue: true},
		"by 3 March 2027, 23:59 Europe/Berlin":                       {On: on, Zone: "Europe/Berlin", Days: -2, Done: true},
		"by 3 March 2027, 23:59 Europe/Berlin, in 9 days (extended)": {On: on, Zone: "Europe/Berlin", Days: 9, Extended: true},
		"the clock is paused until the question is answered":         {Paused: true, On: on},
		"not computed yet": {},
	} {
		body, err := templates.Status.Render(e, frame, templates.StatusView{Right: models.Access, State: models.InReview, Due: due})
		require.NoError(t, err)
		doc, err := html.Parse(bytes.NewReader(body))
		require.NoError(t, err)
		var chips []string
		for _, n := range all(doc, "span") {
			if hasClass(n, "chip") {
				chips = append(chips, strings.TrimSpace(text(n)))
				require.NotEmpty(t, all(n, "svg"), "colour never stands alone")
			}
		}
		require.Equal(t, []string{want}, chips)
	}
}

func TestAnUnknownLanguageFallsBackToEnglish(t *testing.T) {
	t.Parallel()
	e, err := templates.New()
	require.NoError(t, err)
	body, err := templates.Home.Render(e, templates.Frame{Lang: "xx"}, templates.HomeView{})
	require.NoError(t, err)
	require.Contains(t, string(body), `<html lang="en">`)
}

func TestAWordThatIsMissingFailsThePage(t *testing.T) {
	t.Parallel()
	e, err := templates.New()
	require.NoError(t, err)
	body, err := templates.Failure.Render(e, frame, templates.ErrorView{Title: "no.such.key", Advice: "failure.internal.advice"})
	require.Error(t, err)
	require.Empty(t, body, "half a page is never sent")
}
