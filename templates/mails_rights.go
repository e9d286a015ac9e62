package templates

import (
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/request"
)

// RestrictionMail answers a request for restriction (Art. 18): what is restricted, what could not be marked, and that the person is told before
// it is lifted. With none of these it says that nothing is held.
type RestrictionMail struct {
	MailHead
	ReceivedOn  calendar.Date
	Ground      string // point of the article; may be empty
	Restricted  []Portion
	Unmarked    []Portion // seen to by hand
	Kept        []KeptPortion
	LeftOut     LeftOut
	Recipients  []string
	AllAnswered bool
	Authority   string
	Link        string
}

// Mail renders the answer.
func (m RestrictionMail) Mail() (Mail, error) { return renderMail("restriction", m) }

// CorrectedField is a field that was corrected or, with Why, was not. It holds no value.
type CorrectedField struct {
	What    models.Said // the records
	Field   models.Said
	Records int64
	Why     Why
}

// RectificationMail answers a request for rectification (Art. 16): what was corrected, and what was not and why (Art. 12(4)).
type RectificationMail struct {
	MailHead
	ReceivedOn   calendar.Date
	Corrected    []CorrectedField
	NotCorrected []CorrectedField
	Reason       models.Personal // of the data protection officer, for what was asked and is not corrected; may be empty
	LeftOut      LeftOut
	Recipients   []string
	AllAnswered  bool
	Authority    string
	Link         string
}

// Mail renders the answer.
func (m RectificationMail) Mail() (Mail, error) { return renderMail("rectification", m) }

// ObjectionMail answers an objection (Art. 21): for which purposes the data is no longer used, and for which it is, with the reason.
type ObjectionMail struct {
	MailHead
	ReceivedOn  calendar.Date
	Stopped     []request.Purpose
	Refused     []request.Purpose
	Reason      models.Personal // compelling grounds for what is refused; may be empty
	Affected    []Portion
	Restricted  []Portion
	LeftOut     LeftOut
	Recipients  []string
	AllAnswered bool
	Authority   string
	Link        string
}

// Mail renders the answer.
func (m ObjectionMail) Mail() (Mail, error) { return renderMail("objection", m) }

// LiftingMail tells the person, before it happens, that a restriction is lifted, and why (Art. 18(3)).
type LiftingMail struct {
	MailHead
	ReceivedOn calendar.Date
	Reason     models.Personal
	Authority  string
	Link       string
}

// Mail renders the letter.
func (m LiftingMail) Mail() (Mail, error) { return renderMail("lifting", m) }
