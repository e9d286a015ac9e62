package activities_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/recipient"
	"habeas/models/store"
)

// fetched is the plain archive of a package, as the person downloads it.
func (w *world) fetched(pkg activities.Package) map[string][]byte {
	w.t.Helper()
	token := w.store.PackageToken(pkg.PackageID)
	code, err := w.store.IssuePackageCode(w.t.Context(), token)
	require.NoError(w.t, err)
	r, size, _, err := w.store.OpenPackage(w.t.Context(), token, code.Code)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, r.Close()) }()
	b, err := io.ReadAll(r)
	require.NoError(w.t, err)
	require.Len(w.t, b, int(size))
	view, err := w.store.Package(w.t.Context(), models.ScopeOperator(), pkg.PackageID)
	require.NoError(w.t, err)
	sum := sha256.Sum256(b)
	require.Equal(w.t, hex.EncodeToString(sum[:]), view.Digest)
	return unzip(w.t, b)
}

// unzip gives the files of an archive after comparing each with the manifest.
func unzip(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		out[f.Name], err = io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
	}
	var manifest struct {
		Files []struct {
			Name, SHA256 string
			Size         int
		}
	}
	require.NoError(t, json.Unmarshal(out["manifest.json"], &manifest))
	require.Len(t, manifest.Files, len(out)-1, "the manifest lists all files but itself")
	for _, f := range manifest.Files {
		sum := sha256.Sum256(out[f.Name])
		require.Equal(t, hex.EncodeToString(sum[:]), f.SHA256, f.Name)
		require.Len(t, out[f.Name], f.Size)
	}
	return out
}

func build(w *world, id models.ID) activities.Package {
	w.t.Helper()
	return do[activities.Package](w, w.acts.BuildPackage, activities.RequestRef{RequestID: id})
}

func TestAnAccessReportAnswersAllOfArticle15(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recipient("carrier", store.ChannelMail, "user.contact")
	_, err := w.store.PutRecipient(t.Context(), store.Recipient{
		Slug: "harbour", Name: "Pacific Harbour Inc", Channel: store.ChannelMail, Address: "dpo@harbour.example", Categories: []string{"user.contact"},
		Country: "US", Safeguard: "standard contractual clauses", Purpose: "unloading", ReminderAfter: day,
	})
	require.NoError(t, err)
	w.crm.exec("INSERT INTO invoices VALUES (1, 1, 10.50, 'Ada Canary', 'x', '2024-05-01', NULL)")
	id := w.approved(models.Access, nil)
	files := w.fetched(build(w, id))
	report := string(files["report.html"])
	for what, want := range map[string]string{
		"the copy":                                 "Ada Canary",
		"15(1)(a) purposes":                        "customer service",
		"15(1)(b) categories":                      "Categories",
		"15(1)(c) recipients by name":              "Recipient carrier",
		"15(1)(d) storage period":                  "AO",
		"15(1)(d) storage period of the dataset":   "two years after the last order",
		"15(1)(e) rights":                          "to correct what is wrong",
		"15(1)(f) complaint":                       "APD-GBA",
		"15(1)(g) source":                          "the person",
		"15(1)(h) automated decisions":             "automated",
		"15(2) safeguards of a transfer":           "standard contractual clauses",
		"how to reach the data protection officer": "dpo@northwind.example",
	} {
		require.Contains(t, report, want, what)
	}
	require.NotContains(t, report, "<script")
	require.NotContains(t, report, bobEmail)
	require.Contains(t, files, "data/crm.customers.json")
	require.NotContains(t, files, "data/crm.customers.csv", "a copy for access is JSON and the report")
	require.Contains(t, string(files["README.txt"]), "report.html")
}

func TestThePackageIsInTheLanguageOfTheRequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recipient("carrier", store.ChannelMail, "user.contact")
	_, err := w.store.PutRecipient(t.Context(), store.Recipient{
		Slug: "harbour", Name: "Pacific Harbour Inc", Channel: store.ChannelMail, Address: "dpo@harbour.example", Categories: []string{"user.contact"},
		Country: "US", Safeguard: "standard contractual clauses", ReminderAfter: day, Facts: recipient.Facts{
			Purposes: []string{"unloading"}, Translations: map[string]recipient.Translation{"pl": {Purposes: []string{"rozładunek"}, Safeguard: "standardowe klauzule umowne"}},
		},
	})
	require.NoError(t, err)
	id := w.approved(models.Access, nil)
	w.sql("WITH changed AS (UPDATE requests SET language = 'pl' WHERE id = $1 RETURNING 1) SELECT count(*) FROM changed", id.String())
	files := w.fetched(build(w, id))
	report := string(files["report.html"])
	for what, want := range map[string]string{
		"the language":                       `<html lang="pl">`,
		"a dataset as translated":            "<td>Klienci</td><td>obsługa klienta</td>",
		"a legal basis":                      "art. 6 ust. 1 lit. b RODO",
		"a recipient's purpose":              "rozładunek",
		"a safeguard":                        "standardowe klauzule umowne",
		"a country":                          "Stany Zjednoczone",
		"a category":                         "imię i nazwisko",
		"what nobody translated, marked":     `<span class="foreign" lang="en">two years after the last order</span>`,
		"a collection's translated contents": "Konto klienta",
	} {
		require.Contains(t, report, want, what)
	}
	require.NotContains(t, report, "customer service")
	require.Contains(t, string(files["README.txt"]), "data/crm.customers.json  Konto klienta")
}

