package pgserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrInUse is returned when another server runs on the data directory.
var ErrInUse = errors.New("another PostgreSQL server is running on this data directory")

// directory is the place of one cluster: pgdata, the password of its superuser, and the server's log.
type directory struct {
	path     string
	remove   bool
	inMemory bool                // on a file system that the kernel keeps in memory
	owner    *syscall.Credential // nil: the server runs as this process does
}

func (d directory) pgdata() string   { return filepath.Join(d.path, "pgdata") }
func (d directory) log() string      { return filepath.Join(d.path, "server.log") }
func (d directory) password() string { return filepath.Join(d.path, "password") }

// shutdown is the signal by which the server stops: fast, or where all is removed at once, writing nothing out.
func (d directory) shutdown() syscall.Signal {
	if d.remove {
		return syscall.SIGQUIT
	}
	return syscall.SIGINT
}

// DefaultDataDir is where a kept cluster of the given name lives: below /var/lib/habeas-dev for root, because the user
// that root drops to cannot reach into root's home, and below the user's data directory for everybody else.
func DefaultDataDir(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/lib/habeas-dev", name), nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "habeas-dev", name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("data directory: %w", err)
	}
	return filepath.Join(home, ".local", "share", "habeas-dev", name), nil
}

// openDirectory makes the directory that a cluster lives in; without a path in the options it is a new temporary one.
func openDirectory(options Options) (directory, error) {
	owner, err := unprivileged()
	if err != nil {
		return directory{}, err
	}
	path := options.DataDir
	dir := directory{path: path, remove: path == "", owner: owner}
	if dir.remove {
		dir.path, dir.inMemory, err = temporary(owner, options.Durable)
	} else if dir.path, err = filepath.Abs(path); err == nil {
		err = os.MkdirAll(filepath.Dir(dir.path), 0o755)
		if err == nil {
			err = os.Mkdir(dir.path, 0o700)
		}
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	if err != nil {
		return directory{}, fmt.Errorf("data directory: %w", err)
	}
	if owner == nil {
		return dir, nil
	}
	if blocked := unreachable(filepath.Dir(dir.path), owner); blocked != "" {
		return directory{}, fmt.Errorf("data directory: root may not run PostgreSQL, and user %d, who may, cannot enter %s: choose a directory elsewhere", owner.Uid, blocked)
	}
	if err := os.Chown(dir.path, int(owner.Uid), int(owner.Gid)); err != nil {
		return directory{}, fmt.Errorf("data directory: %w", err)
	}
	return dir, nil
}

// unprivileged is whom root becomes to run PostgreSQL, which refuses to run as root; nil for any other user.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor nobody: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", account.Username, err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", account.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// temporary makes a new directory which the owner can reach, even where TMPDIR is inside root's home. What need not last is kept in
// memory where that has room: a disk takes many times as long over the hundreds of files that a database consists of.
func temporary(owner *syscall.Credential, durable bool) (path string, inMemory bool, err error) {
	if parent := memory(); !durable && parent != "" && (owner == nil || unreachable(parent, owner) == "") {
		if path, err := os.MkdirTemp(parent, "habeas-pg-"); err == nil {
			return path, true, nil
		}
	}
	parent := os.TempDir()
	if owner != nil && unreachable(parent, owner) != "" {
		parent = "/var/lib/habeas-dev"
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return "", false, err
		}
	}
	path, err = os.MkdirTemp(parent, "habeas-pg-")
	return path, false, err
}

// unreachable names the first ancestor that the owner may not enter, or is empty.
func unreachable(path string, owner *syscall.Credential) string {
	for {
		info, err := os.Stat(path)
		if err != nil {
			return path
		}
		mode := info.Mode().Perm()
		stat, known := info.Sys().(*syscall.Stat_t)
		mine := known && stat.Uid == owner.Uid && mode&0o100 != 0
		ours := known && stat.Gid == owner.Gid && mode&0o010 != 0
		if !mine && !ours && mode&0o001 == 0 {
			return path
		}
		if parent := filepath.Dir(path); parent != path {
			path = parent
			continue
		}
		return ""
	}
}

// major is the version that made the cluster, or "" if there is none yet.
func (d directory) major() (string, error) {
	version, err := os.ReadFile(filepath.Join(d.pgdata(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(version)), err
}

// acquire takes the directory for this process and returns the lock, which the guard shares, so that nobody starts a new
// server while the old one is still being stopped. It waits a little for an owner that is just ending.
func (d directory) acquire(ctx context.Context) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(d.path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for since := time.Now(); ; {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		pid, status := d.running()
		if err == nil && pid == 0 {
			return lock, nil
		}
		if waited := time.Since(since); waited > stopPatience || waited > ownerPatience && status != "stopping" {
			return nil, errors.Join(fmt.Errorf("%w: %s (process %d)", ErrInUse, d.path, pid), lock.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), lock.Close())
		case <-poll.C:
		}
	}
}

// running reads the lock file that a server keeps in its data directory: its process (0 for none) and its status.
func (d directory) running() (pid int, status string) {
	content, err := os.ReadFile(filepath.Join(d.pgdata(), "postmaster.pid"))
	if err != nil {
		return 0, ""
	}
	lines := bytes.Split(content, []byte("\n"))
	pid, err = strconv.Atoi(strings.TrimSpace(string(lines[0])))
	if err != nil || pid <= 0 {
		return 0, ""
	}
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return 0, ""
	}
	if len(lines) > 7 {
		status = strings.TrimSpace(string(lines[7]))
	}
	return pid, status
}

// secret returns the superuser's password, made at the first start and kept with the cluster.
func (d directory) secret() (string, error) {
	known, err := os.ReadFile(d.password())
	if err == nil {
		return strings.TrimSpace(string(known)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	password := hex.EncodeToString(random)
	if err := os.WriteFile(d.password(), []byte(password+"\n"), 0o600); err != nil {
		return "", err
	}
	if d.owner == nil {
		return password, nil
	}
	return password, os.Chown(d.password(), int(d.owner.Uid), int(d.owner.Gid))
}

// lastLines is the end of the server's log, to explain a failed start.
func (d directory) lastLines() string {
	content, err := os.ReadFile(d.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
