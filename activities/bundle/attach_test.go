package bundle_test

import (
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/bundle"
)

// attach writes an archive with one file a name and returns the files' names.
func attach(t require.TestingT, names ...string) []string {
	var out bytes.Buffer
	a := bundle.NewArchive(&out, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	for _, name := range names {
		w, err := a.Attach("files/d.docs/", name)
		require.NoError(t, err)
		_, err = io.WriteString(w, name)
		require.NoError(t, err)
	}
	_, _, err := a.Close("x")
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	var list []string
	for _, f := range z.File[:len(z.File)-1] {
		list = append(list, f.Name)
	}
	return list
}

func TestAttachmentsKeepTheirNamesAsFarAsTheyAreSafe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"customers/7/contract.pdf":         "customers/7/contract.pdf",
		"Rechnung für Änn (2024).pdf":      "Rechnung für Änn (2024).pdf",
		"../../etc/passwd":                 "_/_/etc/passwd",
		"/etc/passwd":                      "etc/passwd",
		`C:\Windows\x.dll`:                 "C_/Windows/x.dll",
		"a/./b":                            "a/_/b",
		"a//b":                             "a/b",
		"":                                 "file",
		"con.txt":                          "_con.txt",
		"com1":                             "_com1",
		"name. ":                           "name",
		"line\nbreak\x00\u202egnp.exe":     "line_break__gnp.exe",
		"\xff\xfe":                         "__",
		strings.Repeat("x", 300) + ".jpeg": strings.Repeat("x", 115) + ".jpeg",
	} {
		require.Equal(t, []string{"files/d.docs/" + want}, attach(t, name), "%q", name)
	}
	require.Equal(t, []string{"files/d.docs/a.txt", "files/d.docs/A (2).txt", "files/d.docs/a (3).txt"}, attach(t, "a.txt", "A.txt", "a.txt"), "no file hides another")
}

func TestNoNameLeadsOutOfThePackage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[./\\a: ]{0,12}`)).Draw(t, "name")
		got := attach(t, name)[0]
		below, ok := strings.CutPrefix(got, "files/d.docs/")
		require.True(t, ok)
		require.True(t, filepath.IsLocal(below), got)
		require.NotContains(t, got, `\`)
		require.NotContains(t, got, "//")
	})
}
