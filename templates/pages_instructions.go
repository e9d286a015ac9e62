package templates

import (
	"time"

	"habeas/models"
)

// InstructionsView lists the standing instructions of customers.
type InstructionsView struct {
	Rows    []InstructionRow
	Rights  []models.Right // for which a customer may make one; empty for the staff
	Many    bool           // of more than one controller
	Flash   string
	Failure string
}

// InstructionRow is one standing instruction; End is empty where it cannot be ended.
type InstructionRow struct {
	Controller      string
	Right           models.Right
	MadeAt, EndedAt time.Time
	End             string
}

// Instructions is the page of standing instructions.
var Instructions = &Page[InstructionsView]{"staff/instructions", []InstructionsView{
	{Rights: models.Rights()},
	{
		Rights: []models.Right{models.Access}, Flash: "flash.instructed", Failure: "There is a standing instruction for this right already.",
		Rows: []InstructionRow{
			{Controller: "Nordic Parcels", Right: models.Erasure, MadeAt: exampleTime, End: "/staff/instructions/sample/end"},
			{Controller: "Nordic Parcels", Right: models.Export, MadeAt: exampleTime, EndedAt: exampleTime},
		},
	},
	{Many: true, Rows: []InstructionRow{{Controller: "Nordic Parcels", Right: models.Erasure, MadeAt: exampleTime}}},
}}
