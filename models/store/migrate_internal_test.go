package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store/pgtest"
)

func TestMigrationsGoDownAndUpAgain(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	s, err := Open(t.Context(), Config{DSN: dsn})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.ErrorContains(t, s.Ready(t.Context()), "schema_outdated")
	require.NoError(t, Migrate(t.Context(), dsn, func(string) {}))
	require.NoError(t, s.Ready(t.Context()))
	provider, err := newProvider(s.sql)
	require.NoError(t, err)
	_, err = provider.DownTo(t.Context(), 0)
	require.NoError(t, err)
	require.ErrorContains(t, s.Ready(t.Context()), "schema_outdated")
	lines := 0
	require.NoError(t, Migrate(t.Context(), dsn, func(string) { lines++ }))
	require.NotZero(t, lines)
	require.NoError(t, Migrate(t.Context(), dsn, func(string) { t.Error("nothing is left to migrate") }))
	require.NoError(t, s.Ready(t.Context()))
}

func TestDatabaseThatIsDownIsUnavailable(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Config{DSN: "postgres://user:secret@%zz/db"})
	require.Equal(t, "bad_database_url", models.CodeOf(err))
	require.NotContains(t, err.Error(), "secret")

	s, err := Open(t.Context(), Config{DSN: "postgres://user:secret@127.0.0.1:1/db?connect_timeout=2"})
	require.NoError(t, err, "a database may come up later")
	defer func() { require.NoError(t, s.Close()) }()
	_, err = s.Operator(t.Context())
	require.Equal(t, "database_unavailable", models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.Equal(t, "database_unavailable", models.CodeOf(s.Ready(t.Context())))
	require.NotContains(t, err.Error(), "secret")
}
