package templates

import "habeas/models"

// PartsForm asks which parts of a customer's data an instruction leaves out.
type PartsForm struct {
	Whole      bool   // nothing need be left out
	How        string // whole, leave_out, only
	Categories []CategoryChoice
	Systems    []SystemChoice
	Reason     string
	Errors     Errors // of the fields parts and reason
}

// CategoryChoice is a data category with the collections that hold it, in words.
type CategoryChoice struct {
	Code, Words string
	In          []string
	Chosen      bool
}

// SystemChoice is a system with the collections in it.
type SystemChoice struct {
	Name   string
	Chosen bool
	Parts  []PartChoice
}

// PartChoice is a collection: what it is and what is in it, in words.
type PartChoice struct {
	Collection, What string
	Categories       []string
	Held             bool // a law holds rows of it
	Chosen           bool
}

// LeftOutNames are what an instruction leaves out, or with Only the parts that it is for, in words.
type LeftOutNames struct {
	Only  bool
	Names []string
}

// NarrowView is the form by which a customer instructs without parts of its data.
type NarrowView struct {
	Path      string // of the request
	Reference string
	Right     models.Right
	Article   string
	Form      PartsForm
	Failure   string // why it was not recorded
}

// Narrow is the form's page.
var Narrow = &Page[NarrowView]{"staff/narrow", []NarrowView{
	{Path: "/staff/requests/sample", Reference: "7K3F-9QXM-2T", Right: models.Erasure, Article: "Art. 17 GDPR", Form: partsExample("leave_out", false)},
	{
		Path: "/staff/requests/sample", Reference: "7K3F-9QXM-2T", Right: models.Access, Article: "Art. 15 GDPR", Failure: "This has been decided already.",
		Form: func() PartsForm {
			f := partsExample("only", false)
			f.Reason = ""
			f.Errors = Errors{{Field: "parts", Key: "error.nothing_left"}, {Field: "reason", Key: "error.reason_missing"}}
			return f
		}(),
	},
}}

func partsExample(how string, whole bool) PartsForm {
	return PartsForm{
		How: how, Whole: whole, Reason: "We answer for our invoices ourselves.",
		Categories: []CategoryChoice{
			{Code: "user.contact.email", Words: "e-mail address", In: []string{"Customer accounts", "Parties of shipments"}},
			{Code: "user.financial", Words: "payments and prices", In: []string{"Invoices"}, Chosen: true},
		},
		Systems: []SystemChoice{
			{Name: "billing", Parts: []PartChoice{{Collection: "billing.invoices", What: "Invoices", Categories: []string{"payments and prices", "name"}, Held: true}}},
			{Name: "tracking", Parts: []PartChoice{
				{Collection: "tracking.accounts", What: "Customer accounts", Categories: []string{"e-mail address", "name"}, Chosen: true},
				{Collection: "tracking.parties", What: "Parties of shipments", Categories: []string{"e-mail address", "postal address"}},
			}},
		},
	}
}
