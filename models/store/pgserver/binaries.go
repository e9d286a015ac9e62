package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// ErrNotInstalled is returned when no PostgreSQL server programs are found.
var ErrNotInstalled = errors.New("PostgreSQL is not installed: run `make setup`, or set HABEAS_PG_BIN to the directory that holds initdb and postgres")

// binaries is a directory that holds initdb and postgres, and the shared libraries that they need beside it.
type binaries struct {
	dir         string
	major       string
	libraryPath string // for programs that scripts/setup.sh unpacked without installing them; else ""
}

// findBinaries returns the programs of the wanted major version, or the newest when major is empty. It looks in
// HABEAS_PG_BIN (and then nowhere else), beside PATH's pg_config, in Debian's directories, and in the cache directory
// that scripts/setup.sh fills for users who may not install packages.
func findBinaries(ctx context.Context, major string) (binaries, error) {
	if dir := os.Getenv("HABEAS_PG_BIN"); dir != "" {
		found, err := inspect(ctx, dir, "")
		if err != nil {
			return binaries{}, fmt.Errorf("HABEAS_PG_BIN: %w", err)
		}
		return found, found.serves(major)
	}
	candidates := installed(ctx)
	if len(candidates) == 0 {
		return binaries{}, ErrNotInstalled
	}
	for _, candidate := range candidates {
		if major == "" || candidate.major == major {
			return candidate, nil
		}
	}
	return binaries{}, candidates[0].serves(major)
}

// installed lists what is on this machine: system-wide programs before unpacked ones, and newer before older.
func installed(ctx context.Context) []binaries {
	var system, unpacked []binaries
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		if found, err := inspect(ctx, strings.TrimSpace(string(out)), ""); err == nil {
			system = append(system, found)
		}
	}
	for _, dir := range glob("/usr/lib/postgresql/*/bin") {
		if found, err := inspect(ctx, dir, ""); err == nil {
			system = append(system, found)
		}
	}
	if cache := cacheDir(); cache != "" {
		root := filepath.Join(cache, "postgresql")
		libraries := strings.Join(append(glob(root+"/usr/lib/*-linux-gnu*"), glob(root+"/lib/*-linux-gnu*")...), ":")
		for _, dir := range glob(root + "/usr/lib/postgresql/*/bin") {
			if found, err := inspect(ctx, dir, libraries); err == nil {
				unpacked = append(unpacked, found)
			}
		}
	}
	return append(newestFirst(system), newestFirst(unpacked)...)
}

func inspect(ctx context.Context, dir, libraryPath string) (binaries, error) {
	for _, name := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return binaries{}, err
		}
		if info.IsDir() || info.Mode()&0o111 == 0 {
			return binaries{}, fmt.Errorf("%s is not a program", filepath.Join(dir, name))
		}
	}
	found := binaries{dir: dir, libraryPath: libraryPath}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version")
	cmd.Env = found.environment()
	out, err := cmd.Output()
	if err != nil {
		return binaries{}, fmt.Errorf("%s --version: %w", cmd.Path, err)
	}
	found.major = majorVersion(string(out))
	if found.major == "" {
		return binaries{}, fmt.Errorf("%s --version: no version in %q", cmd.Path, out)
	}
	return found, nil
}

// majorVersion reads "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)" as "15".
func majorVersion(out string) string {
	_, version, found := strings.Cut(out, "(PostgreSQL) ")
	if !found {
		return ""
	}
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return version
	}
	return version[:end]
}

func (b binaries) serves(major string) error {
	if major == "" || major == b.major {
		return nil
	}
	return fmt.Errorf("the data directory was made by PostgreSQL %s, but only version %s is installed: install version %s, or remove the directory to start afresh",
		major, b.major, major)
}

// environment is deliberately small: PGDATA, PGPORT and the like of the caller must not reach a private cluster.
func (b binaries) environment() []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	if b.libraryPath != "" {
		env = append(env, "LD_LIBRARY_PATH="+b.libraryPath)
	}
	return env
}

func newestFirst(found []binaries) []binaries {
	sort.SliceStable(found, func(i, j int) bool { return number(found[i].major) > number(found[j].major) })
	return found
}

func number(major string) int {
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}

// glob needs no error: a pattern is fixed in the source, and a directory that cannot be read holds nothing for us.
func glob(pattern string) []string {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return nil
	}
	return matches
}

// cacheDir is where scripts/setup.sh unpacks packages; the script has the same rule.
func cacheDir() string {
	if dir := os.Getenv("HABEAS_CACHE_DIR"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "habeas")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cache", "habeas")
}
