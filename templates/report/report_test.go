package report_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/templates/report"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func head(t *testing.T, text func(string) string) report.Head {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	p := func(s string) models.Personal { return models.Personal(text(s)) }
	return report.Head{
		Language: "en", Controller: text("Nordkai Freight GmbH"), Contact: text("privacy@nordkai.example"), Authority: text("LfDI Bremen"),
		Reference: text("7K3F-9QXM-2T"), Name: p("Mara Lindholm"), Identities: []report.Identity{{Kind: text("E-mail address"), Value: p("mara@example.com")}},
		ReceivedOn: calendar.Date{Year: 2027, Month: 2, Day: 1}, PreparedAt: time.Date(2027, 2, 8, 9, 30, 0, 0, time.UTC), Zone: berlin,
		Processing: []report.Processing{
			{
				Name: text("Shipments"), Purposes: []string{text("Transport of goods"), text("Customs clearance")}, LegalBasis: text("contract"),
				Categories: []string{text("Contact details"), text("Delivery addresses")}, Recipients: []string{text("Baltic Haulage OÜ")},
				Storage: []string{text("Eight years after the end of the year of the invoice")}, Source: text("The shipper's booking"), Records: 3,
			},
			{Name: text("Newsletter"), Purposes: []string{text("Marketing")}, LegalBasis: text("consent"), Categories: []string{text("E-mail address")}, Records: 1},
		},
		Recipients: []report.Recipient{
			{Name: text("Baltic Haulage OÜ"), Purpose: text("Road transport"), Categories: []string{text("Delivery addresses")}, Country: text("Estonia")},
			{Name: text("Pacific Gate Logistics Inc."), Purpose: text("Agent at the port"), Categories: []string{text("Contact details")}, Country: text("United States"), Safeguard: text("Standard contractual clauses, Art. 46(2)(c) GDPR")},
		},
		Decisions: []report.Decision{{What: text("Credit limit"), Logic: text("Past payments are weighed."), Consequences: text("Payment in advance.")}},
		Withheld:  []report.Withheld{{What: text("Shared delivery address"), Records: 1, Why: text("It is also another person's.")}},
	}
}

func write(t *testing.T, w io.Writer, text func(string) string) {
	t.Helper()
	r, err := report.NewReport(w, head(t, text))
	require.NoError(t, err)
	require.NoError(t, r.Collection(report.Collection{
		Title: text("Newsletter: subscribers"), Description: text("Who gets our letter."),
		Columns: []report.Column{{Name: text("E-mail"), Description: text("Address")}, {Name: text("Since")}},
	}))
	require.NoError(t, r.Row([]string{text("mara@example.com"), text("2024-05-01")}))
	wide := report.Collection{Title: text("Shipments: bookings"), Note: text("One field is blanked.")}
	row := make([]string, 8)
	for i := range row {
		wide.Columns = append(wide.Columns, report.Column{Name: text(fmt.Sprintf("Field %d", i)), Description: text("A field")})
		row[i] = text(fmt.Sprintf("Value %d", i))
	}
	row[3] = ""
	require.NoError(t, r.Collection(wide))
	require.NoError(t, r.Row(row))
	require.NoError(t, r.Row(row))
	require.NoError(t, r.Close())
}

func same(s string) string { return s }

func TestTheReportLooksAsAgreed(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	write(t, &got, same)
	golden(t, "report.html", got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), got)
}

func TestTheReportHasEveryItemOfArticle15(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	write(t, &got, same)
	for _, item := range []string{"15(1)(a)", "15(1)(b)", "15(1)(c)", "15(1)(d)", "15(1)(e)", "15(1)(f)", "15(1)(g)", "15(1)(h)", "15(2)", "15(3)", "15(4)"} {
		require.Contains(t, got.String(), item)
	}
	for _, said := range []string{
		"Transport of goods", "A contract with you", "Delivery addresses", "Baltic Haulage OÜ", "Eight years after", "Art. 16", "Art. 17", "Art. 18",
		"Art. 20", "Art. 21", "LfDI Bremen", "The shipper&#39;s booking", "From you", "Past payments are weighed.", "Standard contractual clauses", "Value 7",
	} {
		require.Contains(t, got.String(), said)
	}
}

