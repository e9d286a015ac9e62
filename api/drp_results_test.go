package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestAnAgentIsToldWhereThePersonFetchesTheAnswer(t *testing.T) {
	t.Parallel()
	a, other := agents(t)
	id := a.sent(claims{"exercise": "access"})
	results := "/drp/results/" + id
	require.Equal(t, 404, a.call("GET", results, "", "").status)
	_, err := a.VerifyByToken(t.Context(), a.mails()[0].Token)
	require.NoError(t, err)
	r := a.only()
	f := filed{id: r.ID}
	a.advance(f, models.Verifying, models.Locating, models.InReview, models.Delivering)
	require.Equal(t, "in_progress", a.standing(id))

	p, err := a.CreatePackage(t.Context(), r.ID)
	require.NoError(t, err)
	w, err := a.PackageWriter(t.Context(), p)
	require.NoError(t, err)
	_, err = w.Write([]byte("the answer"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	token, err := a.FinishPackage(t.Context(), p, "digest", 10, a.now().Add(48*time.Hour))
	require.NoError(t, err)
	got := a.ask("GET", "data-rights-request/"+id, a.token, "").json(t)
	require.Equal(t, "fulfilled", got["status"])
	require.Equal(t, "http://habeas.test"+results, got["results_url"])
	require.Equal(t, "2027-02-03T09:00:00Z", got["expires_at"])
	require.NotContains(t, got, "expected_by")

	page := a.call("GET", results, "", "")
	require.Equal(t, http.StatusSeeOther, page.status)
	require.Equal(t, "/package/"+token, page.header.Get("Location"))
	shown := a.get(a.client, "/package/"+token)
	require.NotContains(t, shown.body, "the answer", "nothing without the code that is mailed to the person")
	require.NotContains(t, shown.body, "Canary")
	require.Equal(t, 403, other.ask("GET", "data-rights-request/"+id, other.token, "").status)

	a.clock(49 * time.Hour)
	require.Equal(t, 404, a.call("GET", results, "", "").status)
	require.NotContains(t, a.ask("GET", "data-rights-request/"+id, a.token, "").body, "results_url")
}
