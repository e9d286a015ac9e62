package localfiles_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/activities/connectors/localfiles"
	"habeas/models"
	"habeas/models/datamap"
)

// docs is a collection of documents by customer.
func docs(t *testing.T, change func(*datamap.Collection)) *datamap.Node {
	t.Helper()
	c := datamap.Collection{Name: "docs", Table: "docs/{customer}/{file}", Erase: datamap.EraseDelete, Unreachable: "-", Fields: []datamap.Field{
		{Name: "path", PrimaryKey: true}, {Name: "customer", Identity: "email"}, {Name: "file"}, {Name: "content", Categories: []string{"user"}},
	}}
	if change != nil {
		change(&c)
	}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: []datamap.Collection{c}}})
	require.NoError(t, err)
	return g.Nodes[0]
}

func paths(list ...string) []datamap.Key {
	var keys []datamap.Key
	for _, s := range list {
		keys = append(keys, datamap.Key{datamap.Text(s)})
	}
	return keys
}

func lookup(t *testing.T, s connectors.System, n *datamap.Node, field string, fold bool, value datamap.Value) ([]datamap.Row, error) {
	t.Helper()
	var rows []datamap.Row
	err := s.(connectors.Locator).Lookup(t.Context(), connectors.Query{
		Node: n, Fields: []string{field}, Fold: fold, Keys: []datamap.Key{{value}}, Return: []string{"path"},
	}, func(r datamap.Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

func TestNoPathAndNoLinkLeadsOutOfTheDirectory(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	write(t, filepath.Join(outside, "secret.txt"), "secret", nil)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docs/7/a.txt"), "mine", nil)
	write(t, filepath.Join(dir, "elsewhere/x/b.txt"), "elsewhere", nil)
	require.NoError(t, os.Symlink(filepath.Join(outside, "secret.txt"), filepath.Join(dir, "docs/7/link.txt")))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "docs/8")))
	require.NoError(t, os.Symlink("../elsewhere/x", filepath.Join(dir, "docs/9")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "docs/7/pipe"), 0o600))
	system, node := open(t, dir, ""), docs(t, nil)
	for _, customer := range []string{"7", "8", "9", "..", ".", "../..", "7/../..", ""} {
		rows, err := lookup(t, system, node, "customer", false, datamap.Text(customer))
		require.NoError(t, err)
		require.Len(t, rows, map[bool]int{true: 1}[customer == "7"], customer)
	}
	hostile := paths("docs/7/link.txt", "docs/8/secret.txt", "docs/9/b.txt", "docs/7/pipe", "../secret.txt", "docs/../../secret.txt", "/etc/passwd", "docs/7/../../elsewhere/x/b.txt", "docs/7", "docs/7/a.txt\x00")
	order := connectors.Erasure{Node: node, Delete: true, Keys: hostile}
	out, err := system.(connectors.Eraser).Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: len(hostile)}, out)
	require.Len(t, files(t, outside), 1)
	require.Len(t, files(t, dir), 2)
	store, err := localfiles.OpenStore(t.Context(), connectors.Config{Name: "test", DSN: models.Personal(dir)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	for _, name := range []string{"docs/7/link.txt", "docs/8/secret.txt", "docs/9/b.txt", "../x", "docs/7/pipe"} {
		_, err := store.Open(t.Context(), blobs.Object{Path: name})
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), name)
	}
}

func TestOldNamesThatAreNoTextAreFoundAndErased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docs/7/M\xfcller.pdf"), "x", nil)
	system, node := open(t, dir, ""), docs(t, nil)
	rows, err := lookup(t, system, node, "customer", false, datamap.Text("7"))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, datamap.KindBytes, rows[0].Values[0].Kind())
	out, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Delete: true, Keys: []datamap.Key{rows[0].Values}})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1}, out)
	require.Empty(t, files(t, dir))
}

