package templates

import (
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
	"habeas/models/subprocessor"
)

// RegisterKind is what about the register the DPO is reminded of.
type RegisterKind string

const (
	RegisterReview RegisterKind = "review" // a recipient is to be reviewed
	RegisterChange RegisterKind = "change" // a change of subprocessors waits
)

// RegisterMail reminds the DPO of something about the register.
type RegisterMail struct {
	MailHead
	Kind       RegisterKind
	Name       string        // of the recipient
	DueOn      calendar.Date // RegisterReview
	Count      int           // RegisterReview: weeks since
	Concerned  int           // RegisterChange: customers, as the rest
	Told       int
	Objected   int
	Unanswered int    // objections without an answer
	Link       string // behind a sign-in
}

// Mail renders the message.
func (m RegisterMail) Mail() (Mail, error) { return renderMail("register", m) }

// ChangeMail announces a change of subprocessors to a customer, Art. 28(2), so that it can object.
type ChangeMail struct {
	MailHead
	Customer   string
	Sort       subprocessor.Sort
	Emergency  bool // it is in force already
	Slug       string
	Old        string // the one that goes, of a replacement
	Name       string
	LegalName  string
	Country    string
	Transfer   recipient.Transfer // may be empty
	Safeguard  string
	Purposes   []string
	Categories []string // in words
	Why        models.Personal
	Days       int           // within which it may object
	Until      calendar.Date // the last of them
	Link       string        // to object, without an account
}

// Mail renders the message.
func (m ChangeMail) Mail() (Mail, error) { return renderMail("change", m) }
