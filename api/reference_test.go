package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func TestTheReferenceHasEveryOperationAndIsLight(t *testing.T) {
	t.Parallel()
	b := setup(t)
	page := b.get(b.client, "/reference")
	require.Equal(t, http.StatusOK, page.status)
	spec, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	for _, item := range spec.Paths.Map() {
		for _, op := range item.Operations() {
			require.Contains(t, page.body, `id="`+op.OperationID+`"`)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		require.False(t, ids[m[1]], "twice: %s", m[1])
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` href="#([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		require.True(t, ids[m[1]], "a link to nothing: %s", m[1])
	}
	for _, m := range regexp.MustCompile(` href="(/reference/schemas/[^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		require.Equal(t, http.StatusOK, b.get(b.client, m[1]).status, m[1])
	}
	require.Equal(t, http.StatusNotFound, b.get(b.client, "/reference/schemas/canary").status)
	for _, path := range []string{"/reference", "/reference/schemas", "/reference/schemas/NewBreachEvent", "/reference/problems"} {
		one := b.get(b.client, path)
		require.Less(t, len(one.body), 100_000, path)
		require.NotContains(t, one.body, "<script", path)
		require.NotContains(t, one.body, "<style", path)
		require.Contains(t, one.header.Get("Content-Security-Policy"), "default-src 'none'", path)
	}
	require.Contains(t, b.get(b.client, "/").body, `href="/reference"`)
}

func TestTheTypeOfAProblemLeadsToItsCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.call("GET", "/v1/requests", "", "")
	path, ok := strings.CutPrefix(a.json(t)["type"].(string), "http://habeas.test")
	require.True(t, ok)
	to := b.get(b.client, path)
	require.Equal(t, "/reference/problems#key_missing", to.header.Get("Location"))
	require.Contains(t, b.get(b.client, "/reference/problems").body, `id="key_missing"`)
	require.Equal(t, 404, b.get(b.client, "/problems/canary").status)
}
