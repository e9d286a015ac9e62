package datamap_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models/datamap"
)

func anyValue(t *rapid.T) datamap.Value {
	text := rapid.String()
	switch kind := rapid.SampledFrom([]datamap.Kind{
		datamap.KindNull, datamap.KindText, datamap.KindInt, datamap.KindDecimal, datamap.KindBytes, datamap.KindJSON, datamap.KindArray, datamap.KindBool,
	}).Draw(t, "kind"); kind {
	case datamap.KindNull:
		return datamap.Null
	case datamap.KindInt, datamap.KindDecimal:
		return datamap.NewValue(kind, rapid.StringMatching(`-?[0-9]{1,40}`).Draw(t, "number"))
	case datamap.KindBytes:
		return datamap.NewValue(kind, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
	case datamap.KindArray:
		return datamap.Array(rapid.SliceOfN(rapid.Custom(anyValue), 0, 3).Draw(t, "elements")...)
	default:
		return datamap.NewValue(kind, text.Draw(t, "text"))
	}
}

func TestAnyValueSurvivesJSONExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		row := datamap.Row{Columns: []string{"a", "b"}, Values: []datamap.Value{anyValue(t), anyValue(t)}}
		b, err := json.Marshal(row)
		require.NoError(t, err)
		var back datamap.Row
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, row, back)
	})
}

func TestAValueNeverPrintsItself(t *testing.T) {
	t.Parallel()
	v := datamap.Text("ann@example.com")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", v)
	for _, s := range []string{fmt.Sprint(v), fmt.Sprintf("%s %v %+v %#v", v, v, v, v), fmt.Sprintf("%v", datamap.Key{v}), log.String()} {
		require.NotContains(t, s, "ann")
		require.Contains(t, s, "[redacted]")
	}
}

func TestAnUnknownKindIsRefused(t *testing.T) {
	t.Parallel()
	var v datamap.Value
	require.Error(t, json.Unmarshal([]byte(`{"t":"complex","v":"1"}`), &v))
	require.Error(t, json.Unmarshal([]byte(`{"t":"bytes","v":"%"}`), &v))
}

func TestTheDayOfAnInstantDependsOnTheZone(t *testing.T) {
	t.Parallel()
	brussels, err := time.LoadLocation("Europe/Brussels")
	require.NoError(t, err)
	late := datamap.NewValue(datamap.KindTimestamp, "2026-08-31T23:30:00Z")
	for _, c := range []struct {
		value datamap.Value
		zone  *time.Location
		want  string
	}{
		{late, time.UTC, "2026-08-31"},
		{late, brussels, "2026-09-01"},
		{datamap.NewValue(datamap.KindDate, "2026-08-31"), brussels, "2026-08-31"},
		{datamap.NewValue(datamap.KindDateTime, "2026-08-31T23:30:00"), brussels, "2026-08-31"},
		{datamap.Text("2026-08-31"), time.UTC, "2026-08-31"},
		{datamap.Text("31.08.2026"), time.UTC, ""},
		{datamap.Null, time.UTC, ""},
		{datamap.Int(20260831), time.UTC, ""},
	} {
		d, ok := c.value.Date(c.zone)
		require.Equal(t, c.want, d.String())
		require.Equal(t, c.want != "", ok)
	}
}

func TestADigestTellsKeysApartButNotTypes(t *testing.T) {
	t.Parallel()
	a := datamap.Address{Dataset: "d", Collection: "c"}
	digest := func(vs ...datamap.Value) [32]byte { return datamap.Key(vs).Digest([]byte("secret"), a) }
	require.Equal(t, digest(datamap.Int(1)), digest(datamap.Text("1")))
	all := map[[32]byte]bool{
		digest(datamap.Text("ab"), datamap.Text("c")): true,
		digest(datamap.Text("a"), datamap.Text("bc")): true,
		digest(datamap.Text(""), datamap.Null):        true,
		digest(datamap.Null, datamap.Text("")):        true,
		digest(datamap.Text("")):                      true,
		digest(datamap.Null):                          true,
		datamap.Key{datamap.Null}.Digest(nil, a):      true,
		datamap.Key{datamap.Null}.Digest([]byte("secret"), datamap.Address{Dataset: "d.c"}): true,
	}
	require.Len(t, all, 8)
}
