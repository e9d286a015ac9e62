package templates

import (
	"time"

	"habeas/models"
	"habeas/models/breach"
)

// BreachesView is the board: open breaches with their countdowns, then those that are over.
type BreachesView struct {
	Open, Over []BreachRow
	CanReport  bool
}

// BreachRow is one breach of the board.
type BreachRow struct {
	Path, Reference string
	Drill           bool
	State           string
	ReportedAt      time.Time
	ClosedAt        time.Time
	Clocks          []BreachClock // open duties, the most urgent first
}

// BreachClock is one duty with its countdown. Hours and Minutes are what is left, or how late it is when Late.
type BreachClock struct {
	Duty     BreachDuty
	Who      string    // the customer, for its duty
	DueAt    time.Time // zero: without undue delay
	Lenient  time.Time // the other reading of the 72 hours; zero for other duties
	DoneAt   time.Time
	Done     bool
	Late     bool
	Timed    bool // it has a date to count to
	Hours    int
	Minutes  int
	Citation string
}

// BreachView is everything that the console shows of one breach.
type BreachView struct {
	Path, Reference string
	Drill           bool
	State           string
	Source          string
	Recipient       string // name of the subprocessor that reported it or at which it was
	ReportedAt      time.Time
	AwareAt         time.Time
	Corrected       int
	ClosedAt        time.Time
	Zone            string
	Seen            int // number of the last event
	Clocks          []BreachClock
	Known           BreachKnown
	Customers       []BreachCustomerRow
	Assessment      *breach.Assessment
	Risk            breach.Risk
	Steps           []string // what follows from the decision
	Phases          []BreachPhase
	Gaps            []string // what a notification would still lack, in words
	Lessons         []BreachLesson
	Events          []BreachEventRow
	Offers          []string // kinds of events that the signed-in person may add now
	Authorities     []Option
	Yours           []Authority // to which a customer itself may have to notify
	Customer        bool        // a customer looks at it
	EachAuthority   bool        // without an establishment in the Union, each authority concerned is notified
	Concerned       []Option    // customers that could be added
	Recipients      []Option    // subprocessors at which it may have been
	Times           []BreachTime
	MayList         bool // a customer that may bring a list of the persons
	Report          *BreachListReport
	Scales          []BreachScale
	Now             string // for the fields of instants, in the zone: 2006-01-02T15:04
	Flash           string
	Failure         string
}

// May reports whether a kind of event is offered.
func (v BreachView) May(kind string) bool {
	for _, o := range v.Offers {
		if o == kind {
			return true
		}
	}
	return false
}

// BreachKnown is what has been found so far.
type BreachKnown struct {
	Nature, Consequences, Measures, Contact models.Personal
	Persons, Records                        *int
	Categories, PersonKinds                 []string
	Own                                     bool
}

// PersonCount is about how many persons are concerned; 0 while that is unknown.
func (k BreachKnown) PersonCount() int64 { return known(k.Persons) }

// RecordCount is about how many records are concerned; 0 while that is unknown.
func (k BreachKnown) RecordCount() int64 { return known(k.Records) }

func known(n *int) int64 {
	if n == nil {
		return 0
	}
	return int64(*n)
}

// BreachTime is how long one step took, or has taken so far, in whole hours and minutes.
type BreachTime struct {
	Step, Who      string
	Hours, Minutes int
	Limit          int // hours; 0: without undue delay
	Done, Over     bool
}

// BreachCustomerRow is a customer whose data is concerned.
type BreachCustomerRow struct {
	ID, Name   string
	Hours      int
	DueAt      time.Time
	ToldAt     time.Time
	Updates    int
	AnsweredAt time.Time
}

// BreachPhase is one phase of the notification.
type BreachPhase struct {
	Phase     int
	Authority string
	At        time.Time
	Final     bool
	Reference models.Personal
	File      string
}

// BreachLesson is a task with its date.
type BreachLesson struct {
	No    int
	What  models.Personal
	DueOn string
	Done  bool
}

