package temporaldev

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// startPatience and stopPatience are far above the seconds that the server takes, for a busy machine.
	startPatience = 5 * time.Minute
	stopPatience  = time.Minute
)

// Options say what kind of server to start. The zero value is an empty one in memory, on a free port.
type Options struct {
	// PGDSN is the URL of the database to keep the state in, made if missing, with a second one whose name has the
	// suffix _visibility; its user must be allowed to create databases and the extension btree_gin. Empty for memory.
	PGDSN string
	// Namespace is registered if missing; empty for "habeas".
	Namespace string
	// Retention of a namespace that is registered now: how long closed workflows are kept, at least an hour; 0 for 72 h.
	Retention time.Duration
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Progress gets the messages of a first build; nil for standard error.
	Progress io.Writer
	// Log gets the server's own log, which has warnings about its shutdown even when all is well; nil for none.
	Log io.Writer
}

// Server is a running Temporal server.
type Server struct {
	Address   string // 127.0.0.1:port of the frontend's gRPC service
	Namespace string
	PID       int

	process *os.Process
	stdin   io.Closer
	exited  chan struct{}
	exit    error // valid when exited is closed
	stop    sync.Once
	stopErr error
}

// Start builds the server if need be, starts it and returns when it serves its namespace. The server ends with this
// process, however that ends. An error carries what the server printed.
func Start(ctx context.Context, options Options) (*Server, error) {
	progress := options.Progress
	if progress == nil {
		progress = os.Stderr
	}
	program, err := Locate(ctx, progress)
	if err != nil {
		return nil, err
	}
	log := &tail{next: options.Log}
	server, lines, err := launch(ctx, program, options, log)
	if err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}
	if err := server.awaitReady(ctx, lines); err != nil {
		killed := server.Kill()
		return nil, errors.Join(fmt.Errorf("the Temporal server did not start: %w\n%s", err, log), killed)
	}
	return server, nil
}

func arguments(options Options) (flags, environment []string) {
	flags = []string{"-exit-with-stdin", "-store=sqlite", "-port=" + strconv.Itoa(options.Port)}
	environment = append(os.Environ(), "HABEAS_TEMPORAL_DEV_DSN=")
	if options.PGDSN != "" {
		flags[1] = "-store=postgres"
		// Not an argument: those are in the process list, and the URL has a password.
		environment = append(environment, "HABEAS_TEMPORAL_DEV_DSN="+options.PGDSN)
	}
	if options.Namespace != "" {
		flags = append(flags, "-namespace="+options.Namespace)
	}
	if options.Retention != 0 {
		flags = append(flags, "-retention="+options.Retention.String())
	}
	return flags, environment
}

// launch starts the program from a goroutine that keeps its thread until the program ends, because the kernel ties the
// child's life to the thread that started it, and Go ends idle threads.
func launch(ctx context.Context, program string, options Options, log io.Writer) (*Server, io.ReadCloser, error) {
	flags, environment := arguments(options)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, flags...)
	cmd.Env, cmd.Stderr = environment, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we stop our children in order
	diesWithParent(cmd.SysProcAttr)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	lines, stdout, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, stdin.Close())
	}
	cmd.Stdout = stdout

	server := &Server{stdin: stdin, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(server.exited)
		err := errors.Join(cmd.Start(), stdout.Close())
		server.process = cmd.Process
		started <- err
		if err == nil {
			server.exit = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, nil, errors.Join(err, stdin.Close(), lines.Close())
	}
	return server, lines, nil
}

// awaitReady reads the one line that the program prints when it serves.
func (s *Server) awaitReady(ctx context.Context, lines io.ReadCloser) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	answer := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(lines).ReadBytes('\n')
		if err == nil {
			var ready struct {
				Address, Namespace string
				PID                int
			}
			err = json.Unmarshal(line, &ready)
			s.Address, s.Namespace, s.PID = ready.Address, ready.Namespace, ready.PID
		}
		answer <- errors.Join(err, lines.Close())
	}()
	select {
	case err := <-answer:
		if errors.Is(err, io.EOF) {
			<-s.exited
			return errors.Join(errors.New("it ended"), s.exit)
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Exited is closed when the server has ended, by Stop or Kill or by itself.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Stop ends the server in order, which takes about a second. Further calls return the first one's result.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		if err := s.signal(syscall.SIGTERM); err != nil {
			s.stopErr = err
			return
		}
		select {
		case <-s.exited:
			s.stopErr = errors.Join(s.exit, s.closeStdin())
		case <-time.After(stopPatience):
			s.stopErr = errors.Join(errors.New("the Temporal server did not stop in time and was killed"), s.end())
		}
	})
	return s.stopErr
}

// Kill ends the server at once, as a crash would; for tests, and where nothing in memory is worth a second.
func (s *Server) Kill() error {
	s.stop.Do(func() { s.stopErr = s.end() })
	return s.stopErr
}

func (s *Server) end() error {
	err := s.signal(syscall.SIGKILL)
	<-s.exited
	return errors.Join(err, s.closeStdin())
}

func (s *Server) signal(signal os.Signal) error {
	if err := s.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// closeStdin is called after the process has ended, whose Wait may have closed the pipe already.
func (s *Server) closeStdin() error {
	if err := s.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
