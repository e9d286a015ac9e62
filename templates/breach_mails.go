package templates

import (
	"strings"
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

// BreachPersonMail tells a person of a breach of their data, Art. 34, in the DPO's words.
type BreachPersonMail struct {
	MailHead
	Test    bool // to the DPO only
	Drill   bool
	Title   string // the mail's subject
	Name    models.Personal
	Body    models.Personal
	Contact models.Personal
}

// Paragraphs are the lines of a text, by paragraph: what stands between empty lines.
func (m BreachPersonMail) Paragraphs(text models.Personal) [][]string {
	var out [][]string
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(text.Reveal())+"\n", "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
			continue
		}
		if len(lines) > 0 {
			out = append(out, lines)
		}
		lines = nil
	}
	return out
}

// Mail renders the message.
func (m BreachPersonMail) Mail() (Mail, error) { return renderMail("breach_person", m) }
