package templates

import (
	"time"

	"habeas/models/recipient"
	"habeas/models/subprocessor"
)

// SubscriptionMail asks the owner of an address whether they want to hear of changes of subprocessors. It holds nothing that a stranger typed.
type SubscriptionMail struct {
	MailHead
	Link      string
	ExpiresAt time.Time
}

// Mail renders the message.
func (m SubscriptionMail) Mail() (Mail, error) { return renderMail("subscription", m) }

// SubscriberChangeMail tells a public subscriber of a change of subprocessors that was announced. It names no customer and gives no reasons.
type SubscriberChangeMail struct {
	MailHead
	Sort        subprocessor.Sort
	Emergency   bool   // it is in force already
	Old         string // name of the one that goes, of a replacement
	Name        string
	LegalName   string
	Country     string
	Transfer    recipient.Transfer // may be empty
	Safeguard   string
	Purposes    []string
	Categories  []string // in words
	Link        string   // the public page
	Unsubscribe string
}

// Mail renders the message.
func (m SubscriberChangeMail) Mail() (Mail, error) {
	out, err := renderMail("subscriber_change", m)
	out.Unsubscribe = m.Unsubscribe
	return out, err
}
