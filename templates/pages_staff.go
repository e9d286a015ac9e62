package templates

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/task"
)

// RequestView is everything the console shows of one request. Subject is nil unless its identity was asked for.
type RequestView struct {
	Path        string
	Reference   string
	ID          string
	Right       models.Right
	Article     string
	State       models.State
	Outcome     models.Outcome
	Controller  string
	Channel     string
	Language    string
	ReceivedAt  time.Time
	VerifiedAt  time.Time
	ClosedAt    time.Time
	Due         Due
	Waits       string     // for whom; empty when closed
	Clock       *ClockView // nil until it is computed
	Messages    []MessageRow
	CanReveal   bool
	CanRemind   bool     // whom it waits for
	Ground      string   // of a restriction
	Purposes    []string // objected to
	Restriction string   // state of the restriction; empty for none
	Subject     *SubjectView
	Agents      []AgentView // who asks for the person
	Complaints  []ComplaintView
	Plan        *PlanView
	Offers      []Offer
	Entered     Entered // into the form of an offer that was refused
	Located     []LocatedView
	Notices     []NoticeRow
	Tasks       []TaskRow
	Silent      []SystemHealth // systems that the request may wait for
	Deferrals   []DeferralRow
	Decisions   []DecisionRow
	Receipts    []ReceiptRow
	Scan        *ScanView // nil for a customer
	Shredded    bool      // the person's data has been destroyed
	Ledger      []LedgerRow
	Flash       string
	Failure     string // the safe sentence of an action that was refused
	Errors      Errors
}

// AgentView is somebody who asks for the person of a request.
type AgentView struct {
	Path        string
	Basis       string
	State       string
	Name, Email string // empty while they are hidden
	Size        int64  // of the proof
	At          time.Time
	Reason      string // of what the DPO decided
	CanFetch    bool
	CanDecide   bool
}

// ComplaintView is what the person has complained of; its texts are empty for those who may not read them.
type ComplaintView struct {
	Path         string
	At           time.Time
	AnsweredAt   time.Time // zero until then
	Text, Answer string
	CanAnswer    bool
}

// ClockView is how the legal date came to be.
type ClockView struct {
	Regime               string
	StartOn, Target      calendar.Date // Target is the unrolled date
	DueOn, ExtendedTo    calendar.Date // zero while paused; zero unless extended
	Paused               bool
	ExtendedAt, LetterAt time.Time // LetterAt is when the person was told, which makes an extension valid; zero until then
	Questions            []Question
	Steps                []string
	RuleSet              string
}

// Question is one to the person; AnsweredAt is zero while it is open.
type Question struct{ AskedAt, AnsweredAt time.Time }

// MessageRow is a letter to the person; its text is shown with the identity only.
type MessageRow struct {
	At         time.Time
	Kind, Body string
}

// SubjectView is the identity of the person, shown after an explicit, recorded act.
type SubjectView struct {
	Name, Email string
	Identities  []KindValue // proven or vouched for
	Claimed     []KindValue // said by the person, proven by nobody
	Message     string
	Answers     []string // to questions that were asked
	Situation   string   // of an objection
	Wrong       string   // of a rectification
	Correct     string
	Said        []KindValue // corrections as field and value
}

// PlanView is the plan with the choices that are open.
type PlanView struct {
	Version   int
	Digest    string
	RuleSet   string
	Decided   bool
	Groups    []plan.Group
	Undecided int
	Totals    []Total
	Narrowed  *NarrowedView // nil: the customer has instructed the whole
	FourEyes  bool          // two persons have to approve it
	First     *FirstView    // the first of them; nil while there is none, or when it is decided
}

// NarrowedView says by whose instruction parts of the data are left out.
type NarrowedView struct {
	By     string
	At     time.Time
	Names  LeftOutNames
	Reason models.Personal // empty when the request's key was destroyed
}

// FirstView is the first of two approvals of a plan.
type FirstView struct {
	Name   string
	Role   string
	At     time.Time
	Own    bool // of the reader
	Reason models.Personal
}

