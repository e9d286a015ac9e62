package templates

import (
	"time"

	"habeas/models"
)

// ToldView answers the person who asks which recipients were told (Art. 19, second sentence).
type ToldView struct {
	Path string // of the request's page
	Rows []ToldRow
}

// ToldRow is one recipient that was told, or is about to be.
type ToldRow struct {
	Name, Country string        // the country as its code
	Categories    []string      // of the data, in words
	Fields        []models.Said // that were corrected
	At            time.Time
	State         string // of its notice
	Answer        string
}

// Told is the page of the recipients that were told.
var Told = &Page[ToldView]{"portal/told", []ToldView{
	{Path: "/status/sample", Rows: []ToldRow{
		{Name: "Parcel Analytics", Country: "IE", Categories: []string{"Contact details"}, At: exampleTime, State: "acknowledged", Answer: "erased"},
		{Name: "Score Bureau", Categories: []string{"Contact details"}, Fields: []models.Said{{Text: "Street", Lang: "en"}}, At: exampleTime, State: "declined", Answer: "declined"},
		{Name: "Paper Archive e.K.", Categories: []string{"Orders"}, State: "queued"},
	}},
	{Path: "/status/sample"},
}}
