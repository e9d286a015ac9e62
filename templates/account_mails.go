package templates

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/member"
)

// AccountMail carries the one-time link of an account: an invitation, or to set a new password. Device and Network say from where it was asked for;
// both are empty where whoever manages accounts ordered it.
type AccountMail struct {
	MailHead
	Invitation      bool
	Link            string
	AskedAt         time.Time
	Device, Network string
	ExpiresAt       time.Time
}

// Mail renders the message.
func (m AccountMail) Mail() (Mail, error) { return renderMail("account", m) }

// AlertMail tells a person of something that concerns the safety of their account. It holds no code and no link that opens anything.
type AlertMail struct {
	MailHead
	Kind            member.Alert
	At              time.Time // of the latest occurrence
	Times           int       // how often it happened
	Device, Network string    // as the person's own log shows them; both empty for what somebody else did
	Factor          string    // totp or passkey
	Codes           bool      // the wrong attempts were codes after the right password
	Left            string    // how many recovery codes
	From, To        models.Role
	Key             string // name of an access key
	Console         string // address of the console, as text
	SSO             bool   // signed in by the identity provider, whose password it is
}

// Mail renders the message.
func (m AlertMail) Mail() (Mail, error) { return renderMail("alert", m) }

// ByOther reports whether somebody else than the account's holder did it.
func (m AlertMail) ByOther() bool {
	byOther := []member.Alert{member.AlertRole, member.AlertFactorsReset, member.AlertDeactivated, member.AlertOfficerKey, member.AlertCustomerKey, member.AlertCustomerAdded}
	return slices.Contains(byOther, m.Kind)
}
