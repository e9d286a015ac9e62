package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestAProgramOrdersTheEndOfAContractAndAnotherPersonApproves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const path = "/v1/contract-ends"
	acme, dpo := b.keys[models.RoleController], b.keys[models.RoleDPO]
	order := `{"controller":"acme","confirm":"acme","last_day":"2026-03-31","grace_days":30,"return":true,"reason":"Notice was given."}`
	for code, change := range map[string][]string{
		"unknown_customer": {`"controller":"acme"`, `"controller":"globex"`}, "not_confirmed": {`"confirm":"acme"`, `"confirm":"acm"`},
		"bad_date": {"2026-03-31", "2026-02-30"}, "out_of_range": {":30", ":366"}, "reason_missing": {"Notice was given.", " "},
	} {
		require.Equal(t, code, b.call("POST", path, acme, strings.NewReplacer(change...).Replace(order)).code(t))
	}
	made := b.call("POST", path, acme, order)
	require.Equal(t, 201, made.status, made.body)
	require.Equal(t, "2026-05-01", made.json(t)["erase_from"])
	require.NotContains(t, made.body, "Notice")
	require.Equal(t, "contract_end_open", b.call("POST", path, dpo, order).code(t))
	require.Empty(t, b.call("GET", path, b.globexK, "").json(t)["contract_ends"])
	require.Len(t, b.call("GET", path, b.keys[models.RoleAuditor], "").json(t)["contract_ends"], 1)

	end := path + "/" + made.json(t)["id"].(string)
	require.Equal(t, "not_found", b.call("GET", end, b.globexK, "").code(t))
	note := func(key, body string) answer { return b.call("POST", end+"/events", key, body) }
	require.Equal(t, 403, note(acme, `{"kind":"approved"}`).status)
	require.Equal(t, "contract_end_changed", note(dpo, `{"kind":"approved","seen":7}`).code(t))
	require.Equal(t, "needs_person", note(dpo, `{"kind":"approved","seen":1}`).code(t))
	console := strings.Replace(end, path, "/staff/contracts", 1)
	in(t, b.post(b.officer("ada@northwind.example"), console+"/events", url.Values{"kind": {"approved"}, "seen": {"1"}}))
	require.Len(t, b.call("GET", end, acme, "").json(t)["events"], 2)
	require.Equal(t, "no_certificate", b.call("GET", end+"/certificate", acme, "").code(t))
	require.Equal(t, 202, note(acme, `{"kind":"withdrawn","reason":"We stay."}`).status)
}
