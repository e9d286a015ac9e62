package mysqltest_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/mysql/mysqltest"
)

func TestEachTestHasAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("named alike", func(t *testing.T) {
			t.Parallel()
			name, dsn := mysqltest.New(t)
			db, err := sql.Open("mysql", dsn)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			_, err = db.ExecContext(t.Context(), "CREATE TABLE people (id int)")
			require.NoError(t, err)
			var current string
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT database()").Scan(&current))
			require.Equal(t, name, current)
		})
	}
}
