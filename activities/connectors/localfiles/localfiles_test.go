package localfiles_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/localfiles"
	"habeas/models"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	needAttributes(t)
	connectortest.Run(t, func(t *testing.T) connectortest.Harness { return &harness{dir: t.TempDir()} })
}

// needAttributes skips the test where files cannot have extended attributes.
func needAttributes(t *testing.T) {
	t.Helper()
	if err := unix.Setxattr(t.TempDir(), "user.habeas", []byte("1"), 0); err != nil {
		t.Skipf("the file system of %s keeps no extended attributes (%v): set TMPDIR to a directory on ext4, XFS or Btrfs", os.TempDir(), err)
	}
}

// harness keeps a row as a file: what the pattern names in its path, the picture as its content, and the rest as attributes.
type harness struct{ dir string }

var patterns = map[string]string{"people": "people/{id}", "members": "members/{org}/{no}", "events": "events/*"}

func (h *harness) Limits() connectortest.Limits {
	return connectortest.Limits{
		AsText: []datamap.Kind{
			datamap.KindInt, datamap.KindDate, datamap.KindDecimal, datamap.KindBool, datamap.KindTimestamp, datamap.KindDateTime, datamap.KindUUID,
		},
		EmptyIsNull: true, NoArrays: true, Inferred: true, NoTriggers: true,
	}
}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	fields := map[string]string{}
	for _, table := range tables {
		pattern := patterns[table.Node.Collection.Name]
		table.Node.Table = pattern
		for i, row := range table.Rows {
			path, content := strings.ReplaceAll(pattern, "*", fmt.Sprint(i)), ""
			attributes := map[string]string{}
			for j, c := range table.Columns {
				switch hole := "{" + c.Name + "}"; {
				case strings.Contains(pattern, hole):
					path = strings.ReplaceAll(path, hole, row[j].Text())
				case c.Kind == datamap.KindBytes:
					fields[c.Name], content = "content", row[j].Text()
				default:
					fields[c.Name] = "metadata." + c.Name
					if !row[j].IsNull() {
						attributes[c.Name] = row[j].Text()
					}
				}
			}
			write(t, filepath.Join(h.dir, path), content, attributes)
		}
	}
	settings, err := json.Marshal(map[string]any{"fields": fields})
	require.NoError(t, err)
	return open(t, h.dir, string(settings))
}

func write(t *testing.T, path, content string, attributes map[string]string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o640))
	for name, value := range attributes {
		require.NoError(t, unix.Setxattr(path, "user."+name, []byte(value), 0))
	}
}

func open(t *testing.T, dir, settings string) connectors.System {
	t.Helper()
	s, err := localfiles.Open(t.Context(), connectors.Config{Name: "test", Kind: localfiles.Kind, DSN: models.Personal(dir), Secret: connectortest.Secret, Settings: []byte(settings)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	first, _, _ := strings.Cut(table.Node.Table, "/")
	return files(t, filepath.Join(h.dir, first))
}

// files describes every file below dir: path, content and attributes, hidden files too.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		list = append(list, fmt.Sprintf("%s %q %v", strings.TrimPrefix(path, dir), content, attributes(t, path)))
		return err
	})
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	slices.Sort(list)
	return list
}

func attributes(t *testing.T, path string) []string {
	t.Helper()
	names := make([]byte, 1<<12)
	n, err := unix.Listxattr(path, names)
	require.NoError(t, err)
	var list []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		if !strings.HasPrefix(name, "user.") {
			continue
		}
		value := make([]byte, 1<<12)
		n, err := unix.Getxattr(path, name, value)
		require.NoError(t, err)
		list = append(list, fmt.Sprintf("%s=%q", name, value[:n]))
	}
	slices.Sort(list)
	return list
}
