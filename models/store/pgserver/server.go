package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	superuser = "habeas"

	// startPatience bounds a start, also of a cluster that recovers from a crash on a slow disk.
	startPatience = 2 * time.Minute
	// stopPatience is how long a server may take to stop: ours, or an old one on the same directory.
	stopPatience = 20 * time.Second
	// ownerPatience is how long a directory's owner may take to show that it is ending.
	ownerPatience = 2 * time.Second
	// portAttempts is how often another port is tried when somebody took ours between choosing and using it.
	portAttempts = 5
)

// Options say what kind of cluster to start. The zero value is a new cluster in a temporary directory, without fsync and in
// memory where that has room, which is removed when it stops: right for tests.
type Options struct {
	// DataDir keeps the cluster there; empty for a temporary one. See DefaultDataDir.
	DataDir string
	// Durable switches fsync and full-page writes on, as production has it.
	Durable bool
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Settings are further server parameters, such as "max_connections": "50". They win over the defaults.
	Settings map[string]string
}

// Server is a running cluster. Its methods may be used by several goroutines.
type Server struct {
	dir      directory
	major    string // of its version
	port     int
	password string
	process  *os.Process
	exited   chan struct{} // closed when the server process has ended
	exit     error         // how it ended; valid when exited is closed
	guard    *guard
	stop     sync.Once
	stopErr  error
}

// Start makes the cluster if there is none yet, starts the server and returns when it accepts connections. It listens on
// 127.0.0.1 only and asks for a random password. Root drops to the user postgres, or nobody. The server ends with this
// process, however that ends. Errors: ErrNotInstalled, ErrInUse, or a sentence with the end of the server's log.
func Start(ctx context.Context, options Options) (*Server, error) {
	dir, err := openDirectory(options)
	if err != nil {
		return nil, err
	}
	lock, err := dir.acquire(ctx)
	if err != nil {
		return nil, err
	}
	guard, err := startGuard(ctx, dir, lock)
	if err = errors.Join(err, lock.Close()); err != nil { // the guard goes on holding the lock
		return nil, err
	}
	server, err := start(ctx, dir, options)
	if err != nil {
		return nil, errors.Join(err, guard.release())
	}
	server.guard = guard
	return server, nil
}

func start(ctx context.Context, dir directory, options Options) (*Server, error) {
	major, err := dir.major()
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	programs, err := findBinaries(ctx, major)
	if err != nil {
		return nil, err
	}
	password, err := dir.secret()
	if err != nil {
		return nil, fmt.Errorf("password of the cluster: %w", err)
	}
	if major == "" {
		if err := initialise(ctx, programs, dir); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		server := &Server{dir: dir, major: programs.major, port: options.Port, password: password, exited: make(chan struct{})}
		err := server.launch(ctx, programs, options)
		if err == nil {
			return server, nil
		}
		if options.Port != 0 || attempt == portAttempts || !strings.Contains(err.Error(), "Address already in use") {
			return nil, err
		}
	}
}

func initialise(ctx context.Context, programs binaries, dir directory) error {
	cmd := exec.CommandContext(ctx, filepath.Join(programs.dir, "initdb"), "--pgdata="+dir.pgdata(), "--no-sync",
		"--username="+superuser, "--pwfile="+dir.password(), "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8")
	cmd.Dir, cmd.Env = dir.path, programs.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: dir.owner, Setpgid: true}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// launch starts the server process and waits until it answers.
func (s *Server) launch(ctx context.Context, programs binaries, options Options) error {
	if s.port == 0 {
		port, err := freePort(ctx)
		if err != nil {
			return err
		}
		s.port = port
	}
	if err := s.run(ctx, programs, options); err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		return errors.Join(fmt.Errorf("PostgreSQL did not start: %w\n%s", err, s.dir.lastLines()), s.halt())
	}
	return nil
}

// run starts the server from a goroutine that keeps its thread until the server ends, because the kernel ties the
// child's life to the thread that started it, and Go ends idle threads.
func (s *Server) run(ctx context.Context, programs binaries, options Options) error {
	log, err := os.OpenFile(s.dir.log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(programs.dir, "postgres"), parameters(s.dir, s.port, options)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir.path, programs.environment(), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.dir.owner, Setpgid: true}
	diesWithParent(cmd.SysProcAttr)

	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(s.exited)
		err := errors.Join(cmd.Start(), log.Close())
		if err == nil {
			s.process = cmd.Process
		}
		started <- err
		if err == nil {
			s.exit = cmd.Wait()
		}
	}()
	return <-started
}

func parameters(dir directory, port int, options Options) []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "",
		"max_connections":         "300",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"jit":                     "off",
		"wal_level":               "minimal",
		"max_wal_senders":         "0",
	}
	if !options.Durable {
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
		settings["max_wal_size"] = "256MB" // the log of a cluster in memory takes memory
	}
	for name, value := range options.Settings {
		settings[name] = value
	}
	arguments := []string{"-D", dir.pgdata()}
	for name, value := range settings {
		arguments = append(arguments, "-c"+name+"="+value)
	}
	sort.Strings(arguments[2:])
	return arguments
}

func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	poll := time.NewTicker(4 * time.Millisecond)
	defer poll.Stop()
	for {
		if connection, err := pgx.Connect(ctx, s.DSN("postgres")); err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-s.exited:
			return errors.Join(errors.New("it ended"), s.exit)
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
}

// freePort asks the kernel for a port that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err = errors.Join(err, listener.Close()); err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	return strconv.Atoi(port)
}

// DSN is the URL of a database of this cluster for its superuser; the database need not exist.
func (s *Server) DSN(database string) string {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return address.String()
}

// CreateDatabase makes an empty database; one that exists already is left as it is.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	err := s.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42P04" { // duplicate_database
		return nil
	}
	return err
}

// CopyDatabase makes a database that is a copy of another, to which nobody is connected. In memory its files are copied; on a disk that
// takes longer than what PostgreSQL does of itself, which is to write the copy through the log, since before it copies it writes all out.
func (s *Server) CopyDatabase(ctx context.Context, name, template string) error {
	statement := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize() + " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	if s.dir.inMemory && number(s.major) >= 15 { // older ones know only this way, and no word for it
		statement += " STRATEGY FILE_COPY"
	}
	return s.Exec(ctx, statement)
}

// Exec runs one statement in the database postgres, such as CREATE DATABASE or CREATE ROLE.
func (s *Server) Exec(ctx context.Context, statement string) error {
	connection, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	return errors.Join(err, connection.Close(ctx))
}

// Port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// PID of the server's first process.
func (s *Server) PID() int { return s.process.Pid }

// Dir is where the cluster lives: pgdata, password and server.log.
func (s *Server) Dir() string { return s.dir.path }

// Exited is closed when the server has ended, by Stop or by itself.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Stop ends all sessions and the server, and removes a temporary cluster. Further calls return the first one's result.
func (s *Server) Stop() error {
	s.stop.Do(func() { s.stopErr = errors.Join(s.halt(), s.guard.release()) })
	return s.stopErr
}

// halt asks the server to shut down, and kills one that does not obey.
func (s *Server) halt() error {
	if s.process == nil {
		return nil
	}
	err := s.process.Signal(s.dir.shutdown())
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	select {
	case <-s.exited:
		return err
	case <-time.After(stopPatience):
		return errors.Join(errors.New("PostgreSQL did not stop in time and was killed"), s.process.Kill())
	}
}
