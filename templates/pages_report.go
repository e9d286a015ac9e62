package templates

import (
	"time"

	"habeas/models/calendar"
	"habeas/models/plan"
)

// ReportView is the report of a period, as the document and the table have it.
type ReportView struct {
	Period     string // "2027" or "2027-02"
	Title      string // the period in words
	Controller string
	Periods    []Option
	PreparedAt time.Time
	Tables     []ReportTable
}

// ReportTable is one subject of a report, in words.
type ReportTable struct {
	Title, Note string
	Columns     []ReportColumn
	Rows        [][]string
}

// ReportColumn is one column of it.
type ReportColumn struct {
	Name   string
	Number bool
}

// HoldsView lists the holds in force.
type HoldsView struct {
	Laws []HoldLaw
	Rows []HoldRow
	Next string    // URL of the next page of rows; empty on the last
	Many bool      // of more than one controller
	AsOf time.Time // of the counts by law
}

// HoldLaw is what one law keeps.
type HoldLaw struct {
	Law         string
	Holds, Rows int64
	First, Last calendar.Date
}

// HoldRow is one hold.
type HoldRow struct {
	Path, Reference, Controller string
	What, System                string
	Rows                        int64
	Citation, Explanation       string
	Counted                     *plan.Counted // how the last day came about; nil where the plan does not say
	On                          calendar.Date
}

// The pages of reports and of holds.
var (
	Report = &Page[ReportView]{"staff/report", []ReportView{{
		Period: "2027-01", Title: "January 2027", Controller: "Acme Forwarding", PreparedAt: exampleTime, Periods: []Option{{Value: "2027-01", Label: "January 2027", Selected: true}, {Value: "2026", Label: "2026"}},
		Tables: []ReportTable{
			{Title: "Summary", Note: "Late is after the legal date with its extension.", Columns: []ReportColumn{{Name: "Summary"}, {Name: "Number", Number: true}}, Rows: [][]string{{"Received", "41"}, {"Days to answer, median", "18"}}},
			{
				Title: "Late requests", Columns: []ReportColumn{{Name: "Reference"}, {Name: "Right"}, {Name: "Company"}, {Name: "Due on"}, {Name: "Waits for, or closed on"}, {Name: "Extended"}},
				Rows: [][]string{{"7K3F-9QXM-2T", "Erasure", "Nordic Parcels", "2027-01-17", "a decision", "no"}},
			},
			{Title: "Breaches", Columns: []ReportColumn{{Name: "Reference"}}},
		},
	}}}
	Holds = &Page[HoldsView]{"staff/holds", []HoldsView{{}, {
		AsOf: exampleTime,
		Many: true, Next: "/staff/holds?cursor=sample",
		Laws: []HoldLaw{{Law: "Reg. 952/2013 Art. 51(1)", Holds: 41, Rows: 1302, First: exampleDate(time.March, 3), Last: calendar.Date{Year: 2031, Month: time.January, Day: 1}}},
		Rows: []HoldRow{{
			Path: "/staff/requests/sample", Reference: "7K3F-9QXM-2T", Controller: "Acme Forwarding", What: "customs.declarations", System: "erp", Rows: 3, Citation: "Reg. 952/2013 Art. 51(1)",
			Explanation: "Kept until 31 December 2030: three years from the end of the year of acceptance.", On: calendar.Date{Year: 2031, Month: time.January, Day: 1},
		}},
	}}}
)
