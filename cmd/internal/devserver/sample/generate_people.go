package sample

import (
	"strings"
	"time"

	"habeas/models/calendar"
)

// demoPeople gives the persons of the demo their data. What stands under a hold is the same on every day on which it is made.
func (g *generator) demoPeople() {
	p := people()
	g.resident(p.Access, places[12], "Rua do Cais 17")
	g.resident(p.Export, places[14], "Strandgade 4")
	g.erased(p.Erasure, p.Housemate)
	g.consignee(p.Consignee)
}

func (g *generator) whoIs(p Person, home place) who {
	return who{name: p.Subject.Name.Reveal(), email: p.Subject.Email.Reveal(), phone: "+49 30 23125 017", home: home}
}

func number(p Person) string { return p.Subject.Identities[1].Value.Reveal() }

// before is the day some years, months and days ago.
func (g *generator) before(years, months, days int) calendar.Date {
	return g.today.AddMonths(-12*years - months).AddDays(-days)
}

func at(d calendar.Date) time.Time { return day(d).Add(10 * time.Hour) }

// resident has something everywhere, recent and old.
func (g *generator) resident(p Person, home place, street string) {
	w := g.party(g.whoIs(p, home), number(p), nil, g.address(home, street, ""))
	for i, booked := range []calendar.Date{g.before(0, 2, 0), g.before(1, 3, 0), g.before(3, 5, 0), g.before(5, 1, 0)} {
		s := g.shipment(w, at(booked))
		g.declaration(w, s, booked.AddDays(9))
		g.invoice(w, booked.AddDays(3))
		g.letters(w, s, booked.AddDays(5), 2)
		g.confirmation(w, s, booked.AddDays(20))
		if i < 2 {
			g.add("watchers", g.next("watchers"), s.id, w.email, at(booked), nil)
		}
	}
	g.account(w, 6)
	g.reader(w, 8)
}

// erased has, beside much that can go at once: a declaration under customs law and one whose time is over, an invoice under tax
// law and one whose time is over, a confirmation of which the short hold ends today, an address that a housemate uses too, of whom law keeps a
// declaration and an invoice as well.
func (g *generator) erased(p, housemate Person) {
	home := places[0]
	shared := g.address(home, "Am Speicher 12", "")
	own := g.address(home, "Fliederweg 3", "")
	w := g.party(g.whoIs(p, home), number(p), nil, shared)
	former := g.whoIs(p, home)
	former.email = strings.ToUpper(former.email[:1]) + former.email[1:] // typed differently years ago
	former = g.party(former, "NK-900013", nil, own)

	other := g.whoIs(housemate, home)
	other.phone = ""
	other = g.party(other, number(housemate), nil, shared)
	g.confirmation(other, g.shipment(other, at(g.before(0, 4, 0))), g.before(0, 3, 10))

	recent := g.shipment(w, at(g.before(0, 0, 24)))
	g.confirmation(w, recent, g.today.AddDays(-3)) // held through today
	g.add("watchers", g.next("watchers"), recent.id, w.email, at(g.before(0, 0, 24)), nil)

	lastYear := g.before(1, 2, 0)
	imported := g.shipment(w, at(lastYear))
	g.declaration(w, imported, lastYear.AddDays(9))
	g.invoice(w, lastYear.AddDays(3))
	g.confirmation(w, imported, lastYear.AddDays(20))

	longAgo := g.before(8, 0, 0)
	old := g.shipment(former, at(longAgo))
	g.declaration(former, old, longAgo.AddDays(9))
	g.letters(former, old, longAgo.AddDays(5), 2)
	g.invoice(former, g.before(12, 0, 0))

	g.account(w, 5)
	g.reader(w, 7)

	moved := g.before(1, 5, 0)
	removal := g.shipment(other, at(moved))
	g.declaration(other, removal, moved.AddDays(9))
	g.invoice(other, moved.AddDays(3))
}

// consignee is known to Nordkai only because it delivers what a customer sold.
func (g *generator) consignee(p Person) {
	home := places[7]
	w := g.whoIs(p, home)
	w.onBehalfOf = Brightline
	w = g.party(w, number(p), nil, g.address(home, "Parklaan 88", Brightline))
	for _, booked := range []calendar.Date{g.before(0, 1, 10), g.before(0, 7, 0)} {
		s := g.shipment(w, at(booked))
		g.confirmation(w, s, booked.AddDays(20))
		g.add("watchers", g.next("watchers"), s.id, w.email, at(booked), Brightline)
	}
}
