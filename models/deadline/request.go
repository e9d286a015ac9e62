package deadline

import (
	"time"

	"habeas/models/calendar"
)

// Request holds the facts that decide when a request must be answered. Days are calendar days in the controller's zone
// (calendar.DateOf(instant.In(zone))).
type Request struct {
	Regime     string // EUGDPR or UKGDPR
	ReceivedOn calendar.Date
	Identity   Condition // UK: identity information that had to be asked for (Art. 12(6)); EU: use a Pause
	Fee        Condition // UK: a fee that had to be charged (Art. 12(5))
	Pauses     []Pause   // EU: identity doubt, or a clarification; UK: clarification only
	Extension  *Extension

	Calendar *calendar.Calendar // of the establishment that must act; required
	Holidays []calendar.Date    // further days that are no working days there
	Zone     *time.Location     // of the controller; required
}

// Condition is something without which a UK clock does not start.
type Condition struct {
	Required bool
	MetOn    calendar.Date // zero: not yet
}

// Pause is a question to the person that stops the clock until the answer.
type Pause struct {
	AskedOn    calendar.Date
	AnsweredOn calendar.Date // zero: not answered
	Undue      *bool         // a person's finding on undue delay; nil leaves it to Parameters.PromptDays
}

// Extension is what the person was told about two further months.
type Extension struct {
	NotifiedOn calendar.Date
	Reasons    bool // reasons were given
}

// Finding is something about the facts that changed the outcome: a stable code and a sentence for the DPO.
type Finding struct {
	Code    string
	Message string
}

// Result is the computed clock. While Paused, and before a UK clock has started, the due dates are zero.
type Result struct {
	Regime        string
	Law           string
	ClockStartOn  calendar.Date
	Paused        bool // a question is unanswered, or a UK clock waits for identity information or a fee
	PausedDays    int  // days of answered pauses, overlaps counted once
	UnrolledDueOn calendar.Date
	DueOn         calendar.Date // last day of the first month, rolled over
	DueBefore     time.Time     // the instant, in UTC, at which DueOn is over in the zone
	RefusalDueOn  calendar.Date // notices under Art. 12(4): never extended

	Extension *ExtensionResult // nil when none was notified
	Findings  []Finding
	Steps     []string // how each date came about, in plain words
	RuleSet   string   // see RuleSet
}

// ExtensionResult says what an extension is worth; its dates are zero when it is not valid or the request is paused.
type ExtensionResult struct {
	Valid         bool
	UnrolledDueOn calendar.Date
	DueOn         calendar.Date
	DueBefore     time.Time
}

// Deadline is the day that counts: the extended one when the extension is valid, else the ordinary one. Zero while paused.
func (r Result) Deadline() calendar.Date {
	if r.Extension != nil && r.Extension.Valid {
		return r.Extension.DueOn
	}
	return r.DueOn
}

// Before is the instant at which Deadline is over, in UTC. Zero while paused.
func (r Result) Before() time.Time {
	if r.Extension != nil && r.Extension.Valid {
		return r.Extension.DueBefore
	}
	return r.DueBefore
}
