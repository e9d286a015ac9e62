package notification

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"habeas/models"
)

// Notification is one phase of a notification. Texts may be empty where the law lets them follow (Art. 33(4)).
type Notification struct {
	Reference  string // of the breach
	Drill      bool
	Phase      int  // from 1
	Final      bool // nothing is to follow
	Authority  string
	PreparedAt time.Time
	Zone       *time.Location

	Controller Party
	Lead       bool // the authority is the lead authority by the establishment; else it is one of those concerned

	ReportedAt   time.Time
	AwareAt      time.Time
	Corrections  []Correction // earlier instants of awareness
	DueAt        time.Time
	Late         bool
	Delay        models.Personal // reasons for the delay
	Nature       models.Personal // (a)
	PersonKinds  []string
	Persons      *int // about
	Categories   []string
	Records      *int            // about
	Contact      models.Personal // (b)
	Consequences models.Personal // (c)
	Measures     models.Personal // (d)
	Processor    string          // whose breach it was, when a processor's
	PersonsTold  string          // what is decided on telling the persons, in words
	Earlier      []Earlier
	Missing      []string // what is to follow, in words
}

// Party is who notifies.
type Party struct {
	Name, Country string
	Establishment string // place, in words
}

// Correction is an instant of awareness that was corrected, with the reason.
type Correction struct {
	At     time.Time
	Reason models.Personal
}

// Earlier is a phase that went before.
type Earlier struct {
	Phase     int
	At        time.Time
	Reference models.Personal
}

// form is the structured file. Its names are stable.
type form struct {
	Schema       string       `json:"schema"`
	Reference    string       `json:"reference"`
	Exercise     bool         `json:"exercise"`
	Phase        int          `json:"phase"`
	Complete     bool         `json:"complete"`
	PreparedAt   string       `json:"prepared_at"`
	Authority    string       `json:"authority"`
	Lead         bool         `json:"lead_authority"`
	Controller   partyForm    `json:"controller"`
	ReportedAt   string       `json:"reported_at"`
	AwareAt      string       `json:"aware_at"`
	Corrections  []changeForm `json:"corrected_from,omitempty"`
	DueAt        string       `json:"due_at"`
	Late         bool         `json:"late"`
	Delay        string       `json:"reasons_for_delay,omitempty"`
	Nature       string       `json:"nature"`
	PersonKinds  []string     `json:"person_categories"`
	Persons      *int         `json:"approximate_persons"`
	Categories   []string     `json:"record_categories"`
	Records      *int         `json:"approximate_records"`
	Contact      string       `json:"contact_point"`
	Consequences string       `json:"likely_consequences"`
	Measures     string       `json:"measures"`
	Processor    string       `json:"processor,omitempty"`
	PersonsTold  string       `json:"communication_to_persons"`
	Earlier      []phaseForm  `json:"earlier_phases,omitempty"`
	Missing      []string     `json:"to_follow,omitempty"`
}

type partyForm struct {
	Name          string `json:"name"`
	Country       string `json:"country"`
	Establishment string `json:"establishment,omitempty"`
}

type changeForm struct {
	At     string `json:"aware_at"`
	Reason string `json:"reason"`
}

type phaseForm struct {
	Phase     int    `json:"phase"`
	At        string `json:"at"`
	Reference string `json:"reference,omitempty"`
}

// Schema names the form of the structured file.
const Schema = "habeas/breach-notification/1"

// JSON is the notification as a structured file. Instants are RFC 3339 with their offset.
func (n Notification) JSON() ([]byte, error) {
	f := form{
		Schema: Schema, Reference: n.Reference, Exercise: n.Drill, Phase: n.Phase, Complete: n.Final, PreparedAt: n.instant(n.PreparedAt), Authority: n.Authority,
		Lead: n.Lead, Controller: partyForm(n.Controller), ReportedAt: n.instant(n.ReportedAt), AwareAt: n.instant(n.AwareAt), DueAt: n.instant(n.DueAt),
		Late: n.Late, Delay: n.Delay.Reveal(), Nature: n.Nature.Reveal(), PersonKinds: n.PersonKinds, Persons: n.Persons, Categories: n.Categories,
		Records: n.Records, Contact: n.Contact.Reveal(), Consequences: n.Consequences.Reveal(), Measures: n.Measures.Reveal(), Processor: n.Processor,
		PersonsTold: n.PersonsTold, Missing: n.Missing,
	}
	for _, c := range n.Corrections {
		f.Corrections = append(f.Corrections, changeForm{n.instant(c.At), c.Reason.Reveal()})
	}
	for _, e := range n.Earlier {
		f.Earlier = append(f.Earlier, phaseForm{e.Phase, n.instant(e.At), e.Reference.Reveal()})
	}
	return json.MarshalIndent(f, "", "  ")
}

func (n Notification) instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(n.Zone).Format(time.RFC3339)
}

// Digest is what is recorded of a file that was submitted: SHA-256, hexadecimal.
func Digest(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}
