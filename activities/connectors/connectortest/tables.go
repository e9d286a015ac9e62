package connectortest

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/datamap"
)

// CreateTables makes and fills tables in a database whose parameters are question marks: types are its column types, array that of an array, and stored
// is a value as its driver takes it.
func CreateTables(
	t *testing.T, db *sql.DB, types map[datamap.Kind]string, array string, stored func(*testing.T, datamap.Value) any, tables []*Table,
) {
	t.Helper()
	run := func(statement string, args ...any) {
		_, err := db.ExecContext(context.WithoutCancel(t.Context()), statement, args...)
		require.NoError(t, err, statement)
	}
	for _, table := range tables {
		var columns, keys, params []string
		for _, c := range table.Columns {
			typ := types[c.Kind]
			if c.Array {
				typ = array
			}
			columns = append(columns, c.Name+" "+typ)
			params = append(params, "?")
			if c.Key {
				keys = append(keys, c.Name)
			}
		}
		if len(keys) > 0 {
			columns = append(columns, "PRIMARY KEY ("+strings.Join(keys, ", ")+")")
		}
		run("CREATE TABLE " + table.Node.Table + " (" + strings.Join(columns, ", ") + ")")
		for _, row := range table.Rows {
			args := make([]any, len(row))
			for i, v := range row {
				args[i] = stored(t, v)
			}
			run("INSERT INTO "+table.Node.Table+" VALUES ("+strings.Join(params, ", ")+")", args...)
		}
	}
}

// Stored is a value as drivers take it: bytes and truths as such, an array as JSON, everything else as text.
func Stored(t *testing.T, v datamap.Value) any {
	t.Helper()
	switch v.Kind() {
	case datamap.KindNull:
		return nil
	case datamap.KindBytes:
		return []byte(v.Text())
	case datamap.KindBool:
		return v.Text() == "true"
	case datamap.KindArray:
		texts := []any{}
		for _, e := range v.Elements() {
			if e.IsNull() {
				texts = append(texts, nil)
			} else {
				texts = append(texts, e.Text())
			}
		}
		b, err := json.Marshal(texts)
		require.NoError(t, err)
		return string(b)
	default:
		return v.Text()
	}
}
