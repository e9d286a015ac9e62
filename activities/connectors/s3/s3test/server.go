package s3test

import (
	"context"
	"errors"
	"fmt"
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
		s.cmd = exec.CommandContext(context.Background(), program, "--access", Access, "--secret", Secret, "--port", host, "--iam-dir", filepath.Join(dir, "accounts"), "--iam-cache-disable", //nolint:gosec // the program was built for this
			"--quiet", "posix", "--versioning-dir", filepath.Join(dir, "versions"), s.Dir)
		log, err := os.Create(filepath.Join(dir, "log")) //nolint:gosec // in a directory of its own
		if err != nil {
			return nil, err
		}
		s.cmd.Stdout, s.cmd.Stderr = log, log
		if err := s.cmd.Start(); err != nil {
			return nil, err
		}
		if err = s.wait(); err == nil {
			return s, nil
		}
		s.kill()
		if attempt == 3 {
			text, _ := os.ReadFile(log.Name()) //nolint:errcheck // it is only shown
			return nil, fmt.Errorf("%w: %s", err, text)
		}
	}
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
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("the object store ended: %w", err)
		case <-deadline:
			return errors.New("the object store does not answer")
		case <-time.After(20 * time.Millisecond):
		}
		answer, err := http.Get("http://" + s.Host + "/") //nolint:noctx,forbidigo // its own address
		if err == nil {
			return answer.Body.Close()
		}
	}
}

func (s *Server) kill() {
	_ = s.cmd.Process.Kill() //nolint:errcheck // it may have ended
}

func (s *Server) stop() {
	s.kill()
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
