package templates

import (
	"time"

	"habeas/models"
)

// InstructionsView lists the standing instructions of customers.
type InstructionsView struct {
	Rows     []InstructionRow
	Rights   []models.Right // for which a customer may make one; empty for the staff
	Right    models.Right   // chosen
	Channels []Option
	Form     PartsForm
	Many     bool // of more than one controller
	Flash    string
	Failure  string
}

// InstructionRow is one standing instruction; End is empty where it cannot be ended.
type InstructionRow struct {
	Controller      string
	Right           models.Right
	Channels        []string // by which a request comes; none means any
	LeftOut         *LeftOutNames
	Reason          string
	MadeAt, EndedAt time.Time
	End             string
}

// Instructions is the page of standing instructions.
var Instructions = &Page[InstructionsView]{"staff/instructions", []InstructionsView{
	{Rights: models.Rights(), Channels: channelsExample(), Form: partsExample("whole", true)},
	{Rights: models.Rights(), Channels: channelsExample(), Form: PartsForm{Whole: true, How: "whole"}, Right: models.Erasure},
	{
		Rights: models.Rights(), Channels: channelsExample(), Right: models.Export,
		Form: func() PartsForm {
			f := partsExample("only", true)
			f.Reason, f.Errors = "", Errors{{Field: "parts", Key: "error.nothing_left"}, {Field: "reason", Key: "error.reason_missing"}}
			return f
		}(),
	},
	{
		Rights: []models.Right{models.Access}, Channels: channelsExample(), Form: partsExample("leave_out", true), Flash: "flash.instructed", Failure: "There is a standing instruction for this right already.",
		Rows: []InstructionRow{
			{
				Controller: "Nordic Parcels", Right: models.Erasure, MadeAt: exampleTime, End: "/staff/instructions/sample/end", Channels: []string{"portal", "api"},
				LeftOut: &LeftOutNames{Names: []string{"payments and prices"}}, Reason: "We answer for our invoices ourselves.",
			},
			{Controller: "Nordic Parcels", Right: models.Export, MadeAt: exampleTime, EndedAt: exampleTime},
		},
	},
	{Many: true, Rows: []InstructionRow{{Controller: "Nordic Parcels", Right: models.Erasure, MadeAt: exampleTime}}},
}}

func channelsExample() []Option {
	return []Option{{Value: "portal", Selected: true}, {Value: "api"}, {Value: "staff"}}
}
