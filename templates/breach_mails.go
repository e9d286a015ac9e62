package templates

import (
	"time"

	"habeas/models"
)

// BreachDuty is an open duty of a breach; the values are those of the register's duties.
type BreachDuty string

// BreachAlarmMail is an alarm to those on call. It holds identifiers, instants and a link only.
type BreachAlarmMail struct {
	MailHead
	Drill   bool
	Duty    BreachDuty
	Hours   int // since the duty began
	Level   int // 1 is whoever is on call
	DueAt   time.Time
	Late    bool
	AwareAt time.Time // zero while nobody is
	Link    string    // behind a sign-in
}

// Mail renders the alarm.
func (m BreachAlarmMail) Mail() (Mail, error) { return renderMail("breach_alarm", m) }

// BreachCustomerMail tells a customer of a breach of its data, Art. 33(2), with what is known.
type BreachCustomerMail struct {
	MailHead
	Drill        bool
	Customer     string
	Update       int // 1 for the first message
	Nature       models.Personal
	Consequences models.Personal
	Measures     models.Personal
	Contact      models.Personal
	Persons      *int // about; nil while unknown
	Records      *int
	Categories   []string // in words
	PersonKinds  []string
	ReportedAt   time.Time
	AwareAt      time.Time // zero while nobody is certain
	Link         string    // acknowledges
}

// Mail renders the message.
func (m BreachCustomerMail) Mail() (Mail, error) { return renderMail("breach_customer", m) }