// Total counts the rows under a treatment.
type Total struct {
	Treatment models.Treatment
	Rows      int64
}

// LocatedView counts the located rows by what has been done with them.
type LocatedView struct {
	Status string
	Rows   int64
}

// NoticeRow is one notice to a recipient.
type NoticeRow struct {
	ID, Recipient, State, Answer string
	Attempts                     int
	SentAt, AnsweredAt           time.Time
	CanWaive                     bool
	ByHand                       bool            // people tell it
	Note                         models.Personal // the recipient's own words
	Answers                      []string        // that the reader may record for it
}

// DeferralRow is data that is erased when its hold ends.
type DeferralRow struct {
	What, System          string
	Rows                  int64
	DueOn                 calendar.Date
	State                 string
	Citation, Explanation string
	Counted               *plan.Counted // how the last day came about; nil where the plan does not say
}

// DecisionRow is a decision that was taken; Reason is what was written, for those who may read it.
type DecisionRow struct {
	At        time.Time
	Kind, By  string
	Recipient string        // whose notice it is about; empty for all else
	LeftOut   *LeftOutNames // of an instruction; nil for the whole
	Reason    string
}

// ReceiptRow is a signed receipt for download.
type ReceiptRow struct {
	Path string
	At   time.Time
	Of   string // key: the request or a deferral
}

// LedgerRow is one entry of the ledger.
type LedgerRow struct {
	At   time.Time
	Kind string
	By   string
	Data []Fact
}

// Fact is one named value of a ledger entry.
type Fact struct{ Name, Value string }

// OperationsView shows what waits and what is well.
type OperationsView struct {
	Ready         bool
	Failure       string
	OrdersWaiting int64
	OldestOrder   time.Time
	OldestMinutes int
	Systems       []SystemHealth
}

// SystemHealth says whether a system answered when it was last asked.
type SystemHealth struct {
	Name      string
	Code      string    // of the error; empty when it answers
	Since     time.Time // of the present state
	CheckedAt time.Time
}

// The console's pages.
var (
	Request    = &Page[RequestView]{"staff/request", []RequestView{requestExample(), closedExample(), restrictedExample(), rectificationExample(), narrowedExample(), awaitingExample()}}
	Operations = &Page[OperationsView]{"staff/operations", []OperationsView{
		{Ready: true},
		{Failure: "The database does not answer.", OrdersWaiting: 12, OldestOrder: exampleTime, OldestMinutes: 17, Systems: []SystemHealth{
			{Name: "invoices", Since: exampleTime, CheckedAt: exampleTime},
			{Name: "shipments", Code: "system_unavailable", Since: exampleTime, CheckedAt: exampleTime},
		}},
	}}
)

