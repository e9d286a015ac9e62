package houserules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/houserules"
)

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Dir, Name string
	GoFiles, TestGoFiles  []string
	Imports               []string
	XTestGoFiles          []string
	TestImports           []string
	XTestImports          []string
}

// packages lists the main module's packages once. -e, because a package that does not compile still has imports.
var packages = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-json", houserules.Module+"/...")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var all []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var one pkg
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
})

func house(t *testing.T) []pkg {
	t.Helper()
	all, err := packages()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

func TestEachPackageImportsOnlyWhatTheDesignAllows(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		for _, violation := range houserules.Violations(p.ImportPath, p.Imports) {
			t.Error(violation)
		}
	}
}

func TestNoTestImportsTheTemporalServer(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			require.False(t, strings.HasPrefix(imported, "go.temporal.io/server"), "%s imports %s in a test", p.ImportPath, imported)
		}
	}
}

func TestEachPackageSaysWhatItOwnsAndWhatItMustNotDo(t *testing.T) {
	t.Parallel()
	for _, p := range house(t) {
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		if problem := comment(p); problem != "" {
			t.Errorf("%s: %s", p.ImportPath, problem)
		}
	}
}

// comment reads the package comment of doc.go.
func comment(p pkg) string {
	const file = "doc.go"
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "no " + file + " with a package comment"
	}
	want := "Package " + p.Name + " "
	if p.Name == "main" {
		want = "Command " + filepath.Base(p.Dir) + " "
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
		switch p.Name {
		case "util", "utils", "common", "helper", "helpers", "types", "misc", "shared":
			t.Errorf("%s: the name says nothing about what belongs in it", p.ImportPath)
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
		{"habeas/activities", "habeas/models/store", false},
		{"habeas/activities", "habeas/workflows", false},
		{"habeas/activities/walk", "habeas/models/datamap", true},
		{"habeas/activities/connectors", "habeas/models/datamap", true},
		{"habeas/activities/connectors", "github.com/jackc/pgx/v5", false},
		{"habeas/activities/connectors/postgres", "github.com/jackc/pgx/v5", true},
		{"habeas/activities/connectors/postgres", "habeas/activities/connectors", true},
		{"habeas/activities/connectors/postgres", "habeas/activities/connectors/mysql", false},
		{"habeas/activities/connectors/postgres", "go.temporal.io/sdk/activity", false},
		{"habeas/activities/connectors/postgres", "gorm.io/gorm", false},
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
