package redis_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/models/datamap"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	program(t)
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, func(t *testing.T) connectortest.Harness { return &harness{people: "json"} })
	})
	t.Run("Hash", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, func(t *testing.T) connectortest.Harness { return &harness{people: "hash"} })
	})
}

// harness puts the suite's tables into keys: people as JSON texts or hashes, members and events as hashes.
type harness struct {
	people string
	server *server
}

func (h *harness) Limits() connectortest.Limits {
	l := connectortest.Limits{
		AsText:  []datamap.Kind{datamap.KindInt, datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp, datamap.KindUUID},
		NoBytes: true, NoSchema: true,
	}
	if h.people == "hash" {
		l.AsText = append(l.AsText, datamap.KindBool, datamap.KindDecimal)
		l.NoArrays = true
	}
	return l
}

// patterns are the names of the keys. An event's key has nothing that the map describes.
var patterns = map[string]string{"people": "people:{id}", "members": "members:{org}:{no}", "events": "events:{number}"}

func (h *harness) Open(t *testing.T, tables []*connectortest.Table) connectors.System {
	t.Helper()
	h.server = start(t)
	types := map[string]string{}
	for _, table := range tables {
		name := table.Node.Address.Collection
		table.Node.Table = patterns[name]
		types[patterns[name]] = "hash"
		if name == "people" {
			types[patterns[name]] = h.people
		}
		for n, row := range table.Rows {
			key := patterns[name]
			if name == "events" {
				key = "events:" + string(rune('a'+n))
			}
			hash, doc := []any{"HSET", key, "", ""}, map[string]any{}
			for i, v := range row {
				column := table.Columns[i].Name
				switch {
				case strings.Contains(key, "{"+column+"}"):
					key = strings.ReplaceAll(key, "{"+column+"}", v.Text())
				case name == "people":
					doc[column] = jsonValue(v)
					fallthrough
				default:
					if !v.IsNull() {
						hash = append(hash, column, v.Text())
					}
				}
			}
			if hash[1] = key; types[patterns[name]] == "json" {
				b, err := json.Marshal(doc)
				require.NoError(t, err)
				hash = []any{"SET", key, string(b)}
			}
			h.server.do(t, hash)
		}
	}
	settings, err := json.Marshal(map[string]any{"types": types})
	require.NoError(t, err)
	s := h.server.open(t, string(settings))
	if h.people == "hash" { // a hash without a field says nothing of it
		return withoutInspect{s.(capabilities)}
	}
	return s
}

type capabilities interface {
	connectors.System
	connectors.Locator
	connectors.Exporter
	connectors.Eraser
	connectors.Restrictor
	connectors.Rectifier
	connectors.Verifier
	connectors.Scanner
	connectors.Checker
}

// withoutInspect is a system that cannot be inspected.
type withoutInspect struct{ capabilities }

func jsonValue(v datamap.Value) any {
	switch v.Kind() {
	case datamap.KindNull:
		return nil
	case datamap.KindBool, datamap.KindInt, datamap.KindDecimal:
		return json.RawMessage(v.Text())
	case datamap.KindArray:
		list := []any{}
		for _, e := range v.Elements() {
			list = append(list, jsonValue(e))
		}
		return list
	default:
		return v.Text()
	}
}

func (h *harness) Rows(t *testing.T, table *connectortest.Table) []string {
	t.Helper()
	return h.server.rows(t, table.Node.Address.Collection+":*")
}
