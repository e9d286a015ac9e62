package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/rest/resttest"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, func(*testing.T) connectortest.Harness { return &harness{api: &resttest.Tables{}} })
}

type harness struct{ api *resttest.Tables }

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	for _, table := range tables {
		var key []string
		var rows []resttest.Object
		for _, values := range table.Rows {
			row := resttest.Object{}
			for i, c := range table.Columns {
				row[c.Name] = asJSON(values[i])
			}
			rows = append(rows, row)
		}
		for _, c := range table.Columns {
			if c.Key {
				key = append(key, c.Name)
			}
		}
		h.api.Add(table.Node.Table, key, rows)
	}
	set, dsn := settings(t, "testdata/suite.yaml", "suite")
	return open(t, set, dsn, h.api)
}

// asJSON is a value as an API would write it.
func asJSON(v datamap.Value) any {
	switch v.Kind() {
	case datamap.KindNull:
		return nil
	case datamap.KindInt, datamap.KindDecimal:
		return json.Number(v.Text())
	case datamap.KindBool:
		return v.Text() == "true"
	case datamap.KindBytes:
		return base64.StdEncoding.EncodeToString([]byte(v.Text()))
	case datamap.KindArray:
		list := []any{}
		for _, e := range v.Elements() {
			list = append(list, asJSON(e))
		}
		return list
	}
	return v.Text()
}

func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	return h.api.Rows(table.Node.Table)
}
