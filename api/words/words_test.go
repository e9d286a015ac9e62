package words_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api/words"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/request"
	"habeas/templates"
)

func TestADueDateIsCountedInTheControllersZone(t *testing.T) {
	t.Parallel()
	clock := request.Clock{
		Timezone: "Europe/Berlin", DueOn: calendar.Date{Year: 2027, Month: 3, Day: 3}, DueBefore: time.Date(2027, 3, 3, 23, 0, 0, 0, time.UTC),
	}
	for name, c := range map[string]struct {
		now     time.Time
		days    int
		overdue bool
	}{
		"twelve days before":          {time.Date(2027, 2, 19, 12, 0, 0, 0, time.UTC), 12, false},
		"late evening is tomorrow":    {time.Date(2027, 2, 19, 23, 30, 0, 0, time.UTC), 11, false},
		"the last moment":             {time.Date(2027, 3, 3, 22, 59, 59, 0, time.UTC), 0, false},
		"one moment after it is late": {time.Date(2027, 3, 3, 23, 0, 0, 0, time.UTC), -1, true},
	} {
		d := words.Due(clock, true, c.now)
		require.Equal(t, c.days, d.Days, name)
		require.Equal(t, c.overdue, d.Overdue, name)
	}
	require.False(t, words.Due(clock, false, time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)).Overdue, "a closed request is not late")
}

func TestAClockThatIsNotComputedYetIsShownAsSuch(t *testing.T) {
	t.Parallel()
	d := words.Due(request.Clock{}, true, time.Now())
	require.True(t, d.On.IsZero())
	require.False(t, d.Overdue)
}

func TestEachLineOfTheTimelineHasItsWords(t *testing.T) {
	t.Parallel()
	e, err := templates.New()
	require.NoError(t, err)
	kinds := []string{"request.received", "submission.verified", "deferral.done", "package.ready", "notice.sent", "key.destroyed", "decision.approve", "receipt.issued"}
	for _, s := range models.States() {
		if s != models.Received { // no request goes there
			kinds = append(kinds, "state."+string(s))
		}
	}
	for _, kind := range kinds {
		_, err := templates.Status.Render(e, templates.Frame{Lang: "en"}, templates.StatusView{
			Right: models.Access, State: models.Closed, Events: []templates.Event{{At: time.Now(), Text: words.Event(kind)}},
		})
		require.NoError(t, err, kind)
	}
	require.Empty(t, words.Event("plan.made"))
}
