package deadline

import (
	"slices"

	"habeas/models"
	"habeas/models/calendar"
)

// pausedDays counts the days on which the clock stood still, overlaps once, and names the day of the first question that is still
// open. end is the last day of the month without pauses.
func (c *computation) pausedDays(start, end calendar.Date) (days int, open calendar.Date) {
	pauses := c.req.Pauses
	if len(pauses) > 1 {
		pauses = slices.Clone(pauses)
		slices.SortStableFunc(pauses, func(a, b Pause) int { return a.AskedOn.Compare(b.AskedOn) })
	}
	free := c.req.ReceivedOn // the day from which a question's delay is measured: receipt, or the last answer
	upTo := start            // everything before this day has been counted
	for _, p := range pauses {
		if why := c.tooLate(p, free, end.AddDays(days)); why != "" {
			c.words.say("The question of ").day(p.AskedOn).say(" does not pause the clock: ", why)
			c.finding("pause_too_late", c.p.Pause)
			continue
		}
		if p.AnsweredOn.IsZero() {
			if open.IsZero() {
				open = p.AskedOn
			}
			continue
		}
		from, until := p.AskedOn, p.AnsweredOn
		if c.p.Inclusive {
			until = until.AddDays(1)
		}
		if from.Before(upTo) {
			from = upTo
		}
		if from.Before(until) {
			days += from.DaysUntil(until)
			upTo = until
		}
		if p.AnsweredOn.After(free) {
			free = p.AnsweredOn
		}
	}
	return days, open
}

// tooLate says why a question does not pause the clock; empty when it does.
func (c *computation) tooLate(p Pause, free, end calendar.Date) string {
	switch {
	case p.Undue != nil && *p.Undue:
		return "it was found to have been asked with undue delay"
	case p.AskedOn.After(end) && p.AskedOn.After(c.next(end)):
		return "the period had already ended"
	case p.Undue == nil && c.p.PromptDays > 0 && free.DaysUntil(p.AskedOn) > c.p.PromptDays:
		return "asked more than " + models.Count(c.p.PromptDays, "day") + " after the request or the last answer, it counts as asked with undue delay"
	}
	return ""
}

// next is the first working day from d on.
func (c *computation) next(d calendar.Date) calendar.Date {
	for !c.working(d) {
		d = d.AddDays(1)
	}
	return d
}
