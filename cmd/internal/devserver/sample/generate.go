package sample

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"habeas/models/calendar"
)

// table is the generated content of one table.
type table struct {
	database, name string
	columns        []string
	rows           [][]any
}

// generator makes the same data for the same day, whatever the machine.
type generator struct {
	*rand.Rand
	now    time.Time
	today  calendar.Date // in Nordkai's zone
	tables []*table
	byName map[string]*table
	brands []string // names of companies
	taken  map[string]int
}

// size says how many people there are; everything else follows from it.
type size struct{ companies, private, contacts, consignees int }

var full = size{companies: 300, private: 1700, contacts: 450, consignees: 250}

// generate makes all tables, those that are referred to first.
func generate(now time.Time, s size) []*table {
	g := &generator{
		Rand: rand.New(rand.NewPCG(20_000, 61)), now: now, today: calendar.DateOf(now.In(zone())), //nolint:gosec // not a secret
		byName: map[string]*table{}, taken: map[string]int{},
	}
	g.declare()
	g.companies(s.companies)
	for range s.private {
		g.private("")
	}
	for range s.consignees {
		g.private(Brightline)
	}
	for range s.contacts {
		g.contact(s.companies)
	}
	g.demoPeople()
	return g.tables
}

func zone() *time.Location {
	l, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return time.UTC // a machine without zone data
	}
	return l
}

func (g *generator) declare() {
	for _, t := range []struct{ database, name, columns string }{
		{"parties", "companies", "id legal_name vat_id eori country_code parent_id"},
		{"parties", "addresses", "id street postal_code city country_code on_behalf_of"},
		{"parties", "parties", "id customer_no full_name email phone company_id address_id preferences on_behalf_of created_at"},
		{"shipments", "shipments", "id reference consignee_party_id shipper mode incoterm origin destination booked_at status delivery_name delivery_phone details on_behalf_of"},
		{"shipments", "packages", "shipment_id line_no description hs_code container_no gross_kg on_behalf_of"},
		{"shipments", "handovers", "shipment_id line_no seq handed_at received_by note on_behalf_of"},
		{"documents", "letters", "id shipment_id document_date addressee body supersedes_id on_behalf_of"},
		{"documents", "delivery_confirmations", "id shipment_id document_date signed_by contact_email remark on_behalf_of"},
		{"customs", "declarations", "mrn shipment_id procedure_code accepted_on office importer_name importer_email customs_value currency"},
		{"customs", "declaration_items", "mrn item_no hs_code description net_kg duty accepted_on"},
		{"invoices", "invoices", "id number party_id issued_on bill_to_name bill_to_email bill_to_address total currency"},
		{"invoices", "invoice_lines", "invoice_id line_no description amount issued_on"},
		{"invoices", "payments", "id invoice_id iban account_holder amount received_on"},
		{"logins", "accounts", "id party_id email display_name password_hash settings created_at last_login_at"},
		{"logins", "sessions", "id account_id ip user_agent started_at"},
		{"logins", "login_attempts", "id email ip succeeded at"},
		{"tracking", "events", "id shipment_id at code location signed_by position on_behalf_of"},
		{"tracking", "watchers", "id shipment_id email created_at on_behalf_of"},
		{"marketing", "contacts", "id email first_name last_name consent_at segments profile"},
		{"marketing", "campaign_sends", "id contact_id campaign sent_at opened_at"},
	} {
		made := &table{database: t.database, name: t.name, columns: strings.Fields(t.columns)}
		g.tables = append(g.tables, made)
		g.byName[t.name] = made
	}
}

// add appends a row and returns its number, from 1, which serves as its identifier.
func (g *generator) add(table string, row ...any) int64 {
	t := g.byName[table]
	if len(row) != len(t.columns) {
		panic(fmt.Sprintf("sample: %s has %d columns, not %d", table, len(t.columns), len(row)))
	}
	t.rows = append(t.rows, row)
	return int64(len(t.rows))
}

