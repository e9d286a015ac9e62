package notification

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Report is what became of the requests of a period, as tables in words.
type Report struct {
	Controller string
	Period     string // in words
	PreparedAt time.Time
	Zone       *time.Location
	Tables     []Table
}

// Table is one subject of a report. Rows have a cell for each column.
type Table struct {
	Title   string
	Note    string // what the reader has to know; may be empty
	Columns []string
	Rows    [][]string
}

// PDF is the report as a document with selectable text. The same content gives the same bytes.
func (r Report) PDF() ([]byte, error) {
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), n: Notification{Zone: r.Zone, PreparedAt: r.PreparedAt, Controller: Party{Name: r.Controller}}}
	p.setup("Requests of data subjects, "+r.Period, "Requests of data subjects, "+r.Period+", prepared "+p.when(r.PreparedAt))
	p.AddPage()
	p.title("Requests of data subjects", "under Articles 15 to 22 of Regulation (EU) 2016/679 (GDPR)")
	p.row("Of", plain(r.Controller))
	p.row("Period", r.Period)
	p.row("As of", p.when(r.PreparedAt))
	for _, t := range r.Tables {
		p.table(t)
	}
	var out bytes.Buffer
	err := p.Output(&out)
	return out.Bytes(), err
}

// CSV is the report as one table: each line names the subject that it is of, a column and its value.
func (r Report) CSV() ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	lines := [][]string{{"period", "table", "row", "column", "value"}}
	for _, t := range r.Tables {
		for _, row := range t.Rows {
			for i, cell := range row[1:] {
				lines = append(lines, []string{r.Period, t.Title, row[0], t.Columns[i+1], cell})
			}
		}
	}
	for _, line := range lines {
		for i := range line {
			line[i] = harmless(plain(line[i]))
		}
	}
	err := w.WriteAll(lines)
	return out.Bytes(), err
}

// harmless keeps a spreadsheet from taking a name for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

const cellHigh = 5.6

// table writes a heading, and the rows below their columns, whose names are repeated on each page.
func (p *page) table(t Table) {
	p.section(plain(t.Title))
	if t.Note != "" {
		p.text(plain(t.Note))
	}
	if len(t.Rows) == 0 {
		p.text("None.")
		return
	}
	wide := p.widths(t)
	p.line(t.Columns, wide, t, true)
	for _, row := range t.Rows {
		if p.GetY() > 297-margin-2*cellHigh {
			p.AddPage()
			p.line(t.Columns, wide, t, true)
		}
		p.line(row, wide, t, false)
	}
}

// widths shares the page's width among the columns by the longest text of each.
func (p *page) widths(t Table) []float64 {
	p.SetFont(font, "B", 8.5)
	out := make([]float64, len(t.Columns))
	sum := 0.0
	for i, name := range t.Columns {
		out[i] = p.GetStringWidth(name)
		for _, row := range t.Rows {
			out[i] = max(out[i], p.GetStringWidth(plain(row[i])))
		}
		out[i] = min(out[i]+4, 80)
		sum += out[i]
	}
	if sum > 170 {
		for i := range out {
			out[i] *= 170 / sum
		}
	}
	return out
}

func (p *page) line(cells []string, wide []float64, t Table, head bool) {
	style, colour := "", 20
	if head {
		style, colour = "B", 80
	}
	p.SetFont(font, style, 8.5)
	p.SetTextColor(colour, colour, colour)
	p.SetDrawColor(215, 215, 210)
	for i, text := range cells {
		align := "L"
		if t.numbers(i) {
			align = "R"
		}
		p.CellFormat(wide[i], cellHigh, p.fit(plain(text), wide[i]-2), "B", 0, align, false, 0, "")
	}
	p.Ln(cellHigh)
}

// fit cuts a text that is wider than its cell.
func (p *page) fit(text string, wide float64) string {
	if p.GetStringWidth(text) <= wide {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && p.GetStringWidth(string(runes)+"…") > wide {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// numbers reports whether a column holds numbers only.
func (t Table) numbers(column int) bool {
	for _, row := range t.Rows {
		if _, err := strconv.ParseFloat(row[column], 64); err != nil && row[column] != "" && row[column] != "–" {
			return false
		}
	}
	return column > 0
}

// Number reports whether a cell's column holds numbers only, for a page that shows the same table.
func (t Table) Number(column int) bool { return t.numbers(column) }
