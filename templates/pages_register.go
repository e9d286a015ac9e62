package templates

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
)

// RecipientsView is the register, filtered, with the reviews that are due.
type RecipientsView struct {
	Rows    []RecipientRow
	Due     []RecipientRow
	Query   string
	Only    string // "", subprocessors, due, gaps
	CanEdit bool
}

// RecipientRow is one line of the register.
type RecipientRow struct {
	Path, Name, Country string
	Transfer            string
	Subprocessor        bool
	Categories          []string // in words
	NextReviewOn        calendar.Date
	EndedOn             calendar.Date
	Gaps                int
}

// RecipientView is one recipient with its history and its vetting.
type RecipientView struct {
	RecipientRow
	Slug, LegalName, Safeguard, Channel, Protocol string
	Address, Contacts                             models.Personal
	Purposes, Identities, Controllers, Former     []string
	ResponseDays                                  int
	ContractOn, ContractUntil, ReviewedOn         calendar.Date
	Missing                                       []recipient.Gap
	Answers                                       []VettingRow
	Questionnaire                                 string
	Versions                                      []RecipientVersionRow
	CanEdit                                       bool
	Flash                                         string
}

// VettingRow is a question with its answer; Value is empty while there is none.
type VettingRow struct {
	Code, Citation, Value string
	Note                  models.Personal
}

// RecipientVersionRow is one entry of the history.
type RecipientVersionRow struct {
	No      int
	At      time.Time
	By      string // role
	Changed []string
}

// RecipientFormView is the form of a recipient, with what was typed when it is sent back.
type RecipientFormView struct {
	Path, Action  string
	New           bool
	Version       int
	Fields        map[string]string
	Subprocessor  bool
	Transfers     []Option
	Channels      []Option
	Answers       []VettingRow
	Questionnaire string
	Values        []string
	Failure       string
	Announce      string // where a change is drafted that customers are told of first; empty when it is not that
}

// Register's pages.
var (
	Recipients = &Page[RecipientsView]{"staff/recipients", []RecipientsView{
		{CanEdit: true},
		{Query: "haul", Only: "due", Rows: []RecipientRow{recipientRowExample()}, Due: []RecipientRow{recipientRowExample()}},
	}}
	Recipient     = &Page[RecipientView]{"staff/recipient", []RecipientView{recipientExample(), {RecipientRow: RecipientRow{Name: "Small"}, Slug: "small", Channel: "mail"}}}
	RecipientForm = &Page[RecipientFormView]{"staff/recipient_form", []RecipientFormView{recipientFormExample(), {New: true, Path: "/staff/recipients", Action: "/staff/recipients", Fields: map[string]string{}}}}
)

func recipientRowExample() RecipientRow {
	day := calendar.Date{Year: 2027, Month: 3, Day: 1}
	return RecipientRow{
		Path: "/staff/recipients/sample", Name: "Pacific Gate Logistics and Donaudampfschifffahrtsgesellschaft Inc.", Country: "US", Transfer: "scc", Subprocessor: true,
		Categories: []string{"Contact details", "Delivery addresses"}, NextReviewOn: day, EndedOn: day, Gaps: 2,
	}
}

func recipientExample() RecipientView {
	day := calendar.Date{Year: 2025, Month: 3, Day: 1}
	v := RecipientView{
		RecipientRow: recipientRowExample(), Slug: "pacific-gate", LegalName: "Pacific Gate Logistics Inc.", Safeguard: "Module three", Channel: "webhook", Protocol: "Standard Webhooks",
		Address: "https://gate.example/a-long-path/of-the-privacy-desk/that-does-not-end", Contacts: "Kim Example\n+1 202 555 0100", Purposes: []string{"Agent at the port"}, Identities: []string{"email"},
		Controllers: []string{"acme"}, Former: []string{"globex"}, ResponseDays: 10, ContractOn: day, ContractUntil: day, ReviewedOn: day, CanEdit: true,
		Missing: []recipient.Gap{{Code: "transfer", Citation: "GDPR Art. 44"}}, Questionnaire: "2026-1", Flash: "register.saved",
		Versions: []RecipientVersionRow{{No: 2, At: exampleTime, By: "dpo", Changed: []string{"country", "vetting"}}, {No: 1, At: exampleTime, By: "system"}},
	}
	v.Answers = vettingExample()
	return v
}

func vettingExample() []VettingRow {
	var out []VettingRow
	for _, version := range []string{"2025-1", recipient.Questionnaire} {
		for _, q := range recipient.Questions(version) {
			out = append(out, VettingRow{Code: q.Code, Citation: q.Citation, Value: "partly", Note: "Asked for the report."})
		}
	}
	return out
}

func recipientFormExample() RecipientFormView {
	v := RecipientFormView{
		Path: "/staff/recipients/sample", Action: "/staff/recipients/sample", Version: 2, Fields: map[string]string{"name": "Pacific Gate", "slug": "pacific-gate"}, Subprocessor: true,
		Answers: vettingExample()[6:], Questionnaire: recipient.Questionnaire, Values: recipient.Values(), Failure: "Customers are told of this before it changes, and may object (Art. 28(2)): country, purposes. Draft a change of subprocessors instead.",
		Announce: "/staff/changes/new?sort=change",
		Channels: []Option{{Value: "mail", Selected: true}, {Value: "webhook"}},
	}
	for _, t := range recipient.Transfers() {
		v.Transfers = append(v.Transfers, Option{Value: string(t)})
	}
	return v
}

// Lists are the form's fields that take an item a line.
func (RecipientFormView) Lists() []string {
	return []string{"purposes", "categories", "identities", "controllers", "contacts"}
}

// Days are the form's fields that take a day.
func (RecipientFormView) Days() []string {
	return []string{"contract_on", "contract_until", "reviewed_on", "next_review_on"}
}
