package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// guardScript waits for the end of its standard input, which comes when the parent closes it or dies in any way, then
// stops the server by a signal and removes a temporary directory. A test process has no other moment at which it could do so. The
// server removes its lock file at its end; a dead process that nobody has buried yet still answers to kill -0.
const guardScript = `
read -r _
if pid=$(head -n 1 "$1/pgdata/postmaster.pid" 2>/dev/null); then
	kill "-$3" "$pid" 2>/dev/null
	while [ -e "$1/pgdata/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
fi
if [ "$2" = remove ]; then cd / && rm -rf "$1"; fi
`

// guard is the process that outlives its parent for a moment, to clean up. It holds the directory's lock until it has.
type guard struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startGuard(ctx context.Context, dir directory, lock *os.File) (*guard, error) {
	mode, shutdown := "keep", strconv.Itoa(int(dir.shutdown()))
	if dir.remove {
		mode = "remove"
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", guardScript, "habeas-pg-guard", dir.path, mode, shutdown)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: dir.owner, Setpgid: true}
	cmd.ExtraFiles = []*os.File{lock}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("guard of the data directory: %w", err), stdin.Close())
	}
	return &guard{cmd: cmd, stdin: stdin}, nil
}

// release lets the guard do its work and waits for it.
func (g *guard) release() error {
	return errors.Join(g.stdin.Close(), g.cmd.Wait())
}
