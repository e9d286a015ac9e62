package templates

import (
	"time"

	"habeas/models/calendar"
)

// ContractReturnMail tells a customer whose contract has ended that all of its data waits to be fetched, Art. 28(3)(g); Sender is the operator.
type ContractReturnMail struct {
	MailHead
	Customer  string
	Link      string
	ExpiresAt time.Time
	EraseFrom calendar.Date // the first day on which the data may be erased; zero: as soon as it has been fetched
}

// Mail renders the message.
func (m ContractReturnMail) Mail() (Mail, error) { return renderMail("contract_return", m) }

// ContractDeletionMail tells a customer that its data was erased, what had to be kept and who was told, and where the certificate is.
type ContractDeletionMail struct {
	MailHead
	Customer    string
	Erased      []Portion
	Kept        []KeptPortion
	Recipients  []string
	AllAnswered bool
	Link        string // of the certificate
}

// Mail renders the answer.
func (m ContractDeletionMail) Mail() (Mail, error) { return renderMail("contract_deletion", m) }

// ContractEndMail asks the DPO for what only they can do about the end of a contract. It holds identifiers and a link only.
type ContractEndMail struct {
	MailHead
	Customer string
	State    string // ordered, or returning while nobody has fetched the data
	Link     string // behind a sign-in
}

// Mail renders the message.
func (m ContractEndMail) Mail() (Mail, error) { return renderMail("contract_end", m) }
