package store_test

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm/schema"

	"habeas/models/store"
)

// unmapped are the tables that no row type stands for: they are read and written with statements of their own.
var unmapped = []string{"goose_db_version", "located_chunks", "located_rows", "package_chunks", "request_file_chunks", "row_values", "sessions"}

func TestRowTypesAndTablesHaveTheSameColumns(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), migrated(t))
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), `
SELECT c.table_name, c.column_name, c.is_nullable = 'YES' FROM information_schema.columns c JOIN information_schema.tables t
USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`)
	require.NoError(t, err)
	type column struct {
		Table, Name string
		Nullable    bool
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	require.NoError(t, err)
	tables := map[string]map[string]bool{}
	for _, c := range columns {
		if tables[c.Table] == nil {
			tables[c.Table] = map[string]bool{}
		}
		tables[c.Table][c.Name] = c.Nullable
	}
	for _, name := range unmapped {
		require.Contains(t, tables, name)
		delete(tables, name)
	}

	var cache sync.Map
	for _, row := range store.Rows() {
		s, err := schema.Parse(row, &cache, schema.NamingStrategy{})
		require.NoError(t, err)
		columns := tables[s.Table]
		for _, f := range s.Fields {
			nullable, there := columns[f.DBName]
			require.True(t, there, "%s has no column %s", s.Table, f.DBName)
			if f.FieldType.Kind() == reflect.Pointer {
				require.True(t, nullable, "%s.%s is never NULL", s.Table, f.DBName)
			}
		}
		for name := range columns {
			require.True(t, slices.Contains(s.DBNames, name), "no field for %s.%s", s.Table, name)
		}
		delete(tables, s.Table)
	}
	require.Empty(t, tables, "tables without a row type")
}
