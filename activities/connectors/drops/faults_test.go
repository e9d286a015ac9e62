package drops_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/drops"
	"habeas/models"
	"habeas/models/datamap"
)

// old writes a file that nobody has changed for a while.
func old(t *testing.T, d *directory, name, content string) {
	t.Helper()
	d.write(t, name, []byte(content))
	yesterday := time.Now().Add(-24 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(d.dir, name), yesterday, yesterday))
}

func lookup(t *testing.T, s connectors.System, n *datamap.Node, key string) (int, error) {
	t.Helper()
	rows := 0
	err := s.(connectors.Locator).Lookup(t.Context(), connectors.Query{Node: n, Fields: []string{"id"}, Keys: keys(key), Return: []string{"id"}}, func(datamap.Row) error {
		rows++
		return nil
	})
	return rows, err
}

func TestAFileThatCannotBeReadIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"id,mail,note\n1,a,b\n2,secretly\n":                 "line 3: it has 2 fields where the header has 3",
		"id,mail,note\n1,a,\"secretly\n2,a,b\n":             "line 2: a quote has no end",
		"id,mail,note\n1,a,\"b\n\nc\"\n2,\"secretly\"x,b\n": "line 5: something stands between a quote and the end of its field",
		"id,mail,note\n1,secret\"ly\",b\n":                  "line 2: a quote stands within a field that does not begin with one",
		"id,mail,id\n":                                      "line 1: two columns have one name",
		"":                                                  "line 1: the file is empty and has no header",
	} {
		d := &directory{t.TempDir()}
		old(t, d, "exports/p.csv", content)
		system, node := open(t, d.dsn(), ""), people(t, "exports/*.csv", nil)
		_, err := lookup(t, system, node, "7")
		require.Equal(t, drops.CodeUnreadable, models.CodeOf(err), "%q: %v", content, err)
		require.ErrorContains(t, err, "The file exports/p.csv of the collection d.people cannot be read: "+want)
		require.NotContains(t, err.Error(), "secret")
		_, err = system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("1"), Delete: true})
		require.Equal(t, drops.CodeUnreadable, models.CodeOf(err))
		require.Equal(t, content, string(d.read(t, "exports/p.csv")), "nothing is half done")
		problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
		require.NoError(t, err)
		require.True(t, datamap.Refused(problems))
	}
	d := &directory{t.TempDir()}
	for name, content := range map[string]string{"p.jsonl": "{\"id\":1}\n{\"id\": secretly}\n", "p.csv.gz": "id\n", "p.parquet": "PAR1 secretly PAR1"} {
		old(t, d, name, content)
		_, err := lookup(t, open(t, d.dsn(), ""), people(t, name, nil), "1")
		require.Equal(t, drops.CodeUnreadable, models.CodeOf(err), "%s: %v", name, err)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestAFileThatIsBeingWrittenIsTriedAgain(t *testing.T) {
	t.Parallel()
	d := &directory{t.TempDir()}
	d.write(t, "p.csv", []byte("id,mail,note\n1,a,\"half"))
	_, err := lookup(t, open(t, d.dsn(), ""), people(t, "p.csv", nil), "1")
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
}

func TestAMissingFileIsAFaultAndAPatternWithoutFilesIsNot(t *testing.T) {
	t.Parallel()
	d := &directory{t.TempDir()}
	system := open(t, d.dsn(), "")
	_, err := lookup(t, system, people(t, "p.jsonl", nil), "1")
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	n, err := lookup(t, system, people(t, "exports/*.jsonl", nil), "1")
	require.NoError(t, err)
	require.Zero(t, n)
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{people(t, "exports/*.jsonl", nil)})
	require.NoError(t, err)
	require.Len(t, problems, 1)
	require.Equal(t, "no_files", problems[0].Code)
	for _, bad := range []string{`{"format": "xml"}`, `{"delimiter": ";;"}`, `{"delimiter": "'", "quote": "'"}`, `{"encoding": "utf-16"}`, `{"compression": "zip"}`, `{"typo": 1}`} {
		_, err := drops.Open(t.Context(), connectors.Config{Name: "test", DSN: models.Personal(d.dir), Settings: []byte(bad)})
		require.Equal(t, "bad_settings", models.CodeOf(err), bad)
	}
}

