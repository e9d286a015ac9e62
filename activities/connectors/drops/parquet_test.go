package drops_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/connectortest"
	"habeas/models/datamap"
)

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

func gunzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	out, err := io.ReadAll(r)
	require.NoError(t, err)
	return out
}

var parquetTypes = map[datamap.Kind]parquet.Node{
	datamap.KindInt: parquet.Int(64), datamap.KindText: parquet.String(), datamap.KindDate: parquet.Date(), datamap.KindBool: parquet.Leaf(parquet.BooleanType),
	datamap.KindDecimal: parquet.Decimal(2, 30, parquet.FixedLenByteArrayType(13)), datamap.KindBytes: parquet.Leaf(parquet.ByteArrayType),
	datamap.KindTimestamp: parquet.TimestampAdjusted(parquet.Microsecond, true), datamap.KindDateTime: parquet.TimestampAdjusted(parquet.Microsecond, false),
	datamap.KindUUID: parquet.UUID(),
}

// toParquet writes the table's rows value by value, each column with a compression of its own.
func toParquet(t *testing.T, table *connectortest.Table) []byte {
	t.Helper()
	root := parquet.Group{}
	codecs := []func(parquet.Node) parquet.Node{
		func(n parquet.Node) parquet.Node { return parquet.Compressed(n, &parquet.Snappy) },
		func(n parquet.Node) parquet.Node { return parquet.Compressed(n, &parquet.Zstd) },
		func(n parquet.Node) parquet.Node { return n },
	}
	for i, c := range table.Columns {
		n := codecs[i%3](parquetTypes[c.Kind])
		switch {
		case c.Array:
			n = parquet.Optional(parquet.List(parquet.Optional(n)))
		case !c.Key:
			n = parquet.Optional(n)
		}
		root[c.Name] = n
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[any](&out, parquet.NewSchema("table", root), parquet.KeyValueMetadata("made by", "a test"))
	names := make([]string, 0, len(root))
	for name := range root {
		names = append(names, name)
	}
	slices.Sort(names)
	for n, values := range table.Rows {
		var row parquet.Row
		for i, name := range names {
			at := slices.IndexFunc(table.Columns, func(c connectortest.Column) bool { return c.Name == name })
			row = append(row, cells(t, table.Columns[at], values[at], i)...)
		}
		_, err := w.WriteRows([]parquet.Row{row})
		require.NoError(t, err)
		if n == 1 {
			require.NoError(t, w.Flush(), "more than one row group")
		}
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func cells(t *testing.T, c connectortest.Column, v datamap.Value, at int) []parquet.Value {
	t.Helper()
	level := 1
	if c.Key {
		level = 0
	}
	switch {
	case v.IsNull():
		return []parquet.Value{parquet.NullValue().Level(0, 0, at)}
	case !c.Array:
		return []parquet.Value{cell(t, c.Kind, v).Level(0, level, at)}
	case len(v.Elements()) == 0:
		return []parquet.Value{parquet.NullValue().Level(0, 1, at)}
	}
	var list []parquet.Value
	for i, e := range v.Elements() {
		if e.IsNull() {
			list = append(list, parquet.NullValue().Level(min(i, 1), 2, at))
			continue
		}
		list = append(list, cell(t, c.Kind, e).Level(min(i, 1), 3, at))
	}
	return list
}

func cell(t *testing.T, kind datamap.Kind, v datamap.Value) parquet.Value {
	t.Helper()
	text := v.Text()
	moment := func(layout string) time.Time {
		m, err := time.Parse(layout, text)
		require.NoError(t, err)
		return m
	}
	switch kind {
	case datamap.KindInt:
		n, ok := new(big.Int).SetString(text, 10)
		require.True(t, ok)
		return parquet.Int64Value(n.Int64())
	case datamap.KindBool:
		return parquet.BooleanValue(text == "true")
	case datamap.KindDate:
		return parquet.Int32Value(int32(moment(time.DateOnly).Unix() / 86400))
	case datamap.KindTimestamp:
		return parquet.Int64Value(moment(time.RFC3339).UnixMicro())
	case datamap.KindDateTime:
		return parquet.Int64Value(moment("2006-01-02T15:04:05").UnixMicro())
	case datamap.KindDecimal:
		n, ok := new(big.Int).SetString(strings.Replace(text, ".", "", 1), 10)
		require.True(t, ok)
		return parquet.FixedLenByteArrayValue(n.FillBytes(make([]byte, 13)))
	case datamap.KindUUID:
		b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		require.NoError(t, err)
		return parquet.FixedLenByteArrayValue(b)
	}
	return parquet.ByteArrayValue([]byte(text))
}

// parquetRows describes each row of a file, as the library gives them.
func parquetRows(t *testing.T, content []byte) []string {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	var list []string
	for _, g := range file.RowGroups() {
		rows := g.Rows()
		buf := make([]parquet.Row, 7)
		for {
			n, err := rows.ReadRows(buf)
			for _, r := range buf[:n] {
				list = append(list, fmt.Sprintf("%+v", r))
			}
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
		}
		require.NoError(t, rows.Close())
	}
	return list
}
