package templates

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Due is a legal date as it is shown. Days counts from today in the controller's zone and is negative when the date has passed.
type Due struct {
	On       calendar.Date
	Zone     string // IANA name
	Days     int
	Paused   bool
	Overdue  bool
	Extended bool
	Done     bool // the request is closed: no countdown
}

// FieldError is a message beside a form field: Key of the catalogue, Field the input's id.
type FieldError struct{ Field, Key string }

// Errors are the messages of a form that was sent back. They never hold what was typed.
type Errors []FieldError

// For is the key of the message for a field, or "".
func (e Errors) For(field string) string {
	for _, f := range e {
		if f.Field == field {
			return f.Key
		}
	}
	return ""
}

// Option is one choice of a list.
type Option struct {
	Value, Label string
	Words        string // the key of its name, instead of a label
	Selected     bool
}

// HomeView offers the rights.
type HomeView struct {
	Rights     []models.Right
	Controller string // slug of the one that it is about; empty leaves it to the form
	Name       string // of that one
}

// FormView is the form of a new request, with what was typed when it is sent back.
type FormView struct {
	Right       models.Right
	Article     string
	Controllers []Option // more than one: the person must choose
	Fixed       string   // slug of the only one that it can be about
	Home        string   // path of the page that the person chose the right on; empty for that of the service
	Name, Email string
	Identities  []IdentityField
	Message     string
	Statement   *StatementForm // what the right asks besides; nil for nothing
	Agent       *AgentForm     // who asks for the person; nil when they ask themselves
	Other       string         // path of the form of the other sort: for oneself, or for somebody else
	Errors      Errors
}

// AgentForm is who asks for another person.
type AgentForm struct {
	Name, Email string
	Bases       []Option
}

// StatementForm is what a restriction, an objection or a rectification asks for.
type StatementForm struct {
	Grounds     []Option // Art. 18(1)
	Purposes    []Option // Art. 21
	Situation   string
	Rectify     bool
	Wrong       string
	Correct     string
	Corrections string // lines
}

// IdentityField is an optional further identifier of a kind that the data map knows.
type IdentityField struct {
	Kind, Value string
	Called      models.Said // by the data map, where the language has no words for the kind; may be empty
}

// SentView says that a request has been received, the same whether or not anybody knows the address.
type SentView struct {
	Reference, StatusPath string
	Agent                 bool // somebody else was asked
}

// VerifyView asks the person to press the button of a one-time link. State is live, used, expired, superseded or objected.
type VerifyView struct {
	State      string
	Path       string
	StatusPath string // where a used link leads; empty when unknown
	Reference  string
	Right      models.Right
	Controller string
	Agent      string // who asks for the person; empty when they ask themselves
}

// PackageView leads to the download. State is ready, collected, expired or shredded.
type PackageView struct {
	State     string
	Path      string
	Reference string
	Right     models.Right
	Size      int64
	ExpiresAt time.Time
	CodeSent  bool
	Errors    Errors
}

// NoticeView asks a recipient to act and answer. State is open or acknowledged.
type NoticeView struct {
	State       string
	Path        string
	Recipient   string
	Reference   string
	Controller  string
	Identifiers []KindValue
	Right       models.Right
	Categories  []string // in words
	Fields      []string // that were corrected, by name
	SentAt      time.Time
	Answer      string
	Answers     []string // what may be answered
	Errors      Errors
}

// KindValue is one identifier of a person as it is shown, e.g. {email, sam@example.com}.
type KindValue struct{ Kind, Value string }

// ErrorView is a failure in words: a title and an advice from the catalogue by code, and the identifier to quote.
type ErrorView struct {
	Status    int
	Title     string // key
	Advice    string // key
	Code      string // of the error, where the catalogue may have a sentence of its own for it
	Detail    string // the safe sentence of the error, in English; empty when the advice says it
	RequestID string
}

