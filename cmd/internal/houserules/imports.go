package houserules

import (
	"fmt"
	"sort"
	"strings"
)

// Module is the name of the main module.
const Module = "habeas"

// Rule says what the packages of one directory of the house may import, beside the standard library and each other.
type Rule struct {
	// Dir holds for this directory and what is below it, unless a longer Dir fits. A part may be *.
	Dir string
	// Own lists directories of this module that may be imported; with /... what is below them too; ... alone is all.
	Own []string
	// Foreign lists prefixes of other modules' packages that may be imported; ... alone is all that nobody keeps to itself.
	Foreign []string
	// Barred lists prefixes of packages, the standard library's included, that may not be imported all the same; one
	// that ends in $ is that package alone.
	Barred []string
	// Why is the reason, for the message.
	Why string
}

// Table is DESIGN's table of who may import whom. .golangci.yml says the same to the linter.
var Table = []Rule{
	{
		Dir: "cmd", Own: []string{"..."}, Foreign: []string{"..."},
		Why: "commands know every package, but the web framework and the database stay with the one package that knows them",
	},
	{
		Dir: "bench", Own: []string{"..."}, Foreign: []string{"..."},
		Why: "benchmarks drive the product as a command does",
	},
	{
		Dir: "api", Own: []string{"workflows/...", "models/...", "templates/..."},
		Foreign: []string{"...", "github.com/labstack/echo"}, Barred: []string{"github.com/jackc/pgx", "database/sql$"},
		Why: "the API answers from models/store and starts workflows; I/O on other systems happens in activities",
	},
	{
		Dir: "api/client", Foreign: []string{"github.com/oapi-codegen/runtime"},
		Why: "the client is for other programs too: it knows the document, and nothing else of Habeas",
	},
	{
		Dir: "workflows", Own: []string{"activities", "models/..."},
		Foreign: []string{"go.temporal.io/sdk", "go.temporal.io/api", "google.golang.org/protobuf"}, Barred: []string{"habeas/models/store", "net/http", "database/sql$"},
		Why: "a workflow replays: it knows rules, payloads and the names of activities, and does no I/O",
	},
	{
		Dir: "activities", Own: []string{"activities", "activities/bundle", "activities/connectors", "activities/walk", "models/...", "templates/..."},
		Foreign: []string{"go.temporal.io/sdk", "go.temporal.io/api"},
		Why:     "activities use the store and write letters, and reach mail, webhooks and systems through interfaces that cmd fulfils",
	},
	{
		Dir: "activities/walk", Own: []string{"activities/connectors", "models/..."}, Barred: []string{"habeas/models/store"},
		Why: "the walk knows the contract of connectors, and keeps its state behind an interface of its own",
	},
	{
		Dir: "activities/bundle", Own: []string{"models/..."}, Barred: []string{"habeas/models/store"},
		Why: "a bundle is a file format; whose rows are in it is decided elsewhere",
	},
	{
		Dir: "activities/connectors", Own: []string{"models/..."}, Barred: []string{"habeas/models/store"},
		Why: "the connector contract is built from models alone",
	},
	{
		Dir: "activities/connectors/*", Own: []string{
			"activities/connectors", "activities/connectors/connectortest", "activities/connectors/match", "activities/connectors/blobs",
			"activities/outbound/...", "models/...",
		},
		Foreign: []string{"..."}, Barred: []string{"habeas/models/store", "go.temporal.io"},
		Why: "a connector knows its driver and the contract, and can be used without Temporal and without Habeas' database",
	},
	{
		Dir: "activities/connectors/relational", Own: []string{"activities/connectors", "models/..."}, Barred: []string{"habeas/models/store"},
		Why: "what connectors to databases share knows database/sql and no driver",
	},
	{
		Dir: "activities/connectors/mysql", Own: []string{"activities/connectors", "activities/connectors/relational", "models/..."},
		Foreign: []string{"github.com/go-sql-driver/mysql"}, Barred: []string{"habeas/models/store"},
		Why: "a connector knows its driver, the contract and what connectors to databases share",
	},
	{
		Dir: "activities/connectors/mysql/mysqltest", Own: []string{"activities/connectors/connectortest"},
		Foreign: []string{"github.com/go-sql-driver/mysql"},
		Why:     "a server for tests is started by what all connectors' tests share, and knows nothing of the connector",
	},
	{
		Dir: "activities/connectors/sqlite", Own: []string{"activities/connectors", "activities/connectors/relational", "models/..."},
		Foreign: []string{"modernc.org/sqlite"}, Barred: []string{"habeas/models/store"},
		Why: "a connector knows its driver, the contract and what connectors to databases share",
	},
	{
		Dir: "activities/connectors/drops", Own: []string{
			"activities/connectors", "activities/connectors/match", "activities/connectors/blobs", "activities/connectors/localfiles", "activities/connectors/s3", "models/...",
		},
		Foreign: []string{"..."}, Barred: []string{"habeas/models/store", "go.temporal.io", "github.com/minio"},
		Why: "dropped files lie in a directory or in a bucket, and the connectors for these are where they are read and written",
	},
	{
		Dir: "activities/mail", Own: []string{"models/...", "templates/..."},
		Foreign: []string{"github.com/wneessen/go-mail"}, Barred: []string{"habeas/models/store"},
		Why: "mail turns a letter into SMTP, and nothing else",
	},
	{
		Dir: "activities/outbound", Foreign: []string{"code.dny.dev/ssrf"},
		Why: "outbound guards where a call goes, and knows nothing of what it is for",
	},
	{
		Dir: "activities/outbound/credentials", Own: []string{"activities/outbound", "models"}, Foreign: []string{"golang.org/x/oauth2"},
		Why: "credentials show who makes a call, and know nothing of what it is for",
	},
	{
		Dir: "activities/webhook", Own: []string{"activities/outbound", "models/..."},
		Foreign: []string{"github.com/standard-webhooks/standard-webhooks"}, Barred: []string{"habeas/models/store"},
		Why: "webhook signs and posts a notice, and nothing else",
	},
	{
		Dir: "templates", Own: []string{"models/..."}, Foreign: []string{"..."}, Barred: []string{"habeas/models/store", "go.temporal.io"},
		Why: "a page shows what it is given",
	},
	{
		Dir: "models", Own: []string{"models/..."}, Barred: []string{"habeas/models/store", "net$", "net/http", "os", "database/sql$"},
		Why: "models are pure rules: the standard library only, and no I/O",
	},
	{
		Dir: "models/datamap/file", Own: []string{"models/..."}, Foreign: []string{"go.yaml.in/yaml/v3"}, Barred: []string{"habeas/models/store"},
		Why: "reading YAML is all that this package adds to models/datamap",
	},
	{
		Dir: "models/store", Own: []string{"models/..."},
		Foreign: []string{
			"gorm.io/gorm", "gorm.io/driver/postgres", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3",
			"github.com/tink-crypto/tink-go/v2", "github.com/google/uuid", "github.com/exaring/otelpgx",
		},
		Why: "the store knows PostgreSQL and cryptography, and no other package of the product",
	},
}

