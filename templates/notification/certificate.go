package notification

import (
	"bytes"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Certificate certifies to a customer whose contract has ended that its data was erased, Art. 28(3)(g). It says what the signed receipt says, which is
// the evidence; a page can be forged, a receipt cannot.
type Certificate struct {
	Operator  string
	Customer  string
	Reference string
	IssuedAt  time.Time
	Zone      *time.Location
	Facts     [][2]string // a label with its text
	Erased    [][2]string // the records, and what became of them
	Kept      [][2]string // the records, and by which law until when, or why else
	Told      [][2]string // a recipient, and what it answered
	Receipt   string      // SHA-256 of its file, hexadecimal
	Key       string      // identifier of the key that signed it
}

// PDF is the certificate as a document with selectable text. The same content gives the same bytes.
func (c Certificate) PDF() ([]byte, error) {
	const title = "Certificate of erasure at the end of a contract"
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), n: Notification{Zone: c.Zone, PreparedAt: c.IssuedAt, Controller: Party{Name: c.Operator}}}
	p.setup(title, title+" "+c.Reference+", issued "+p.when(c.IssuedAt))
	p.AddPage()
	p.title(title, "under Article 28(3)(g) of Regulation (EU) 2016/679 (GDPR)")
	p.text(plain(c.Operator) + " certifies to " + plain(c.Customer) + " that it has erased the personal data that it processed on behalf of " + plain(c.Customer) + ", as stated below.")
	p.row("Reference", c.Reference)
	p.rows(c.Facts)
	p.part("Erased, and proved by a second search", c.Erased, "No data was held.")
	p.part("Kept", c.Kept, "Nothing.")
	p.part("Recipients and subprocessors that were told", c.Told, "Nobody had received data.")
	p.section("Proof")
	p.text("This document repeats the signed receipt of the erasure. The receipt is the proof: verify it with the keys that " + plain(c.Operator) + " publishes (habeas receipt verify).")
	p.row("SHA-256 of the receipt", c.Receipt)
	p.row("Signed with key", c.Key)
	var out bytes.Buffer
	err := p.Output(&out)
	return out.Bytes(), err
}

func (p *page) part(title string, list [][2]string, none string) {
	p.section(title)
	if len(list) == 0 {
		p.text(none)
	}
	p.rows(list)
}

func (p *page) rows(list [][2]string) {
	for _, row := range list {
		p.row(plain(row[0]), plain(row[1]))
	}
}
