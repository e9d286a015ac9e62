package subprocessor

import (
	"fmt"
	"time"

	"habeas/models/calendar"
)

// Window is the time in which one customer may object.
type Window struct {
	From  time.Time
	Last  calendar.Date // the last day, in the customer's zone
	Until time.Time     // the first instant after it
	Zone  string
	Steps []Step
}

// Step is one step of a computation with the rule that it follows.
type Step struct {
	Text     string
	Citation string
}

// WindowOf counts a contract's days from the announcement to a customer. They are calendar days in its zone; the day of the announcement is not
// counted, and the last one counts to its end, as Regulation 1182/71 Art. 3(1) and (2)(b) counts. Nothing is added for weekends and holidays: the
// time is the contract's and not one of Union law.
func WindowOf(told time.Time, days int, zone *time.Location) Window {
	day := calendar.DateOf(told.In(zone))
	last := day.AddDays(days)
	return Window{
		From: told, Last: last, Until: last.EndIn(zone), Zone: zone.String(),
		Steps: []Step{
			{fmt.Sprintf("Announced on %s in %s.", day, zone), "GDPR Art. 28(2)"},
			{"The day of the announcement is not counted.", "Regulation 1182/71 Art. 3(1), by analogy"},
			{fmt.Sprintf("%d calendar days by the contract end with %s.", days, last), "Regulation 1182/71 Art. 3(2)(b), by analogy"},
		},
	}
}

// Open reports whether an objection at an instant is in time.
func (w Window) Open(at time.Time) bool { return at.Before(w.Until) }
