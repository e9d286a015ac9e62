package api_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
)

func TestEachRouteIsPartOfOneActThatTheSameRolesMay(t *testing.T) {
	t.Parallel()
	in := map[string]string{}
	for _, act := range api.Acts() {
		for _, route := range act.Routes {
			require.Empty(t, in[route], "%s stands in two acts", route)
			in[route] = act.Key
			require.Equal(t, api.Rule(act.Routes[0]), api.Rule(route), "%s of %s", route, act.Key)
			require.Equal(t, act.Public, api.IsPublic(route), route)
		}
	}
	for _, route := range api.Routes() {
		require.NotEmpty(t, in[route], "say in api/acts.go what %s is for", route)
	}
	require.Len(t, in, len(api.Routes()))
}

func TestThePermissionsPageSaysInWordsWhatIsEnforced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.signIn(b.keys[models.RoleAuditor])
	page := b.get(c, "/staff/permissions")
	require.Equal(t, 200, page.status)
	require.Less(t, len(page.body), 100_000)
	for route := range may {
		require.Contains(t, page.body, "<code>"+route+"</code>")
	}
	// A row is the act in words and a cell for each role, in the order of the head.
	heads := regexp.MustCompile(`<th scope="col">([^<]+)</th>`).FindAllStringSubmatch(page.body, 7)
	require.Equal(t, "data protection officer", heads[1][1])
	_, row, found := strings.Cut(page.body, "Accept or refuse such a proof.")
	require.True(t, found)
	row, _, _ = strings.Cut(row, "</tr>")
	require.Equal(t, 1, strings.Count(row, ">yes<"), "the officer alone")
	require.Equal(t, 5, strings.Count(row, ">no<"))

	mine := b.get(c, "/staff/permissions?role=auditor").body
	require.Contains(t, mine, "See what is kept by law")
	require.NotContains(t, mine, "Accept or refuse such a proof.")
	require.NotContains(t, mine, "Make access keys")
	require.Contains(t, mine, "Ask for a right", "as anybody")
	require.Contains(t, b.get(c, "/staff/permissions?role=none").body, "Accept or refuse such a proof.", "an unknown role is no choice")
}
