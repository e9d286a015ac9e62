package ldap_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	driver "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/ldap"
	"habeas/models"
)

// installation is where a slapd is: its program, its modules and its schemas.
type installation struct{ program, modules, schemas string }

// find looks where scripts/setup.sh slapd puts it; a test without one is skipped with the command that gets it.
func find(t testing.TB) installation {
	t.Helper()
	unpacked := filepath.Join(connectortest.CacheDir(), "slapd")
	for _, i := range []installation{
		{"/usr/sbin/slapd", "/usr/lib/ldap", "/etc/ldap/schema"},
		{unpacked + "/run", unpacked + "/usr/lib/ldap", unpacked + "/etc/ldap/schema"},
	} {
		if _, err := os.Stat(i.program); err == nil {
			return i
		}
	}
	t.Skip("no slapd here: run scripts/setup.sh slapd (or apt-get install slapd)")
	return installation{}
}

// server is a slapd of a test's own.
type server struct {
	installation
	addr   string // host:port
	suffix string
	conf   string
	stop   func()
}

const (
	rootPassword = "root-secret"
	password     = "p%,s/word?" // needs care in an address
)

// options is what a test wants of its server.
type options struct {
	suffix  string
	schemas []string // of slapd's own
	define  string   // further definitions
	global  string   // configuration above the database
	config  string   // and in it
	entries string   // LDIF to begin with
}

// start starts a slapd on a free port with its data in the test's directory, and stops it at the test's end.
func start(t testing.TB, o options) *server {
	t.Helper()
	s := &server{installation: find(t), suffix: o.suffix}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	require.NoError(t, os.Mkdir(data, 0o700))
	s.conf = filepath.Join(dir, "slapd.conf")
	conf := ""
	for _, name := range o.schemas {
		conf += "include " + filepath.Join(s.schemas, name+".schema") + "\n"
	}
	conf += o.define + "\npidfile " + dir + "/pid\nmodulepath " + s.modules + "\nmoduleload back_mdb\nthreads 4\n" + o.global +
		"\ndatabase mdb\nsuffix \"" + o.suffix + "\"\nrootdn \"cn=root," + o.suffix + "\"\nrootpw " + rootPassword +
		"\ndirectory " + data + "\nmaxsize 1073741824\ndbnosync\nindex objectClass,entryUUID eq\n" + o.config + "\n"
	require.NoError(t, os.WriteFile(s.conf, []byte(conf), 0o600))
	if o.entries != "" {
		add := s.command(context.Background(), "-T", "add", "-q", "-f", s.conf)
		add.Stdin = strings.NewReader(o.entries)
		out, err := add.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	s.addr = connectortest.FreeAddress(t)
	s.run(t)
	return s
}

func (s *server) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, s.program, args...)
}

// run starts the program and waits until it answers; stop stops it, and so does the test's end.
func (s *server) run(t testing.TB) {
	t.Helper()
	s.stop = connectortest.Serve(t, s.addr, func(ctx context.Context) *exec.Cmd {
		return s.command(ctx, "-h", "ldap://"+s.addr+"/", "-f", s.conf, "-d", "0")
	})
}

// dsn is the address for an account of the directory.
func (s *server) dsn(user, password string) string {
	u := url.URL{Scheme: "ldap", Host: s.addr, Path: "/", User: url.UserPassword(user, password)}
	return u.String()
}

func (s *server) open(t testing.TB) connectors.System {
	t.Helper()
	return openAt(t, s.dsn("cn=root,"+s.suffix, rootPassword))
}

func openAt(t testing.TB, dsn string) connectors.System {
	t.Helper()
	system, err := ldap.Open(context.Background(), connectors.Config{Name: "directory", Kind: ldap.Kind, DSN: models.Personal(dsn), Secret: connectortest.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	return system
}

// connect speaks to the server without the connector, as its root.
func (s *server) connect(t testing.TB) *driver.Conn {
	t.Helper()
	c, err := driver.DialURL("ldap://" + s.addr)
	require.NoError(t, err)
	require.NoError(t, c.Bind("cn=root,"+s.suffix, rootPassword))
	t.Cleanup(func() { _ = c.Close() }) // the server is stopped next
	return c
}

func (s *server) add(t testing.TB, dn string, attributes map[string][]string) {
	t.Helper()
	req := driver.NewAddRequest(dn, nil)
	for name, values := range attributes {
		req.Attribute(name, values)
	}
	require.NoError(t, s.connect(t).Add(req), dn)
}

// rows are the entries of a place with all that a user may write in them, each as one text, sorted.
func (s *server) rows(t testing.TB, base, filter string) []string {
	t.Helper()
	found, err := s.connect(t).Search(driver.NewSearchRequest(base, driver.ScopeWholeSubtree, driver.NeverDerefAliases, 0, 0, false, filter, nil, nil))
	require.NoError(t, err)
	var list []string
	for _, e := range found.Entries {
		var parts []string
		for _, a := range e.Attributes {
			parts = append(parts, fmt.Sprintf("%s=%q", strings.ToLower(a.Name), a.Values))
		}
		slices.Sort(parts)
		list = append(list, e.DN+" "+strings.Join(parts, " "))
	}
	slices.Sort(list)
	return list
}
