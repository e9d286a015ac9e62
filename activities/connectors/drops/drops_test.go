package drops_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/drops"
	"habeas/models"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, func(t *testing.T) connectortest.Harness {
				return &harness{place: &directory{t.TempDir()}, ending: ending}
			})
		})
	}
}

// place is where the files lie, seen without the connector.
type place interface {
	dsn() string
	write(t *testing.T, name string, content []byte)
	read(t *testing.T, name string) []byte
}

type directory struct{ dir string }

func (d *directory) dsn() string { return d.dir }

func (d *directory) write(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(d.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, content, 0o640))
}

func (d *directory) read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.dir, name))
	require.NoError(t, err)
	return b
}

// harness keeps a table as one file.
type harness struct {
	place  place
	ending string
}

func (h *harness) Limits() connectortest.Limits {
	texts := []datamap.Kind{datamap.KindDate, datamap.KindBytes, datamap.KindTimestamp, datamap.KindDateTime, datamap.KindUUID}
	switch format, _, _ := strings.Cut(h.ending, "."); format {
	case "csv":
		return connectortest.Limits{AsText: append(texts, datamap.KindInt, datamap.KindDecimal, datamap.KindBool), NoArrays: true, Inferred: true, NoTriggers: true}
	case "jsonl":
		return connectortest.Limits{AsText: texts, NoSchema: true, Inferred: true, NoTriggers: true}
	default:
		return connectortest.Limits{Inferred: true, NoTriggers: true}
	}
}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	for _, table := range tables {
		table.Node.Table = table.Node.Collection.Name + "." + h.ending
		format, packed, _ := strings.Cut(h.ending, ".")
		content := map[string]func(*testing.T, *connectortest.Table) []byte{"csv": toCSV, "jsonl": toJSONL, "parquet": toParquet}[format](t, table)
		if packed != "" {
			content = gzipped(t, content)
		}
		h.place.write(t, table.Node.Table, content)
	}
	return open(t, h.place.dsn(), "")
}

func open(t *testing.T, dsn, settings string) connectors.System {
	t.Helper()
	s, err := drops.Open(t.Context(), connectors.Config{Name: "test", Kind: drops.Kind, DSN: models.Personal(dsn), Secret: connectortest.Secret, Settings: []byte(settings)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func plain(v datamap.Value) string {
	if v.Kind() == datamap.KindBytes {
		return base64.StdEncoding.EncodeToString([]byte(v.Text()))
	}
	return v.Text()
}

func toCSV(_ *testing.T, table *connectortest.Table) []byte {
	var b bytes.Buffer
	for i, c := range table.Columns {
		fmt.Fprintf(&b, "%s%s", strings.Repeat(",", min(i, 1)), c.Name)
	}
	b.WriteString("\r\n")
	for _, row := range table.Rows {
		for i, v := range row {
			b.WriteString(strings.Repeat(",", min(i, 1)))
			if !v.IsNull() {
				fmt.Fprintf(&b, `"%s"`, strings.ReplaceAll(plain(v), `"`, `""`))
			}
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func toJSONL(t *testing.T, table *connectortest.Table) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, row := range table.Rows {
		for i, v := range row {
			fmt.Fprintf(&b, "%s%q: %s", []string{", ", "{"}[1-min(i, 1)], table.Columns[i].Name, jsonOf(t, v))
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}

func jsonOf(t *testing.T, v datamap.Value) string {
	t.Helper()
	switch v.Kind() {
	case datamap.KindNull:
		return "null"
	case datamap.KindInt, datamap.KindDecimal, datamap.KindBool:
		return v.Text()
	case datamap.KindArray:
		var list []string
		for _, e := range v.Elements() {
			list = append(list, jsonOf(t, e))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	b, err := json.Marshal(plain(v))
	require.NoError(t, err)
	return string(b)
}

// Rows parses the files by other means than the connector does.
func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	content := h.place.read(t, table.Node.Table)
	format, packed, _ := strings.Cut(h.ending, ".")
	if packed != "" {
		content = gunzipped(t, content)
	}
	var list []string
	switch format {
	case "csv":
		records, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		require.NoError(t, err)
		for _, r := range records[1:] {
			list = append(list, fmt.Sprintf("%q", r))
		}
	case "jsonl":
		for line := range strings.Lines(string(content)) {
			require.True(t, json.Valid([]byte(line)))
			list = append(list, line)
		}
	default:
		list = parquetRows(t, content)
	}
	slices.Sort(list)
	return list
}
