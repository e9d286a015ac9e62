package rest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/rest/resttest"
	"habeas/models"
	"habeas/models/datamap"
)

func TestValuesKeepTheirMeaningInEachType(t *testing.T) {
	t.Parallel()
	for typ, c := range map[string]struct {
		stands any             // in the row
		reads  datamap.Value   // as
		given  datamap.Value   // to be written
		writes string          // as JSON
		never  []datamap.Value // what the type cannot hold
	}{
		"text":      {json.Number("5"), datamap.Text("5"), datamap.Int(7), `"7"`, []datamap.Value{datamap.NewValue(datamap.KindBytes, "x")}},
		"int":       {"512", datamap.Int(512), datamap.Text(" 7.00"), `7`, []datamap.Value{datamap.Text("7.5"), datamap.Text("1e3"), datamap.Text("")}},
		"decimal":   {"0.10", datamap.NewValue(datamap.KindDecimal, "0.10"), datamap.Text("12345678901234567890.10"), `12345678901234567890.10`, []datamap.Value{datamap.Text("NaN"), datamap.Text("1,5")}},
		"bool":      {"yes", datamap.NewValue(datamap.KindBool, "true"), datamap.Text("F"), `false`, []datamap.Value{datamap.Text("maybe"), datamap.Int(2)}},
		"date":      {"2024-02-29", datamap.NewValue(datamap.KindDate, "2024-02-29"), datamap.Text("1999-12-31"), `"1999-12-31"`, []datamap.Value{datamap.Text("2023-02-29"), datamap.Text("soon")}},
		"datetime":  {"2024-02-29 10:00:00", datamap.NewValue(datamap.KindDateTime, "2024-02-29T10:00:00"), datamap.Text("1999-12-31T23:59:59.5"), `"1999-12-31T23:59:59.5"`, []datamap.Value{datamap.Text("1999-12-31")}},
		"timestamp": {"2024-02-29T10:00:00+0200", datamap.NewValue(datamap.KindTimestamp, "2024-02-29T08:00:00Z"), datamap.Text("2024-01-01T00:00:00+01:00"), `"2023-12-31T23:00:00Z"`, []datamap.Value{datamap.Text("10:00")}},
		"epoch":     {json.Number("1700000000"), datamap.NewValue(datamap.KindTimestamp, "2023-11-14T22:13:20Z"), datamap.Text("2023-11-14T22:13:21Z"), `1700000001`, []datamap.Value{datamap.Text("soon")}},
		"time":      {"10:00", datamap.NewValue(datamap.KindTime, "10:00"), datamap.Text("11:00"), `"11:00"`, nil},
		"uuid":      {"0188A0F2-7D9B-7B5A-9C3E-0123456789AB", datamap.NewValue(datamap.KindUUID, "0188a0f2-7d9b-7b5a-9c3e-0123456789ab"), datamap.Text("0188A0F2-7D9B-7B5A-9C3E-0123456789AC"), `"0188a0f2-7d9b-7b5a-9c3e-0123456789ac"`, []datamap.Value{datamap.Text("x")}},
		"bytes":     {"AP8=", datamap.NewValue(datamap.KindBytes, "\x00\xff"), datamap.NewValue(datamap.KindBytes, "\x01"), `"AQ=="`, []datamap.Value{datamap.Int(1)}},
		"json":      {resttest.Object{"b": []any{nil}, "a": "<"}, datamap.NewValue(datamap.KindJSON, `{"a":"<","b":[null]}`), datamap.NewValue(datamap.KindJSON, `[1]`), `[1]`, []datamap.Value{datamap.NewValue(datamap.KindJSON, "{")}},
		"":          {false, datamap.NewValue(datamap.KindBool, "false"), datamap.Array(datamap.Text("a"), datamap.Null), `["a",null]`, nil},
	} {
		api := &resttest.Tables{}
		api.Add("things", []string{"id"}, []resttest.Object{{"id": json.Number("1"), "v": c.stands}})
		s := openSmall(t, api, func(set map[string]any) {
			set["collections"].(map[string]any)["things"].(map[string]any)["fields"].(map[string]any)["v"] = map[string]any{"path": "v", "type": typ}
		})
		node := nodeOf("things", "id", "v")
		q := connectors.Query{Node: node, Fields: []string{"id"}, Keys: keys(datamap.Int(1)), Return: []string{"v"}}
		rows, err := lookup(t, s, q)
		require.NoError(t, err, typ)
		require.Equal(t, c.reads, rows[0].Values[0], typ)
		set := func(v datamap.Value) (int, error) {
			return s.(connectors.Rectifier).Rectify(t.Context(), connectors.Rectification{Node: node, Keys: q.Keys, Set: []connectors.FieldValue{{Field: "v", Value: v}}})
		}
		for _, never := range c.never {
			_, err := set(never)
			requireError(t, err, models.Invalid, connectors.CodeMismatch)
		}
		n, err := set(c.given)
		require.NoError(t, err, typ)
		require.Equal(t, 1, n, typ)
		require.Contains(t, api.Rows("things")[0], `"v":`+c.writes, typ)
		n, err = set(datamap.Null)
		require.NoError(t, err, typ)
		require.Equal(t, 1, n)
		require.Contains(t, api.Rows("things")[0], `"v":null`, typ)
	}
}

func TestAMarkOfRestrictionHasTheFieldsType(t *testing.T) {
	t.Parallel()
	now, odd := datamap.SetNow, "odd"
	for typ, want := range map[string]string{"bool": "true", "date": `"2026-03-01"`, "datetime": `"2026-03-01T12:00:00"`, "timestamp": `"2026-03-01T12:00:00Z"`, "epoch": "1772366400", "": `"2026-03-01T12:00:00Z"`} {
		api := things()
		s := openSmall(t, api, func(set map[string]any) {
			set["collections"].(map[string]any)["things"].(map[string]any)["fields"].(map[string]any)["mark"] = map[string]any{"path": "mark", "type": typ}
		})
		node := nodeOf("things", "id", "mark")
		node.Collection = &datamap.Collection{Restrict: &datamap.Restrict{Column: "mark", Set: &now}}
		order := connectors.Restriction{Node: node, Keys: keys(datamap.Int(1)), At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
		n, err := s.(connectors.Restrictor).Restrict(t.Context(), order)
		require.NoError(t, err, typ)
		require.Equal(t, 1, n)
		require.Contains(t, api.Rows("things")[0], `"mark":`+want, typ)
		if typ == "bool" {
			node.Collection.Restrict.Set = &odd
			_, err = s.(connectors.Restrictor).Restrict(t.Context(), order)
			requireError(t, err, models.Invalid, connectors.CodeMismatch)
		}
	}
}
