package templates

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/subprocessor"
)

// ChangesView lists changes of subprocessors.
type ChangesView struct {
	Open, Over []ChangeRow
	CanDraft   bool
}

// ChangeRow is one change of the list.
type ChangeRow struct {
	Path, Reference, Sort, Name, State string
	DraftedAt                          time.Time
	EffectiveOn                        calendar.Date
	Counts                             ChangeCounts
	Last                               calendar.Date // a customer's own last day to object
}

// ChangeCounts are the customers by what they did.
type ChangeCounts struct{ Concerned, Told, Objected, Late, Silent int }

// ChangeFacts are what customers learn of a change.
type ChangeFacts struct {
	Sort, Slug, Old, Name, LegalName, Country, Transfer, Safeguard string
	Purposes, Categories, Controllers                              []string
	Emergency                                                      bool // in force with its announcement
	Why                                                            models.Personal
}

// ChangeView is one change: all of it for staff, a customer's own part for a customer.
type ChangeView struct {
	ChangeRow
	Facts      ChangeFacts
	Seen       int
	Decision   models.Personal
	Own        bool // for a customer
	Customers  []ChangeCustomer
	Unreached  []ChangeCustomer
	Objections []ChangeCustomer
	Events     []ChangeEvent
	Steps      []WindowStep
	WindowsEnd time.Time // zero while somebody was not told
	Offers     map[string]bool
	Flash      string
	Failure    string
}

// WindowStep is a step of a computation with its rule.
type WindowStep struct{ Text, Citation string }

// ChangeCustomer is a customer's part in a change.
type ChangeCustomer struct {
	ID, Name   string
	ToldAt     time.Time
	Until      time.Time
	ObjectedAt time.Time
	Late       bool
	Reason     models.Personal
	Answer     string
	Words      models.Personal
}

// ChangeEvent is one entry of the record.
type ChangeEvent struct {
	At       time.Time
	Kind, By string
	Count    int
	Words    models.Personal
}

// ChangeFormView is the form of a draft, with what was typed when it is sent back.
type ChangeFormView struct {
	Sorts, Transfers, Known []Option
	Fields                  map[string]string
	Emergency               bool
	Failure                 string
}

// ChangeAnswerView is what a customer sees by its link.
type ChangeAnswerView struct {
	Path, Reference, Customer, State string
	Facts                            ChangeFacts
	Own                              ChangeCustomer
	Days                             int
	EffectiveOn                      calendar.Date
	MayObject                        bool
	Over                             bool // the window
	Failure                          string
	Typed                            string
}

// Changes' pages.
var (
	Changes = &Page[ChangesView]{"staff/changes", []ChangesView{
		{CanDraft: true}, {Open: []ChangeRow{changeRowExample("open")}, Over: []ChangeRow{changeRowExample("in_force"), changeRowExample("withdrawn")}},
	}}
	Change     = &Page[ChangeView]{"staff/change", changeExamples()}
	ChangeForm = &Page[ChangeFormView]{"staff/change_form", []ChangeFormView{{
		Sorts: []Option{{Value: "add", Selected: true}, {Value: "replace"}, {Value: "remove"}, {Value: "change"}}, Transfers: []Option{{Value: "none"}, {Value: "scc"}},
		Known: []Option{{Value: "pacific-gate", Label: "Pacific Gate"}}, Fields: map[string]string{"slug": "mailer"}, Failure: "The address must be a mail address.",
	}}}
	ChangeAnswer = &Page[ChangeAnswerView]{"portal/change", []ChangeAnswerView{
		{Path: "/changes/x", Reference: "7K3F-9QXM-2T", Customer: "Acme", State: "open", Facts: changeFactsExample(), Days: 30, Own: ChangeCustomer{ToldAt: exampleTime, Until: exampleTime}, MayObject: true},
		{Path: "/changes/x", Reference: "7K3F-9QXM-2T", Customer: "Acme", State: "in_force", Facts: changeFactsExample(), Days: 1, Own: changeCustomerExample(), Over: true, EffectiveOn: calendar.Date{Year: 2027, Month: 5, Day: 1}},
		{Path: "/changes/x", Reference: "7K3F-9QXM-2T", Customer: "Acme", State: "withdrawn", Facts: ChangeFacts{Sort: "remove", Slug: "mailer", Why: "x"}, Over: true, MayObject: true, Failure: "Give the reason in words, in at most 8000 characters."},
	}}
)

