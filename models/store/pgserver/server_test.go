package pgserver_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/models/store/pgserver"
)

// keptDir is a directory that also the user whom root drops to can reach; t.TempDir may not be.
func keptDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "habeas-pg-kept-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "cluster")
}

func start(t *testing.T, options pgserver.Options) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return server
}

func value(t *testing.T, dsn, query string) (result string) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	require.NoError(t, connection.QueryRow(t.Context(), query).Scan(&result))
	require.NoError(t, connection.Close(t.Context()))
	return result
}

func TestATemporaryClusterServesAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Options{Settings: map[string]string{"max_connections": "20"}})
	require.NoError(t, server.CreateDatabase(t.Context(), "Ünusual name"))
	require.NoError(t, server.CreateDatabase(t.Context(), "Ünusual name"), "an existing database is no error")

	dsn := server.DSN("Ünusual name")
	require.Equal(t, "Ünusual name", value(t, dsn, "SELECT current_database()"))
	require.Equal(t, "off", value(t, dsn, "SHOW fsync"))
	require.Equal(t, "20", value(t, dsn, "SHOW max_connections"))
	require.Equal(t, "UTF8", value(t, dsn, "SHOW server_encoding"))
	require.Equal(t, "127.0.0.1", value(t, dsn, "SHOW listen_addresses"))

	_, err := pgx.Connect(t.Context(), strings.Replace(dsn, "habeas:", "habeas:x", 1))
	require.ErrorContains(t, err, "password authentication failed")

	require.NoError(t, server.Stop())
	require.NoDirExists(t, server.Dir())
}

func TestAKeptClusterKeepsItsDataAndItsPassword(t *testing.T) {
	t.Parallel()
	dir := keptDir(t)
	first := start(t, pgserver.Options{DataDir: dir, Durable: true})
	require.NoError(t, first.CreateDatabase(t.Context(), "kept"))
	require.Equal(t, "on", value(t, first.DSN("kept"), "SHOW fsync"))
	require.NoError(t, first.Stop())

	second := start(t, pgserver.Options{DataDir: dir, Durable: true})
	require.Equal(t, "kept", value(t, second.DSN("kept"), "SELECT current_database()"))
}

func TestADirectoryWithARunningServerIsRefused(t *testing.T) {
	t.Parallel()
	dir := keptDir(t)
	first := start(t, pgserver.Options{DataDir: dir})
	_, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: dir})
	require.ErrorIs(t, err, pgserver.ErrInUse)
	require.ErrorContains(t, err, dir)
	require.Equal(t, "postgres", value(t, first.DSN("postgres"), "SELECT current_database()"), "the first server goes on")
}

func TestAFailedStartShowsTheServersOwnWords(t *testing.T) {
	t.Parallel()
	_, err := pgserver.Start(t.Context(), pgserver.Options{Settings: map[string]string{"no_such_parameter": "1"}})
	require.ErrorContains(t, err, "no_such_parameter")
}

func TestACancelledStartLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := keptDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := pgserver.Start(ctx, pgserver.Options{DataDir: dir})
	require.Error(t, err)
	start(t, pgserver.Options{DataDir: dir})
}

func TestADirectoryOfAnotherVersionIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	dir := keptDir(t)
	version := filepath.Join(dir, "pgdata", "PG_VERSION")
	require.NoError(t, os.MkdirAll(filepath.Dir(version), 0o700))
	require.NoError(t, os.WriteFile(version, []byte("9\n"), 0o600))
	_, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: dir})
	require.ErrorContains(t, err, "made by PostgreSQL 9")
	require.FileExists(t, version)
}

func TestADirectoryThatTheServersUserCannotReachIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root becomes another user to run PostgreSQL")
	}
	private := filepath.Dir(keptDir(t))
	require.NoError(t, os.Chmod(private, 0o700))
	_, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: filepath.Join(private, "cluster")})
	require.ErrorContains(t, err, "cannot enter "+private)
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	first := start(t, pgserver.Options{})
	_, err := pgserver.Start(t.Context(), pgserver.Options{Port: first.Port()})
	require.ErrorContains(t, err, "Address already in use")
}

func TestAWrongDirectoryOfProgramsIsNamed(t *testing.T) {
	t.Setenv("HABEAS_PG_BIN", t.TempDir())
	_, err := pgserver.Start(t.Context(), pgserver.Options{})
	require.ErrorContains(t, err, "HABEAS_PG_BIN")
}

// TestAServerEndsWithTheProcessThatStartedIt starts this test binary again as the parent, kills it in the way that leaves
// it no time to clean up, and expects that server and directory are gone.
func TestAServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestParent$", "-test.v")
	cmd.Env = append(os.Environ(), "HABEAS_TEST_PARENT=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	var text strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(text.String(), "ready\n") {
		n, err := out.Read(buffer)
		text.Write(buffer[:n])
		require.NoError(t, err, text.String())
	}
	_, line, _ := strings.Cut(text.String(), "started ")
	fields := strings.Fields(line)
	pid, err := strconv.Atoi(fields[0])
	require.NoError(t, err)
	require.DirExists(t, fields[1])

	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool {
		_, err := os.Stat(fields[1])
		return os.IsNotExist(err) && dead(pid)
	}, time.Minute, 5*time.Millisecond)
}

// dead also counts a process that has ended but is not yet buried, which in a container may stay so.
func dead(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return os.IsNotExist(err) || strings.Contains(string(stat), ") Z ")
}

// TestParent is the parent of the test above, and passes at once when run by itself.
func TestParent(t *testing.T) {
	if os.Getenv("HABEAS_TEST_PARENT") == "" {
		return
	}
	server, err := pgserver.Start(t.Context(), pgserver.Options{})
	require.NoError(t, err)
	_, err = os.Stdout.WriteString("started " + strconv.Itoa(server.PID()) + " " + server.Dir() + " ready\n")
	require.NoError(t, err)
	select {}
}
