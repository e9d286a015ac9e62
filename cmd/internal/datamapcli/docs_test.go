package datamapcli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var fence = regexp.MustCompile("(?s)```[a-z]+ title=([a-z]+)\n(.*?)```")

// The guide's example runs as it is printed there.
func TestTheGuideShowsWhatTheCommandsDo(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../docs/datamap.md")
	require.NoError(t, err)
	part := map[string]string{}
	for _, m := range fence.FindAllStringSubmatch(string(guide), -1) {
		part[m[1]] = m[2]
	}
	dsn := database(t, part["database"])
	systems := systemsFile(t, "shop", dsn)
	out, errs, status := command(t, "discover", "--systems", systems, "--system", "shop")
	require.Equal(t, 0, status, errs)
	require.Equal(t, part["proposal"], out)

	lines := strings.SplitAfterN(part["change"], "\n", 2)
	before := lines[0] + "        habeas: {erase: delete}\n"
	require.Contains(t, out, before)
	path := filepath.Join(t.TempDir(), "shop.yml")
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(out, before, part["change"], 1)), 0o600))
	_, errs, status = command(t, "check", path, "--systems", systems)
	require.Equal(t, 0, status, errs)
	out, _, status = command(t, "graph", path)
	require.Equal(t, 0, status)
	require.Equal(t, part["graph"], out)
	out, errs, status = command(t, "rehearse", path, "--systems", systems, "-i", "email=ann@example.com", "--today", "2026-11-26", "--erase", "--on-a-copy")
	require.Equal(t, 0, status, errs)
	require.Equal(t, part["rehearsal"], out)
}
