package templates

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
)

// VerificationMail asks the owner of an address to confirm it. It is sent before anything is known about who asks, so it holds
// no name and no free text that a stranger could have entered.
type VerificationMail struct {
	MailHead
	Right     models.Right
	Link      string
	Code      string // as shown, e.g. "1234-5678"
	Agent     bool   // somebody asks for the person, who agrees or objects by the link alone
	ExpiresAt time.Time
}

// Mail renders the message.
func (m VerificationMail) Mail() (Mail, error) { return renderMail("verification", m) }

// ConfirmedMail tells the person that the request has been received and by when it is answered.
type ConfirmedMail struct {
	MailHead
	Right      models.Right
	ReceivedOn calendar.Date
	DueOn      calendar.Date
	Link       string // status page; may be empty
}

// Mail renders the message.
func (m ConfirmedMail) Mail() (Mail, error) { return renderMail("confirmed", m) }

// InstructionMail asks a customer for its instruction, Art. 28(3)(a); Sender is the operator. It names no data subject.
type InstructionMail struct {
	MailHead
	Customer string // the controller's name
	Right    models.Right
	DueOn    calendar.Date // of the answer to the person; zero while the clock is paused
	Link     string        // behind a sign-in
	Reminder int           // 0 for the first message
}

// Mail renders the message.
func (m InstructionMail) Mail() (Mail, error) { return renderMail("instruction", m) }

// ReminderKind is what the DPO is reminded of; the values are those of the workflow's reminders.
type ReminderKind string

const (
	RemindReview     ReminderKind = "review"     // a plan waits
	RemindDueSoon    ReminderKind = "due_soon"   // the legal date comes near
	RemindOverdue    ReminderKind = "overdue"    // the legal date has passed: escalation
	RemindNotice     ReminderKind = "notice"     // a recipient does not answer
	RemindByHand     ReminderKind = "by_hand"    // people have to tell a recipient
	RemindDeclined   ReminderKind = "declined"   // a recipient declines, with a reason
	RemindIncomplete ReminderKind = "incomplete" // something is left after an erasure
	RemindTask       ReminderKind = "task"       // a task waits for people
	RemindComplaint  ReminderKind = "complaint"  // a person is not content
	RemindProof      ReminderKind = "proof"      // a proof of authority can be looked at
)

// ReminderMail reminds the DPO. It holds identifiers and a link only.
type ReminderMail struct {
	MailHead
	Kind      ReminderKind
	RequestID models.ID
	NoticeID  models.ID     // RemindNotice, RemindByHand, RemindDeclined only
	DueOn     calendar.Date // RemindDueSoon, RemindOverdue; RemindReview too, zero while the clock is paused
	Link      string        // behind a sign-in
	Count     int           // 0 leaves it out
}

// Mail renders the message.
func (m ReminderMail) Mail() (Mail, error) { return renderMail("reminder", m) }

// ExtensionMail tells the person of an extension with its reasons, Art. 12(3).
type ExtensionMail struct {
	MailHead
	ReceivedOn calendar.Date
	DueOn      calendar.Date // until now
	ExtendedTo calendar.Date
	Reason     models.Personal
	Authority  string // supervisory authority by name; may be empty
	Link       string // may be empty
}

// Mail renders the letter.
func (m ExtensionMail) Mail() (Mail, error) { return renderMail("extension", m) }

// ClarificationMail asks the person a question.
type ClarificationMail struct {
	MailHead
	Question models.Personal
	Paused   bool          // the clock stands still until the answer
	DueOn    calendar.Date // zero leaves it out
	Link     string        // may be empty
}

// Mail renders the message.
func (m ClarificationMail) Mail() (Mail, error) { return renderMail("clarification", m) }

// RefusalMail is the negative answer of Art. 12(4): reasons, complaint, judicial remedy.
type RefusalMail struct {
	MailHead
	Right      models.Right
	ReceivedOn calendar.Date
	Ground     string // provision relied on, e.g. "Art. 12(5)(b) GDPR"; may be empty
	Reason     models.Personal
	Authority  string
}

// Mail renders the letter.
func (m RefusalMail) Mail() (Mail, error) { return renderMail("refusal", m) }

