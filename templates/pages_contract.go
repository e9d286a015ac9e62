package templates

import (
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// ContractsView lists the ends of customers' contracts.
type ContractsView struct {
	Open, Over []ContractRow
	CanOrder   bool
}

// ContractRow is one of them.
type ContractRow struct {
	Path, Reference, Customer, State string
	LastDay                          calendar.Date
	EraseFrom                        calendar.Date
	Return                           bool
	Unfetched                        bool // nobody has fetched the data, and nobody can any more
}

// ContractView is the end of one contract.
type ContractView struct {
	ContractRow
	GraceDays   int
	Seen        int
	Refusal     string // why the reader cannot approve it, though their role may; empty when they can
	Requests    []ContractRequest
	Events      []ContractEvent
	Certificate string // its path; empty until there is one
	Offers      map[string]bool
	Flash       string
	Failure     string
}

// ContractRequest is the request by which data is returned or erased.
type ContractRequest struct {
	Path, Reference string
	Right           models.Right
	State           models.State
	Outcome         models.Outcome
}

// ContractEvent is one entry of the record.
type ContractEvent struct {
	At                      time.Time
	Kind, By                string
	Reason                  models.Personal
	Members, Keys, Webhooks int
}

// ContractFormView is the form of an order, with what was typed when it is sent back.
type ContractFormView struct {
	Customers []Option
	Fields    map[string]string
	Failure   string
}

// CertificateView is where a former customer gets its certificate.
type CertificateView struct {
	Path, Reference, Customer string
	Receipts                  []CertificateReceipt
}

// CertificateReceipt is one signed receipt.
type CertificateReceipt struct {
	ID    string
	At    time.Time
	Later bool // of what had to be kept, and was erased when its hold ended
}

// The pages about the end of a contract.
var (
	Contracts    = &Page[ContractsView]{"staff/contracts", []ContractsView{{}, {CanOrder: true, Open: []ContractRow{contractRowExample("ordered"), contractRowExample("returning")}, Over: []ContractRow{contractRowExample("ended"), contractRowExample("withdrawn")}}}}
	Contract     = &Page[ContractView]{"staff/contract", contractExamples()}
	ContractForm = &Page[ContractFormView]{"staff/contract_form", []ContractFormView{
		{Customers: []Option{{Value: "acme", Label: "Acme", Selected: true}, {Value: "globex", Label: "Globex"}}, Fields: map[string]string{"return": "yes", "grace_days": "30"}, Failure: "Choose the customer."},
		{Customers: []Option{{Value: "acme", Label: "Acme"}}, Fields: map[string]string{"return": "no"}},
	}}
	Certificate = &Page[CertificateView]{"portal/certificate", []CertificateView{{
		Path: "/certificates/sample", Reference: "7K3F-9QXM-2T", Customer: "Acme",
		Receipts: []CertificateReceipt{{ID: "a", At: exampleTime}, {ID: "b", At: exampleTime, Later: true}},
	}}}
)

func contractRowExample(state string) ContractRow {
	return ContractRow{
		Path: "/staff/contracts/sample", Reference: "7K3F-9QXM-2T", Customer: "Acme Forwarding", State: state, Return: state != "ended", Unfetched: state == "returning",
		LastDay: calendar.Date{Year: 2027, Month: 3, Day: 31}, EraseFrom: calendar.Date{Year: 2027, Month: 5, Day: 1},
	}
}

func contractExamples() []ContractView {
	var out []ContractView
	for _, state := range []string{"ordered", "approved", "returning", "returned", "erasing", "ended", "withdrawn"} {
		v := ContractView{
			ContractRow: contractRowExample(state), GraceDays: 30, Seen: 2, Refusal: map[bool]string{true: "Somebody else approves it."}[state == "ordered"], Offers: map[string]bool{"approved": state == "ordered", "released": state == "returning", "withdrawn": true},
			Requests: []ContractRequest{{Path: "/staff/requests/sample", Reference: "2D8P-44VN-1R", Right: models.Return, State: models.Delivering}, {Path: "/staff/requests/sample", Reference: "2D8P-44VN-1S", Right: models.Deletion, State: models.Closed, Outcome: models.Fulfilled}},
			Events:   []ContractEvent{{At: exampleTime, Kind: "ordered", By: "controller", Reason: "We leave."}, {At: exampleTime, Kind: "ended", By: "system", Members: 3, Keys: 2, Webhooks: 1}},
		}
		if state == "ended" {
			v.Certificate, v.Flash = v.Path+"/certificate.pdf", "flash.decided"
		}
		if state == "ordered" {
			v.Failure = "Another person must approve it."
		}
		out = append(out, v)
	}
	return out
}
