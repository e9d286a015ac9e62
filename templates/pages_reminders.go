package templates

import (
	"time"

	"habeas/models"
)

// RemindersView is a reminder to whom several requests wait for: who would be reminded, or who was once Sent.
type RemindersView struct {
	Rows     []RemindersRow
	Possible int // how many are, or were, reminded
	Sent     bool
}

// RemindersRow is one request of them. Failure is the safe sentence that says why nothing could be ordered.
type RemindersRow struct {
	ID, Path, Reference string
	Right               models.Right
	State               models.State
	Outcome             models.Outcome
	To                  []RemindedRow
	Failure             string
}

// Reminds reports whether anybody is reminded of the request.
func (r RemindersRow) Reminds() bool {
	for _, one := range r.To {
		if one.Refusal == "" {
			return true
		}
	}
	return false
}

// RemindedRow is somebody whom it waits for. Refusal is the last part of the key that says why they are not reminded.
type RemindedRow struct {
	Party, Name, Refusal string
	Last                 time.Time // zero when they were never written to
}

// Reminders is the page before and after reminders are ordered.
var Reminders = &Page[RemindersView]{"staff/reminders", []RemindersView{
	{Rows: remindersExample(), Possible: 2}, {Rows: remindersExample()[1:2]}, {Rows: remindersExample(), Possible: 2, Sent: true},
}}

func remindersExample() []RemindersRow {
	row := func(reference string, s models.State, to ...RemindedRow) RemindersRow {
		return RemindersRow{
			ID: "0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a11", Path: "/staff/requests/sample", Reference: reference, Right: models.Erasure, State: s, To: to,
		}
	}
	failed := row("9ZQ2-0M4C-7B", models.Notifying)
	failed.Failure = "It could not be recorded just now."
	return []RemindersRow{
		row("7K3F-9QXM-2T", models.Notifying,
			RemindedRow{Party: "recipients", Name: "Parcel Analytics", Last: exampleTime.AddDate(0, 0, -4)},
			RemindedRow{Party: "recipients", Name: "Customs Clearing GmbH", Last: exampleTime.Add(-time.Hour), Refusal: "too_soon"},
			RemindedRow{Party: "recipients", Name: "Archive Ltd", Refusal: "by_people"}),
		row("B6XW-7A2M-3K", models.InReview, RemindedRow{Refusal: "nobody"}),
		row("5HJ1-C0TE-8W", models.AwaitingInstruction, RemindedRow{Party: "controller", Name: "Nordic Parcels", Last: exampleTime.AddDate(0, 0, -6)}),
		failed,
	}
}
