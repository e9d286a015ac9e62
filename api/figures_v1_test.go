package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestProgramsReadTheFiguresThatTheConsoleShows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	late := b.figures()
	r, err := b.Request(t.Context(), models.ScopeOperator(), late.id)
	require.NoError(t, err)
	dpo, acme := b.keys[models.RoleDPO], b.keys[models.RoleController]

	d := b.call("GET", "/v1/dashboard", dpo, "").json(t)
	require.Equal(t, map[string]any{
		"open": 1., "soon": 0., "overdue": 1., "closed": 1., "answered": 1., "late": 0., "median_seconds": 345600., "p90_seconds": 345600.,
	}, d["total"])
	require.Len(t, d["months"], 12)
	require.Equal(t, "acme", d["controllers"].([]any)[0].(map[string]any)["key"])
	require.NotContains(t, b.call("GET", "/v1/dashboard", acme, "").json(t), "controllers")
	require.InDelta(t, 0, b.call("GET", "/v1/dashboard", b.globexK, "").json(t)["total"].(map[string]any)["open"], 0)

	year := b.call("GET", "/v1/reports/2027", dpo, "").json(t)
	require.Equal(t, "Company northwind", year["of"])
	require.Equal(t, map[string]any{"partly_fulfilled": 1.}, year["outcomes"])
	require.Len(t, year["months"], 12)
	require.Equal(t, r.Reference, year["late"].([]any)[0].(map[string]any)["reference"])
	require.Equal(t, "Reg. 952/2013 Art. 51(1)", year["holds"].([]any)[0].(map[string]any)["citation"])
	month := b.call("GET", "/v1/reports/2027-02", acme, "").json(t)
	require.NotContains(t, month, "months")
	require.InDelta(t, 2, month["total"].(map[string]any)["received"], 0)
	require.Empty(t, b.call("GET", "/v1/reports/2027", b.globexK, "").json(t)["late"])
	for _, bad := range []string{"canary", "2027-13", "27", "2027-2"} {
		require.Equal(t, "bad_period", b.call("GET", "/v1/reports/"+bad, dpo, "").code(t), bad)
	}

	table := b.call("GET", "/v1/reports/2027/csv", dpo, "")
	require.Equal(t, `attachment; filename="requests-2027.csv"`, table.header.Get("Content-Disposition"))
	require.Equal(t, b.get(b.signIn(dpo), "/staff/reports/report.csv?period=2027").body, table.body, "the same as the console's")
}

func TestProgramsReadTheHoldsInForce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.figures()
	list := b.call("GET", "/v1/holds", b.keys[models.RoleController], "").json(t)["holds"].([]any)
	require.Len(t, list, 1)
	hold := list[0].(map[string]any)
	require.Equal(t, "acme", hold["controller"])
	require.Equal(t, "Reg. 952/2013 Art. 51(1)", hold["citation"])
	require.Equal(t, "2031-01-01", hold["erasable_on"])
	require.Empty(t, b.call("GET", "/v1/holds", b.globexK, "").json(t)["holds"])
	require.Equal(t, "bad_cursor", b.call("GET", "/v1/holds?cursor=canary", b.globexK, "").code(t))
}

func TestTheEvidenceIsTheSameForAProgram(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	_, err := b.IssueReceipt(t.Context(), f.id, models.ID{}, "")
	require.NoError(t, err)
	auditor := b.keys[models.RoleAuditor]
	got := b.call("GET", "/v1/requests/"+f.id.String()+"/evidence", auditor, "")
	require.Equal(t, 200, got.status)
	require.Equal(t, b.get(b.signIn(auditor), "/staff/requests/"+f.id.String()+"/evidence.zip").body, got.body)
	require.Contains(t, unzip(t, got.body), "ledger.jsonl")
	require.Equal(t, "not_found", b.call("GET", "/v1/requests/"+f.id.String()+"/evidence", b.globexK, "").code(t))
}

func TestAProgramVerifiesTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.inReview("sam@example.com")
	_, err := b.Seal(t.Context())
	require.NoError(t, err)
	const path = "/v1/ledger/verification"
	auditor := b.keys[models.RoleAuditor]
	require.Equal(t, map[string]any{"state": "none"}, b.call("GET", path, auditor, "").json(t))
	require.Equal(t, 200, b.call("POST", path, auditor, "").status)
	require.Contains(t, b.settled(b.signIn(auditor)), "Unchanged", "the page shows the same verification")
	good := b.call("GET", path, auditor, "").json(t)
	require.Equal(t, "good", good["state"])
	require.Greater(t, good["entries"], 3.)

	b.tamper("UPDATE ledger_entries SET kind = 'forged' WHERE kind = 'clock.recorded'")
	require.Equal(t, 200, b.call("POST", path, auditor, "").status)
	b.settled(b.signIn(auditor))
	bad := b.call("GET", path, auditor, "").json(t)
	require.Equal(t, "bad", bad["state"])
	require.Contains(t, bad["reason"], "at place ")
}
