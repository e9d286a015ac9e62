package notification_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/templates/notification"
)

func example(t *testing.T) notification.Notification {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	persons, records := 4100, 12800
	aware := time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)
	return notification.Notification{
		Reference: "7K3F-9QXM-2T", Phase: 2, Authority: "Die Landesbeauftragte für Datenschutz und Informationsfreiheit Bremen", Lead: true,
		PreparedAt: aware.Add(80 * time.Hour), Zone: zone, Controller: notification.Party{Name: "Nordkai Freight GmbH", Country: "DE", Establishment: "Bremen"},
		ReportedAt: aware.Add(-time.Hour), AwareAt: aware, DueAt: aware.Add(72 * time.Hour), Late: true,
		Corrections: []notification.Correction{{At: aware.Add(3 * time.Hour), Reason: "The night shift had seen the alarm earlier."}},
		Delay:       "The extent was only known after the third night of analysis.",
		Nature: "A backup of the booking database lay open on a file server from 20 to 27 March; the log shows one download by an unknown address.\n\n" +
			"Names in other scripts are part of it: Ελένη Παπαδοπούλου, Ольга Иванова, Łukasz Żółć.",
		PersonKinds: []string{"consignees", "users of the portal"}, Persons: &persons, Categories: []string{"contact details", "addresses", "shipments"}, Records: &records,
		Contact: "Mara Lindholm, data protection officer, privacy@nordkai.example, +49 421 000000", Consequences: "Unwanted mail and attempts at fraud with delivery notes.",
		Measures: models.Personal("The server was closed on 27 March at 09:20. All keys were changed. " + strings.Repeat("Each customer was told what to look out for. ", 30)),
		Earlier:  []notification.Earlier{{Phase: 1, At: aware.Add(20 * time.Hour), Reference: "DSB-2026-0815"}},
		Missing:  []string{"The final number of persons."}, PersonsTold: "The persons are told by mail from 30 March on.",
	}
}

func text(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed: apt-get install poppler-utils")
	}
	file := filepath.Join(t.TempDir(), "n.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", file, "-").Output()
	require.NoError(t, err)
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestThePDFHasEverythingAsSelectableText(t *testing.T) {
	t.Parallel()
	n := example(t)
	pdf, err := n.PDF()
	require.NoError(t, err)
	got := text(t, pdf)
	for _, want := range []string{
		"Notification of a personal data breach", n.Reference, "phase 2", n.Authority, "lead authority", n.Controller.Name, "27 March 2026, 10:00:00 +01:00 (Europe/Berlin)",
		"30 March 2026, 11:00:00 +02:00", "about 4100: consignees, users of the portal", "about 12800: contact details", n.Contact.Reveal(), n.Consequences.Reveal(),
		"Each customer was told", n.Delay.Reveal(), "DSB-2026-0815", "The final number of persons.", "Ελένη Παπαδοπούλου", "Ольга Иванова", "Łukasz Żółć", "Page 2",
		"The night shift had seen the alarm earlier.", n.PersonsTold,
	} {
		require.Contains(t, got, want)
	}
	require.NotContains(t, got, "EXERCISE")
	again, err := n.PDF()
	require.NoError(t, err)
	require.True(t, bytes.Equal(pdf, again), "the same content gives the same bytes, so that its digest proves it")
}

func TestWhatIsNotKnownIsSaidToFollowAndAnExerciseIsMarked(t *testing.T) {
	t.Parallel()
	n := example(t)
	n = notification.Notification{
		Reference: n.Reference, Drill: true, Phase: 1, Authority: n.Authority, PreparedAt: n.PreparedAt, Zone: n.Zone, Controller: n.Controller, AwareAt: n.AwareAt,
		DueAt: n.DueAt, Contact: n.Contact,
	}
	pdf, err := n.PDF()
	require.NoError(t, err)
	got := text(t, pdf)
	require.Contains(t, got, "EXERCISE: this is not a notification")
	require.Contains(t, got, "number not known yet")
	require.Equal(t, 4, strings.Count(got, "Not known yet; it follows."))
	require.Contains(t, got, "Further information follows (Art. 33(4))")
	require.NotContains(t, got, "Reasons for the delay")
}

func TestTheStructuredFileSaysTheSame(t *testing.T) {
	t.Parallel()
	n := example(t)
	b, err := n.JSON()
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, "2026-03-27T10:00:00+01:00", got["aware_at"])
	require.Equal(t, "2026-03-30T11:00:00+02:00", got["due_at"])
	require.InDelta(t, 4100, got["approximate_persons"], 0)
	require.Equal(t, n.Nature.Reveal(), got["nature"])
	require.Equal(t, true, got["late"])
	require.Equal(t, notification.Schema, got["schema"])
}

func TestUntrustedTextStaysText(t *testing.T) {
	t.Parallel()
	n := example(t)
	for _, p := range []*models.Personal{&n.Nature, &n.Contact, &n.Consequences, &n.Measures, &n.Delay} {
		*p = "<script>alert(1)</script> (%$) \\( \x00\u202e" + models.Personal(strings.Repeat("W", 400))
	}
	pdf, err := n.PDF()
	require.NoError(t, err)
	got := text(t, pdf)
	require.Contains(t, got, `<script>alert(1)</script> (%$) \(`)
	require.NotContains(t, got, "\u202e")
	b, err := n.JSON()
	require.NoError(t, err)
	require.True(t, json.Valid(b))
}

func TestTheRegisterIsADocumentToo(t *testing.T) {
	t.Parallel()
	r := notification.Register{Controller: "Nordkai Freight GmbH", PreparedAt: example(t).PreparedAt, Zone: example(t).Zone}
	pdf, err := r.PDF()
	require.NoError(t, err)
	require.Contains(t, text(t, pdf), "No breach was reported.")
	for range 30 {
		r.Breaches = append(r.Breaches, notification.Entry{Reference: "7K3F-9QXM-2T", Rows: [][2]string{{"facts", "A backup <b>lay</b> open.\u202e"}, {"effects", ""}, {"risk", "likely"}}})
	}
	pdf, err = r.PDF()
	require.NoError(t, err)
	got := text(t, pdf)
	require.Equal(t, 30, strings.Count(got, "A backup <b>lay</b> open."))
	require.NotContains(t, got, "effects")
	require.NotContains(t, got, "\u202e")
	require.Contains(t, got, "Page 2")
	again, err := r.PDF()
	require.NoError(t, err)
	require.True(t, bytes.Equal(pdf, again))
}
