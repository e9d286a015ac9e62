package s3test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Access and Secret are the credentials of the store's owner.
const (
	Access = "owner"
	Secret = "a-secret-of-tests"
)

// Server is an object store.
type Server struct {
	Host string // address and port
	Dir  string // with its data; buckets are directories in it

	program string
	cmd     *exec.Cmd
	input   io.Closer
}

var (
	mu      sync.Mutex
	running *Server
	users   int
	buckets atomic.Int64
)

// Start returns the store of this test process; the clean-up of the last test that uses it stops it. Without its program the test is
// skipped, with the reason.
func Start(t testing.TB) *Server {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if running == nil {
		program, err := locate()
		if err != nil {
			t.Skipf("no object store to test against (%v): build it by `make versitygw`, or set HABEAS_VERSITYGW to the program", err)
		}
		if running, err = start(program); err != nil {
			t.Fatalf("s3test: %v", err)
		}
	}
	users++
	t.Cleanup(release)
	return running
}

func release() {
	mu.Lock()
	defer mu.Unlock()
	if users--; users == 0 {
		running.stop()
		running = nil
	}
}

// locate is the program, if it is built.
func locate() (string, error) {
	if path := os.Getenv("HABEAS_VERSITYGW"); path != "" {
		return path, nil
	}
	const script = "scripts/build-versitygw.sh"
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, script)); missing == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("the sources are not here")
		}
		dir = filepath.Dir(dir)
	}
	cmd := exec.CommandContext(context.Background(), filepath.Join(dir, script)) //nolint:gosec // the script of this checkout
	cmd.Env = append(os.Environ(), "HABEAS_CACHED_ONLY=1")
	out, err := cmd.Output()
	if err != nil {
		return "", errors.New("it is not built")
	}
	return strings.TrimSpace(string(out)), nil
}

func start(program string) (*Server, error) {
	dir, err := os.MkdirTemp("", "habeas-s3-")
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"data", "versions", "accounts"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	for attempt := 0; ; attempt++ {
		host, err := freeAddress()
		if err != nil {
			return nil, err
		}
		s := &Server{Host: host, Dir: filepath.Join(dir, "data"), program: program}
		if err := s.run(dir); err != nil {
			return nil, err
		}
		if err = s.wait(); err == nil {
			return s, nil
		}
		s.end()
		if attempt == 3 {
			text, _ := os.ReadFile(filepath.Join(dir, "log")) //nolint:errcheck,gosec // it is only shown
			return nil, errors.Join(fmt.Errorf("%w: %s", err, text), os.RemoveAll(dir))
		}
	}
}

// guard runs a program until its own input ends, which it also does when the test process is killed.
const guard = `"$0" "$@" & pid=$!; read -r _ || :; kill -9 "$pid"; wait "$pid"`

func (s *Server) run(dir string) error {
	log, err := os.Create(filepath.Join(dir, "log")) //nolint:gosec // in a directory of its own
	if err != nil {
		return err
	}
	s.cmd = exec.CommandContext(context.Background(), "sh", "-c", guard, s.program, "--access", Access, "--secret", Secret, "--port", s.Host, //nolint:gosec // the program was built for this
		"--iam-dir", filepath.Join(dir, "accounts"), "--iam-cache-disable", "--quiet", "posix", "--versioning-dir", filepath.Join(dir, "versions"), s.Dir)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	return errors.Join(s.cmd.Start(), log.Close())
}

// end ends the program and waits for that.
func (s *Server) end() {
	_ = s.input.Close() //nolint:errcheck // it was never written to
	_ = s.cmd.Wait()    //nolint:errcheck // it was killed
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends at once
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// wait polls until the store answers.
func (s *Server) wait() error {
	deadline := time.After(20 * time.Second)
	for {
		answer, err := http.Get("http://" + s.Host + "/") //nolint:noctx,forbidigo // its own address
		if err == nil {
			return answer.Body.Close()
		}
		select {
		case <-deadline:
			return errors.New("the object store does not answer")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) stop() {
	s.end()
	_ = os.RemoveAll(filepath.Dir(s.Dir)) //nolint:errcheck // a temporary directory
}

// Client is a client of the store's owner.
func (s *Server) Client(t testing.TB) *minio.Client {
	t.Helper()
	c, err := minio.New(s.Host, &minio.Options{Creds: credentials.NewStaticV4(Access, Secret, ""), Region: "us-east-1", BucketLookup: minio.BucketLookupPath})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Bucket makes a bucket and returns its name.
func (s *Server) Bucket(t testing.TB, opts minio.MakeBucketOptions) string {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	if err := s.Client(t).MakeBucket(t.Context(), name, opts); err != nil {
		t.Fatal(err)
	}
	return name
}

// DSN is the address of a bucket for the owner, at host when the store is reached by another way.
func (s *Server) DSN(bucket, host string) string {
	if host == "" {
		host = s.Host
	}
	return "http://" + Access + ":" + Secret + "@" + host + "/" + bucket + "?region=us-east-1&path_style=1"
}

// User makes an account without rights, with the owner's secret.
func (s *Server) User(t testing.TB, access string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, s.program, "admin", "--access", Access, "--secret", Secret, "--endpoint-url", "http://"+s.Host, //nolint:gosec // as above
		"create-user", "--access", access, "--secret", Secret, "--role", "user").CombinedOutput()
	if err != nil {
		t.Fatalf("s3test: %v: %s", err, out)
	}
}