// kept lists what one directory keeps to itself, whatever another's rule allows: prefix of the import, and the directory.
var kept = map[string]string{
	"github.com/labstack/echo": "api",
	"github.com/go-sql-driver": "activities/connectors/mysql",
	"modernc.org/sqlite":       "activities/connectors/sqlite",
	"gorm.io":                  "models/store",
	"go.temporal.io/server":    "tools/temporal-dev, which is another module",
	"github.com/go-ldap":       "activities/connectors/ldap",
	"github.com/redis":         "activities/connectors/redis",
}

// Violations returns a sentence for each import of the package (its path and its imports' paths) that the table forbids,
// in order.
func Violations(pkg string, imports []string) []string {
	dir := strings.TrimPrefix(pkg, Module+"/")
	rule, known := ruleFor(dir)
	if !known {
		return []string{fmt.Sprintf("%s: the design has no place for this directory; add it to the table, or put the package elsewhere", pkg)}
	}
	var found []string
	for _, imported := range imports {
		if problem := rule.forbids(dir, imported); problem != "" {
			found = append(found, fmt.Sprintf("%s imports %s: %s", pkg, imported, problem))
		}
	}
	sort.Strings(found)
	return found
}

// ruleFor picks the rule with the longest directory; where two are as long, the one without a *.
func ruleFor(dir string) (best Rule, known bool) {
	depth := 0
	for _, rule := range Table {
		parts := 2 * (1 + strings.Count(rule.Dir, "/"))
		if strings.Contains(rule.Dir, "*") {
			parts--
		}
		if parts > depth && covers(rule.Dir, dir) {
			best, known, depth = rule, true, parts
		}
	}
	return best, known
}

// covers tells whether dir is pattern or below it; a * in the pattern stands for one part.
func covers(pattern, dir string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(dir, "/")
	if len(have) < len(want) {
		return false
	}
	for i, part := range want {
		if part != "*" && part != have[i] {
			return false
		}
	}
	return true
}

func (r Rule) forbids(dir, imported string) string {
	for prefix, owner := range kept {
		if within(prefix, imported) && !covers(owner, dir) {
			return "only " + owner + " may"
		}
	}
	for _, barred := range r.Barred {
		alone, exact := strings.CutSuffix(barred, "$")
		if exact && imported == alone || !exact && within(barred, imported) {
			return r.Why
		}
	}
	if own, ours := strings.CutPrefix(imported, Module+"/"); ours || imported == Module {
		if r.isSibling(dir, own) || r.allowsOwn(own) {
			return ""
		}
		return r.Why
	}
	if !isForeign(imported) {
		return ""
	}
	for _, allowed := range r.Foreign {
		if allowed == "..." || within(allowed, imported) {
			return ""
		}
	}
	return r.Why
}

// isSibling tells whether the other directory is under the same rule. Directories that a * stands for are strangers to
// each other.
func (r Rule) isSibling(dir, other string) bool {
	if rule, known := ruleFor(other); !known || rule.Dir != r.Dir {
		return false
	}
	parts := strings.Count(r.Dir, "/") + 1
	return strings.Join(strings.SplitN(dir, "/", parts+1)[:parts], "/") == strings.Join(strings.SplitN(other, "/", parts+1)[:parts], "/")
}

func (r Rule) allowsOwn(own string) bool {
	if covers("cmd", own) {
		return r.Dir == "cmd"
	}
	for _, allowed := range r.Own {
		below, all := strings.CutSuffix(allowed, "...")
		if own == strings.TrimSuffix(below, "/") || all && strings.HasPrefix(own, below) {
			return true
		}
	}
	return false
}

func within(prefix, path string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// isForeign: packages of other modules have a dot in the first part of their path.
func isForeign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}
