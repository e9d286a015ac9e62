package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestAPersonWhoIsNotContentWritesToTheOfficerAndIsAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.verified(models.Access, "sam@example.com")
	sam, status := b.browser(), "/status/"+f.token
	empty := b.post(sam, status+"/complain", url.Values{"complaint": {"  "}})
	require.Equal(t, http.StatusBadRequest, empty.status)
	require.Contains(t, empty.body, `href="#complaint"`, "the mistake stands at the field")

	sent := b.post(sam, status+"/complain", url.Values{"complaint": {"My old address\r\nis still <used>."}})
	require.Equal(t, http.StatusSeeOther, sent.status, sent.body)
	page := b.get(sam, sent.header.Get("Location")).body
	require.Contains(t, page, "Our data protection officer has been told")
	require.Contains(t, page, "My old address\nis still &lt;used&gt;.")
	require.Contains(t, page, "waits for an answer")
	require.NotContains(t, page, `id="complaint"`, "one waits for its answer before the next")
	again := b.post(sam, status+"/complain", url.Values{"complaint": {"Hello?"}})
	require.Equal(t, http.StatusSeeOther, again.status, "pressed twice is no failure")

	console := "/staff/requests/" + f.id.String()
	dpo, handler, auditor := b.signIn(b.keys[models.RoleDPO]), b.signIn(b.keys[models.RoleHandler]), b.signIn(b.keys[models.RoleAuditor])
	require.Contains(t, b.get(dpo, "/staff/tasks").body, console+"#complaints")
	require.Contains(t, b.get(handler, console).body, "is still &lt;used&gt;.")
	require.NotContains(t, b.get(auditor, console).body, "is still &lt;used&gt;.", "what it says is for casework")
	complaints, err := b.Complaints(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	require.Len(t, complaints, 1, "the second was not taken")
	answer := console + "/complaints/" + complaints[0].ID.String()
	require.Contains(t, b.get(dpo, console).body, `action="`+answer+`"`)
	require.NotContains(t, b.get(handler, console).body, `action="`+answer+`"`)
	require.Equal(t, http.StatusForbidden, b.post(handler, answer, url.Values{"answer": {"No."}}).status)
	require.Equal(t, http.StatusBadRequest, b.post(dpo, answer, url.Values{"answer": {" "}}).status)
	require.Equal(t, http.StatusSeeOther, b.post(dpo, answer, url.Values{"answer": {"It is corrected now."}}).status)
	require.Equal(t, http.StatusConflict, b.post(dpo, answer, url.Values{"answer": {"Twice."}}).status)
	require.NotContains(t, b.get(dpo, "/staff/tasks").body, "#complaints")
	require.Contains(t, b.get(dpo, console).body, "It is corrected now.")

	page = b.get(sam, status).body
	require.Contains(t, page, `id="complaint"`, "there may be another")
	require.Contains(t, page, "The data protection officer answered")
}

func TestNobodyComplainsBeforeTheAddressIsConfirmed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.file(models.Access, "sam@example.com")
	require.Equal(t, http.StatusForbidden, b.post(b.browser(), "/status/"+f.token+"/complain", url.Values{"complaint": {"x"}}).status)
	complaints, err := b.Complaints(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	require.Empty(t, complaints)
}

func TestTheAuthorityIsFoundByTheCountryOfThePersonAndTheController(t *testing.T) {
	t.Parallel()
	b := setup(t)
	page := b.get(b.browser(), "/authorities?country=PL&controller=acme&lang=pl").body
	require.Contains(t, page, "Urząd Ochrony Danych Osobowych")
	require.Contains(t, page, `<a href="https://uodo.gov.pl" rel="noreferrer">`)
	require.Contains(t, page, `<option value="PL" selected>Polska</option>`)
	require.Contains(t, page, "art. 77 RODO")
	require.Contains(t, page, `<input type="hidden" name="controller" value="acme">`)
	none := b.get(b.browser(), "/authorities?country=XX")
	require.Equal(t, http.StatusOK, none.status)
	require.NotContains(t, none.body, " selected")
	require.Equal(t, http.StatusNotFound, b.get(b.browser(), "/authorities?controller=nobody").status)
}
