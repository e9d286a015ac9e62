package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

var timed = regexp.MustCompile(`<time datetime="([^"]*)">([^<]*)</time>`)

func TestInstantsOfTheConsoleAreInTheZoneOfTheOrganisationAndSayItToPrograms(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lisbon := b.globex
	lisbon.Timezone, lisbon.Country = "Europe/Lisbon", "PT"
	_, err := b.PutController(t.Context(), lisbon)
	require.NoError(t, err)
	f, _ := b.inReview("sam@example.com")
	b.notice(f)
	dpo, globex := b.signIn(b.keys[models.RoleDPO]), b.signIn(b.globexK)
	hook, _ := b.hook(globex, url.Values{"url": {"https://globex.example/hook"}, "event": {"request.created"}})
	require.Equal(t, http.StatusSeeOther, b.post(globex, hook+"/test", nil).status)
	_, err = b.Seal(t.Context())
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, b.post(dpo, "/staff/ledger/verify", nil).status)
	b.settled(dpo)

	for _, c := range []struct {
		who         *http.Client
		zone, pages string
	}{
		{dpo, "Europe/Berlin", "/staff/dashboard /staff/ledger /staff/keys /staff/requests/" + f.id.String() + " " + hook},
		{globex, "Europe/Lisbon", "/staff/dashboard /staff/keys " + hook},
	} {
		for path := range strings.FieldsSeq(c.pages) {
			page := b.get(c.who, path)
			require.Equal(t, 200, page.status, path)
			found := timed.FindAllStringSubmatch(page.body, -1)
			require.NotEmpty(t, found, path)
			for _, one := range found {
				require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, one[1], path)
				require.True(t, strings.HasSuffix(one[2], " "+c.zone), "%s: %s", path, one[2])
			}
			require.NotContains(t, page.body, " UTC", path)
		}
	}
	page := b.get(globex, hook).body
	require.Contains(t, page, "first attempt 1 February 2027, 09:00 Europe/Lisbon")
	require.NotContains(t, page, "again 1 February")
}

func TestACustomerIsToldItsOwnAuthorityOfABreach(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	acme := d.acme
	acme.Country, acme.Subdivision = "NL", ""
	_, err := d.PutController(t.Context(), acme)
	require.NoError(t, err)
	d.noted("aware", url.Values{"aware_at": {local(d.now())}})
	d.noted("found", url.Values{"customer": {d.acme.ID.String()}})
	page := d.get(d.signIn(d.keys[models.RoleController]), d.path).body
	require.Contains(t, page, "autoriteitpersoonsgegevens.nl")
	require.NotContains(t, page, `name="authority"`)
	require.NotContains(t, page, "/notification", "the draft is the operator's")
	require.Contains(t, d.get(d.signIn(d.keys[models.RoleDPO]), d.path).body, `name="authority"`)
}
