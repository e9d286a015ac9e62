package templates

import "habeas/models"

// FileView is the form of a request that a customer or the staff files for a person.
type FileView struct {
	Rights    []models.Right // to choose from first; empty once one is chosen
	Customer  bool           // who may vouch for the person
	Vouched   bool
	Language  string
	Languages []string
	Form      FormView
}

// File is the form's page.
var File = &Page[FileView]{"staff/file", []FileView{
	{Rights: models.Rights()},
	{
		Customer: true, Vouched: true, Language: "de", Languages: []string{"en", "de"},
		Form: FormView{Right: models.Erasure, Article: "Art. 17 GDPR", Identities: []IdentityField{{Kind: "customer_number", Value: "C-1042"}}},
	},
	{
		Languages: []string{"en"},
		Form: FormView{
			Right: models.Rectification, Article: "Art. 16 GDPR", Email: "sam@example", Controllers: []Option{{Value: "acme", Label: "Acme Forwarding", Selected: true}},
			Statement: &StatementForm{Rectify: true}, Errors: Errors{{Field: "email", Key: "error.bad_email"}, {Field: "corrections", Key: "error.bad_correction"}},
		},
	},
	{Languages: []string{"en"}, Form: FormView{Right: models.Objection, Article: "Art. 21 GDPR", Statement: &StatementForm{Purposes: []Option{{Value: "profiling"}}}}},
	{Languages: []string{"en"}, Form: FormView{Right: models.Restriction, Article: "Art. 18 GDPR", Statement: &StatementForm{Grounds: []Option{{Value: "accuracy"}}}}},
}}
