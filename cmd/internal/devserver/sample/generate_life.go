package sample

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"habeas/models/calendar"
)

// private makes a private person, the operator's own customer or a consignee of another controller's goods.
func (g *generator) private(onBehalfOf string) {
	w := g.newcomer("")
	w.onBehalfOf = onBehalfOf
	address := int64(0)
	if onBehalfOf == "" && g.chance(12) && g.next("addresses") > 50 { // a household
		address = g.next("addresses") - 1 - int64(g.IntN(40))
		if g.byName["addresses"].rows[address-1][5] != nil {
			address = 0
		}
	}
	if address == 0 {
		address = g.address(w.home, "", onBehalfOf)
	}
	w = g.party(w, "", nil, address)
	for range 1 + g.IntN(2) {
		s := g.shipment(w, g.ago(2400))
		if onBehalfOf == "" && g.chance(45) {
			g.declaration(w, s, calendar.DateOf(s.booked.AddDate(0, 0, 9)))
		}
		if onBehalfOf == "" && g.chance(60) {
			g.invoice(w, calendar.DateOf(s.booked.AddDate(0, 0, 3)))
		}
		if g.chance(25) {
			g.letters(w, s, calendar.DateOf(s.booked.AddDate(0, 0, 5)), 1+g.IntN(2))
		}
		if g.chance(35) {
			g.confirmation(w, s, calendar.DateOf(s.booked.AddDate(0, 0, 20)))
		}
		if g.chance(25) {
			g.add("watchers", g.next("watchers"), s.id, w.email, s.booked, null(onBehalfOf))
		}
	}
	if onBehalfOf == "" && g.chance(50) {
		g.account(w, 1+g.IntN(4))
	}
	if onBehalfOf == "" && g.chance(45) {
		g.reader(w, 1+g.IntN(5))
	}
}

// contact makes a contact person of a company.
func (g *generator) contact(companies int) {
	n := g.IntN(companies)
	w := g.newcomer(fmt.Sprintf("firm%03d.example", n+1))
	w = g.party(w, "", int64(n+1), g.address(w.home, "", ""))
	for range 1 + g.IntN(3) {
		s := g.shipment(w, g.ago(2400))
		g.invoice(w, calendar.DateOf(s.booked.AddDate(0, 0, 3)))
		if g.chance(70) {
			g.declaration(w, s, calendar.DateOf(s.booked.AddDate(0, 0, 9)))
		}
	}
	if g.chance(70) {
		g.account(w, 1+g.IntN(6))
	}
}

// consignment is one shipment as the other tables need it.
type consignment struct {
	id     int64
	booked time.Time
	goods  []goods
}

func (g *generator) shipment(w who, booked time.Time) consignment {
	s := consignment{id: g.next("shipments"), booked: booked}
	mode, status := pick(g.Rand, modes), "delivered"
	origin, shipper := pick(g.Rand, origins), pick(g.Rand, g.brands)
	if w.onBehalfOf == Brightline { // inside the Union: no customs
		mode, origin, shipper = "road", "NLRTM", "Brightline Retail B.V."
	}
	arrived := booked.AddDate(0, 0, 20).Before(g.now)
	if !arrived {
		status = "in_transit"
	}
	details := fmt.Sprintf(`{"instructions": "Please ring at %s", "insurance": %t}`, strings.ReplaceAll(w.name, `"`, ""), g.chance(30))
	g.add("shipments", s.id, fmt.Sprintf("NKF-%d-%06d", booked.Year(), s.id), w.party, shipper, mode, pick(g.Rand, incoterms), origin, w.home.locode,
		booked, status, w.name, null(w.phone), details, null(w.onBehalfOf))
	container := ""
	if mode == "sea" || mode == "rail" {
		container = containerNumber(g.Rand)
	}
	for line := range 1 + g.IntN(2) {
		item := pick(g.Rand, wares)
		s.goods = append(s.goods, item)
		g.add("packages", s.id, int32(line+1), item.description, item.hs, null(container), decimal(int64(2_000+g.IntN(900_000)), 3), null(w.onBehalfOf))
		if arrived && g.chance(60) {
			g.add("handovers", s.id, int32(line+1), int32(1), booked.AddDate(0, 0, 19), w.name, "Signed by "+w.name, null(w.onBehalfOf))
		}
	}
	g.events(w, s, origin)
	return s
}

