package notification

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Measures of the page, in millimetres and points.
const (
	margin    = 20.0
	labelWide = 48.0
	bodySize  = 10.0
	lineHigh  = 5.2
	font      = "go"
)

// PDF is the notification as a document with selectable text. The same content gives the same bytes.
func (n Notification) PDF() ([]byte, error) {
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), n: n}
	p.setup("Notification of a personal data breach "+n.Reference, fmt.Sprintf("Breach %s, phase %d, prepared %s", n.Reference, n.Phase, p.when(n.PreparedAt)))
	p.AddPage()
	p.heading()
	p.timing()
	p.content()
	p.rest()
	var out bytes.Buffer
	err := p.Output(&out)
	return out.Bytes(), err
}

type page struct {
	*fpdf.Fpdf
	n Notification
}

func (p *page) setup(title, footer string) {
	p.AddUTF8FontFromBytes(font, "", goregular.TTF)
	p.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin)
	p.SetTitle(title, true)
	p.SetAuthor(plain(p.n.Controller.Name), true)
	p.SetCreationDate(p.n.PreparedAt.UTC())
	p.SetModificationDate(p.n.PreparedAt.UTC())
	p.SetLang("en")
	p.SetCatalogSort(true)
	p.SetFooterFunc(func() {
		p.SetY(-14)
		p.SetFont(font, "", 8)
		p.SetTextColor(90, 90, 90)
		p.CellFormat(0, 5, fmt.Sprintf("%s. Page %d", footer, p.PageNo()), "", 0, "C", false, 0, "")
	})
}

func (p *page) when(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	t = t.In(p.n.Zone)
	return t.Format("2 January 2006, 15:04:05 -07:00") + " (" + p.n.Zone.String() + ")"
}

func (p *page) heading() {
	if p.n.Drill {
		p.SetFillColor(255, 236, 200)
		p.SetFont(font, "B", 11)
		p.CellFormat(0, 8, "EXERCISE: this is not a notification and is sent to nobody", "", 1, "C", true, 0, "")
		p.Ln(3)
	}
	p.title("Notification of a personal data breach", "under Article 33 of Regulation (EU) 2016/679 (GDPR)")
	status := "Further information follows (Art. 33(4))"
	if p.n.Final {
		status = "Complete"
	}
	role := "authority concerned"
	if p.n.Lead {
		role = "lead authority by the establishment"
	}
	p.row("To", plain(p.n.Authority)+" ("+role+")")
	p.row("From", strings.Trim(plain(p.n.Controller.Name)+", "+plain(p.n.Controller.Establishment)+", "+p.n.Controller.Country, ", "))
	p.row("Reference", fmt.Sprintf("%s, phase %d. %s.", p.n.Reference, p.n.Phase, status))
	for _, e := range p.n.Earlier {
		text := p.when(e.At)
		if e.Reference != "" {
			text += ", your reference " + plain(e.Reference.Reveal())
		}
		p.row(fmt.Sprintf("Phase %d", e.Phase), text)
	}
}

func (p *page) title(title, law string) {
	p.SetTextColor(20, 30, 45)
	p.SetFont(font, "B", 17)
	p.MultiCell(0, 8, title, "", "L", false)
	p.SetFont(font, "", bodySize)
	p.SetTextColor(70, 75, 85)
	p.MultiCell(0, lineHigh, law, "", "L", false)
	p.Ln(3)
}

func (p *page) timing() {
	p.section("Time, Art. 33(1)")
	p.row("First reported", p.when(p.n.ReportedAt))
	p.row("Aware since", p.when(p.n.AwareAt))
	for _, c := range p.n.Corrections {
		p.row("Corrected from", p.when(c.At)+": "+plain(c.Reason.Reveal()))
	}
	p.row("72 hours end", p.when(p.n.DueAt))
	if p.n.Late {
		p.row("Reasons for the delay", orMissing(plain(p.n.Delay.Reveal())))
	}
}

func (p *page) content() {
	p.section("Nature of the breach, Art. 33(3)(a)")
	p.text(orMissing(plain(p.n.Nature.Reveal())))
	p.row("Persons concerned", about(p.n.Persons)+list(p.n.PersonKinds))
	p.row("Records concerned", about(p.n.Records)+list(p.n.Categories))
	if p.n.Processor != "" {
		p.row("At a processor", plain(p.n.Processor))
	}
	p.section("Contact point, Art. 33(3)(b)")
	p.text(orMissing(plain(p.n.Contact.Reveal())))
	p.section("Likely consequences, Art. 33(3)(c)")
	p.text(orMissing(plain(p.n.Consequences.Reveal())))
	p.section("Measures taken or proposed, Art. 33(3)(d)")
	p.text(orMissing(plain(p.n.Measures.Reveal())))
}

func (p *page) rest() {
	p.section("Communication to the persons concerned, Art. 34")
	p.text(orMissing(p.n.PersonsTold))
	if len(p.n.Missing) > 0 {
		p.section("To follow")
		for _, m := range p.n.Missing {
			p.text("– " + m)
		}
	}
}

func (p *page) section(title string) {
	if p.GetY() > 297-margin-25 { // a heading stays with what follows
		p.AddPage()
	}
	p.Ln(4)
	p.SetFont(font, "B", 11.5)
	p.SetTextColor(11, 83, 148)
	p.MultiCell(0, 6.5, title, "B", "L", false)
	p.Ln(1.5)
}

func (p *page) text(s string) {
	p.SetFont(font, "", bodySize)
	p.SetTextColor(20, 30, 45)
	p.MultiCell(0, lineHigh, s, "", "L", false)
	p.Ln(1)
}

// row is a label with its value beside it, which may take several lines.
func (p *page) row(label, value string) {
	if p.GetY() > 297-margin-lineHigh {
		p.AddPage()
	}
	y := p.GetY()
	p.SetFont(font, "B", bodySize)
	p.SetTextColor(20, 30, 45)
	p.MultiCell(labelWide, lineHigh, label, "", "L", false)
	below := p.GetY()
	p.SetXY(margin+labelWide, y)
	p.SetFont(font, "", bodySize)
	p.MultiCell(0, lineHigh, value, "", "L", false)
	p.SetY(max(below, p.GetY()) + 0.8)
}

func about(n *int) string {
	if n == nil {
		return "number not known yet"
	}
	return fmt.Sprintf("about %d", *n)
}

func list(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return ": " + plain(strings.Join(items, ", "))
}

func orMissing(s string) string {
	if strings.TrimSpace(s) == "" {
		return "Not known yet; it follows."
	}
	return s
}

// plain drops control characters and those that turn the direction of text.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}
