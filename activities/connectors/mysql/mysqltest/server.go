package mysqltest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	account  = "habeas"
	password = "a password of this test"

	startPatience = 90 * time.Second
	portAttempts  = 5
)

// guardScript runs the server until its standard input ends, which comes when the parent dies in any way, then kills it and removes
// its directory. A test process has no other moment at which it could do so.
const guardScript = `
dir=$1; shift
"$@" </dev/null >>"$dir/server.log" 2>&1 &
server=$!
read -r _
kill -KILL "$server" 2>/dev/null; wait "$server" 2>/dev/null
cd / && rm -rf "$dir"
`

// Server is a running MariaDB server, without fsync and without a binary log. It ends with this process.
type Server struct {
	Port  int // on 127.0.0.1
	dir   string
	guard *os.File // its end ends the server
}

func start() (*Server, error) {
	found, err := find()
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := directory(owner)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.initialise(found, owner); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for attempt := 1; ; attempt++ {
		err := s.launch(found, owner)
		if err == nil || attempt == portAttempts || !strings.Contains(err.Error(), "Address already in use") {
			return s, err
		}
	}
}

// unprivileged is whom root becomes; nil for any other user.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"mysql", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUser := strconv.ParseUint(found.Uid, 10, 32)
		gid, errGroup := strconv.ParseUint(found.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUser, errGroup)
	}
	return nil, errors.New("MariaDB does not run as root, and there is neither a user mysql nor nobody")
}

// directory is a new one that belongs to the owner. Its path is short, since a socket's may have 107 bytes only.
func directory(owner *syscall.Credential) (string, error) {
	parent := os.TempDir()
	if owner != nil || len(parent) > 60 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "habeas-mariadb-")
	if err != nil || owner == nil {
		return dir, err
	}
	return dir, os.Chown(dir, int(owner.Uid), int(owner.Gid))
}

func (s *Server) options(found programs) []string {
	return []string{
		"--no-defaults", "--basedir=" + filepath.Join(filepath.Dir(found.server), ".."), "--lc-messages-dir=" + found.share,
		"--character-sets-dir=" + filepath.Join(found.share, "charsets"), "--datadir=" + filepath.Join(s.dir, "data"), "--tmpdir=" + s.dir,
		"--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0", "--innodb-log-file-size=64M",
		"--innodb-buffer-pool-size=128M", "--skip-log-bin", "--performance-schema=0", "--character-set-server=utf8mb4",
		"--collation-server=utf8mb4_general_ci", "--loose-skip-plugin-dir", "--aria-log-file-size=8M", "--max-allowed-packet=16M",
	}
}

// initialise makes the server's own tables and an account with all rights.
func (s *Server) initialise(found programs, owner *syscall.Credential) error {
	sql, err := found.definitions()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(data, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	sql += "FLUSH PRIVILEGES;\nCREATE USER " + account + "@'%' IDENTIFIED BY '" + password + "';\nGRANT ALL ON *.* TO " + account + "@'%' WITH GRANT OPTION;\n"
	cmd := exec.CommandContext(context.Background(), found.server, append(s.options(found), "--bootstrap", "--skip-networking")...)
	cmd.Env, cmd.Dir = found.environment(), "/"
	cmd.Stdin = strings.NewReader(sql)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("mariadbd --bootstrap: %w\n%s", err, lastLines(out.String()))
	}
	return nil
}

// launch starts the server and waits until it answers.
func (s *Server) launch(found programs, owner *syscall.Credential) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.Port = port
	args := append([]string{"-c", guardScript, "habeas-mariadb-guard", s.dir, found.server}, s.options(found)...)
	args = append(args, "--bind-address=127.0.0.1", "--port="+strconv.Itoa(port), "--socket="+filepath.Join(s.dir, "s"),
		"--pid-file="+filepath.Join(s.dir, "pid"), "--skip-name-resolve", "--max-connections=400")
	cmd := exec.CommandContext(context.Background(), "/bin/sh", args...)
	cmd.Env, cmd.Dir = found.environment(), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	input, output, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdin, s.guard = input, output
	if err := errors.Join(cmd.Start(), input.Close()); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() //nolint:errcheck // the guard ends with this process, and nobody is left to be told how
	return s.await()
}

func freePort() (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return address.Port, listener.Close()
}

func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	db, err := sql.Open("mysql", s.DSN(""))
	if err != nil {
		return err
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return db.Close()
		}
		log, readErr := os.ReadFile(filepath.Join(s.dir, "server.log"))
		if readErr == nil && bytes.Contains(log, []byte("Aborting")) || ctx.Err() != nil {
			return errors.Join(fmt.Errorf("MariaDB did not start: %w\n%s", err, lastLines(string(log))), db.Close())
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
		}
	}
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// DSN is the address of a database for the account with all rights.
func (s *Server) DSN(database string) string { return s.As(account, password, database) }

// As is the address of a database for an account.
func (s *Server) As(user, password, database string) string {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName = user, password, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), database
	return c.FormatDSN()
}
