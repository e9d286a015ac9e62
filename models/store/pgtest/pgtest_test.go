package pgtest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/models/store/pgtest"
)

func run(t *testing.T, dsn, statement string) error {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close(context.Background())) })
	_, err = connection.Exec(t.Context(), statement)
	return err
}

func TestEachTestHasAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprintf("number %d, whose name is much longer than PostgreSQL allows a database's name to be", i), func(t *testing.T) {
			t.Parallel()
			require.NoError(t, run(t, pgtest.New(t), "CREATE TABLE requests (id int)"))
		})
	}
}

func TestATemplateIsPreparedOnceAndCopiedForEachTest(t *testing.T) {
	t.Parallel()
	var prepared atomic.Int64
	prepare := func(dsn string) error {
		prepared.Add(1)
		connection, err := pgx.Connect(context.Background(), dsn) // left open on purpose
		if err != nil {
			return err
		}
		_, err = connection.Exec(context.Background(), "CREATE TABLE filled (id int PRIMARY KEY)")
		return err
	}
	t.Run("copies", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				dsn := pgtest.Template(t, "filled", prepare)
				require.NoError(t, run(t, dsn, "INSERT INTO filled VALUES (1)"), "no copy sees another's row")
			})
		}
	})
	require.EqualValues(t, 1, prepared.Load())
}

func TestADatabaseIsDroppedWhenItsTestEnds(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("inner", func(t *testing.T) { dsn = pgtest.New(t) })
	_, err := pgx.Connect(t.Context(), dsn)
	require.ErrorContains(t, err, "does not exist")
}

func TestAFailedTemplateFailsEachTestThatAsksForIt(t *testing.T) {
	t.Parallel()
	failing := func(string) error { return errors.New("no schema today") }
	for range 2 {
		spy := &spy{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			pgtest.Template(spy, "failing", failing)
		}()
		<-done
		require.Contains(t, spy.message, "no schema today")
	}
}

// spy records a fatal message instead of failing its test.
type spy struct {
	testing.TB
	message string
}

func (s *spy) Fatalf(format string, arguments ...any) {
	s.message = fmt.Sprintf(format, arguments...)
	runtime.Goexit()
}