// BreachEventRow is one entry of the record.
type BreachEventRow struct {
	No    int
	At    time.Time
	Kind  string
	By    string
	Lines []string
	Words []models.Personal
}

// BreachScale is one question of the severity method with its answers.
type BreachScale struct {
	Field   string
	Options []Option
}

// BreachReportView is the form of a suspicion; Public is without a sign-in.
type BreachReportView struct {
	Public        bool
	Sources       []Option
	What, Contact string
	Drill         bool
	Errors        Errors
}

// BreachSentView thanks for a report, and says nothing else.
type BreachSentView struct{ Reference string }

// BreachAnswerView is what a customer sees by its link.
type BreachAnswerView struct {
	Path, Reference, Customer string
	Drill                     bool
	ReportedAt, AwareAt       time.Time
	AnsweredAt                time.Time
	Known                     BreachKnown
}

// The pages of breaches.
var (
	Breaches     = &Page[BreachesView]{"staff/breaches", []BreachesView{{CanReport: true}, breachesExample()}}
	Breach       = &Page[BreachView]{"staff/breach", []BreachView{suspicionExample(), breachExample(), breachOverExample(), breachOfCustomerExample()}}
	BreachReport = &Page[BreachReportView]{"portal/report", []BreachReportView{
		{Public: true, Sources: breachSources()}, {Sources: breachSources(), What: "A laptop was left in a train.", Errors: Errors{{Field: "source", Key: "error.bad_source"}}},
	}}
	BreachSent   = &Page[BreachSentView]{"portal/reported", []BreachSentView{{Reference: "7K3F-9QXM-2T"}}}
	BreachAnswer = &Page[BreachAnswerView]{"portal/breach", []BreachAnswerView{
		{Path: "/breaches/sample", Reference: "7K3F-9QXM-2T", Customer: "Brightline Retail B.V.", ReportedAt: exampleTime, Known: breachExample().Known},
		{Path: "/breaches/sample", Reference: "7K3F-9QXM-2T", Customer: "Brightline Retail B.V.", Drill: true, ReportedAt: exampleTime, AwareAt: exampleTime, AnsweredAt: exampleTime},
	}}
)

func breachSources() []Option {
	return []Option{{Value: "employee"}, {Value: "subprocessor"}, {Value: "customer"}, {Value: "monitoring"}, {Value: "outside"}}
}

func breachesExample() BreachesView {
	return BreachesView{CanReport: true, Open: []BreachRow{
		{Path: "/staff/breaches/sample", Reference: "7K3F-9QXM-2T", State: "open", ReportedAt: exampleTime, Clocks: breachExample().Clocks[:2]},
		{Path: "/staff/breaches/sample", Reference: "3M0Z-11QA-8R", State: "suspected", Drill: true, ReportedAt: exampleTime, Clocks: []BreachClock{{Duty: "triage"}}},
	}, Over: []BreachRow{{Path: "/staff/breaches/sample", Reference: "5T5T-0000-AA", State: "closed", ReportedAt: exampleTime.AddDate(0, -2, 0), ClosedAt: exampleTime}}}
}

func suspicionExample() BreachView {
	return BreachView{
		Path: "/staff/breaches/sample", Reference: "3M0Z-11QA-8R", State: "suspected", Drill: true, Source: "employee", ReportedAt: exampleTime, Zone: "Europe/Berlin", Seen: 1,
		Known: BreachKnown{Nature: "A laptop was left in a train.", Own: true}, Clocks: []BreachClock{{Duty: "triage", Citation: "GDPR Art. 33(1)"}}, Now: "2027-02-19T15:05",
		Events: []BreachEventRow{{No: 1, At: exampleTime, Kind: "reported", By: "subject", Words: []models.Personal{"A laptop was left in a train."}}},
		Offers: []string{"aware", "dismissed", "found", "assessed", "heard"}, Scales: breachScales(), Concerned: []Option{{Value: "x", Label: "Brightline Retail B.V."}},
	}
}

