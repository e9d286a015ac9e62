package temporaldev_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"habeas/cmd/internal/devserver/temporaldev"
	"habeas/models/store/pgtest"
)

// inMemory is the one server without a database that the tests of this package share.
var inMemory = sync.OnceValues(func() (*temporaldev.Server, error) {
	return temporaldev.Start(context.Background(), temporaldev.Options{})
})

func TestMain(m *testing.M) {
	if os.Getenv("HABEAS_TEST_PARENT") != "" {
		os.Exit(parent())
	}
	os.Exit(m.Run())
}

func dial(t *testing.T, server *temporaldev.Server) client.Client {
	t.Helper()
	connection, err := client.Dial(client.Options{HostPort: server.Address, Namespace: server.Namespace})
	require.NoError(t, err)
	t.Cleanup(connection.Close)
	return connection
}

func startWorkflow(t *testing.T, server *temporaldev.Server, id string) {
	t.Helper()
	_, err := dial(t, server).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "queue"}, "noted")
	require.NoError(t, err)
}

func TestAServerInMemoryAcceptsWorkflowsAtOnce(t *testing.T) {
	t.Parallel()
	server, err := inMemory()
	require.NoError(t, err)
	require.Regexp(t, `^127\.0\.0\.1:\d+$`, server.Address)
	require.Equal(t, "habeas", server.Namespace)
	require.Positive(t, server.PID)
	startWorkflow(t, server, "first")
}

func TestAServerOnPostgreSQLKeepsItsWorkflowsAndItsAddressOverARestart(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Server(t).DSN("kept_temporal")
	options := temporaldev.Options{PGDSN: dsn, Namespace: "kept", Retention: 2 * time.Hour}
	first, err := temporaldev.Start(t.Context(), options)
	require.NoError(t, err)
	startWorkflow(t, first, "kept")
	require.NoError(t, first.Kill(), "a crash loses nothing")

	_, err = fmt.Sscanf(first.Address, "127.0.0.1:%d", &options.Port)
	require.NoError(t, err)
	second, err := temporaldev.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Stop()) })
	require.Equal(t, first.Address, second.Address)

	connection := dial(t, second)
	_, err = connection.DescribeWorkflowExecution(t.Context(), "kept", "")
	require.NoError(t, err)
	namespace, err := connection.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "kept"})
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}

func TestAFailedStartShowsTheServersOwnWords(t *testing.T) {
	t.Parallel()
	_, err := temporaldev.Start(t.Context(), temporaldev.Options{PGDSN: "postgres://nobody:secret-word@127.0.0.1:1/nothing"})
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.NotContains(t, err.Error(), "secret-word")
	_, err = temporaldev.Start(t.Context(), temporaldev.Options{Retention: time.Minute})
	require.ErrorContains(t, err, "at least 1h")
}

func TestTheProgramSaysWhatItIsAndRefusesWrongUsage(t *testing.T) {
	t.Parallel()
	program, err := temporaldev.Locate(t.Context(), os.Stderr)
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), program, "-version").CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "go.temporal.io/server v1.32.1")
	out, err = exec.CommandContext(t.Context(), program, "-help").CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "-exit-with-stdin")

	for arguments, complaint := range map[string]string{
		"-store=oracle":         "postgres or sqlite",
		"-store=postgres":       "needs -dsn",
		"-dsn=postgres://u@h/d": "needs -store=postgres",
		"-port=70000":           "not a port",
		"-retention=1m":         "at least 1h",
		"-namespace=":           "empty",
		"-shards=0":             "at least one",
		"serve":                 "unexpected argument",
		"-no-such-flag":         "no-such-flag",
	} {
		cmd := exec.CommandContext(t.Context(), program, arguments)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, arguments)
		require.Equal(t, 2, cmd.ProcessState.ExitCode(), arguments)
		require.Contains(t, string(out), complaint)
	}
}

func TestAMissingProgramIsNamed(t *testing.T) {
	t.Setenv("HABEAS_TEMPORAL_DEV", filepath.Join(t.TempDir(), "absent"))
	_, err := temporaldev.Start(t.Context(), temporaldev.Options{})
	require.ErrorContains(t, err, "HABEAS_TEMPORAL_DEV")
	require.ErrorContains(t, err, "absent")
}

// TestAServerEndsWithTheProcessThatStartedIt runs this test binary again as the parent and kills it.
func TestAServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "HABEAS_TEST_PARENT=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pid int
	_, err = fmt.Fscanf(out, "%d\n", &pid)
	require.NoError(t, err)
	require.False(t, dead(pid))
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { return dead(pid) }, time.Minute, 5*time.Millisecond)
}

// dead also counts a process that has ended but is not yet buried, which in a container may stay so.
func dead(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return os.IsNotExist(err) || strings.Contains(string(stat), ") Z ")
}

// parent is what the child process of the test above does.
func parent() int {
	server, err := temporaldev.Start(context.Background(), temporaldev.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(server.PID)
	<-server.Exited()
	return 0
}
