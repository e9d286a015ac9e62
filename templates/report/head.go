package report

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Head is everything that the report says before the copy of the data.
type Head struct {
	Language   string // BCP 47; the one of templates.Languages that fits best is spoken
	Controller string // name
	Contact    string // how to reach the controller's data protection officer
	Authority  string // supervisory authority by name, Art. 15(1)(f); may be empty
	Reference  string
	Name       models.Personal // of the person; may be empty
	Identities []Identity      // by which was searched
	ReceivedOn calendar.Date
	PreparedAt time.Time
	Zone       *time.Location // of all dates; nil is UTC
	Processing []Processing
	Recipients []Recipient
	Decisions  []Decision // Art. 15(1)(h); empty states that there are none
	Withheld   []Withheld // parts of the copy that are left out or blanked
	LeftOut    LeftOut
}

// LeftOut is what the controller has left out of the answer by its instruction, Art. 28(3)(a); without parts it has left nothing out.
type LeftOut struct {
	By     string // the controller's name
	Reason models.Personal
	Parts  []Part
}

// Part is a part of the data in words.
type Part struct {
	What    models.Said
	Records int64
	Unknown bool // nobody has counted
}

// Identity is one detail by which the person was searched.
type Identity struct {
	Kind   string      // code of the data map, e.g. email
	Called models.Said // by the data map, for a kind of which the language has no words; may be empty
	Value  models.Personal
}

// Processing is one set of data and what Art. 15(1) asks about it.
type Processing struct {
	Name       models.Said   // e.g. "Shipments"
	Purposes   []models.Said // Art. 15(1)(a)
	LegalBasis string        // code of the data map: consent, contract, …
	Categories []string      // in words of the language, Art. 15(1)(b)
	Recipients []string      // names, Art. 15(1)(c)
	Storage    []Storage     // one a collection where they differ, Art. 15(1)(d)
	Source     models.Said   // Art. 15(1)(g); empty: from the person
	Records    int64         // in the copy
}

// Storage is how long something is stored: a period in words, or the laws that oblige; with neither until the purposes are fulfilled.
type Storage struct {
	Period models.Said
	Laws   []string // citations
}

// Basis is the provision of a legal basis; empty for a code that is none.
func (p Processing) Basis() string { return bases[p.LegalBasis] }

var bases = map[string]string{
	"consent": "Art. 6(1)(a) GDPR", "contract": "Art. 6(1)(b) GDPR", "legal_obligation": "Art. 6(1)(c) GDPR", "vital_interests": "Art. 6(1)(d) GDPR",
	"public_task": "Art. 6(1)(e) GDPR", "legitimate_interests": "Art. 6(1)(f) GDPR",
}

// Recipient is somebody the data was or will be disclosed to, by name, Art. 15(1)(c).
type Recipient struct {
	Name       string
	Purposes   []models.Said
	Categories []string    // in words of the language
	Country    string      // ISO code, or words
	Safeguard  models.Said // of a transfer to a third country, Art. 15(2) with 46; empty: none is needed
}

// Decision is one automated decision, Art. 15(1)(h) and 22.
type Decision struct {
	What         models.Said
	Logic        models.Said // meaningful information about the logic involved
	Consequences models.Said // significance and envisaged consequences
}

// Withheld is a part of the copy that is left out or blanked, with the reason.
type Withheld struct {
	What    models.Said
	Records int64
	Why     Reason
}

// Reason is why something is not in the copy.
type Reason string

const (
	Redacted    Reason = "redacted"     // parts are about another person
	NotPortable Reason = "not_portable" // not provided by the person, Art. 20(1)
	Shared      Reason = "shared"       // about another person too, Art. 15(4)
	NotBrought  Reason = "not_brought"  // nobody could gather it
)

// Total is the number of records in the copy.
func (h Head) Total() (n int64) {
	for _, p := range h.Processing {
		n += p.Records
	}
	return n
}

// Transfers are the recipients in third countries, Art. 15(2).
func (h Head) Transfers() []Recipient {
	return slices.DeleteFunc(slices.Clone(h.Recipients), func(r Recipient) bool { return r.Safeguard.Text == "" })
}