func breachScales() []BreachScale {
	return []BreachScale{
		{Field: "context", Options: []Option{{Value: "simple"}, {Value: "behavioral"}, {Value: "financial"}, {Value: "sensitive"}}},
		{Field: "identification", Options: []Option{{Value: "negligible"}, {Value: "limited"}, {Value: "significant"}, {Value: "maximum"}}},
		{Field: "confidentiality", Options: []Option{{Value: "none"}, {Value: "some"}, {Value: "full"}}},
		{Field: "integrity", Options: []Option{{Value: "none"}, {Value: "some"}, {Value: "full"}}},
		{Field: "availability", Options: []Option{{Value: "none"}, {Value: "some"}, {Value: "full"}}},
	}
}

func breachExample() BreachView {
	v := suspicionExample()
	n := 4100
	v.Recipient, v.EachAuthority, v.Recipients = "Ledgerly Cloud", true, []Option{{Value: "r", Label: "Ledgerly Cloud"}}
	v.Times = []BreachTime{
		{Step: "aware", Hours: 1, Minutes: 5, Done: true}, {Step: "customer", Who: "Brightline Retail B.V.", Hours: 26, Limit: 24, Over: true}, {Step: "authority", Hours: 70, Minutes: 19, Limit: 72},
	}
	v.Drill, v.Reference, v.State, v.AwareAt, v.Corrected, v.Seen = false, "7K3F-9QXM-2T", "open", exampleTime.Add(-70*time.Hour), 1, 9
	v.Known = BreachKnown{
		Nature: "A backup was copied by a stranger.", Consequences: "Unwanted mail.", Contact: "privacy@nordkai.example", Persons: &n, Records: &n,
		Categories: []string{"Contact details"}, PersonKinds: []string{"consignees"}, Own: true,
	}
	v.Clocks = []BreachClock{
		{Duty: "authority", DueAt: exampleTime.Add(101 * time.Minute), Lenient: exampleTime.Add(156 * time.Minute), Timed: true, Hours: 1, Minutes: 41, Citation: "GDPR Art. 33(1)"},
		{Duty: "customer", Who: "Brightline Retail B.V.", DueAt: exampleTime.Add(-2 * time.Hour), Timed: true, Late: true, Hours: 2, Citation: "GDPR Art. 33(2)"},
		{Duty: "persons", Citation: "GDPR Art. 34"},
		{Duty: "assess", Done: true, DoneAt: exampleTime, Citation: "GDPR Art. 33(1)"},
	}
	v.Customers = []BreachCustomerRow{{ID: "c", Name: "Brightline Retail B.V.", Hours: 24, DueAt: exampleTime.Add(-2 * time.Hour)}, {ID: "d", Name: "Acme", ToldAt: exampleTime, Updates: 2, AnsweredAt: exampleTime}}
	v.Assessment = &breach.Assessment{DPC: 2, EI: 0.75, CB: 0.5, Score: 2, Level: breach.Medium, Steps: []string{"Score: 2 × 0.75 + 0.50 = 2.00, medium."}, Method: "ENISA 2013"}
	v.Risk, v.Steps, v.Gaps = breach.RiskHigh, []string{"The lead authority is notified (GDPR Art. 33(1), 55, 56)."}, []string{"Describe the measures taken or proposed."}
	v.Phases = []BreachPhase{{Phase: 1, Authority: "Bremen", At: exampleTime, Reference: "DSB-1", File: "0123456789abcdef"}}
	v.Lessons = []BreachLesson{{No: 1, What: "Encrypt the backups.", DueOn: "2027-04-01"}, {No: 2, What: "Close the server.", DueOn: "2027-02-20", Done: true}}
	v.Offers = []string{"heard", "aware", "found", "assessed", "decided", "submitted", "messaged", "incident", "lesson", "lesson_done", "closed"}
	v.Authorities = []Option{{Value: "DE-HB", Label: "DE-HB: Data protection authority of Bremen"}}
	v.Events = append(v.Events, BreachEventRow{No: 2, At: exampleTime, Kind: "aware", By: "dpo", Lines: []string{"19 February 2027, 14:05 Europe/Berlin"}})
	return v
}

