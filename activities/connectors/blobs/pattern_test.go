package blobs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models"
)

func TestAPatternGivesThePartsOfAPath(t *testing.T) {
	t.Parallel()
	for pattern, cases := range map[string]map[string][]string{
		"customers/{id}/{year}/{file}": {
			"customers/7/2024/a.pdf": {"7", "2024", "a.pdf"}, "customers/7/2024/x/a.pdf": nil, "customers/7/2024/": nil, "other/7/2024/a": nil,
		},
		"m/{org}-{no}":        {"m/a-1": {"a", "1"}, "m/a--4": {"a", "-4"}, "m/a": nil},
		"events/*":            {"events/1": {}, "events/1/2": nil},
		"p/{id}/{rest...}":    {"p/1/a/b/c": {"1", "a/b/c"}, "p/1/": nil},
		"a.b/{id}.json":       {"a.b/x.json": {"x"}, "aXb/x.json": nil, "a.b/xjson": nil},
		"photos/{id}+*.{ext}": {"photos/1+small.jpg": {"1", "jpg"}},
	} {
		p, err := blobs.ParsePattern(pattern)
		require.NoError(t, err, pattern)
		for path, want := range cases {
			got, ok := p.Match(path)
			require.Equal(t, want != nil, ok, "%s %s", pattern, path)
			require.Equal(t, want, got, "%s %s", pattern, path)
		}
	}
	for _, bad := range []string{"", "/a/{id}", "a//{id}", "a/../{id}", "{id}/{id}", "{rest...}/x", "a/{", "a/}{id}", "./a", "a/{id", "x/"} {
		_, err := blobs.ParsePattern(bad)
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err), bad)
	}
}

func TestKnownPlaceholdersFixAPrefix(t *testing.T) {
	t.Parallel()
	p, err := blobs.ParsePattern("customers/{id}/{file}")
	require.NoError(t, err)
	for _, c := range []struct {
		known  map[string]string
		prefix string
		whole  bool
		ok     bool
	}{
		{nil, "customers/", false, true},
		{map[string]string{"id": "7"}, "customers/7/", false, true},
		{map[string]string{"file": "a"}, "customers/", false, true},
		{map[string]string{"id": "7", "file": "a"}, "customers/7/a", true, true},
		{map[string]string{"id": ".."}, "", false, false},
		{map[string]string{"id": "7", "file": ".."}, "", false, false},
		{map[string]string{"id": "../8"}, "", false, false},
		{map[string]string{"id": ""}, "", false, false},
		{map[string]string{"id": "a\x00"}, "", false, false},
	} {
		prefix, whole, ok := p.Prefix(c.known)
		require.Equal(t, c.ok, ok, "%v", c.known)
		require.Equal(t, c.prefix, prefix, "%v", c.known)
		require.Equal(t, c.whole, whole, "%v", c.known)
	}
}

// Whatever the values are, the path that they make either has these values or is refused; none leads out of the tree.
func TestNoValueOfAPlaceholderLeadsOutOfTheTree(t *testing.T) {
	t.Parallel()
	p, err := blobs.ParsePattern("customers/{id}/{file...}")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[./a]{0,6}`), rapid.String())
		known := map[string]string{"id": text.Draw(t, "id"), "file": text.Draw(t, "file")}
		path, whole, ok := p.Prefix(known)
		if !ok {
			return
		}
		require.True(t, whole)
		require.True(t, strings.HasPrefix(path, "customers/"))
		require.NotContains(t, "/"+path+"/", "/../")
		require.NotContains(t, path, "//")
	})
}