func TestAMaskKeepsOwnerModeAndAttributes(t *testing.T) {
	t.Parallel()
	needAttributes(t)
	dir := t.TempDir()
	name := filepath.Join(dir, "docs/7/a.txt")
	write(t, name, "secret", map[string]string{"keep": "this"})
	require.NoError(t, os.Chmod(name, 0o604))
	if os.Getuid() == 0 {
		require.NoError(t, os.Chown(name, 1234, 2345))
	}
	node := docs(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	masks := []datamap.Mask{{Field: "content", Method: datamap.FieldReplace, Value: "[erased]"}}
	_, err := open(t, dir, "").(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Masks: masks, Keys: paths("docs/7/a.txt")})
	require.NoError(t, err)
	require.Equal(t, []string{`/docs/7/a.txt "[erased]" [user.keep="this"]`}, files(t, dir))
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o604), info.Mode())
	if os.Getuid() == 0 {
		require.EqualValues(t, 1234, info.Sys().(*syscall.Stat_t).Uid)
		require.EqualValues(t, 2345, info.Sys().(*syscall.Stat_t).Gid)
	}
	for _, m := range []datamap.Mask{{Field: "content", Method: datamap.FieldHMAC}, {Field: "file", Method: datamap.FieldNull}} {
		_, err := open(t, dir, "").(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Masks: []datamap.Mask{m}, Keys: paths("docs/7/a.txt")})
		require.Equal(t, models.Unsupported, models.KindOf(err), m.Field)
	}
}

func TestCheckTellsWhatLiesBesideThePatternAndWhichSearchesListEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docs/7/a.txt"), "x", nil)
	write(t, filepath.Join(dir, "docs/stray.txt"), "x", nil)
	write(t, filepath.Join(dir, "docs/7/deep/b.txt"), "x", nil)
	codes := func(n *datamap.Node) map[string]string {
		problems, err := open(t, dir, "").(connectors.Checker).Check(t.Context(), []*datamap.Node{n})
		require.NoError(t, err)
		got := map[string]string{}
		for _, p := range problems {
			require.NotEmpty(t, p.Advice)
			require.NotContains(t, p.Message, "stray")
			got[p.Code] = string(p.Severity) + " " + p.Where
			if p.Code == "objects_beside" {
				require.Contains(t, p.Message, "2 of 3 objects")
			}
		}
		return got
	}
	require.Equal(t, map[string]string{"objects_beside": "warning d.docs", "no_index": "warning d.docs.customer"}, codes(docs(t, nil)),
		"an address in a path is searched for in any case, so that no prefix is known")
	require.Equal(t, map[string]string{"objects_beside": "warning d.docs"}, codes(docs(t, func(c *datamap.Collection) { c.Fields[1].Identity = "customer_number" })))
	require.Equal(t, map[string]string{"no_objects": "warning d.docs"}, codes(docs(t, func(c *datamap.Collection) {
		c.Fields[1].Identity, c.Table = "customer_number", "none/{customer}/{file}"
	})))
	require.Equal(t, map[string]string{"objects_beside": "warning d.docs", "mask_impossible": "error d.docs.file"}, codes(docs(t, func(c *datamap.Collection) {
		c.Fields[1].Identity, c.Erase, c.Fields[2].Erase = "", datamap.EraseMask, datamap.FieldHash
	})))
}

func TestInspectConcludesPatternsWithoutAnybodysName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 30 {
		write(t, filepath.Join(dir, "people", strings.Repeat("n", i+1), "a.txt"), "x", nil)
	}
	write(t, filepath.Join(dir, "mail/ann@example.com/a.txt"), "x", nil)
	write(t, filepath.Join(dir, "mail/7/b.txt"), "x", nil)
	write(t, filepath.Join(dir, "shared/price-list.txt"), "x", nil)
	got := map[string]int64{}
	require.NoError(t, open(t, dir, "").(connectors.Inspector).Inspect(t.Context(), 1, func(table connectors.Table) error {
		got[table.Name] = table.Rows
		return nil
	}))
	require.Equal(t, map[string]int64{"people/{part1}/{file}": 30, "mail/{part1}/{file}": 2, "shared/{file}": 1}, got)
}

