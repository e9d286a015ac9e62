package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"strconv"
	"strings"

	"modernc.org/sqlite"

	"habeas/activities/connectors"
	"habeas/activities/connectors/relational"
	"habeas/models"
)

// Kind is the name under which the connector is registered.
const Kind = "sqlite"

var _ connectors.Opener = Open

// Open prepares a pool of connections to a file that exists. The DSN is a path, or a URL that begins with file: or sqlite: and may
// have SQLite's own parameters. It fails with code bad_dsn.
func Open(_ context.Context, cfg connectors.Config) (connectors.System, error) {
	address, err := address(cfg.DSN.Reveal())
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s is not a path of a database file.", cfg.Name)
	}
	d := &sqlite.Driver{}
	if err := register(d); err != nil {
		return nil, err
	}
	return relational.New(cfg, dialect{}, sql.OpenDB(opener{d, address})), nil
}

// address is the file as a URL by which SQLite opens it and does not create it.
func address(dsn string) (string, error) {
	if rest, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		dsn = strings.TrimPrefix(rest, "//")
	}
	if !strings.HasPrefix(dsn, "file:") {
		if dsn == "" || dsn == ":memory:" {
			return "", strconv.ErrSyntax
		}
		path, query, _ := strings.Cut(dsn, "?")
		dsn = "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query
	}
	file, query, _ := strings.Cut(dsn, "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return "", err
	}
	if !params.Has("mode") {
		params.Set("mode", "rw")
	}
	params["_pragma"] = append(params["_pragma"], "busy_timeout("+strconv.FormatInt(relational.LockTimeout.Milliseconds(), 10)+")", "foreign_keys(1)", "secure_delete(1)")
	return file + "?" + params.Encode(), nil
}

// opener opens connections of a driver that nobody else uses, since its functions are Habeas' own.
type opener struct {
	driver  *sqlite.Driver
	address string
}

func (o opener) Connect(context.Context) (driver.Conn, error) { return o.driver.Open(o.address) }

func (o opener) Driver() driver.Driver { return o.driver }
