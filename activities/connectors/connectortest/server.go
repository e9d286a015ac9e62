package connectortest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// CacheDir is where scripts/setup.sh unpacks programs for who may not install them; the script has the same rule.
func CacheDir() string {
	if dir := os.Getenv("HABEAS_CACHE_DIR"); dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "/nonexistent"
	}
	return filepath.Join(base, "habeas")
}

// FreeAddress is a host:port of this machine on which nobody listens. One connection is made over it and closed by the server's side first, so that
// the kernel remembers the port for a minute and gives it to nobody else who asks for any port.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	require.NoError(t, errors.Join(accepted.Close(), client.Close(), l.Close()))
	return l.Addr().String()
}

// Serve starts the program that command makes and waits until it answers at an address; stop stops it, and so does the test's end.
func Serve(t testing.TB, addr string, command func(context.Context) *exec.Cmd) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := command(ctx)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() //nolint:errcheck // it is told to stop
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	require.Eventually(t, func() bool {
		select {
		case <-ended:
			require.Fail(t, filepath.Base(cmd.Path)+" ended", "%s", log.String())
		default:
		}
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, 30*time.Second, 5*time.Millisecond)
	return stop
}