// The pages for the public: the person who asks, and recipients.
var (
	Home = &Page[HomeView]{"portal/home", []HomeView{{Rights: models.Rights()}, {Rights: models.Rights(), Controller: "nordic", Name: "Nordic Parcels"}}}
	Form = &Page[FormView]{"portal/form", []FormView{
		{Right: models.Erasure, Article: "Art. 17 GDPR", Identities: []IdentityField{{Kind: "phone_number"}, {Kind: "customer_number"}, {Kind: "loyalty_card", Called: models.Said{Text: "Bonus card", Lang: "en"}}}},
		{
			Right: models.Access, Article: "Art. 15 GDPR", Name: "Sam Sample", Email: "sam@example",
			Controllers: []Option{{Value: "acme", Label: "Acme Forwarding"}, {Value: "nordic", Label: "Nordic Parcels"}},
			Identities:  []IdentityField{{Kind: "phone_number", Value: "+49 30 1234"}, {Kind: "customer_number"}},
			Errors:      Errors{{Field: "email", Key: "error.bad_email"}, {Field: "controller", Key: "error.missing_controller"}},
		},
		{
			Right: models.Restriction, Article: "Art. 18 GDPR", Errors: Errors{{Field: "ground", Key: "error.missing_ground"}},
			Statement: &StatementForm{Grounds: []Option{{Value: "accuracy"}, {Value: "unlawful"}, {Value: "claims"}, {Value: "objection"}}},
		},
		{
			Right: models.Objection, Article: "Art. 21 GDPR", Errors: Errors{{Field: "situation", Key: "error.missing_situation"}},
			Statement: &StatementForm{Purposes: []Option{
				{Value: "direct_marketing", Selected: true}, {Value: "profiling"}, {Value: "legitimate_interests", Selected: true}, {Value: "research"},
			}},
		},
		{
			Right: models.Rectification, Article: "Art. 16 GDPR", Errors: Errors{{Field: "corrections", Key: "error.bad_correction"}},
			Statement: &StatementForm{Rectify: true, Wrong: "My street is misspelt.", Correct: "It is Kirchweg 9.", Corrections: "street: Kirchweg 9"},
		},
		{
			Right: models.Access, Article: "Art. 15 GDPR", Name: "Sam Sample", Email: "sam@example.com", Other: "/requests/new?right=access",
			Agent: &AgentForm{Name: "Robin Counsel", Email: "robin@example.org", Bases: []Option{{Value: "mandate", Selected: true}, {Value: "parent"}, {Value: "guardian"}}},
			Errors: Errors{
				{Field: "agent_name", Key: "error.missing_agent"},
				{Field: "agent_email", Key: "error.agent_is_person"},
				{Field: "agent_basis", Key: "error.missing_basis"},
				{Field: "proof", Key: "error.bad_proof"},
				{Field: "proof", Key: "error.proof_too_large"},
				{Field: "proof", Key: "error.missing_proof"},
				{Field: "agent_email", Key: "error.bad_agent_email"},
			},
		},
		{
			Right: models.Restriction, Article: "Art. 18 GDPR", Other: "/requests/new?right=restriction", Identities: []IdentityField{{Kind: "phone_number"}},
			Agent:     &AgentForm{Bases: []Option{{Value: "mandate"}, {Value: "parent"}, {Value: "guardian"}}},
			Statement: &StatementForm{Grounds: []Option{{Value: "accuracy"}, {Value: "unlawful"}, {Value: "claims"}, {Value: "objection"}}},
		},
		{
			Right: models.Objection, Article: "Art. 21 GDPR", Other: "/requests/new?right=objection",
			Agent:     &AgentForm{Bases: []Option{{Value: "mandate"}, {Value: "parent"}, {Value: "guardian"}}},
			Statement: &StatementForm{Purposes: []Option{{Value: "direct_marketing"}, {Value: "profiling"}}},
		},
	}}
	Sent   = &Page[SentView]{"portal/sent", []SentView{{Reference: "7K3F-9QXM-2T", StatusPath: "/status/sample"}}}
	Verify = &Page[VerifyView]{"portal/verify", []VerifyView{
		{State: "live", Path: "/verify/sample", Reference: "7K3F-9QXM-2T", Right: models.Erasure, Controller: "Acme Forwarding"},
		{State: "used", Path: "/verify/sample", StatusPath: "/status/sample"},
		{State: "expired", StatusPath: "/status/sample"},
		{State: "superseded"},
		{State: "live", Path: "/verify/sample", Reference: "7K3F-9QXM-2T", Right: models.Access, Controller: "Acme Forwarding", Agent: "Robin Counsel"},
		{State: "objected"},
	}}
	Package = &Page[PackageView]{"portal/package", []PackageView{
		{State: "ready", Path: "/package/sample", Reference: "7K3F-9QXM-2T", Right: models.Access, Size: 4_718_592, ExpiresAt: exampleTime},
		{
			State: "ready", Path: "/package/sample", Reference: "7K3F-9QXM-2T", Right: models.Access, Size: 4_718_592, ExpiresAt: exampleTime,
			CodeSent: true, Errors: Errors{{Field: "code", Key: "error.wrong_code"}},
		},
		{State: "collected"},
		{State: "expired"},
	}}
	Notice = &Page[NoticeView]{"portal/notice", []NoticeView{
		{
			State: "open", Right: models.Erasure, Path: "/notices/sample", Answers: []string{"erased", "not_held", "retained_by_law", "declined"}, Recipient: "Parcel Analytics", Reference: "7K3F-9QXM-2T", Controller: "Acme Forwarding",
			Identifiers: []KindValue{{"email", "sam.sample@example.com"}}, Categories: []string{"e-mail address"}, SentAt: exampleTime,
			Errors: Errors{{Field: "answer", Key: "error.missing_answer"}, {Field: "note", Key: "error.missing_reason"}},
		},
		{State: "acknowledged", Right: models.Erasure, Answer: "erased", Recipient: "Parcel Analytics", Reference: "7K3F-9QXM-2T"},
		{
			State: "open", Right: models.Rectification, Path: "/notices/sample", Answers: []string{"done", "not_held"}, Recipient: "Parcel Analytics",
			Reference: "7K3F-9QXM-2T", Controller: "Acme Forwarding", Identifiers: []KindValue{{"email", "sam.sample@example.com"}},
			Categories: []string{"postal address"}, Fields: []string{"street"}, SentAt: exampleTime,
		},
	}}
	Failure = &Page[ErrorView]{"error", []ErrorView{
		{Status: 404, Title: "failure.not_found", Advice: "failure.not_found.advice", RequestID: "0192-sample"},
		{Status: 409, Title: "failure.conflict", Advice: "failure.conflict.advice", Code: "decision_not_open", RequestID: "0192-sample"},
		{Status: 500, Title: "failure.internal", Advice: "failure.internal.advice", RequestID: "0192-sample"},
	}}
)

