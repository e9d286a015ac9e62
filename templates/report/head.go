package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Head is everything that the report says before the copy of the data. Texts are in words that the person understands.
type Head struct {
	Language   string // BCP 47; English is all there is
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
	What    string
	Records int64
	Unknown bool // nobody has counted
}

// Identity is one detail by which the person was searched.
type Identity struct {
	Kind  string // in words, e.g. "E-mail address"
	Value models.Personal
}

// Processing is one set of data and what Art. 15(1) asks about it.
type Processing struct {
	Name       string   // e.g. "Shipments"
	Purposes   []string // Art. 15(1)(a)
	LegalBasis string   // code of the data map (consent, contract, …) or words
	Categories []string // Art. 15(1)(b)
	Recipients []string // names, Art. 15(1)(c)
	Storage    []string // period or criteria, one a collection where they differ, Art. 15(1)(d)
	Source     string   // Art. 15(1)(g); empty: from the person
	Records    int64    // in the copy
}

// Recipient is somebody the data was or will be disclosed to, by name, Art. 15(1)(c).
type Recipient struct {
	Name       string
	Purpose    string
	Categories []string
	Country    string // in words
	Safeguard  string // of a transfer to a third country, Art. 15(2) with 46; empty: none is needed
}

// Decision is one automated decision, Art. 15(1)(h) and 22.
type Decision struct {
	What         string
	Logic        string // meaningful information about the logic involved
	Consequences string // significance and envisaged consequences
}

// Withheld is a part of the copy that is left out or blanked, with the reason.
type Withheld struct {
	What    string
	Records int64
	Why     string
}

// Total is the number of records in the copy.
func (h Head) Total() (n int64) {
	for _, p := range h.Processing {
		n += p.Records
	}
	return n
}

// Transfers are the recipients in third countries, Art. 15(2).
func (h Head) Transfers() []Recipient {
	return slices.DeleteFunc(slices.Clone(h.Recipients), func(r Recipient) bool { return r.Safeguard == "" })
}

// Day is a date in words with its zone.
func (h Head) Day(d calendar.Date) (string, error) {
	if d.IsZero() {
		return "", errors.New("a date is missing")
	}
	return fmt.Sprintf("%d %s %d (%s)", d.Day, d.Month, d.Year, zone(h.Zone)), nil
}

// Instant is a point in time in words with its zone.
func (h Head) Instant(t time.Time) (string, error) { return instant(t, h.Zone) }

func instant(t time.Time, loc *time.Location) (string, error) {
	if t.IsZero() {
		return "", errors.New("a time is missing")
	}
	return t.In(zone(loc)).Format("2 January 2006 at 15:04 (UTC-07:00, ") + zone(loc).String() + ")", nil
}

func zone(l *time.Location) *time.Location {
	if l == nil {
		return time.UTC
	}
	return l
}

var bases = map[string]string{
	"consent":              "Your consent, Art. 6(1)(a) GDPR",
	"contract":             "A contract with you, or steps before it, Art. 6(1)(b) GDPR",
	"legal_obligation":     "A legal obligation, Art. 6(1)(c) GDPR",
	"vital_interests":      "Vital interests, Art. 6(1)(d) GDPR",
	"public_task":          "A task in the public interest, Art. 6(1)(e) GDPR",
	"legitimate_interests": "Legitimate interests, Art. 6(1)(f) GDPR",
}

// Basis is the legal basis in words.
func (p Processing) Basis() string {
	if words, ok := bases[p.LegalBasis]; ok {
		return words
	}
	return p.LegalBasis
}

// Origin is where the data comes from.
func (p Processing) Origin() string {
	if strings.TrimSpace(p.Source) == "" {
		return "From you"
	}
	return p.Source
}
