package templates

import "time"

// ToldView answers the person who asks which recipients were told (Art. 19, second sentence).
type ToldView struct {
	Path string // of the request's page
	Rows []ToldRow
}

// ToldRow is one recipient that was told, or is about to be.
type ToldRow struct {
	Name, Country string
	Categories    []string // of the data, in words
	Fields        []string // that were corrected, by name
	At            time.Time
	State         string // of its notice
	Answer        string
}

// Told is the page of the recipients that were told.
var Told = &Page[ToldView]{"portal/told", []ToldView{
	{Path: "/status/sample", Rows: []ToldRow{
		{Name: "Parcel Analytics", Country: "IE", Categories: []string{"Contact details"}, At: exampleTime, State: "acknowledged", Answer: "erased"},
		{Name: "Score Bureau", Categories: []string{"Contact details"}, Fields: []string{"Street"}, At: exampleTime, State: "declined", Answer: "declined"},
		{Name: "Paper Archive e.K.", Categories: []string{"Orders"}, State: "queued"},
	}},
	{Path: "/status/sample"},
}}
