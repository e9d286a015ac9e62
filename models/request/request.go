package request

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Channel is how a request came in.
type Channel string

const (
	ChannelPortal     Channel = "portal"
	ChannelAPI        Channel = "api"
	ChannelController Channel = "controller" // a customer files it and vouches for the identity
	ChannelStaff      Channel = "staff"      // by letter or phone, entered by a case handler
)

// Channels are all channels, the person's own first.
func Channels() []Channel {
	return []Channel{ChannelPortal, ChannelAPI, ChannelController, ChannelStaff}
}

// Request is one data subject's exercise of one right. It holds no personal data; see Subject.
type Request struct {
	ID           models.ID
	Reference    string // public, random, e.g. "7K3F-9QXM-2T"
	ControllerID models.ID
	Right        models.Right
	State        models.State
	Outcome      models.Outcome // empty while open
	Channel      Channel
	Language     string // BCP 47, e.g. "en"
	ReceivedAt   time.Time
	VerifiedAt   time.Time // zero until verified
	ClosedAt     time.Time // zero while open
	Clock        Clock
	PlanVersion  int   // 0 until a plan exists
	Waits        Party // whom it waits for; empty when closed
}

// Open reports whether the request still runs.
func (r Request) Open() bool { return r.State != models.Closed }

// Clock is the request's legal clock as last computed and recorded. All dates are in Timezone.
type Clock struct {
	Regime        string
	Timezone      string
	Country       string
	Subdivision   string
	StartOn       calendar.Date
	UnrolledDueOn calendar.Date // the internal target
	DueOn         calendar.Date // zero while paused
	DueBefore     time.Time     // the first instant after DueOn; zero while paused
	ExtendedTo    calendar.Date // zero unless extended; DueOn then equals it
	Paused        bool
	RuleSet       string   // version of the rules that computed it
	InputsDigest  string   // SHA-256 of the inputs, hex
	Steps         []string // how it was computed, in words
}

// Overdue reports whether the due date has passed at instant now.
func (c Clock) Overdue(now time.Time) bool { return !c.DueBefore.IsZero() && !now.Before(c.DueBefore) }

// Identity is one identifier of the subject, of a kind that the data map knows ("email", "phone_number", "customer_number").
type Identity struct {
	Kind  string
	Value models.Personal
}

// Subject is the personal data that a request needs; it is sealed with the request's key and shredded with it.
type Subject struct {
	Name       models.Personal
	Email      models.Personal // the verified channel
	Identities []Identity      // proven or vouched for: by these the data is searched; the e-mail address among them
	Claimed    []Identity      // said by the person and proven by nobody: shown to staff, never searched or passed on
	Message    models.Personal // what the person wrote, if anything
	Statement  Statement       // what the right needs to be said besides
}

// Controller is the operator itself or one of its customers.
type Controller struct {
	ID            models.ID
	Slug          string
	Name          string
	Operator      bool // the operator itself; false for a customer, whose instruction is needed
	Regime        string
	Timezone      string
	Country       string
	Subdivision   string
	ContactEmail  models.Personal // who instructs, for reminders
	Authority     string          // supervisory authority named in letters
	BreachHours   int             // within which its contract wants it told of a breach; 0: no hour is agreed
	FourEyes      FourEyes        // which of its plans two persons have to approve
	ObjectionDays int             // within which it may object to a change of subprocessors, Art. 28(2); its contract says
}
