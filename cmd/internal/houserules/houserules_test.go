package houserules_test

import (
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/houserules"
)

// root is the module's directory, seen from this package's.
const root = "../../.."

// pkg is a package of the main module. Its files are read here rather than by go list, so that go test knows of them and
// runs this test again when one of them changes.
type pkg struct {
	path, dir, name      string
	imports, testImports []string
}

// packages reads the main module once.
var packages = sync.OnceValues(func() ([]*pkg, error) {
	var all []*pkg
	err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if dir != root && (isModule(dir) || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		one, err := read(dir)
		if one != nil {
			all = append(all, one)
		}
		return err
	})
	return all, err
})

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// read returns the package in a directory, with the imports of all its files whatever their build tags; nil if there is
// none.
func read(dir string) (*pkg, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		return nil, err
	}
	relative, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, err
	}
	one := &pkg{path: path.Join(houserules.Module, filepath.ToSlash(relative)), dir: dir}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		into := &one.imports
		if strings.HasSuffix(file, "_test.go") {
			into = &one.testImports
		} else {
			one.name = parsed.Name.Name
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(*into, imported) {
				*into = append(*into, imported)
			}
		}
	}
	return one, nil
}

func house(t *testing.T) []*pkg {
	t.Helper()
	all, err := packages()
	require.NoError(t, err)
	require.Greater(t, len(all), 10)
	return all
}

func TestEachPackageImportsOnlyWhatTheDesignAllows(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		for _, violation := range houserules.Violations(p.path, p.imports) {
			t.Error(violation)
		}
	}
}

func TestNoTestImportsTheTemporalServer(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		for _, imported := range p.testImports {
			require.False(t, strings.HasPrefix(imported, "go.temporal.io/server"), "%s imports %s in a test", p.path, imported)
		}
	}
}

func TestEachPackageSaysWhatItOwnsAndWhatItMustNotDo(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		if p.name == "" {
			continue // tests only
		}
		if problem := comment(p); problem != "" {
			t.Errorf("%s: %s", p.path, problem)
		}
	}
}

// comment reads the package comment of doc.go.
func comment(p *pkg) string {
	const file = "doc.go"
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.dir, file), nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "no " + file + " with a package comment"
	}
	want := "Package " + p.name + " "
	if p.name == "main" {
		want = "Command " + filepath.Base(p.dir) + " "
	}
	text := parsed.Doc.Text()
	if !strings.HasPrefix(text, want) {
		return fmt.Sprintf("the comment in %s does not begin with %q", file, want)
	}
	if first := new(doc.Package).Synopsis(text); len(first)+5 > len(strings.TrimSpace(text)) {
		return fmt.Sprintf("the comment in %s has one sentence: it says what the package owns, and then what it must not do", file)
	}
	return ""
}

func TestNoPackageIsADrawer(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		switch p.name {
		case "util", "utils", "common", "helper", "helpers", "types", "misc", "shared":
			t.Errorf("%s: the name says nothing about what belongs in it", p.path)
		}
	}
}

func TestTheTableForbidsAndAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pkg, imported string
		allowed       bool
	}{
		{"habeas/cmd/habeas", "habeas/api", true},
		{"habeas/cmd/internal/app", "habeas/cmd/internal/config", true},
		{"habeas/cmd/internal/app", "github.com/labstack/echo/v4", false},
		{"habeas/cmd/internal/app", "gorm.io/gorm", false},
		{"habeas/cmd/habeas-dev", "go.temporal.io/server/temporal", false},
		{"habeas/api", "habeas/cmd/internal/config", false},
		{"habeas/api/v1", "github.com/labstack/echo/v4/middleware", true},
		{"habeas/api/v1", "habeas/api", true},
		{"habeas/api/client", "habeas/models", false},
		{"habeas/api/client", "github.com/oapi-codegen/runtime", true},
		{"habeas/api", "habeas/models/store", true},
		{"habeas/api", "habeas/activities", false},
		{"habeas/api", "gorm.io/gorm", false},
		{"habeas/workflows", "habeas/activities", true},
		{"habeas/workflows", "habeas/activities/mail", false},
		{"habeas/workflows", "habeas/models/deadline", true},
		{"habeas/workflows", "habeas/models/store", false},
		{"habeas/workflows", "go.temporal.io/sdk/workflow", true},
		{"habeas/workflows", "net/http", false},
		{"habeas/activities", "habeas/activities/connectors", true},
		{"habeas/activities", "habeas/activities/connectors/postgres", false},
		{"habeas/activities", "habeas/models/store", true},
		{"habeas/activities/walk", "habeas/models/store", false},
		{"habeas/activities/walk", "habeas/activities/connectors", true},
		{"habeas/activities/bundle", "habeas/models/datamap", true},
		{"habeas/activities/bundle", "habeas/models/store", false},
		{"habeas/activities", "habeas/workflows", false},
		{"habeas/activities/walk", "habeas/models/datamap", true},
		{"habeas/activities/connectors", "habeas/models/datamap", true},
		{"habeas/activities/connectors", "github.com/jackc/pgx/v5", false},
		{"habeas/activities/connectors/postgres", "github.com/jackc/pgx/v5", true},
		{"habeas/activities/connectors/postgres", "habeas/activities/connectors", true},
		{"habeas/activities/connectors/ldap", "github.com/go-ldap/ldap/v3", true},
		{"habeas/activities/walk", "github.com/go-ldap/ldap/v3", false},
		{"habeas/activities/connectors/redis", "github.com/redis/go-redis/v9", true},
		{"habeas/activities/connectors/redis", "github.com/go-ldap/ldap/v3", false},
		{"habeas/activities/connectors/postgres", "habeas/activities/connectors/mysql", false},
		{"habeas/activities/connectors/postgres", "go.temporal.io/sdk/activity", false},
		{"habeas/activities/connectors/postgres", "gorm.io/gorm", false},
		{"habeas/activities/connectors/rest", "habeas/activities/outbound", true},
		{"habeas/activities/connectors/rest", "habeas/activities/webhook", false},
		{"habeas/activities/webhook", "habeas/activities/outbound", true},
		{"habeas/activities/webhook", "code.dny.dev/ssrf", false},
		{"habeas/activities/outbound", "habeas/models", false},
		{"habeas/activities/connectors/mysql", "github.com/go-sql-driver/mysql", true},
		{"habeas/activities/connectors/mysql", "habeas/activities/connectors/relational", true},
		{"habeas/activities/connectors/mysql", "modernc.org/sqlite", false},
		{"habeas/activities/connectors/relational", "github.com/go-sql-driver/mysql", false},
		{"habeas/activities/connectors/relational", "database/sql", true},
		{"habeas/activities/mail", "github.com/wneessen/go-mail", true},
		{"habeas/activities/mail", "habeas/templates", true},
		{"habeas/activities/mail", "habeas/activities", false},
		{"habeas/templates", "habeas/models", true},
		{"habeas/templates", "habeas/models/store", false},
		{"habeas/models/hold", "habeas/models/calendar", true},
		{"habeas/models/hold", "habeas/models/store", false},
		{"habeas/models/hold", "github.com/google/uuid", false},
		{"habeas/models/hold", "net/http", false},
		{"habeas/models/hold", "os", false},
		{"habeas/models/hold", "net/url", true},
		{"habeas/models", "database/sql/driver", true},
		{"habeas/models", "database/sql", false},
		{"habeas/activities/connectors/postgres/internal", "habeas/activities/connectors/postgres", true},
		{"habeas/models/datamap/file", "go.yaml.in/yaml/v3", true},
		{"habeas/models/datamap", "go.yaml.in/yaml/v3", false},
		{"habeas/models/store", "gorm.io/gorm", true},
		{"habeas/models/store/vault", "habeas/models", true},
		{"habeas/models/store", "habeas/workflows", false},
		{"habeas/models/store", "github.com/labstack/echo/v4", false},
		{"habeas/common", "fmt", false},
	} {
		found := houserules.Violations(c.pkg, []string{c.imported})
		require.Equal(t, c.allowed, len(found) == 0, "%s -> %s: %v", c.pkg, c.imported, found)
	}
}
