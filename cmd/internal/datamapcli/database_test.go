package datamapcli_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/mysql/mysqltest"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/sqlite"
)

// filled is the address of a new database of a kind, with the tables and rows of a script in the kind's words.
func filled(t *testing.T, kind, script string) string {
	t.Helper()
	switch kind {
	case mysql.KindMariaDB:
		_, dsn := mysqltest.New(t)
		runScript(t, "mysql", dsn+"?multiStatements=true", script)
		return dsn
	case sqlite.Kind:
		path := filepath.Join(t.TempDir(), "test.db")
		runScript(t, "sqlite", "file:"+path+"?_pragma=synchronous(off)", script)
		return path
	default:
		return database(t, script)
	}
}

func runScript(t *testing.T, driver, dsn, script string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), script)
	require.NoError(t, err)
}

// chinookScripts are the scripts of the Chinook media shop, and the words after which they fill the database that they have made.
var chinookScripts = map[string]struct{ file, after string }{
	postgres.Kind:     {"Chinook_PostgreSql_SerialPKs.sql", "\\c chinook_serial;"},
	mysql.KindMariaDB: {"Chinook_MySql_AutoIncrementPKs.sql", "USE `Chinook_AutoIncrement`;"},
	sqlite.Kind:       {"Chinook_Sqlite_AutoIncrementPKs.sql", ""},
}

func chinook(kind string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		script, err := os.ReadFile("../../../../shared/fixtures/chinook/" + chinookScripts[kind].file)
		if err != nil {
			t.Skip("the Chinook data is not in shared/fixtures/chinook beside the project")
		}
		_, own, ok := strings.Cut(string(script), chinookScripts[kind].after)
		require.True(t, ok)
		return strings.TrimPrefix(own, "\ufeff")
	}
}
