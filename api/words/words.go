package words

import (
	"strings"
	"time"

	"habeas/models/calendar"
	"habeas/models/deadline"
	"habeas/models/request"
	"habeas/templates"
)

// Zone is a time zone by its IANA name; UTC when it is unknown or not yet computed.
func Zone(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Due is a clock as a page shows it at an instant.
func Due(c request.Clock, open bool, now time.Time) templates.Due {
	d := templates.Due{On: c.DueOn, Zone: c.Timezone, Paused: open && c.Paused, Extended: !c.ExtendedTo.IsZero(), Done: !open}
	if !c.DueOn.IsZero() {
		d.Days = calendar.DateOf(now.In(Zone(c.Timezone))).DaysUntil(c.DueOn)
		d.Overdue = open && c.Overdue(now)
	}
	return d
}

// Reckoning is how a clock's date came about; nil while none is recorded.
func Reckoning(c request.Clock) *templates.Reckoning {
	if c.StartOn.IsZero() {
		return nil
	}
	r := templates.Reckoning{StartOn: c.StartOn, MonthOn: c.StartOn.AddMonths(1), EndsOn: c.DueOn, ExtendedTo: c.ExtendedTo, Paused: c.Paused, UK: c.Regime == deadline.UKGDPR}
	if !c.Paused {
		r.LastOn = c.UnrolledDueOn
		r.Waited = r.MonthOn.DaysUntil(r.LastOn)
	}
	return &r
}

// eventKeys are the lines of the person's timeline by ledger kind.
var eventKeys = map[string]string{
	"request.received": "event.request.received", "submission.verified": "event.request.verified", "deferral.done": "event.deferral.done",
	"package.ready": "event.package.ready", "package.fetched": "event.package.fetched", "package.shredded": "event.package.shredded",
	"receipt.issued": "event.receipt.issued", "key.destroyed": "event.key.destroyed", "notice.sent": "event.notice.sent",
	"decision.acknowledge": "event.decision.acknowledge", "decision.extend": "event.decision.extend", "decision.clarify": "event.decision.clarify",
	"decision.answer": "event.decision.answer", "decision.withdraw": "event.decision.withdraw", "decision.instruct": "event.decision.instruct",
	"decision.lift": "event.decision.lift", "restriction.imposed": "event.restriction.imposed", "restriction.lifted": "event.restriction.lifted",
	"objection.entered": "event.objection.entered", "correction.corrected": "event.correction.corrected",
	"complaint.received": "event.complaint.received", "complaint.answered": "event.complaint.answered",
	"agent.accepted": "event.agent.accepted", "agent.refused": "event.agent.refused",
	"decision.approve": "event.decision.approve", "decision.refuse": "event.decision.refuse", "decision.decline": "event.decision.decline",
}

// Event is the key of a timeline's line for a ledger kind, or "" when the person need not see it.
func Event(kind string) string {
	if strings.HasPrefix(kind, "state.") {
		return "event." + kind
	}
	return eventKeys[kind]
}
