package templates

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
)

// StatusView is the person's view of their request; a masked one tells nothing but that a mail was sent.
type StatusView struct {
	Path         string // of this page
	Reference    string
	Right        models.Right
	Controller   string
	State        models.State
	Outcome      models.Outcome
	Masked       bool
	Agent        string // of a masked one: the page is that of somebody who acts for the person, and their authority stands so
	Proved       bool   // that authority, so that the state shows
	Due          Due
	Reckoning    *Reckoning // how the legal date was computed; nil while it is not
	Events       []Event
	Question     string    // an open question to the person
	Messages     []Message // the latest first
	PackageReady bool
	CanWithdraw  bool
	Kept         []Kept
	Complaints   []Complaint
	CanComplain  bool        // to the data protection officer
	Countries    []Option    // with an authority
	Slug         string      // of the controller
	Told         bool        // somebody who had received the data was told of the request
	Authorities  []Authority // competent for the controller
	Flash        string      // key of a message about what was just done
	Errors       Errors
}

// Event is one step of the timeline.
type Event struct {
	At   time.Time
	Text string // key of the catalogue
	Note string // a fact that needs no translation, e.g. a reference
}

// Message is something that was written to the person.
type Message struct {
	At   time.Time
	Kind string
	Body string
	Lang string // in which it was written; empty for that of the page
}

// Kept is data that was not erased, and why.
type Kept struct {
	What     models.Said
	Rows     int64
	Reason   string // key of the catalogue, for rows kept for another reason than a law
	Citation string
	Counted  *plan.Counted // how the last day came about; nil where nobody knows
	Until    calendar.Date
}

// Reckoning is how a legal date came about, step by step.
type Reckoning struct {
	StartOn    calendar.Date // does not count
	MonthOn    calendar.Date // a month after it
	Waited     int           // days on which the clock stood still
	LastOn     calendar.Date // before it is moved to a working day; zero while paused
	EndsOn     calendar.Date // zero while paused
	ExtendedTo calendar.Date // zero unless extended
	Paused     bool
	UK         bool
}

// Rolled reports whether the last day was no working day.
func (r Reckoning) Rolled() bool { return r.LastOn != r.EndsOn }

// Complaint is what the person wrote to the data protection officer; the answer stands among the messages.
type Complaint struct {
	At       time.Time
	Text     string
	Answered bool
}

// Status is the page of a request, for the person.
var Status = &Page[StatusView]{"portal/status", statusExamples()}

func statusExamples() []StatusView {
	kept := []Kept{
		{
			What: models.Said{Text: "Import declarations", Lang: "en"}, Rows: 3, Citation: "Art. 51(1) Regulation (EU) No 952/2013",
			Counted: &plan.Counted{Years: 3, OfYear: true, Start: "declaration_accepted"}, Until: calendar.Date{Year: 2030, Month: time.December, Day: 31},
		},
		{What: models.Said{Text: "parties"}, Rows: 1, Reason: "kept.shared"},
	}
	return []StatusView{
		{Path: "/status/sample", Reference: "7K3F-9QXM-2T", Masked: true, State: models.Verifying, Errors: Errors{{Field: "code", Key: "error.wrong_code"}}},
		{Path: "/status/sample", Reference: "7K3F-9QXM-2T", Masked: true, State: models.Verifying, Agent: "asked"},
		{Path: "/status/sample", Reference: "7K3F-9QXM-2T", Masked: true, State: models.Verifying, Agent: "refused"},
		{
			Path: "/status/sample", Reference: "7K3F-9QXM-2T", Masked: true, State: models.InReview, Agent: "agreed", Proved: true,
			Due: Due{On: exampleDate(time.March, 3), Zone: "Europe/Berlin", Days: 12},
		},
		{
			Path: "/status/sample", Reference: "7K3F-9QXM-2T", Right: models.Erasure, Controller: "Acme Forwarding", Told: true, State: models.InReview,
			Due: Due{On: exampleDate(time.March, 3), Zone: "Europe/Berlin", Days: 12},
			Reckoning: &Reckoning{
				StartOn: exampleDate(time.February, 3), MonthOn: exampleDate(time.March, 3), LastOn: exampleDate(time.March, 3), EndsOn: exampleDate(time.March, 3),
			},
			Events: []Event{
				{At: exampleTime.AddDate(0, 0, -16), Text: "event.request.received"},
				{At: exampleTime.AddDate(0, 0, -16), Text: "event.request.verified"},
				{At: exampleTime.AddDate(0, 0, -15), Text: "event.state.locating"},
				{At: exampleTime.AddDate(0, 0, -14), Text: "event.state.in_review"},
			},
			Question: "Which of your two delivery addresses do you mean?", CanWithdraw: true, Flash: "flash.verified",
			CanComplain: true, Slug: "acme", Countries: exampleCountries(),
		},
		{
			Path: "/status/sample", Reference: "7K3F-9QXM-2T", Right: models.Erasure, Controller: "Acme Forwarding", State: models.Closed,
			Outcome: models.PartlyFulfilled, Due: Due{On: exampleDate(time.March, 3), Zone: "Europe/Berlin", Done: true},
			Events: []Event{{At: exampleTime, Text: "event.request.received"}, {At: exampleTime, Text: "event.state.closed"}},
			Messages: []Message{
				{At: exampleTime, Kind: "answer", Body: "We have erased your data.\n\nSome of it must be kept by law.", Lang: "en"},
				{At: exampleTime, Kind: "confirmed", Body: "It came on 3 February.", Lang: "en"},
			},
			PackageReady: true, Kept: kept, Authorities: []Authority{exampleAuthority},
			Slug: "acme", Countries: exampleCountries(),
			Complaints: []Complaint{{At: exampleTime, Text: "My old address is still used.", Answered: true}, {At: exampleTime, Text: "It is used again."}},
		},
		{
			Path: "/status/sample", Reference: "7K3F-9QXM-2T", Right: models.Access, Controller: "Acme Forwarding", State: models.Closed, Outcome: models.Refused,
			Due: Due{On: exampleDate(time.March, 3), Zone: "Europe/Berlin", Done: true}, CanComplain: true, Slug: "acme", Countries: exampleCountries(),
			Errors: Errors{{Field: "complaint", Key: "error.missing_complaint"}},
		},
	}
}