func requestExample() RequestView {
	groups := []plan.Group{
		{No: 1, System: "erp", Dataset: "shipments", Collection: "parties", Rows: 1412, Proposed: models.TreatErase, Reason: plan.ReasonGround},
		{
			No: 2, System: "erp", Dataset: "customs", Collection: "declarations", Rows: 3, Proposed: models.TreatRetain, Reason: plan.ReasonHeld,
			Rule: "EU_UCC_51", Citation: "Reg. 952/2013 Art. 51(1)", Explanation: "Kept until 31 December 2030: three years from the end of the year of acceptance.",
			Counted:     &plan.Counted{Years: 3, OfYear: true, Start: "declaration_accepted"},
			HoldThrough: calendar.Date{Year: 2030, Month: time.December, Day: 31}, ErasableOn: calendar.Date{Year: 2031, Month: time.January, Day: 1},
		},
		{
			No: 3, System: "tracking", Dataset: "tracking", Collection: "watchers", Rows: 1, Proposed: models.TreatRefer, Reason: plan.ReasonShared,
			SharedWith: "logins.accounts", Options: []models.Treatment{models.TreatKeep, models.TreatMask, models.TreatErase},
			Fields: []plan.Field{{Name: "id", Fixed: true}, {Name: "email", Personal: true, Identity: true}},
		},
		{
			No: 4, System: "erp", Dataset: "parties", Collection: "addresses", Rows: 1, Proposed: models.TreatRefer, Reason: plan.ReasonShared,
			SharedWith: "parties.parties", Options: []models.Treatment{models.TreatKeep, models.TreatMask, models.TreatErase},
			Fields: []plan.Field{{Name: "id", Fixed: true}, {Name: "street", Personal: true}},
		},
	}
	v := RequestView{
		Path: "/staff/requests/sample", Reference: "7K3F-9QXM-2T", ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a11", Right: models.Erasure, Article: "Art. 17 GDPR",
		State: models.InReview, Controller: "Acme Forwarding", Channel: "portal", Language: "en",
		ReceivedAt: exampleTime.AddDate(0, 0, -16), VerifiedAt: exampleTime.AddDate(0, 0, -16),
		Due:       Due{On: exampleDate(time.March, 3), Zone: "Europe/Berlin", Days: 12},
		CanReveal: true, CanRemind: true, Waits: "dpo",
		Complaints: []ComplaintView{
			{Path: "/staff/requests/sample/complaints/1", At: exampleTime, AnsweredAt: exampleTime, Text: "My old address is still used.", Answer: "We have looked again and corrected it."},
			{Path: "/staff/requests/sample/complaints/2", At: exampleTime, Text: "It is used again.", CanAnswer: true},
			{Path: "/staff/requests/sample/complaints/3", At: exampleTime},
		},
		Agents: []AgentView{
			{Path: "/staff/requests/sample/agents/one", Basis: "mandate", State: "asked", Name: "Robin Counsel", Email: "robin@example.org", Size: 812_400, At: exampleTime, CanFetch: true, CanDecide: true},
			{Path: "/staff/requests/sample/agents/two", Basis: "guardian", State: "refused", Size: 12_400, At: exampleTime, Reason: "The order has run out.", CanFetch: true},
		},
		Clock: &ClockView{
			Regime: "EU_GDPR", StartOn: exampleDate(time.February, 3), Target: exampleDate(time.March, 3), DueOn: exampleDate(time.March, 3), RuleSet: "2027.1",
			Steps: []string{"Received on 3 February 2027 in Europe/Berlin; that day does not count.", "One month later: 3 March 2027.", "A Wednesday and no public holiday in DE-BE: it stays."},
		},
		Plan: &PlanView{
			Version: 2, Digest: "a3f1c09d5e6b7788", RuleSet: "2027.1", Groups: groups, Undecided: 2,
			Totals: []Total{{models.TreatErase, 1412}, {models.TreatRetain, 3}, {models.TreatRefer, 2}},
		},
		Offers: []Offer{
			{Kind: "approve", Words: "approve", Danger: true},
			{Kind: "change", Words: "change", Reason: true},
			{Kind: "refuse", Words: "refuse", Reason: true},
			{Kind: "extend", Words: "extend", Reason: true},
			{Kind: "clarify", Words: "clarify", Reason: true},
		},
		Scan:    &ScanView{CanOrder: true},
		Located: []LocatedView{{Status: "located", Rows: 4}, {Status: "erased", Rows: 1412}},
		Ledger: []LedgerRow{
			{At: exampleTime, Kind: "request.received", By: "subject", Data: []Fact{{"right", "erasure"}}},
			{At: exampleTime, Kind: "state.in_review", By: "system", Data: []Fact{{"from", "locating"}}},
		},
	}
	return v
}