func TestPackedFilesAreNamedByAScan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docs/7/a.zip"), "PK\x03\x04 ann@example.com", nil)
	write(t, filepath.Join(dir, "docs/7/b.pdf"), "%PDF-1.7 ann@example.com", nil)
	write(t, filepath.Join(dir, "docs/7/c.bin"), "\x00\x01 ANN@example.com", nil)
	var hits []connectors.Hit
	skipped, err := open(t, dir, "").(connectors.Scanner).Scan(t.Context(), []models.Personal{"ann@example.com"}, func(h connectors.Hit) error {
		hits = append(hits, h)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"docs/{part1}/{file}: 2 packed or compressed objects"}, skipped)
	require.Equal(t, []connectors.Hit{{Table: "docs/{part1}/{file}", Column: "content", Rows: 1}}, hits)
}

func TestAFileThatAnotherChangesMeanwhileIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "docs/7/a.txt")
	write(t, name, "first", nil)
	store := open(t, dir, "").(*blobs.System).Store
	was, there, err := store.Stat(t.Context(), "docs/7/a.txt", false)
	require.NoError(t, err)
	require.True(t, there)
	err = store.Replace(t.Context(), was, blobs.Change{Body: func(w io.Writer) error {
		write(t, name, "another program's", nil)
		_, err := io.WriteString(w, "mine")
		return err
	}})
	require.Equal(t, blobs.CodeChanged, models.CodeOf(err))
	require.Equal(t, []string{`/docs/7/a.txt "another program's" []`}, files(t, dir), "and nothing is left beside it")
	r, err := store.Open(t.Context(), blobs.Object{Path: "docs/7/a.txt", Version: was.Version})
	require.Equal(t, blobs.CodeChanged, models.CodeOf(err))
	require.Nil(t, r)
	own := errors.New("my own")
	now, _, err := store.Stat(t.Context(), "docs/7/a.txt", false)
	require.NoError(t, err)
	require.ErrorIs(t, store.Replace(t.Context(), now, blobs.Change{Body: func(io.Writer) error { return own }}), own)
	require.Len(t, files(t, dir), 1)
}

const crashDir = "HABEAS_TEST_CRASH"

// A process that is killed in the middle of a replacement leaves the old file; what it has left beside it is no data, and goes with the next.
func TestACrashInMidReplacementLeavesTheOldFile(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(crashDir); dir != "" {
		crash(dir)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docs/7/a.txt"), "old", nil)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.CombinedOutput()
	require.Error(t, err, "%s", out)
	require.Contains(t, err.Error(), "killed")
	left := files(t, dir)
	require.Len(t, left, 2, "%s", out)
	require.Equal(t, `/docs/7/a.txt "old" []`, left[1])
	system := open(t, dir, "").(*blobs.System)
	rows, err := lookup(t, system, docs(t, nil), "customer", false, datamap.Text("7"))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	now, _, err := system.Stat(t.Context(), "docs/7/a.txt", false)
	require.NoError(t, err)
	require.NoError(t, system.Replace(t.Context(), now, blobs.Change{Body: func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	}}))
	require.Equal(t, []string{`/docs/7/a.txt "new" []`}, files(t, dir))
}

// crash kills this process while it replaces a file.
func crash(dir string) {
	store, err := localfiles.OpenStore(context.Background(), connectors.Config{Name: "test", DSN: models.Personal(dir)})
	if err != nil {
		os.Exit(3)
	}
	now, _, err := store.Stat(context.Background(), "docs/7/a.txt", false)
	if err != nil {
		os.Exit(4)
	}
	_ = store.Replace(context.Background(), now, blobs.Change{Body: func(w io.Writer) error {
		if _, err := io.WriteString(w, strings.Repeat("half of the new content", 1<<16)); err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}})
	os.Exit(5)
}

func TestADirectoryThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	system := open(t, filepath.Join(t.TempDir(), "none"), "")
	err := system.Ping(t.Context())
	require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err))
	_, err = lookup(t, system, docs(t, nil), "customer", false, datamap.Text("7"))
	require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err), "not: no rows")
	_, err = localfiles.Open(t.Context(), connectors.Config{Name: "test", DSN: "relative/path"})
	require.Equal(t, "bad_dsn", models.CodeOf(err))
	_, err = localfiles.Open(t.Context(), connectors.Config{Name: "test", DSN: "/x", Settings: []byte(`{"fields": {"a": "tag.b"}}`)})
	require.Equal(t, "bad_settings", models.CodeOf(err), "files have no tags")
}