func changeRowExample(state string) ChangeRow {
	return ChangeRow{
		Path: "/staff/changes/sample", Reference: "7K3F-9QXM-2T", Sort: "replace", Name: "Pacific Gate Logistics", State: state, DraftedAt: exampleTime,
		EffectiveOn: calendar.Date{Year: 2027, Month: 5, Day: 1}, Counts: ChangeCounts{Concerned: 1000, Told: 999, Objected: 3, Late: 1, Silent: 996},
	}
}

func changeFactsExample() ChangeFacts {
	return ChangeFacts{
		Sort: "replace", Slug: "pacific-gate", Old: "older", Name: "Pacific Gate Logistics", LegalName: "Pacific Gate Logistics Inc.", Country: "US", Transfer: "scc", Safeguard: "Module three",
		Purposes: []string{"Agent at the port"}, Categories: []string{"Contact details"}, Controllers: []string{"acme"}, Why: "The old one closes.\nWe move in May.",
	}
}

func changeCustomerExample() ChangeCustomer {
	return ChangeCustomer{ID: "c", Name: "Acme", ToldAt: exampleTime, Until: exampleTime, ObjectedAt: exampleTime, Late: true, Reason: "We may not send data there.", Answer: "overrule", Words: "The data stays in the Union."}
}

func changeExamples() []ChangeView {
	open := ChangeView{
		ChangeRow: changeRowExample("open"), Facts: changeFactsExample(), Seen: 4, Offers: map[string]bool{"answered": true, "decided": true, "withdrawn": true, "told": true},
		Customers: []ChangeCustomer{changeCustomerExample(), {ID: "d", Name: "Globex"}}, Unreached: []ChangeCustomer{{ID: "d", Name: "Globex"}},
		Objections: []ChangeCustomer{changeCustomerExample(), {ID: "e", Name: "Initech", ObjectedAt: exampleTime, Reason: "No."}}, WindowsEnd: exampleTime,
		Events:  []ChangeEvent{{At: exampleTime, Kind: "drafted", By: "dpo", Words: "The old one closes."}, {At: exampleTime, Kind: "told", By: "system", Count: 50}},
		Failure: "Customers may still object.",
	}
	draft := ChangeView{ChangeRow: changeRowExample("draft"), Facts: changeFactsExample(), Seen: 1, Offers: map[string]bool{"announced": true, "withdrawn": true}, Flash: "flash.decided"}
	own := ChangeView{
		ChangeRow: changeRowExample("open"), Facts: changeFactsExample(), Own: true, Customers: []ChangeCustomer{{ID: "d", Name: "Globex", ToldAt: exampleTime, Until: exampleTime}},
		Offers: map[string]bool{"objected": true}, Steps: []WindowStep{{"Announced on 2 March 2027.", "GDPR Art. 28(2)"}},
	}
	over := ChangeView{ChangeRow: changeRowExample("scheduled"), Facts: changeFactsExample(), Own: true, Customers: []ChangeCustomer{changeCustomerExample()}, Decision: "All were heard."}
	return []ChangeView{open, draft, own, over}
}

// FactsOf are what customers learn of a change.
func FactsOf(r subprocessor.Record) ChangeFacts {
	f := r.Proposal
	return ChangeFacts{
		Sort: string(f.Sort), Slug: f.Slug, Old: f.Old, Name: f.Name, LegalName: f.LegalName, Country: f.Country, Transfer: string(f.Transfer), Safeguard: f.Safeguard,
		Purposes: f.Purposes, Categories: CategoriesInWords(f.Categories), Controllers: f.Controllers, Why: r.Why,
		Emergency: f.Emergency,
	}
}

// PartOf is one customer's part in a change, in its own zone.
func PartOf(s subprocessor.Standing, name string) ChangeCustomer {
	out := ChangeCustomer{ID: s.ID.String(), Name: name, ToldAt: s.ToldAt}
	zone := s.Window.Until.Location()
	if !s.ToldAt.IsZero() {
		out.ToldAt, out.Until = s.ToldAt.In(zone), s.Window.Until
	}
	if o := s.Objection; o != nil {
		out.ObjectedAt, out.Late, out.Reason, out.Answer, out.Words = o.At.In(zone), o.Late, o.Reason, string(o.Answer), o.Words
	}
	return out
}