// narrowedExample is a plan of which the customer leaves parts out and that one of two has approved.
func narrowedExample() RequestView {
	v := requestExample()
	names := LeftOutNames{Names: []string{"payments and prices", "Paper archive"}}
	v.Plan.Groups = append(v.Plan.Groups[:1:1],
		plan.Group{No: 2, System: "billing", Dataset: "billing", Collection: "invoices", Rows: 9, Proposed: models.TreatKeep, Reason: plan.ReasonLeftOut},
		plan.Group{No: 3, System: "paper_archive", Dataset: "archive", Collection: "letters", Proposed: models.TreatKeep, Reason: plan.ReasonLeftOut, By: plan.ByHand})
	v.Plan.Totals, v.Plan.Undecided = []Total{{models.TreatErase, 1412}, {models.TreatKeep, 9}}, 0
	v.Plan.Narrowed = &NarrowedView{By: "Acme Forwarding", At: exampleTime, Names: names, Reason: "We answer for our invoices ourselves."}
	v.Plan.FourEyes, v.Plan.First = true, &FirstView{Name: "Ada Brandt", Role: "dpo", At: exampleTime, Reason: "Checked against the contract."}
	v.Decisions = []DecisionRow{{At: exampleTime, Kind: "instruct", By: "controller", LeftOut: &names, Reason: "We answer for our invoices ourselves."}}
	v.Offers = v.Offers[:1]
	return v
}

// awaitingExample is what a customer sees that has to instruct.
func awaitingExample() RequestView {
	v := requestExample()
	v.State, v.Waits, v.Plan, v.Scan, v.Agents = models.AwaitingInstruction, "controller", nil, nil, nil
	v.Offers = []Offer{{Kind: "instruct", Words: "instruct", Parts: true}, {Kind: "decline", Words: "decline", Reason: true}}
	return v
}

// restrictedExample is a closed request whose restriction may be lifted.
func restrictedExample() RequestView {
	v := requestExample()
	v.Right, v.Article, v.State, v.Outcome, v.ClosedAt, v.Due.Done = models.Restriction, "Art. 18 GDPR", models.Closed, models.PartlyFulfilled, exampleTime, true
	v.Ground, v.Restriction = "accuracy", "in_force"
	v.Plan.Decided, v.Plan.Undecided = true, 0
	v.Plan.Groups = []plan.Group{
		{No: 1, System: "erp", Dataset: "shipments", Collection: "parties", Rows: 12, Proposed: models.TreatRestrict, Reason: plan.ReasonGround},
		{No: 2, System: "tracking", Dataset: "tracking", Collection: "watchers", Rows: 2, Proposed: models.TreatRestrict, Reason: plan.ReasonNoMark},
	}
	v.Plan.Totals = []Total{{models.TreatRestrict, 14}}
	v.Located = []LocatedView{{Status: "restricted", Rows: 12}, {Status: "blocked", Rows: 2}}
	v.Offers = []Offer{{Kind: "lift", Words: "lift", Reason: true}}
	v.Scan = &ScanView{Refusal: "scan.shredded"}
	return v
}

// rectificationExample waits for the DPO, who has entered a correction.
func rectificationExample() RequestView {
	v := requestExample()
	v.Right, v.Article = models.Rectification, "Art. 16 GDPR"
	v.Plan.Undecided, v.Plan.Totals = 0, []Total{{models.TreatRectify, 2}}
	v.Plan.Groups = []plan.Group{{
		No: 1, System: "erp", Dataset: "parties", Collection: "addresses", Rows: 2, Proposed: models.TreatKeep, Choice: models.TreatRectify, Reason: plan.ReasonAsIs,
		Fields: []plan.Field{{Name: "id", Fixed: true}, {Name: "street", Personal: true}}, Corrected: []string{"street"},
	}}
	v.Subject = &SubjectView{Name: "Sam Sample", Email: "sam.sample@example.com", Wrong: "My street is misspelt.", Correct: "It is Kirchweg 9.", Said: []KindValue{{"street", "Kirchweg 9"}}}
	v.Offers = []Offer{{Kind: "approve", Words: "approve.rectification", Danger: true}, {Kind: "refuse", Words: "refuse", Reason: true}}
	return v
}

