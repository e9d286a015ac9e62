package templates

import "time"

// ScanView is the search of whole systems for the person's identities: where they stand, and never what stands there.
type ScanView struct {
	CanOrder  bool      // the signed-in person may order a search now
	Refusal   string    // key of the words that say why nobody may; empty when somebody may
	OrderedAt time.Time // the latest order; zero for none
	Waiting   int       // systems without a result since the latest order
	Systems   []ScanRow
	Places    []ScanPlace // what the data map does not describe comes first
}

// ScanRow is the latest result of one system.
type ScanRow struct {
	System      string
	State       string    // found, clean, partly (nothing found, but not all was searched), unsearched or none
	At          time.Time // zero without a result
	Earlier     bool      // the result is older than the latest order
	Code        string    // why the system was not searched
	Places      int
	Undescribed int
	Skipped     []string // what could not be read
	TooShort    []string // kinds of identities that were not searched for
}

// ScanPlace is a field in which an identity stands.
type ScanPlace struct {
	System    string
	Table     string
	Column    string // empty when the place has no parts
	Rows      int64  // at least
	Described bool   // by the data map
}

// scanExample has each state once.
func scanExample() *ScanView {
	before := exampleTime.AddDate(0, 0, -9)
	return &ScanView{
		CanOrder: true, OrderedAt: exampleTime, Waiting: 2,
		Systems: []ScanRow{
			{System: "archive_files", State: "partly", At: exampleTime, Skipped: []string{"letters/*: 3 packed or compressed objects"}},
			{System: "billing", State: "clean", At: before, Earlier: true},
			{System: "erp", State: "found", At: exampleTime, Places: 3, Undescribed: 2, Skipped: []string{"hr.salaries"}, TooShort: []string{"customer_number"}},
			{System: "mailer", State: "unsearched", At: exampleTime, Code: "unsupported"},
			{System: "oslo_crm", State: "none"},
		},
		Places: []ScanPlace{
			{System: "erp", Table: "public.message_outbox_of_the_customs_office", Column: "body", Rows: 1000},
			{System: "erp", Table: "public.parties", Column: "note", Rows: 2},
			{System: "erp", Table: "public.parties", Column: "email", Rows: 1, Described: true},
		},
	}
}
