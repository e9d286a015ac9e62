package templates

// Authority is a supervisory authority with its contact. Form is where it takes complaints, else Site says so.
type Authority struct{ Name, Site, Email, Address, Form string }

// AuthoritiesView says to whom a person may complain: by the country where they live, and those competent for a controller.
type AuthoritiesView struct {
	Countries   []Option // sorted by name
	Country     string   // code of the one that was chosen; empty for none
	Here        []Authority
	Controller  string // name; empty when none is meant
	Slug        string // of the controller
	Authorities []Authority
}

// Authorities is the page of the supervisory authorities to which a person may complain.
var Authorities = &Page[AuthoritiesView]{"portal/authorities", []AuthoritiesView{
	{Countries: exampleCountries()},
	{
		Countries: exampleCountries(), Country: "PL", Controller: "Acme Forwarding", Slug: "acme", Authorities: []Authority{exampleAuthority},
		Here: []Authority{{Name: "Urząd Ochrony Danych Osobowych", Address: "ul. Stanisława Moniuszki 1A, 00-014 Warszawa", Site: "https://uodo.gov.pl", Form: "https://uodo.gov.pl/pl/83/155", Email: "kancelaria@uodo.gov.pl"}},
	},
	{
		Countries: exampleCountries(), Country: "DE", Controller: "Nordic Parcels", Slug: "nordic",
		Here: []Authority{exampleAuthority, {Name: "Bayerisches Landesamt für Datenschutzaufsicht"}, {Name: "Unabhängiges Landeszentrum für Datenschutz Schleswig-Holstein"}},
	},
}}

var exampleAuthority = Authority{
	Name: "Berliner Beauftragte für Datenschutz und Informationsfreiheit", Address: "Alt-Moabit 59-61, 10555 Berlin", Site: "https://www.datenschutz-berlin.de",
	Form: "https://www.datenschutz-berlin.de/beschwerde", Email: "mailbox@datenschutz-berlin.de",
}

func exampleCountries() []Option {
	return []Option{{Value: "AT", Label: "Österreich"}, {Value: "DE", Label: "Deutschland"}, {Value: "PL", Label: "Polska", Selected: true}}
}