func closedExample() RequestView {
	v := requestExample()
	v.State, v.Outcome, v.ClosedAt = models.Closed, models.PartlyFulfilled, exampleTime
	v.Due.Done, v.Offers, v.Plan.Decided = true, nil, true
	v.Plan.Groups[2].Choice = models.TreatKeep
	v.Plan.Undecided = 0
	v.Subject = &SubjectView{Name: "Sam Sample", Email: "sam.sample@example.com", Identities: []KindValue{{"customer_number", "C-1042"}}, Claimed: []KindValue{{"phone_number", "+49 30 1234"}}, Message: "Please erase all.", Answers: []string{"The one in Hamburg."}}
	v.Notices = []NoticeRow{
		{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a12", Recipient: "Parcel Analytics", State: "acknowledged", Answer: "erased", Attempts: 1, SentAt: exampleTime, AnsweredAt: exampleTime},
		{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a13", Recipient: "Mailer GmbH", State: "sent", Attempts: 2, SentAt: exampleTime, CanWaive: true, Answers: []string{"erased", "not_held", "retained_by_law"}},
		{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a14", Recipient: "Paper Archive e.K.", State: "queued", Attempts: 1, ByHand: true, CanWaive: true, Answers: []string{"erased"}},
		{ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a15", Recipient: "Score Bureau", State: "declined", Answer: "declined", Note: "We are a controller of our own.", Attempts: 1, SentAt: exampleTime, CanWaive: true},
	}
	v.Tasks = []TaskRow{
		{Path: "/staff/tasks/sample", System: "paper_archive", Action: task.Locate, State: task.Confirmed, Collections: []string{"archive.letters"}, Records: 4},
		{Path: "/staff/tasks/sample", System: "paper_archive", Action: task.Erase, State: task.Open, Collections: []string{"archive.letters"}},
	}
	v.Silent = []SystemHealth{{Name: "oslo_crm", Code: "worker_silent", Since: exampleTime}, {Name: "billing", Code: "system_unavailable", Since: exampleTime}}
	v.Plan.Groups = append(v.Plan.Groups,
		plan.Group{No: 4, System: "paper_archive", Dataset: "archive", Collection: "letters", Rows: 4, Proposed: models.TreatErase, Reason: plan.ReasonGround, By: plan.ByHand},
		plan.Group{No: 5, System: "mailer", Dataset: "mailer", Collection: "profiles", Proposed: models.TreatErase, Reason: plan.ReasonGround, By: plan.ByDelegate})
	v.Deferrals = []DeferralRow{{What: "customs.declarations", Rows: 3, DueOn: calendar.Date{Year: 2031, Month: time.January, Day: 1}, State: "pending", System: "erp", Citation: "Reg. 952/2013 Art. 51(1)", Explanation: "Kept until 31 December 2030: three years from the end of the year of acceptance."}}
	v.Decisions = []DecisionRow{{At: exampleTime, Kind: "approve", By: "dpo"}, {At: exampleTime, Kind: "acknowledge", By: "recipient", Recipient: "Mailwind Campaigns GmbH"}, {At: exampleTime, Kind: "extend", By: "dpo", Reason: "Several systems."}}
	v.Receipts = []ReceiptRow{{Path: "/staff/requests/sample/receipts/1", At: exampleTime, Of: "receipt.request"}}
	v.Waits = ""
	v.Clock = &ClockView{
		Regime: "EU_GDPR", StartOn: exampleDate(time.February, 3), Target: exampleDate(time.March, 3), DueOn: exampleDate(time.May, 3), ExtendedTo: exampleDate(time.May, 3), RuleSet: "2027.1",
		ExtendedAt: exampleTime, LetterAt: exampleTime, Questions: []Question{{AskedAt: exampleTime, AnsweredAt: exampleTime}, {AskedAt: exampleTime}}, Paused: true,
	}
	v.Messages = []MessageRow{{At: exampleTime, Kind: "confirmed", Body: "We have received your request."}, {At: exampleTime, Kind: "extension", Body: "We need two further months.\n\nSeveral systems are concerned."}}
	v.Scan = scanExample()
	v.Flash, v.Failure = "flash.decided", "The plan has changed since it was shown."
	return v
}
