package notification

import (
	"bytes"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Register is the register of all breaches, Art. 33(5), as a document.
type Register struct {
	Controller string
	PreparedAt time.Time
	Zone       *time.Location
	Breaches   []Entry
}

// Entry is one breach of the register.
type Entry struct {
	Reference string
	Rows      [][2]string // a label with its text; those without a text are left out
}

// PDF is the register as a document with selectable text. The same content gives the same bytes.
func (r Register) PDF() ([]byte, error) {
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), n: Notification{Zone: r.Zone, PreparedAt: r.PreparedAt, Controller: Party{Name: r.Controller}}}
	p.setup("Register of personal data breaches", "Register of personal data breaches, prepared "+p.when(r.PreparedAt))
	p.AddPage()
	p.title("Register of personal data breaches", "under Article 33(5) of Regulation (EU) 2016/679 (GDPR)")
	p.row("Controller", plain(r.Controller))
	p.row("As of", p.when(r.PreparedAt))
	if len(r.Breaches) == 0 {
		p.text("No breach was reported.")
	}
	for _, b := range r.Breaches {
		p.section("Breach " + plain(b.Reference))
		for _, row := range b.Rows {
			if row[1] != "" {
				p.row(plain(row[0]), plain(row[1]))
			}
		}
	}
	var out bytes.Buffer
	err := p.Output(&out)
	return out.Bytes(), err
}
