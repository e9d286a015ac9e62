package request

import (
	"time"

	"habeas/models"
)

// Correction is one field of located rows with the value that it is to have, as the DPO has entered it (Art. 16). Value is sealed with the
// request's key; the rest says nothing of the person.
type Correction struct {
	ID         models.ID // set by the store
	RequestID  models.ID
	Group      int    // of the plan
	Row        string // of one located row, as the store names it; empty: all rows of the group
	Dataset    string
	Collection string
	Field      string
	Value      models.Personal // empty: the field is to be empty
	Status     CorrectionStatus
	Code       string // why it was refused
	Rows       int64  // that carry the value
	At         time.Time
}

// CorrectionStatus is what became of a correction.
type CorrectionStatus string

const (
	CorrectionPlanned CorrectionStatus = "planned"
	CorrectionDone    CorrectionStatus = "corrected" // read back and proved
	CorrectionRefused CorrectionStatus = "refused"   // its system does not take it; Code says why
)
