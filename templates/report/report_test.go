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
	"habeas/templates"
	"habeas/templates/report"
)

var a = models.Said{Text: "a"}

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func head(t *testing.T, text func(string) string) report.Head {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	p := func(s string) models.Personal { return models.Personal(text(s)) }
	said := func(s string) models.Said { return models.Said{Text: text(s), Lang: "en"} }
	return report.Head{
		Language: "en", Controller: text("Nordkai Freight GmbH"), Contact: text("privacy@nordkai.example"), Authority: text("LfDI Bremen"),
		Reference: text("7K3F-9QXM-2T"), Name: p("Mara Lindholm"), Identities: []report.Identity{{Kind: "email", Value: p("mara@example.com")}},
		ReceivedOn: calendar.Date{Year: 2027, Month: 2, Day: 1}, PreparedAt: time.Date(2027, 2, 8, 9, 30, 0, 0, time.UTC), Zone: berlin,
		Processing: []report.Processing{
			{
				Name: said("Shipments"), Purposes: []models.Said{said("Transport of goods"), said("Customs clearance")}, LegalBasis: "contract",
				Categories: []string{text("Contact details"), text("Delivery addresses")}, Recipients: []string{text("Baltic Haulage OÜ")},
				Storage: []report.Storage{{Period: said("Eight years after the end of the year of the invoice")}, {Laws: []string{"Art. 51(1) Regulation (EU) No 952/2013"}}},
				Source:  said("The shipper's booking"), Records: 3,
			},
			{Name: said("Newsletter"), Purposes: []models.Said{said("Marketing")}, LegalBasis: "consent", Categories: []string{text("E-mail address")}, Records: 1},
		},
		Recipients: []report.Recipient{
			{Name: text("Baltic Haulage OÜ"), Purposes: []models.Said{said("Road transport")}, Categories: []string{text("Delivery addresses")}, Country: "EE"},
			{
				Name: text("Pacific Gate Logistics Inc."), Purposes: []models.Said{said("Agent at the port")}, Categories: []string{text("Contact details")}, Country: "US",
				Safeguard: said("Standard contractual clauses, Art. 46(2)(c) GDPR"),
			},
		},
		Decisions: []report.Decision{{What: said("Credit limit"), Logic: said("Past payments are weighed."), Consequences: said("Payment in advance.")}},
		Withheld: []report.Withheld{
			{What: said("Shared delivery address"), Records: 1, Why: report.Shared},
			{What: said("Letters"), Records: 2, Why: report.Redacted},
			{What: said("Log-ins"), Records: 1, Why: report.NotPortable},
			{What: said("Paper files"), Records: 1, Why: report.NotBrought},
		},
	}
}

func write(t *testing.T, w io.Writer, text func(string) string) {
	t.Helper()
	writeIn(t, w, "en", text)
}

func writeIn(t *testing.T, w io.Writer, lang string, text func(string) string) {
	t.Helper()
	said := func(s string) models.Said { return models.Said{Text: text(s), Lang: "en"} }
	h := head(t, text)
	h.Language = lang
	r, err := report.NewReport(w, h)
	require.NoError(t, err)
	require.NoError(t, r.Collection(report.Collection{
		Dataset: said("Newsletter"), Name: said("subscribers"), Description: said("Who gets our letter."),
		Columns: []report.Column{{Name: said("E-mail"), Description: said("Address")}, {Name: said("Since")}},
	}))
	require.NoError(t, r.Row([]string{text("mara@example.com"), text("2024-05-01")}))
	wide := report.Collection{Dataset: said("Shipments"), Name: said("bookings"), Redacted: true}
	row := make([]string, 8)
	for i := range row {
		wide.Columns = append(wide.Columns, report.Column{Name: said(fmt.Sprintf("Field %d", i)), Description: said("A field")})
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
		Parts: []report.Part{{What: models.Said{Text: "Orders"}, Records: 12}, {What: models.Said{Text: "Paper files"}, Unknown: true}},
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
	require.Contains(t, got.String(), "The reason, in the words of Brightline <Retail>:\nWe answer for them ourselves. Ask us.")
}

func TestTheReportIsInTheLanguageOfThePerson(t *testing.T) {
	t.Parallel()
	var english bytes.Buffer
	write(t, &english, same)
	for _, l := range templates.Languages()[1:] {
		var got bytes.Buffer
		writeIn(t, &got, l.Tag, same)
		golden(t, "report."+l.Tag+".html", got.String())
		require.Contains(t, got.String(), `<html lang="`+l.Tag+`">`)
		require.Contains(t, got.String(), `<span class="foreign" lang="en">Customs clearance</span>`, "what the operator wrote in another language is marked")
		require.NotContains(t, got.String(), "Regulation (EU)", "laws of the Union have a name in each language")
		require.Equal(t, strings.Count(english.String(), "<h2"), strings.Count(got.String(), "<h2"))
	}
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
	require.NoError(t, r.Collection(report.Collection{Columns: []report.Column{{Name: a}, {Name: a}}}))
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
	require.Error(t, r.Collection(report.Collection{}), "no columns")
	require.NoError(t, r.Collection(report.Collection{Columns: []report.Column{{Name: a}}}))
	require.Error(t, r.Row([]string{"a", "b"}), "too many values")
	require.Error(t, r.Close())
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReadme(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		right models.Right
		lang  string
	}{"access": {models.Access, "en"}, "export": {models.Export, "en"}, "access.pl": {models.Access, "pl"}, "export.fr": {models.Export, "fr"}} {
		right := c.right
		var got bytes.Buffer
		require.NoError(t, report.Readme(&got, report.Contents{
			Language: c.lang, Controller: "Nordkai Freight GmbH", Reference: "7K3F-9QXM-2T", Right: right, PreparedAt: time.Date(2027, 2, 8, 9, 30, 0, 0, time.UTC),
			Files: []report.File{{"report.html", "Everything, to read and to print"}, {"data/ship\nments.csv", "Bookings"}, {"manifest.json", "Digests of all files"}},
		}))
		require.Contains(t, got.String(), "data/ship ments.csv  Bookings")
		golden(t, "readme_"+name+".txt", got.String())
	}
}

func BenchmarkRow(b *testing.B) {
	r, err := report.NewReport(io.Discard, report.Head{ReceivedOn: calendar.Date{Year: 2027, Month: 1, Day: 1}, PreparedAt: time.Unix(1, 0)})
	require.NoError(b, err)
	require.NoError(b, r.Collection(report.Collection{Columns: make([]report.Column, 6)}))
	row := []string{"a", "b", "c", "d", "e", "f"}
	for b.Loop() {
		if err := r.Row(row); err != nil {
			b.Fatal(err)
		}
	}
}