// ComplaintMail tells the person what the data protection officer answers to their complaint.
type ComplaintMail struct {
	MailHead
	Answer    models.Personal
	Authority string
	Link      string // status page; may be empty
}

// Mail renders the message.
func (m ComplaintMail) Mail() (Mail, error) { return renderMail("complaint", m) }

// Portion is a number of records of one sort, in words that the person understands.
type Portion struct {
	What      models.Said // e.g. "Delivery addresses"
	Records   int64
	ByHand    int64 // of them, by a person's hand
	Elsewhere bool  // another company holds some for us, and does not say how many
	Unknown   bool  // nobody has counted
}

// Why says why something was not done as it was asked for.
type Why string

const (
	WhyLaw         Why = "law"
	WhyShared      Why = "shared"     // with another person
	WhyCustomers   Why = "customers"  // with another customer, or the operator, when a contract ends
	WhyDecided     Why = "decided"    // by the data protection officer
	WhyUnsearched  Why = "unsearched" // nobody could search
	WhyFixed       Why = "fixed"      // a field that identifies the record
	WhyGone        Why = "gone"
	WhyUnsupported Why = "unsupported"
	WhyReadOnly    Why = "read_only"
	WhyNotTaken    Why = "not_taken" // the system refuses the value
)

// KeptPortion is a portion that stays, with its reason.
type KeptPortion struct {
	Portion
	Why     Why
	Law     string        // citation; empty when no law but another person's right is the reason
	Counted *plan.Counted // how the last day came about; nil where nobody knows
	Through calendar.Date // last day held; zero when the portion is not erased later
}

// LeftOut is what the controller has left out of the answer by its instruction, Art. 28(3)(a); without parts it has left nothing out.
type LeftOut struct {
	By     string          // the controller's name
	Reason models.Personal // in the controller's words
	Parts  []Portion
}

// ErasureMail answers an erasure request: what was erased, what was kept, by which law, until when, and who was told. With
// nothing erased and nothing kept it says that nothing is held.
type ErasureMail struct {
	MailHead
	ReceivedOn  calendar.Date
	Erased      []Portion
	Kept        []KeptPortion
	LeftOut     LeftOut
	Recipients  []string // names
	AllAnswered bool     // every recipient has answered
	Authority   string
	Link        string // status page; may be empty
}

// Mail renders the answer.
func (m ErasureMail) Mail() (Mail, error) { return renderMail("erasure", m) }

// DeferralMail tells the person that records which had to be kept are erased now.
type DeferralMail struct {
	MailHead
	ReceivedOn  calendar.Date // of the request
	HeldThrough calendar.Date
	ErasedOn    calendar.Date
	Erased      []Portion
	StillKept   []KeptPortion
	Recipients  []string
}

// Mail renders the message.
func (m DeferralMail) Mail() (Mail, error) { return renderMail("deferral", m) }

// PackageReadyMail tells the person that a package waits.
type PackageReadyMail struct {
	MailHead
	Link      string
	ExpiresAt time.Time
	LeftOut   LeftOut
	Authority string
}

// Mail renders the message.
func (m PackageReadyMail) Mail() (Mail, error) { return renderMail("package_ready", m) }

// PackageCodeMail carries the one-time code that opens a package.
type PackageCodeMail struct {
	MailHead
	Code      string
	ExpiresAt time.Time
}

// Mail renders the message.
func (m PackageCodeMail) Mail() (Mail, error) { return renderMail("package_code", m) }

// Identifier is one detail by which a recipient finds the person.
type Identifier struct {
	Kind  string // in words, e.g. "E-mail address"
	Value models.Personal
}

// NoticeMail tells a recipient of an erasure, Art. 17(2) and 19, or of a restriction, a rectification or an objection; with Reminder set it is the
// reminder of that notice.
type NoticeMail struct {
	MailHead
	Right       models.Right
	Customer    string // the controller's name, where its contract has ended
	Recipient   string
	Categories  []string // in words
	Fields      []string // that were corrected; never their values
	Identifiers []Identifier
	AnswerBy    calendar.Date
	Link        string // one-time acknowledgement
	Reminder    int    // 0 for the first message
	FirstSentAt time.Time
}

// Mail renders the notice.
func (m NoticeMail) Mail() (Mail, error) { return renderMail("notice", m) }