var allPages = []Example{
	Home, Form, Sent, Status, Told, Authorities, Verify, Package, Notice, Failure,
	Inbox, Bulk, Reminders, Dashboard, Report, Holds, Ledger, Map, File, Instructions, Narrow, Request, Group, Operations, Rules, Tasks, Task,
	Breaches, Breach, BreachReport, BreachSent, BreachAnswer, BreachLetter,
	Recipients, Recipient, RecipientForm, Changes, Change, ChangeForm, ChangeAnswer, Trust, Subscription, TrustContent, TrustOne, TrustForm,
	Contracts, Contract, ContractForm, Certificate,
	Webhooks, Webhook,
	Login, Factor, Forgot, Link, Setup, Recovery, Confirm, AccountPage, Members, Permissions,
	Reference, Schemas, Schema, Problems, Keys,
}

// toPersons are the pages that a data subject sees; they are in every language. The others, for staff, customers and recipients, are in English.
var toPersons = []Example{Home, Form, Sent, Status, Told, Authorities, Verify, Package, Failure}

// ToPersons reports whether a page is one that data subjects see.
func ToPersons(p Example) bool { return slices.Contains(toPersons, p) }

func pagesIn(lang string) []Example {
	if lang == english {
		return allPages
	}
	return toPersons
}

var exampleTime = time.Date(2027, time.February, 19, 14, 5, 0, 0, time.UTC)

func exampleDate(month time.Month, day int) calendar.Date {
	return calendar.Date{Year: 2027, Month: month, Day: day}
}
