package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

// kinds are the ledger's entries about a request, by kind.
func (b *bundle) kinds(id models.ID) map[string]int {
	b.t.Helper()
	entries, err := b.Ledger(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	out := map[string]int{}
	for _, e := range entries {
		out[e.Kind]++
	}
	return out
}

// section is the part of a page about searches, without what follows it.
func section(t *testing.T, a answer) string {
	t.Helper()
	_, after, found := strings.Cut(a.body, `<section id="scan">`)
	require.True(t, found, "the page has the section")
	out, _, _ := strings.Cut(after, "</section>")
	return out
}

func TestStaffOrderASearchOfAllSystemsAndSeeWhereThePersonStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"crm", "erp", "mailer"} {
		require.NoError(t, b.NoteSystem(t.Context(), name, ""))
	}
	f, _ := b.inReview("sam@example.com")
	path := "/staff/requests/" + f.id.String()
	handler := b.signIn(b.keys[models.RoleHandler])
	empty := section(t, b.get(handler, path))
	require.Contains(t, empty, "No search of whole systems has been ordered.")
	require.NotContains(t, empty, "<table")

	ordered := b.post(handler, path+"/scan", nil)
	require.Equal(t, http.StatusSeeOther, ordered.status)
	require.Equal(t, path+"?done=scan#scan", ordered.header.Get("Location"))
	require.Equal(t, 1, b.kinds(f.id)["scan.ordered"])
	page := b.get(handler, path+"?done=scan")
	require.Contains(t, page.body, "The search is ordered.")
	require.Contains(t, section(t, page), "Ordered 1 February 2027, 10:00 Europe/Berlin.")
	require.Contains(t, section(t, page), "3 systems have no result since then.")

	b.clock(time.Minute)
	for _, s := range []store.Scan{
		{System: "crm", Skipped: []string{"hr.salaries"}, TooShort: []string{"customer_number"}},
		{System: "erp", Hits: []store.ScanHit{{Table: "public.parties", Column: "email", Rows: 1, Described: true}, {Table: "public.outbox", Column: "<b>body", Rows: 1000}}},
		{System: "mailer", Code: "unsupported"},
	} {
		require.NoError(t, b.SaveScan(t.Context(), f.id, s))
	}
	got := section(t, b.get(handler, path))
	for _, want := range []string{
		"Every system has a result.", "searched in part", "hr.salaries", "Too short to be searched for: Customer number", "1 not in the data map",
		"Its connector cannot search a whole system.", "1 February 2027, 10:01 Europe/Berlin", "&lt;b&gt;body", "1\u202f000", "Search all systems again",
	} {
		require.Contains(t, got, want)
	}
	require.Less(t, strings.Index(got, "public.outbox"), strings.Index(got, "public.parties"), "what the map does not describe comes first")
	require.NotContains(t, got, "sam@example.com")

	b.clock(time.Minute)
	require.Equal(t, http.StatusSeeOther, b.post(b.signIn(b.keys[models.RoleDPO]), path+"/scan", nil).status)
	again := section(t, b.get(handler, path))
	require.Contains(t, again, "before the latest order")
	require.Contains(t, again, "3 systems have no result since then.")
}

func TestOnlyCaseworkOrdersASearchAndCustomersDoNotSeeIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	path := "/staff/requests/" + f.id.String()
	require.NoError(t, b.SaveScan(t.Context(), f.id, store.Scan{System: "erp", Hits: []store.ScanHit{{Table: "globex.parties", Column: "email", Rows: 7}}}))
	auditor, customer, other := b.signIn(b.keys[models.RoleAuditor]), b.signIn(b.keys[models.RoleController]), b.signIn(b.globexK)
	seen := section(t, b.get(auditor, path))
	require.Contains(t, seen, "globex.parties")
	require.NotContains(t, seen, "<form", "an auditor looks only")
	mine := b.get(customer, path)
	require.Equal(t, http.StatusOK, mine.status)
	require.NotContains(t, mine.body, `id="scan"`)
	require.NotContains(t, mine.body, "globex.parties", "a whole system holds what other customers have of the person")
	require.Equal(t, http.StatusNotFound, b.get(other, path).status)
	for name, c := range map[string]*http.Client{"auditor": auditor, "customer": customer, "other customer": other} {
		require.Equal(t, http.StatusForbidden, b.post(c, path+"/scan", nil).status, name)
	}
	require.Equal(t, "/staff/login", b.post(b.browser(), path+"/scan", nil).header.Get("Location"))
	dpo := b.signIn(b.keys[models.RoleDPO])
	require.Equal(t, http.StatusForbidden, b.post(dpo, path+"/scan", nil, "Sec-Fetch-Site", "cross-site").status)
	require.Equal(t, http.StatusNotFound, b.post(dpo, "/staff/requests/nonsense/scan", nil).status)
	require.Equal(t, http.StatusNotFound, b.post(dpo, "/staff/requests/"+"0f3b2c54-9a7e-4c0d-8d58-3f6f9c2b7a12"+"/scan", nil).status)
	require.Zero(t, b.kinds(f.id)["scan.ordered"], "nobody has ordered one")
}

func TestASearchIsRefusedWithoutAPersonToSearchFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	unproven := b.file(models.Erasure, "sam@example.com")
	path := "/staff/requests/" + unproven.id.String()
	require.NotContains(t, section(t, b.get(dpo, path)), "<form")
	a := b.post(dpo, path+"/scan", nil)
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.body, "Nobody has shown yet who they are")

	f, _ := b.inReview("alex@example.com")
	path = "/staff/requests/" + f.id.String()
	require.NoError(t, b.Advance(t.Context(), f.id, models.Closed, models.Withdrawn))
	require.Contains(t, section(t, b.get(dpo, path)), "<form", "what is left after a request can be looked for while its person is known")
	require.NoError(t, b.DestroyKey(t.Context(), f.id))
	gone := section(t, b.get(dpo, path))
	require.Contains(t, gone, "the personal data of this request has been destroyed")
	require.NotContains(t, gone, "<form")
	a = b.post(dpo, path+"/scan", nil)
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.body, "has been erased")
	require.Zero(t, b.kinds(f.id)["scan.ordered"])
}

func TestSearchesAreOrderedAndReadAsJSON(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	path := "/v1/requests/" + f.id.String() + "/scans"
	dpo := b.keys[models.RoleDPO]
	require.JSONEq(t, `{"scans":[]}`, b.call("GET", path, dpo, "").body)
	require.Equal(t, http.StatusAccepted, b.call("POST", path, dpo, "").status)
	require.Equal(t, 1, b.kinds(f.id)["scan.ordered"])
	require.NoError(t, b.SaveScan(t.Context(), f.id, store.Scan{System: "erp", Hits: []store.ScanHit{{Table: "public.outbox", Column: "body", Rows: 3}}, Skipped: []string{"hr.salaries"}}))
	require.JSONEq(t, `{"scans":[{"system":"erp","scanned_at":"2027-02-01T09:00:00Z","places":[{"table":"public.outbox","column":"body","rows":3,"described":false}],
		"skipped":["hr.salaries"],"too_short":[]}]}`, b.call("GET", path, b.keys[models.RoleAuditor], "").body)
	require.Equal(t, "role_forbidden", b.call("POST", path, b.keys[models.RoleAuditor], "").code(t))
	require.Equal(t, "role_forbidden", b.call("GET", path, b.keys[models.RoleController], "").code(t))
	unproven := b.file(models.Erasure, "alex@example.com")
	require.Equal(t, "not_verified", b.call("POST", "/v1/requests/"+unproven.id.String()+"/scans", dpo, "").code(t))
}