func breachOverExample() BreachView {
	v := breachExample()
	v.State, v.ClosedAt, v.Clocks, v.Offers, v.Failure = "closed", exampleTime, nil, []string{"reopened", "lesson", "lesson_done"}, "Something was added to the breach since you looked; look again and decide then."
	return v
}

func breachOfCustomerExample() BreachView {
	v := breachExample()
	v.Customer, v.Authorities, v.Phases, v.Gaps, v.Events, v.Lessons, v.Offers, v.Assessment, v.Risk = true, nil, nil, nil, nil, nil, []string{"answered"}, nil, ""
	v.Customers, v.MayList = v.Customers[1:], true
	v.Yours = []Authority{{Name: "Dutch Data Protection Authority", Site: "https://autoriteitpersoonsgegevens.nl", Email: "info@autoriteit.example"}}
	return v
}

// BreachCause counts the persons who could not be reached by the code of the last answer.
type BreachCause struct {
	Code string
	N    int64
}

// BreachLetterView is the message to the persons concerned, with the list of them.
type BreachLetterView struct {
	Path, Reference string
	Drill           bool
	Subject         models.Personal
	Body            models.Personal
	Plain           bool
	PerMinute       int
	Drafted         bool
	Own             bool // the signed-in person wrote it, and so cannot approve it
	MayDraft        bool
	MayApprove      bool
	ApprovedAt      time.Time
	FinishedAt      time.Time
	Counts          []BreachCount // of persons, by state
	Unclear         int64
	Unreached       int64
	Causes          []BreachCause // of those
	MayRetry        bool
	Seen            int    // the last event of the record
	Preview         string // the mail as it goes out, as text
	Report          *BreachListReport
	Flash, Failure  string
}

// BreachCount counts persons in a state.
type BreachCount struct {
	State string
	N     int64
}

// BreachListReport says what a list that was just read held.
type BreachListReport struct {
	Lines, Added, Duplicates, Broken int
	BrokenLines                      []int
}

// BreachLetter is the page of the message to the persons concerned.
var BreachLetter = &Page[BreachLetterView]{"staff/breach_letter", []BreachLetterView{
	{Path: "/staff/breaches/sample", Reference: "7K3F-9QXM-2T", PerMinute: 600, MayDraft: true},
	{
		Path: "/staff/breaches/sample", Reference: "7K3F-9QXM-2T", Drafted: true, Subject: "Your delivery data", Body: "A backup was copied by a stranger.", Plain: true, PerMinute: 600,
		MayDraft: true, MayApprove: true, Counts: []BreachCount{{"waiting", 4100}}, Preview: "Subject: Your delivery data\n\nHello,\n\nA backup was copied by a stranger.\n",
		Report: &BreachListReport{Lines: 4210, Added: 4100, Duplicates: 100, Broken: 10, BrokenLines: []int{7, 19}},
	},
	{
		Path: "/staff/breaches/sample", Reference: "7K3F-9QXM-2T", Drafted: true, Subject: "Your delivery data", Body: "A backup was copied by a stranger.", PerMinute: 600, ApprovedAt: exampleTime,
		Counts: []BreachCount{{"waiting", 12}, {"sent", 4080}, {"refused", 3}, {"bounced", 1}, {"deferred", 5}, {"unreached", 2}, {"unclear", 4}}, Unclear: 4, Unreached: 2, Causes: []BreachCause{{"mail_deferred", 1}, {"mail_broken", 1}}, MayRetry: true, Seen: 9, MayApprove: true, Preview: "Subject: x\n", Failure: "The message was approved and goes out; it cannot be changed any more.",
	},
}}
