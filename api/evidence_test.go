package api_test

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/receipt"
)

func TestTheEvidenceOfARequestIsVerifiedWithWhatIsInIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	_, err := b.IssueReceipt(t.Context(), f.id, models.ID{}, "")
	require.NoError(t, err)

	auditor := b.signIn(b.keys[models.RoleAuditor])
	path := "/staff/requests/" + f.id.String()
	require.Contains(t, b.get(auditor, path).body, path+"/evidence.zip")
	got := b.get(auditor, path+"/evidence.zip")
	require.Equal(t, "application/zip", got.header.Get("Content-Type"))
	files := unzip(t, got.body)
	require.Contains(t, files["README.txt"], "habeas receipt verify")
	require.Contains(t, files["README.txt"], "1 that wait for their seal", "the receipt's own entry")
	var read receipt.Receipt
	for name, body := range files {
		if strings.HasPrefix(name, "receipts/") {
			read, err = receipt.Verify([]byte(body), []byte(files["keys.json"]))
			require.NoError(t, err)
		}
		require.NotContains(t, body, "sam@example.com")
	}
	require.Equal(t, f.id, read.Request.ID)

	n := 0
	for lines := bufio.NewScanner(strings.NewReader(files["ledger.jsonl"])); lines.Scan(); n++ {
		var e receipt.Entry
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		sum := sha256.Sum256(append(append([]byte{}, e.Prev...), e.Body...))
		require.Equal(t, sum[:], []byte(e.Hash), "as the README says")
	}
	require.Greater(t, n, 3)
	require.Equal(t, 404, b.get(b.signIn(b.globexK), path+"/evidence.zip").status)
	require.Equal(t, 200, b.get(b.signIn(b.keys[models.RoleController]), path+"/evidence.zip").status)
}

func unzip(t *testing.T, body string) map[string]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		out[f.Name] = string(b)
	}
	return out
}

func TestTheLedgerIsVerifiedOnThePage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.inReview("sam@example.com")
	_, err := b.Seal(t.Context())
	require.NoError(t, err)
	auditor := b.signIn(b.keys[models.RoleAuditor])
	require.Contains(t, b.get(auditor, "/staff/ledger").body, "Nothing has been verified yet")
	require.Equal(t, http.StatusSeeOther, b.post(auditor, "/staff/ledger/verify", nil).status)
	require.Contains(t, b.settled(auditor), "Unchanged, complete and in order")

	b.tamper("UPDATE ledger_entries SET kind = 'forged' WHERE kind = 'clock.recorded'")
	require.Equal(t, http.StatusSeeOther, b.post(auditor, "/staff/ledger/verify", nil).status)
	page := b.settled(auditor)
	require.Contains(t, page, "The ledger is not as it was written")
	require.Contains(t, page, "at place ")
	require.Equal(t, 403, b.post(b.signIn(b.keys[models.RoleController]), "/staff/ledger/verify", nil).status)
}

// settled is the page once the verification has ended.
func (b *bundle) settled(c *http.Client) (body string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		body = b.get(c, "/staff/ledger").body
		return !strings.Contains(body, "is under way")
	}, time.Minute, 20*time.Millisecond)
	return body
}

// tamper runs a statement as a superuser who turns the ledger's rules off.
func (b *bundle) tamper(sql string) {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.dsn)
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, conn.Close(context.Background())) }()
	_, err = conn.Exec(b.t.Context(), "SET session_replication_role = replica; "+sql)
	require.NoError(b.t, err)
}

func TestTheDataMapIsShownToTheOperatorsPeople(t *testing.T) {
	t.Parallel()
	graph, err := datamap.Compile([]datamap.Dataset{{Key: "customs", System: "erp", LegalBasis: "legal_obligation", Collections: []datamap.Collection{{
		Name: "declarations", Erase: datamap.EraseDelete, Holds: []datamap.Hold{{Rule: "EU_UCC_51", Anchors: []datamap.Anchor{{Field: "declaration_accepted", Column: "accepted"}}}},
		Fields: []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "accepted", Type: "date"}, {Name: "email", Identity: "email", Categories: []string{"user.contact.email"}}},
	}}}})
	require.NoError(t, err)
	b := setup(t, func(d *api.Deps) { d.Graph = graph })
	require.NoError(t, b.NoteSystem(t.Context(), "erp", "system_unavailable"))
	page := b.get(b.signIn(b.keys[models.RoleOperator]), "/staff/map").body
	for _, want := range []string{"declarations", "user.contact.email", "EU_UCC_51", "system_unavailable", "Deleted"} {
		require.Contains(t, page, want)
	}
	require.Equal(t, 403, b.get(b.signIn(b.keys[models.RoleController]), "/staff/map").status)
}