func TestALimitedCopySaysThatItIsAndWhy(t *testing.T) {
	t.Parallel()
	left := report.LeftOut{
		By: "Brightline <Retail>", Reason: "We answer for them ourselves.\nAsk us.",
		Parts: []report.Part{{What: "Orders", Records: 12}, {What: "Paper files", Unknown: true}},
	}
	h := head(t, same)
	h.LeftOut = left
	var got bytes.Buffer
	r, err := report.NewReport(&got, h)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	for _, said := range []string{
		"This answer is limited", "Brightline &lt;Retail&gt; decides on this data", "We answer for them ourselves.", `<td>Orders</td><td class="number">12</td>`, "not counted",
	} {
		require.Contains(t, got.String(), said)
	}
	require.NotContains(t, got.String(), "all systems")

	got.Reset()
	require.NoError(t, report.Readme(&got, report.Contents{Controller: "Nordkai", Right: models.Export, PreparedAt: time.Now(), LeftOut: left}))
	require.Contains(t, got.String(), "WHAT IS NOT IN IT")
	require.Contains(t, got.String(), "- Orders: 12\n- Paper files: not counted\n")
	require.Contains(t, got.String(), "The reason that was given: We answer for them ourselves. Ask us.")
}

func TestAPersonOfWhomNothingIsHeldIsToldSo(t *testing.T) {
	t.Parallel()
	h := head(t, same)
	h.Processing, h.Recipients, h.Decisions, h.Withheld = nil, nil, nil, nil
	var got bytes.Buffer
	r, err := report.NewReport(&got, h)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Contains(t, got.String(), "holds no personal data about you")
	require.Contains(t, got.String(), "has not been passed on")
	require.Contains(t, got.String(), "No decision about you is made by automated means")
	require.Contains(t, got.String(), "not transferred to a country outside")
}

func TestUntrustedTextNeverBecomesMarkup(t *testing.T) {
	t.Parallel()
	var harmless, attacked bytes.Buffer
	write(t, &harmless, same)
	write(t, &attacked, func(string) string {
		return `"></td></table><script>alert(1)</script><img src=//x.example/a onerror=alert(1)>{{.Name}}`
	})
	shape := func(document string) (list []string) {
		for z := html.NewTokenizer(strings.NewReader(document)); ; {
			kind := z.Next()
			if kind == html.ErrorToken {
				return list
			}
			if name, _ := z.TagName(); kind != html.TextToken {
				list = append(list, kind.String()+" "+string(name))
			}
		}
	}
	require.Equal(t, shape(harmless.String()), shape(attacked.String()))
}

func TestTheReportLoadsNothingFromOutside(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	write(t, &got, same)
	require.NotRegexp(t, `(?i)<(link|script|img|iframe)|src=|url\(|@import|https?://`, got.String())
	require.NotContains(t, got.String(), "[redacted]")
}

func TestRowsAreWrittenWithConstantMemory(t *testing.T) {
	t.Parallel()
	r, err := report.NewReport(io.Discard, head(t, same))
	require.NoError(t, err)
	require.NoError(t, r.Collection(report.Collection{Title: "x", Columns: []report.Column{{Name: "a"}, {Name: "b"}}}))
	row := []string{strings.Repeat("a", 500), strings.Repeat("b", 500)}
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	for range 50_000 { // 50 MB
		require.NoError(t, r.Row(row))
	}
	require.Less(t, int64(live())-int64(before), int64(8<<20))
	require.NoError(t, r.Close())
}

func TestMisuseAndFailingWritersAreErrors(t *testing.T) {
	t.Parallel()
	r, err := report.NewReport(failing{}, head(t, same))
	require.NoError(t, err) // still in the buffer
	require.Error(t, r.Row([]string{"a"}), "no collection yet")
	require.Error(t, r.Collection(report.Collection{Title: "x"}), "no columns")
	require.NoError(t, r.Collection(report.Collection{Title: "x", Columns: []report.Column{{Name: "a"}}}))
	require.Error(t, r.Row([]string{"a", "b"}), "too many values")
	require.Error(t, r.Close())
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReadme(t *testing.T) {
	t.Parallel()
	for _, right := range []models.Right{models.Access, models.Export} {
		var got bytes.Buffer
		require.NoError(t, report.Readme(&got, report.Contents{
			Controller: "Nordkai Freight GmbH", Reference: "7K3F-9QXM-2T", Right: right, PreparedAt: time.Date(2027, 2, 8, 9, 30, 0, 0, time.UTC),
			Files: []report.File{{"report.html", "Everything, to read and to print"}, {"data/ship\nments.csv", "Bookings"}, {"manifest.json", "Digests of all files"}},
		}))
		require.Contains(t, got.String(), "data/ship ments.csv  Bookings")
		golden(t, "readme_"+string(right)+".txt", got.String())
	}
}

func BenchmarkRow(b *testing.B) {
	r, err := report.NewReport(io.Discard, report.Head{ReceivedOn: calendar.Date{Year: 2027, Month: 1, Day: 1}, PreparedAt: time.Unix(1, 0)})
	require.NoError(b, err)
	require.NoError(b, r.Collection(report.Collection{Title: "x", Columns: make([]report.Column, 6)}))
	row := []string{"a", "b", "c", "d", "e", "f"}
	for b.Loop() {
		if err := r.Row(row); err != nil {
			b.Fatal(err)
		}
	}
}