// next is the identifier of the table's next row.
func (g *generator) next(table string) int64 { return int64(len(g.byName[table].rows)) + 1 }

// ago is an instant up to the given number of days before now.
func (g *generator) ago(days int) time.Time {
	return g.now.Add(-time.Duration(1+g.IntN(days*24*60)) * time.Minute).Truncate(time.Second)
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// null is v, or NULL for the empty string.
func null(v string) any {
	if v == "" {
		return nil
	}
	return v
}

func day(d calendar.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (g *generator) companies(n int) {
	for i := range n {
		p := pick(g.Rand, places)
		name := fmt.Sprintf("%s %s", companyNames[i%len(companyNames)], companyForms[p.country])
		if i >= len(companyNames) {
			name = fmt.Sprintf("%s %s %s", companyNames[i%len(companyNames)], p.city, companyForms[p.country])
		}
		var parent any
		if i >= len(companyNames) && g.chance(40) {
			parent = int64(i%len(companyNames) + 1)
		}
		digits := 100_000_000 + g.IntN(900_000_000)
		g.add("companies", int64(i+1), name, fmt.Sprintf("%s%d", p.country, digits), fmt.Sprintf("%s%09d", p.country, digits), p.country, parent)
		g.brands = append(g.brands, name)
	}
}

func (g *generator) address(p place, street, onBehalfOf string) int64 {
	postal := []byte(p.postal)
	for i, c := range postal {
		if c == '#' {
			postal[i] = byte('0' + g.IntN(10))
		}
	}
	if street == "" {
		street = fmt.Sprintf("%s %d", pick(g.Rand, p.streets), 1+g.IntN(140))
	}
	return g.add("addresses", g.next("addresses"), street, string(postal), p.city, p.country, null(onBehalfOf))
}

// who is one party as the other tables need it.
type who struct {
	party       int64
	name, email string
	phone       string
	home        place
	address     string // on one line, for invoices
	onBehalfOf  string
}

func (g *generator) party(w who, customerNo string, company any, address int64) who {
	w.party = g.next("parties")
	if customerNo == "" {
		customerNo = fmt.Sprintf("%s-%06d", map[bool]string{true: "NK", false: "BR"}[w.onBehalfOf == ""], w.party)
	}
	preferences := fmt.Sprintf(`{"contact": {"email": %q, "by": "mail"}, "delivery": {"leave_with_neighbour": %t}}`, w.email, g.chance(50))
	g.add("parties", w.party, customerNo, w.name, null(w.email), null(w.phone), company, address, preferences, null(w.onBehalfOf), g.ago(2500))
	row := g.byName["addresses"].rows[address-1]
	w.address = fmt.Sprintf("%s, %s %s, %s", row[1], row[2], row[3], row[4])
	return w
}

// newcomer invents a name and an address of its own for mail.
func (g *generator) newcomer(domain string) who {
	first, last := pick(g.Rand, firstNames), pick(g.Rand, lastNames)
	local := plain(first) + "." + plain(last)
	g.taken[local+domain]++
	if n := g.taken[local+domain]; n > 1 {
		local += fmt.Sprint(n)
	}
	if domain == "" {
		domain = pick(g.Rand, mailDomains)
	}
	// The number range is kept free for invented persons.
	return who{name: first + " " + last, email: local + "@" + domain, phone: fmt.Sprintf("+49 30 23125 %03d", g.IntN(1000)), home: pick(g.Rand, places)}
}

var ascii = strings.NewReplacer(
	"ü", "ue", "ö", "oe", "ä", "ae", "ß", "ss", "é", "e", "è", "e", "ê", "e", "ñ", "n", "ø", "oe", "æ", "ae", "å", "aa", "í", "i", "ś", "s", "ą", "a",
	"ř", "r", "á", "a", "ł", "l", "ã", "a", "ç", "c", " ", "", "'", "",
)

func plain(s string) string { return ascii.Replace(strings.ToLower(s)) }
