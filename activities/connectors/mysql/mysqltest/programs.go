package mysqltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"habeas/activities/connectors/connectortest"
)

// errNotInstalled says how to get what is missing.
var errNotInstalled = errors.New("MariaDB is not installed: run `scripts/setup.sh mariadb`, or set HABEAS_MARIADB_BIN to the directory that holds mariadbd")

// programs are a server, the directory with its own tables' definitions, and the shared libraries unpacked beside it.
type programs struct{ server, share, libraries string }

// find looks in HABEAS_MARIADB_BIN (and then nowhere else), in PATH and Debian's directory, and in the cache directory that
// scripts/setup.sh fills for users who may not install packages.
func find() (programs, error) {
	if dir := os.Getenv("HABEAS_MARIADB_BIN"); dir != "" {
		found, err := inspect(filepath.Join(dir, "mariadbd"), "")
		if err != nil {
			return programs{}, fmt.Errorf("HABEAS_MARIADB_BIN: %w", err)
		}
		return found, nil
	}
	candidates := []string{"/usr/sbin/mariadbd"}
	if path, err := exec.LookPath("mariadbd"); err == nil {
		candidates = append([]string{path}, candidates...)
	}
	for _, path := range candidates {
		if found, err := inspect(path, ""); err == nil {
			return found, nil
		}
	}
	root := filepath.Join(connectortest.CacheDir(), "mariadb")
	libraries := strings.Join(append(glob(root+"/usr/lib/*-linux-gnu*"), glob(root+"/lib/*-linux-gnu*")...), ":")
	if found, err := inspect(root+"/usr/sbin/mariadbd", libraries); err == nil {
		return found, nil
	}
	return programs{}, errNotInstalled
}

func inspect(server, libraries string) (programs, error) {
	info, err := os.Stat(server)
	if err != nil {
		return programs{}, err
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return programs{}, fmt.Errorf("%s is not a program", server)
	}
	if server, err = filepath.EvalSymlinks(server); err != nil {
		return programs{}, err
	}
	for _, name := range []string{"mysql", "mariadb"} {
		share := filepath.Join(filepath.Dir(server), "..", "share", name)
		if len(glob(share+"/*system_tables.sql")) == 1 {
			return programs{server, share, libraries}, nil
		}
	}
	return programs{}, fmt.Errorf("beside %s there is no share/mysql with the definitions of its tables", server)
}

// definitions are the statements that make the server's own tables.
func (p programs) definitions() (string, error) {
	text := "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n"
	for _, name := range []string{"system_tables", "performance_tables", "system_tables_data"} {
		files := glob(p.share + "/*" + name + ".sql")
		if len(files) != 1 {
			return "", fmt.Errorf("%s has no file of %s", p.share, name)
		}
		content, err := os.ReadFile(files[0])
		if err != nil {
			return "", err
		}
		text += string(content) + "\n"
	}
	return text, nil
}

// environment is small, so that no setting of the caller's reaches the server.
func (p programs) environment() []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	if p.libraries != "" {
		env = append(env, "LD_LIBRARY_PATH="+p.libraries)
	}
	return env
}

// glob needs no error: a pattern is fixed in the source, and a directory that cannot be read holds nothing for us.
func glob(pattern string) []string {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return nil
	}
	return matches
}