func (g *generator) events(w who, s consignment, origin string) {
	for i, code := range eventCodes {
		at := s.booked.AddDate(0, 0, i*19/7).Add(time.Duration(g.IntN(600)) * time.Minute)
		if at.After(g.now) {
			return
		}
		if i > 0 && i < 6 && g.chance(35) {
			continue // not every terminal reports
		}
		location, signed, position := origin, "", ""
		if i >= 4 {
			location = w.home.locode
		}
		if code == "DELIVERED" {
			signed, position = w.name, fmt.Sprintf("%.5f, %.5f", w.home.lat+g.Float64()/50, w.home.lon+g.Float64()/50)
		}
		g.add("events", g.next("events"), s.id, at, code, location, null(signed), null(position), null(w.onBehalfOf))
	}
}

func (g *generator) declaration(w who, s consignment, accepted calendar.Date) {
	if accepted.After(g.today) {
		return
	}
	number := mrn(g.Rand, accepted.Year, "DE")
	g.add("declarations", number, s.id, "4000", day(accepted), fmt.Sprintf("DE00%04d", 2100+g.IntN(60)), w.name, null(w.email),
		decimal(int64(5_000+g.IntN(2_000_000)), 2), "EUR")
	for i, item := range s.goods {
		g.add("declaration_items", number, int32(i+1), item.hs, item.description, decimal(int64(1_000+g.IntN(800_000)), 3),
			decimal(int64(g.IntN(90_000)), 2), day(accepted))
	}
}

func (g *generator) invoice(w who, issued calendar.Date) {
	if issued.After(g.today) {
		issued = g.today
	}
	id := g.next("invoices")
	freight, handling := int64(4_000+g.IntN(300_000)), int64(1_500+g.IntN(9_000))
	g.add("invoices", id, fmt.Sprintf("R%d-%06d", issued.Year, id), w.party, day(issued), w.name, null(w.email), w.address, decimal(freight+handling, 2), "EUR")
	g.add("invoice_lines", id, int32(1), "Freight", decimal(freight, 2), day(issued))
	g.add("invoice_lines", id, int32(2), "Handling and documents", decimal(handling, 2), day(issued))
	if paid := issued.AddDays(1 + g.IntN(20)); !paid.After(g.today) && g.chance(90) {
		g.add("payments", g.next("payments"), id, iban(g.Rand), w.name, decimal(freight+handling, 2), day(paid))
	}
}

// letters writes n letters about a shipment, each correcting the one before.
func (g *generator) letters(w who, s consignment, date calendar.Date, n int) {
	var earlier any
	for i := range n {
		id := uuid(g.Rand)
		written := date.AddDays(4 * i)
		if written.After(g.today) {
			return
		}
		body := fmt.Sprintf("Dear %s, the delivery of your shipment %d is planned for the week of %s. We reach you at %s.", w.name, s.id, written.AddDays(10), w.email)
		g.add("letters", id, s.id, day(written), w.name, body, earlier, null(w.onBehalfOf))
		earlier = id
	}
}

func (g *generator) confirmation(w who, s consignment, date calendar.Date) {
	if date.After(g.today) {
		return
	}
	g.add("delivery_confirmations", uuid(g.Rand), s.id, day(date), w.name, null(w.email), "Received complete and undamaged, "+w.name, null(w.onBehalfOf))
}

func (g *generator) account(w who, sessions int) {
	id, last := uuid(g.Rand), g.ago(80)
	settings := fmt.Sprintf(`{"language": "en", "notifications": {"to": %q}}`, w.email)
	g.add("accounts", id, w.party, w.email, w.name, fmt.Sprintf("$argon2id$v=19$m=19456,t=2,p=1$%032x", g.Uint64()), settings, g.ago(2000), last)
	ip := netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + g.IntN(250))})
	for range sessions {
		at := g.ago(80)
		g.add("sessions", uuid(g.Rand), id, ip, pick(g.Rand, userAgents), at)
		g.add("login_attempts", g.next("login_attempts"), w.email, ip, g.chance(85), at.Add(-time.Minute))
	}
}

func (g *generator) reader(w who, sends int) {
	first, last, _ := strings.Cut(w.name, " ")
	id := g.next("contacts")
	profile := fmt.Sprintf(`{"interests": [%q, %q], "score": %d}`, pick(g.Rand, interests), pick(g.Rand, interests), g.IntN(100))
	g.add("contacts", id, w.email, first, last, g.ago(1500), []string{pick(g.Rand, interests), "private"}, profile)
	for range sends {
		sent := g.ago(700)
		var opened any
		if g.chance(40) {
			opened = sent.Add(time.Duration(1+g.IntN(600)) * time.Minute)
		}
		g.add("campaign_sends", g.next("campaign_sends"), id, pick(g.Rand, campaigns), sent, opened)
	}
}
