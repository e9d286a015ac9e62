package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/bundle"
	"habeas/models/datamap"
)

// values has a value of each kind with its exact JSON and its CSV field as a spreadsheet reads it.
var values = []struct {
	name, json, csv string
	value           datamap.Value
}{
	{"null", "null", "", datamap.Null},
	{"int", "7", "7", datamap.Int(7)},
	{"negative", "-7", "-7", datamap.Int(-7)},
	{"big", "123456789012345678901234567890", "123456789012345678901234567890", datamap.NewValue(datamap.KindInt, "123456789012345678901234567890")},
	{"decimal", "0.10", "0.10", datamap.NewValue(datamap.KindDecimal, "0.10")},
	{"tiny", "1e-400", "1e-400", datamap.NewValue(datamap.KindDecimal, "1e-400")},
	{"nan", `"NaN"`, "NaN", datamap.NewValue(datamap.KindDecimal, "NaN")},
	{"infinity", `"-Infinity"`, "-Infinity", datamap.NewValue(datamap.KindDecimal, "-Infinity")},
	{"bool", "true", "true", datamap.NewValue(datamap.KindBool, "true")},
	{"text", `"Ünï \"quoted\"\n"`, "Ünï \"quoted\"\n", datamap.Text("Ünï \"quoted\"\n")},
	{"digits", `"007"`, "007", datamap.Text("007")},
	{"bytes", `"AP8="`, "AP8=", datamap.NewValue(datamap.KindBytes, "\x00\xff")},
	{"json", `{"a": [1, 2.50]}`, `{"a": [1, 2.50]}`, datamap.NewValue(datamap.KindJSON, `{"a": [1, 2.50]}`)},
	{"broken json", `"{a"`, "{a", datamap.NewValue(datamap.KindJSON, "{a")},
	{"array", `["a",null,12345678901234567890]`, `["a",null,12345678901234567890]`, datamap.Array(datamap.Text("a"), datamap.Null, datamap.NewValue(datamap.KindInt, "12345678901234567890"))},
	{"empty array", "[]", "[]", datamap.Array()},
	{"instant", `"2026-03-02T09:30:00Z"`, "2026-03-02T09:30:00Z", datamap.NewValue(datamap.KindTimestamp, "2026-03-02T09:30:00Z")},
	{"formula", `"=1+1"`, "'=1+1", datamap.Text("=1+1")},
	{"mail formula", `"@SUM(A1)"`, "'@SUM(A1)", datamap.Text("@SUM(A1)")},
	{"old line break", `"a\rb\r\nc"`, "a\nb\nc", datamap.Text("a\rb\r\nc")},
	{"tab", `"\t=1"`, "'\t=1", datamap.Text("\t=1")},
	{"phone", `"+49 30 1"`, "'+49 30 1", datamap.Text("+49 30 1")},
	{"minus", `"-2+3"`, "'-2+3", datamap.Text("-2+3")},
	{"json formula", `"=x"`, "'=x", datamap.NewValue(datamap.KindJSON, "=x")},
}

func row() datamap.Row {
	var r datamap.Row
	for _, v := range values {
		r.Columns, r.Values = append(r.Columns, v.name), append(r.Values, v.value)
	}
	return r
}

func TestEveryKindOfValueIsExactInJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := bundle.NewJSON(&out)
	require.NoError(t, err)
	require.NoError(t, w.Row(row()))
	require.NoError(t, w.Row(row()))
	require.NoError(t, w.Close())
	var rows []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(out.Bytes(), &rows), out.String())
	require.Len(t, rows, 2)
	for _, v := range values {
		require.Equal(t, v.json, string(rows[1][v.name]), v.name)
	}
	require.Less(t, strings.Index(out.String(), `"null"`), strings.Index(out.String(), `"formula"`), "columns keep their order")
}

func TestNoRowsAreAnEmptyArray(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := bundle.NewJSON(&out)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.JSONEq(t, "[]", out.String())
}

func TestEveryKindOfValueIsSafeInASpreadsheet(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := bundle.NewCSV(&out, row().Columns)
	require.NoError(t, err)
	require.NoError(t, w.Row(row()))
	require.NoError(t, w.Close())
	require.Contains(t, out.String(), "\r\n", "RFC 4180")
	records, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Equal(t, row().Columns, records[0])
	for i, v := range values {
		require.Equal(t, v.csv, records[1][i], v.name)
	}
}

func FuzzNoCellIsAFormula(f *testing.F) {
	for _, s := range []string{"=1", "+1", "-1", "@x", "\t=1", "\r=1", "", "'", "a", "\n=1", "＝1", " =1", "\x00=1", `"=1"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		w, err := bundle.NewCSV(&out, []string{"a", "b"})
		require.NoError(t, err)
		require.NoError(t, w.Row(datamap.Row{Columns: []string{"a", "b"}, Values: []datamap.Value{datamap.Text(s), datamap.Text("end")}}))
		require.NoError(t, w.Close())
		records, err := csv.NewReader(&out).ReadAll()
		require.NoError(t, err)
		require.Len(t, records, 2)
		require.Equal(t, "end", records[1][1], "a cell stays in its place")
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
		if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
			want = "'" + want
		}
		require.Equal(t, want, records[1][0], "no formula, and nothing else was changed")
	})
}

func TestTheManifestHasTheDigestOfEachFileAndTheArchiveItsOwn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", 3600))
	a := bundle.NewArchive(&out, at)
	w, err := a.Create("data/a.json", "The first.")
	require.NoError(t, err)
	_, err = io.WriteString(w, "hello")
	require.NoError(t, err)
	a.Rows(3)
	_, err = a.Create("README.txt", "The second.")
	require.NoError(t, err)
	require.Equal(t, []string{"The first.", "The second."}, []string{a.Files()[0].What, a.Files()[1].What})
	digest, size, err := a.Close("AAAA-BBBB")
	require.NoError(t, err)
	require.Equal(t, int64(out.Len()), size)
	sum := sha256.Sum256(out.Bytes())
	require.Equal(t, hex.EncodeToString(sum[:]), digest)

	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), size)
	require.NoError(t, err)
	require.Len(t, z.File, 3)
	for _, f := range z.File {
		require.True(t, f.Modified.Equal(at), "no file tells when it was really written")
	}
	r, err := z.Open(bundle.ManifestName)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.JSONEq(t, `{"reference": "AAAA-BBBB", "prepared_at": "2026-03-02T09:00:00Z", "files": [
		{"name": "data/a.json", "size": 5, "rows": 3, "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
		{"name": "README.txt", "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}`, string(b))
}

// full is a disk that takes no more.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAWriterThatFailsIsTold(t *testing.T) {
	t.Parallel()
	_, err := bundle.NewJSON(full{})
	require.ErrorIs(t, err, errFull)
	w, err := bundle.NewCSV(full{}, []string{"a"})
	require.NoError(t, err, "it is buffered")
	require.ErrorIs(t, w.Close(), errFull)
	_, _, err = bundle.NewArchive(full{}, time.Now()).Close("x")
	require.ErrorIs(t, err, errFull)
}
