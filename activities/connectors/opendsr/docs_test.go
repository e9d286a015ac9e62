package opendsr_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDocumentationNamesEverySetting(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/connectors/opendsr.md")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	seen := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile("`json:\"([a-z_]+)\"`").FindAllSubmatch(text, -1) {
			seen++
			require.Regexp(t, "(^|[`{ (])"+string(m[1])+"[`:,]", string(page), "a setting of %s", name)
		}
	}
	require.Greater(t, seen, 10)
}