// A file that has grown between the plan and the erasure keeps what has come, and loses the rows all the same.
func TestRowsThatComeBetweenPlanAndErasureStay(t *testing.T) {
	t.Parallel()
	d := &directory{t.TempDir()}
	d.write(t, "p.csv", []byte("id,mail,note\n1,a,b\n2,a,b\n"))
	system, node := open(t, d.dsn(), ""), people(t, "p.csv", nil)
	n, err := lookup(t, system, node, "1")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	d.write(t, "p.csv", []byte("id,mail,note\n0,x,y\n2,a,b\n1,a,changed\n3,c,d\n"))
	out, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("1", "9"), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1, Missing: 1}, out)
	require.Equal(t, "id,mail,note\n0,x,y\n2,a,b\n3,c,d\n", string(d.read(t, "p.csv")))
}

func TestAMaskThatAColumnCannotHoldChangesNothing(t *testing.T) {
	t.Parallel()
	d := &directory{t.TempDir()}
	d.write(t, "p.parquet", toParquet(t, &connectortest.Table{
		Columns: []connectortest.Column{{Name: "id", Kind: datamap.KindText, Key: true}, {Name: "number", Kind: datamap.KindInt}},
		Rows:    [][]datamap.Value{{datamap.Text("1"), datamap.Int(7)}, {datamap.Text("2"), datamap.Null}},
	}))
	node := people(t, "p.parquet", func(c *datamap.Collection) {
		word := "[erased]"
		c.Fields = []datamap.Field{{Name: "id", PrimaryKey: true}, {Name: "number", Categories: []string{"user"}, Erase: datamap.FieldReplace, Value: &word}}
	})
	system, before := open(t, d.dsn(), ""), d.read(t, "p.parquet")
	_, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("1"), Masks: node.Masks()})
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	require.ErrorContains(t, err, "d.people.number")
	require.Equal(t, before, d.read(t, "p.parquet"))
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
	require.NoError(t, err)
	codes := []string{}
	for _, p := range problems {
		codes = append(codes, p.Code+" "+p.Where)
	}
	require.Contains(t, codes, "mask_impossible d.people.number")
}

// small mounts a file system of 256 KiB, or skips the test.
func small(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("habeas-test", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("needs the right to mount a small file system (%v): run the tests as root", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func TestAFullDiskLeavesTheOldFileWhole(t *testing.T) {
	t.Parallel()
	d := &directory{small(t)}
	content := "id,mail,note\n1,a,b\n" + strings.Repeat("2,a,"+strings.Repeat("x", 95)+"\n", 1500)
	d.write(t, "p.csv", []byte(content))
	system, node := open(t, d.dsn(), ""), people(t, "p.csv", nil)
	_, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("1"), Delete: true})
	require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "has no room")
	require.Equal(t, content, string(d.read(t, "p.csv")))
	entries, err := os.ReadDir(d.dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside it")
}

func TestAReadOnlyPlaceIsSaid(t *testing.T) {
	t.Parallel()
	d := &directory{small(t)}
	d.write(t, "p.csv", []byte("id,mail,note\n1,a,b\n"))
	require.NoError(t, syscall.Mount("", d.dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	system, node := open(t, d.dsn(), ""), people(t, "p.csv", nil)
	_, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: node, Keys: keys("1"), Delete: true})
	require.Equal(t, connectors.CodeReadOnly, models.CodeOf(err), "%v", err)
	require.Equal(t, models.Conflict, models.KindOf(err))
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{node})
	require.NoError(t, err)
	found := false
	for _, p := range problems {
		found = found || p.Code == connectors.CodeReadOnly
	}
	require.True(t, found, "%v", problems)
}
