package templates

import (
	"time"

	"habeas/models/calendar"
)

// TrustView is the public page: who processes data, what changes, where it lies, what proves it, and whether the service works.
type TrustView struct {
	Preview      bool // for the console: with what is not published yet
	Intro        string
	Contact      string
	Service      TrustService
	Filter       TrustFilter
	Rows         []TrustRow
	History      []TrustChange
	Documents    []TrustDocument
	Certificates []TrustCertificate
	Locations    []TrustLocation
	Email        string // as it was typed into the form of a subscription that is sent back
	Errors       Errors
}

// TrustService is whether the service works, part by part.
type TrustService struct {
	Working bool
	Parts   []TrustPart
}

// TrustPart is one part of the service. Its name is a key of the catalogue, or, of a system that has a public one, that name.
type TrustPart struct {
	Key, Name string
	State     string // working, disturbed, unknown
	CheckedAt time.Time
}

// TrustFilter is what was asked of the list, with what may be asked.
type TrustFilter struct {
	Query                           string
	Countries, Purposes, Categories []Option
	On                              bool // something was asked
}

// TrustSelect is one of the filter's lists.
type TrustSelect struct {
	Name    string
	Options []Option
}

// Selects are the filter's lists that have anything to choose.
func (f TrustFilter) Selects() []TrustSelect {
	var out []TrustSelect
	for _, one := range []TrustSelect{{"country", f.Countries}, {"purpose", f.Purposes}, {"category", f.Categories}} {
		if len(one.Options) > 0 {
			out = append(out, one)
		}
	}
	return out
}

// TrustRow is one subprocessor.
type TrustRow struct {
	Name, LegalName, Country, Transfer, Safeguard string
	Purposes, Categories                          []string
	Since                                         calendar.Date
}

// TrustChange is one change of the list.
type TrustChange struct {
	On                             calendar.Date
	Announced, Upcoming, Emergency bool
	Sort, Name, Old                string
}

// TrustDocument is a policy or another document with all of its versions, the present one first.
type TrustDocument struct {
	Title    string
	Versions []TrustVersion
}

// Former are the versions before the present one.
func (d TrustDocument) Former() []TrustVersion { return d.Versions[min(1, len(d.Versions)):] }

// TrustVersion is one version: a file of ours, or a link.
type TrustVersion struct {
	Label string // such as 2.1; may be empty
	On    calendar.Date
	Path  string // of the file
	Size  int64
	Link  string // elsewhere, instead of a file
}

// TrustCertificate is a certificate that somebody else has issued.
type TrustCertificate struct {
	Title, Issuer string
	ValidUntil    calendar.Date // zero: without an end
	Expired       bool
	File          TrustVersion
}

// TrustLocation is a place where data is stored.
type TrustLocation struct{ Country, Region, Provider, What string }

// SubscriptionView is a step of a subscription. State is sent, asked, confirmed, over, leave or left.
type SubscriptionView struct{ State, Path string }

// The public pages about trust.
var (
	Trust        = &Page[TrustView]{"portal/trust", []TrustView{{Service: TrustService{Working: true, Parts: []TrustPart{{Key: "intake", State: "working"}}}}, trustExample()}}
	Subscription = &Page[SubscriptionView]{"portal/subscription", []SubscriptionView{
		{State: "sent"}, {State: "asked", Path: "/trust/subscribe/x"}, {State: "confirmed"}, {State: "over"}, {State: "leave", Path: "/trust/unsubscribe/x"}, {State: "left"},
	}}
)

func trustExample() TrustView {
	day := func(year int) calendar.Date { return calendar.Date{Year: year, Month: time.May, Day: 1} }
	return TrustView{
		Preview: true, Intro: "We move parcels, and not your data.\nWhat we do with it stands here.", Contact: "Privacy desk of Nordkai Freight, Bremen\nprivacy@nordkai.example",
		Service: TrustService{Parts: []TrustPart{
			{Key: "intake", State: "working"}, {Key: "processing", State: "working"}, {Name: "Shipment tracking", State: "disturbed", CheckedAt: exampleTime}, {Key: "others", State: "unknown"},
		}},
		Filter: TrustFilter{
			Query: "log", On: true, Countries: []Option{{Value: "US", Label: "United States", Selected: true}, {Value: "EE", Label: "Estonia"}},
			Purposes: []Option{{Value: "Agent at the port", Label: "Agent at the port"}}, Categories: []Option{{Value: "user.contact", Label: "contact details"}},
		},
		Rows: []TrustRow{
			{
				Name: "Pacific Gate Logistics", LegalName: "Pacific Gate Logistics Inc.", Country: "United States", Transfer: "scc", Safeguard: "Module three", Purposes: []string{"Agent at the port", "Customs"},
				Categories: []string{"contact details", "postal address"}, Since: day(2025),
			},
			{Name: "Donaudampfschifffahrtsgesellschaftskapitänsvermittlung", Country: "Estonia", Transfer: "none", Purposes: []string{"Road transport"}, Categories: []string{"contact details"}},
		},
		History: []TrustChange{
			{On: day(2027), Announced: true, Sort: "add", Name: "Newest"},
			{On: day(2027), Upcoming: true, Sort: "replace", Name: "Mailer", Old: "Older"},
			{On: day(2026), Emergency: true, Sort: "replace", Name: "Older", Old: "Oldest"},
			{On: day(2025), Sort: "add", Name: "Oldest"},
		},
		Documents: []TrustDocument{
			{Title: "Data processing agreement", Versions: []TrustVersion{
				{Label: "2.1", On: day(2026), Path: "/trust/files/a", Size: 181_000}, {Label: "2.0", On: day(2025), Path: "/trust/files/b", Size: 180_000}, {On: day(2024), Link: "https://example.com/dpa"},
			}},
			{Title: "Privacy notice", Versions: []TrustVersion{{On: day(2026), Link: "https://www.nordkai.example/a-long-path/of-the-privacy-notice/that-does-not-end"}}},
		},
		Certificates: []TrustCertificate{
			{Title: "ISO/IEC 27001:2022", Issuer: "Certifier GmbH", ValidUntil: day(2028), File: TrustVersion{Path: "/trust/files/c", Size: 90_000}},
			{Title: "ISO 9001", Issuer: "Certifier GmbH", ValidUntil: day(2024), Expired: true},
		},
		Locations: []TrustLocation{{Country: "Germany", Region: "Frankfurt am Main", Provider: "Sample Cloud", What: "Shipments and accounts"}, {Country: "Finland", Provider: "Own data centre", What: "Backups"}},
		Email:     "nobody", Errors: Errors{{Field: "email", Key: "error.bad_email"}},
	}
}
