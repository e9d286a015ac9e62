package templates

import "time"

// AccountMail carries the one-time link of an account: an invitation, or to set a new password.
type AccountMail struct {
	MailHead
	Invitation bool
	Link       string
	ExpiresAt  time.Time
}

// Mail renders the message.
func (m AccountMail) Mail() (Mail, error) { return renderMail("account", m) }