func TestAnExportHasOnlyWhatIsPortable(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(records)
	id := w.approved(models.Export, map[string]models.Treatment{})
	files := w.fetched(build(w, id))
	require.NotContains(t, files, "report.html")
	require.NotContains(t, files, "data/crm.orders.json", "not provided by the person")
	var rows []map[string]any
	require.NoError(t, json.Unmarshal(files["data/crm.customers.json"], &rows))
	require.Len(t, rows, 1)
	require.Equal(t, adaEmail, rows[0]["email"])
	require.NotContains(t, rows[0], "score", "inferred, not provided, Art. 20(1)")
	require.Contains(t, string(files["data/crm.customers.csv"]), adaEmail)
	require.NotContains(t, string(files["data/crm.customers.csv"]), "score")
}

func TestWhatIsSharedIsRedactedDownToThePersonsOwn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("UPDATE customers SET address_id = 1 WHERE id = 2")
	id := w.approved(models.Access, map[string]models.Treatment{"addresses": models.TreatRedact})
	files := w.fetched(build(w, id))
	var rows []map[string]any
	require.NoError(t, json.Unmarshal(files["data/crm.addresses.json"], &rows))
	require.Equal(t, []map[string]any{{"id": 1.0, "street": nil}}, rows)
	require.NotContains(t, string(files["report.html"]), "Quiet Lane")
	require.Contains(t, string(files["report.html"]), "15(4)")
}

func TestOthersInAListOfIdentitiesAreLeftOutOfARedactedCopy(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("INSERT INTO mails VALUES (1, '{" + adaEmail + ",stranger@example.net}')")
	id := w.approved(models.Access, map[string]models.Treatment{"mails": models.TreatRedact})
	var rows []map[string]any
	require.NoError(t, json.Unmarshal(w.fetched(build(w, id))["data/crm.mails.json"], &rows))
	require.Equal(t, []map[string]any{{"id": 1.0, "recipients": []any{adaEmail}}}, rows)
}

func TestAStepThatBuildsAPackageCanBeRepeatedUntilItsLinkIsOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.approved(models.Access, nil)
	calls := 0
	w.crm.fail = func(call string) error {
		if calls++; calls == 3 {
			return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system does not answer.")
		}
		return nil
	}
	_, err := try[activities.Package](w, w.acts.BuildPackage, activities.RequestRef{RequestID: id})
	requireFailure(t, err, connectors.CodeUnavailable, false)
	first := build(w, id)
	second := build(w, id)
	require.Equal(t, first.PackageID, second.PackageID)
	require.NotEmpty(t, w.fetched(second)["report.html"])
	require.Equal(t, 1, w.sql("SELECT count(*) FROM packages"))

	w.advance(id, models.Delivering)
	ref := activities.PackageRef{RequestID: id, PackageID: first.PackageID}
	before := w.mails.count()
	twice[none](w, id, w.acts.SendPackageLink, ref)
	require.Equal(t, before+1, w.mails.count())
	require.Equal(t, adaEmail, w.mails.last(t).to)
	require.Contains(t, w.mails.last(t).mail.Text, "https://privacy.example/package/")

	twice[none](w, id, w.acts.ShredPackage, ref)
	require.Zero(t, w.sql("SELECT count(*) FROM package_chunks"))
	before = w.mails.count()
	do[none](w, w.acts.SendAnswer, activities.Ending{RequestID: id, Outcome: models.Fulfilled})
	require.Equal(t, before, w.mails.count(), "the copy itself was the answer")
}

// It is not parallel, because it measures the heap of the whole process.
func TestACopyOfManyRowsIsWrittenInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds: a copy of 40,000 rows of a kilobyte each")
	}
	w := setup(t)
	w.crm.exec("INSERT INTO orders SELECT n, 1, repeat('x', 1000), NULL FROM generate_series(1000, 40999) n; ANALYZE orders")
	id := w.approved(models.Access, nil)
	// Located rows are sealed one by one; the copy of them is what is measured.
	var peak atomic.Uint64
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base := m.HeapAlloc
	calls := 0
	w.crm.fail = func(call string) error {
		if calls++; strings.HasPrefix(call, "export") {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapAlloc))
		}
		return nil
	}
	pkg := build(w, id)
	t.Logf("heap %d KiB before, %d KiB at most", base>>10, peak.Load()>>10)
	require.Less(t, peak.Load(), base+24<<20, "the rows are 40 MB")
	view, err := w.store.Package(t.Context(), models.ScopeOperator(), pkg.PackageID)
	require.NoError(t, err)
	require.Greater(t, view.Size, int64(40_000))
	require.Greater(t, calls, 12, "the rows were read in batches, for the report and for the data")
}
