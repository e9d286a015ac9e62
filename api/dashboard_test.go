package api_test

import (
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
)

// overdue files requests: acme has one in review that is overdue and one that was answered in time, with a hold.
func (b *bundle) figures() (late filed) {
	b.t.Helper()
	late, _ = b.inReview("sam@example.com") // due on 1 March 2027
	done, _ := b.inReview("kim@example.com")
	require.NoError(b.t, b.CreateDeferrals(b.t.Context(), done.id, []plan.Group{{
		No: 1, System: "erp", Dataset: "customs", Collection: "declarations", Rows: 3, Proposed: models.TreatRetain, Rule: "EU_UCC_51", Citation: "Reg. 952/2013 Art. 51(1)",
		ErasableOn: calendar.Date{Year: 2031, Month: 1, Day: 1},
	}}))
	b.advance(done, models.Executing, models.Delivering)
	b.clock(4 * 24 * time.Hour)
	require.NoError(b.t, b.Advance(b.t.Context(), done.id, models.Closed, models.PartlyFulfilled))
	b.clock(30 * 24 * time.Hour)
	return late
}

func TestTheDashboardCountsWhatSomebodyMaySee(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.figures()
	for key, want := range map[string][]string{
		b.keys[models.RoleDPO]:        {"<strong>1</strong> <span>open", "<strong>1</strong> <span>overdue", "<strong>4.0</strong>", "100 %", "Company acme", "February 2027"},
		b.keys[models.RoleController]: {"<strong>1</strong> <span>open", "<strong>4.0</strong>"},
		b.globexK:                     {"<strong>0</strong> <span>open", "<strong>0</strong> <span>overdue", "<strong>–</strong>", "There is no request yet."},
	} {
		page := b.get(b.signIn(key), "/staff/dashboard")
		require.Equal(t, 200, page.status)
		require.Contains(t, page.body, "<svg class=\"chart\"")
		require.NotContains(t, page.body, "style=")
		for _, text := range want {
			require.Contains(t, page.body, text)
		}
	}
	require.NotContains(t, b.get(b.signIn(b.keys[models.RoleController]), "/staff/dashboard").body, "Company globex")
}

func TestAReportSaysTheSameOnThePageInTheDocumentAndInTheTable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	late := b.figures()
	r, err := b.Request(t.Context(), models.ScopeOperator(), late.id)
	require.NoError(t, err)
	dpo := b.signIn(b.keys[models.RoleDPO])
	page := b.get(dpo, "/staff/reports?period=2027")
	require.Contains(t, page.body, r.Reference)
	require.Contains(t, page.body, "Reg. 952/2013 Art. 51(1)")

	table := b.get(dpo, "/staff/reports/report.csv?period=2027")
	require.Equal(t, `attachment; filename="requests-2027.csv"`, table.header.Get("Content-Disposition"))
	lines, err := csv.NewReader(strings.NewReader(table.body)).ReadAll()
	require.NoError(t, err)
	require.Contains(t, lines, []string{"2027", "Summary", "Received", "Number", "2"})
	require.Contains(t, lines, []string{"2027", "Summary", "Answered late", "Number", "0"})
	require.Contains(t, lines, []string{"2027", "By outcome", "Partly fulfilled", "Closed", "1"})
	require.Contains(t, lines, []string{"2027", "Late requests", r.Reference, "Due on", "2027-03-01"})
	require.Contains(t, lines, []string{"2027", "Late requests", r.Reference, "Waits for, or closed on", "a decision"})
	require.Contains(t, lines, []string{"2027", "Holds in force", "Reg. 952/2013 Art. 51(1)", "Records", "3"})

	document := b.get(dpo, "/staff/reports/report.pdf?period=2027")
	require.Equal(t, "application/pdf", document.header.Get("Content-Type"))
	text := pdfText(t, document.body)
	for _, want := range []string{"Requests of data subjects", "Company northwind", r.Reference, "Reg. 952/2013 Art. 51(1)", "Partly fulfilled", "Page 1"} {
		require.Contains(t, text, want)
	}
	require.Contains(t, b.get(dpo, "/staff/reports?period=nonsense").body, "Report: February 2027", "the month before")

	foreign := b.get(b.signIn(b.globexK), "/staff/reports/report.csv?period=2027")
	require.NotContains(t, foreign.body, r.Reference)
	require.NotContains(t, foreign.body, "952/2013")
	require.Contains(t, foreign.body, "Summary,Received,Number,0")
}

func TestHoldsInForceAreListedForThoseWhomTheyConcern(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.figures()
	for _, key := range []string{b.keys[models.RoleDPO], b.keys[models.RoleController]} {
		page := b.get(b.signIn(key), "/staff/holds")
		require.Contains(t, page.body, "customs.declarations")
		require.Contains(t, page.body, "1 January 2031")
	}
	require.Contains(t, b.get(b.signIn(b.globexK), "/staff/holds").body, "No hold is in force")
	require.Equal(t, 400, b.get(b.signIn(b.globexK), "/staff/holds?cursor=x").status)
}

// pdfText is the text of a document as poppler reads it.
func pdfText(t *testing.T, body string) string {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed: the document was not read (apt-get install poppler-utils)")
	}
	path := filepath.Join(t.TempDir(), "report.pdf")
	require.NoError(t, os.WriteFile(path, []byte(body), 0o600))
	out, err := exec.CommandContext(t.Context(), program, "-layout", path, "-").Output()
	require.NoError(t, err)
	return string(out)
}
