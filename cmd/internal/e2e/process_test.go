package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/config"
)

// production is an installation whose App is the production program, in processes of its own.
type production struct {
	*house
	program       string
	serve, worker *process
	noWorker      bool // the test starts its own
	configure     []func(*config.Config)
}

// process is one that this test has started.
type process struct {
	cmd    *exec.Cmd
	log    journal
	exited chan struct{}
	err    error // valid when exited is closed
}

// program is the path of the production program, built once for all tests. It stays, so that it need not be linked again while nothing has changed.
var program = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "build", "e2e", "habeas"))
	if err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, "habeas/cmd/habeas").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// startProduction builds the program and starts everything.
func startProduction(t *testing.T, options ...func(*production)) *production {
	t.Helper()
	p := &production{}
	for _, option := range options {
		option(p)
	}
	var err error
	p.program, err = program()
	require.NoError(t, err)
	p.house, err = open(t.Context(), true, p.configure...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.close()) })
	require.NoError(t, p.Vacate(t.Context()))
	p.serve = p.start(t, "serve")
	eventually(t, func() bool {
		res, err := http.Get(p.Config.BaseURL + "/readyz")
		return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
	}, "the portal is ready")
	if !p.noWorker {
		p.startWorker(t)
	}
	return p
}

func (p *production) startWorker(t *testing.T) {
	t.Helper()
	p.worker = p.start(t, "worker")
	p.awaitWorker(t, p.worker)
}

func (p *production) awaitWorker(t *testing.T, proc *process) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(proc.log.String(), "The worker runs") || proc.over() }, "the worker runs")
	require.False(t, proc.over(), proc.log.String())
}

// start runs the program until the test ends.
func (p *production) start(t *testing.T, args ...string) *process {
	t.Helper()
	return p.startWith(t, nil, args...)
}

// startWith is start with more, or other, variables of the environment.
func (p *production) startWith(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	proc := &process{cmd: exec.CommandContext(context.WithoutCancel(t.Context()), p.program, args...), exited: make(chan struct{})}
	proc.cmd.Env, proc.cmd.Stdout, proc.cmd.Stderr = append(p.Environment(), environ...), &proc.log, &proc.log
	require.NoError(t, proc.cmd.Start())
	go func() {
		defer close(proc.exited)
		proc.err = proc.cmd.Wait()
	}()
	t.Cleanup(func() {
		if err := proc.cmd.Process.Kill(); err != nil {
			require.ErrorIs(t, err, os.ErrProcessDone)
		}
		<-proc.exited
	})
	return proc
}

func (p *process) over() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// signal sends a signal and waits for the end; it returns the exit status, -1 for a process that was killed.
func (p *process) signal(t *testing.T, s syscall.Signal) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(s))
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-within(t).Done():
		require.Fail(t, "the process does not end", p.log.String())
		return 0
	}
}

// habeas runs a command of the program to its end and returns its exit status with all that it wrote.
func (p *production) habeas(t *testing.T, args ...string) (status int, output string) {
	t.Helper()
	return p.habeasWith(t, nil, args...)
}

// habeasWith is habeas with more, or other, variables of the environment.
func (p *production) habeasWith(t *testing.T, environ []string, args ...string) (status int, output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.program, args...)
	cmd.Env = append(p.Environment(), environ...)
	out, err := cmd.CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
