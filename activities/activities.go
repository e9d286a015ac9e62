package activities

import (
	"context"
	"log/slog"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/store"
	"habeas/templates"
)

// Activities are the steps of all workflows; each exported method is one, registered under its own name.
type Activities struct {
	deps Deps
	pace Pace
}

// Deps is what the activities need from outside. All fields are required unless said otherwise.
type Deps struct {
	Store   *store.Store
	Systems map[string]connectors.System // by the name that the data map uses
	Queues  map[string]Queue             // of systems that another worker may serve; a system that is not in it belongs to the main queue
	Graph   *datamap.Graph
	MapID   string // digest of the data maps, for the evidence
	Rules   hold.Catalogue
	Law     Law
	Mail    Mailer
	Bulk    BulkMail
	Webhook Webhooks
	Links   Links
	Policy  Policy
	Log     *slog.Logger
	Now     func() time.Time
}

// Law gives the calendars and zones by which dates are computed.
type Law interface {
	// Calendar is that of an establishment's place, with the deployment's own days.
	Calendar(country, subdivision string) (*calendar.Calendar, error)
	// Zone is a time zone by its IANA name; it fails with unknown_zone.
	Zone(name string) (*time.Location, error)
}

// Mailer sends mail. Its errors have the kind Unavailable when trying again may help.
type Mailer interface {
	// Send sends a message once; key makes the Message-ID, so that a repeated message can be recognised.
	Send(ctx context.Context, to models.Personal, mail templates.Mail, key string) error
}

// Webhooks sends signed webhooks (Standard Webhooks).
type Webhooks interface {
	// Post sends the body to an https URL under the message ID; a redirect or a status other than 2xx is an error.
	Post(ctx context.Context, url, secret models.Personal, id string, at time.Time, body []byte) error
}

// Policy is what the operator has chosen.
type Policy struct {
	DPOEmail         models.Personal
	OperatorName     string
	ApproveUndecided bool          // a plan with nothing to decide needs no click
	LapseAfter       time.Duration // of a request that is never verified
	RemindBefore     []int         // days before the legal date on which the DPO is reminded
	InstructionEvery time.Duration
	ReviewEvery      time.Duration
	OverdueEvery     time.Duration
	PackageFor       time.Duration     // how long a package waits to be fetched
	KeepKeysFor      time.Duration     // after a request is closed and nothing is deferred
	BreachOnCall     []models.Personal // addresses of who hears a breach's alarms first; the DPO when empty
	BreachManagement []models.Personal // and of who hears those that nobody has heard
}

// New returns the activities.
func New(deps Deps) *Activities {
	return &Activities{deps: deps, pace: Pace{
		InstructionEvery: deps.Policy.InstructionEvery, ReviewEvery: deps.Policy.ReviewEvery, OverdueEvery: deps.Policy.OverdueEvery,
	}}
}
