package redis_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	driver "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/redis"
	"habeas/models"
)

// program looks where scripts/setup.sh redis puts the server; a test without one is skipped with the command that gets it.
func program(t testing.TB) string {
	t.Helper()
	for _, path := range []string{"/usr/bin/redis-server", filepath.Join(connectortest.CacheDir(), "redis-server", "run")} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("no redis-server here: run scripts/setup.sh redis (or apt-get install redis-server)")
	return ""
}

// server is a Redis of a test's own.
type server struct {
	path string
	dir  string
	addr string
	args []string
	stop func()
}

const rootPassword = "root-secret"

// start starts a Redis on a free port with its data in the test's directory, and stops it at the test's end.
func start(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{path: program(t), dir: t.TempDir(), addr: connectortest.FreeAddress(t), args: args}
	s.run(t)
	return s
}

// run starts the program and waits until it answers; stop stops it, and so does the test's end.
func (s *server) run(t testing.TB) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	require.NoError(t, err)
	s.stop = connectortest.Serve(t, s.addr, func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, s.path, append([]string{
			"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no", "--daemonize", "no", "--requirepass", rootPassword,
		}, s.args...)...)
	})
}

func (s *server) dsn(user, password string) string {
	u := url.URL{Scheme: "redis", Host: s.addr, Path: "/0", User: url.UserPassword(user, password)}
	return u.String()
}

func (s *server) open(t testing.TB, settings string) connectors.System {
	t.Helper()
	return openAt(t, s.dsn("default", rootPassword), settings)
}

func openAt(t testing.TB, dsn, settings string) connectors.System {
	t.Helper()
	system, err := redis.Open(context.Background(), connectors.Config{
		Name: "cache", Kind: redis.Kind, DSN: models.Personal(dsn), Secret: connectortest.Secret, Settings: []byte(settings),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	return system
}

// client speaks to the server without the connector, as its root.
func (s *server) client(t testing.TB) *driver.Client {
	t.Helper()
	c := driver.NewClient(&driver.Options{Addr: s.addr, Password: rootPassword, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() }) // the server is stopped next
	return c
}

// do runs commands, each a list of words.
func (s *server) do(t testing.TB, commands ...[]any) {
	t.Helper()
	c := s.client(t)
	for _, words := range commands {
		require.NoError(t, c.Do(t.Context(), words...).Err(), "%v", words)
	}
}

// rows are the keys that a glob matches with all that is in them, each as one text, sorted.
func (s *server) rows(t testing.TB, glob string) []string {
	t.Helper()
	c := s.client(t)
	keys, err := c.Keys(t.Context(), glob).Result()
	require.NoError(t, err)
	var list []string
	for _, k := range keys {
		var value any
		switch typ := c.Type(t.Context(), k).Val(); typ {
		case "hash":
			value, err = c.HGetAll(t.Context(), k).Result()
		case "string":
			value, err = c.Get(t.Context(), k).Result()
		case "list":
			value, err = c.LRange(t.Context(), k, 0, -1).Result()
		case "set":
			var members []string
			members, err = c.SMembers(t.Context(), k).Result()
			slices.Sort(members)
			value = members
		case "zset":
			value, err = c.ZRangeWithScores(t.Context(), k, 0, -1).Result()
		default:
			value = typ
		}
		require.NoError(t, err)
		list = append(list, fmt.Sprintf("%s %q %v", k, value, c.TTL(t.Context(), k).Val() > 0))
	}
	slices.Sort(list)
	return list
}
