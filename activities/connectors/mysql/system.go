package mysql

import (
	"context"
	"database/sql"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"habeas/activities/connectors"
	"habeas/activities/connectors/relational"
	"habeas/models"
)

// The names under which the connector is registered. Both reach either kind of server.
const (
	Kind        = "mysql"
	KindMariaDB = "mariadb"
)

var _ connectors.Opener = Open

const dialTimeout = 10 * time.Second

// Open prepares a pool of connections. The DSN is the driver's, user:password@tcp(host:port)/database?parameters, or a URL,
// mysql://user:password@host:port/database?parameters; a database is required. It fails with code bad_dsn.
func Open(_ context.Context, cfg connectors.Config) (connectors.System, error) {
	c, err := parse(cfg.DSN.Reveal())
	if err != nil || c.DBName == "" {
		return nil, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s is not that of a MySQL or MariaDB database.", cfg.Name)
	}
	prepare(c)
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s cannot be used.", cfg.Name)
	}
	return relational.New(cfg, dialect{database: c.DBName}, sql.OpenDB(connector)), nil
}

func parse(dsn string) (*mysql.Config, error) {
	scheme, _, ok := strings.Cut(dsn, "://")
	if !ok || scheme != Kind && scheme != KindMariaDB {
		return mysql.ParseDSN(dsn)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	c, err := mysql.ParseDSN("tcp(" + host(u) + ")/?" + u.RawQuery)
	if err != nil {
		return nil, err
	}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.DBName = strings.TrimPrefix(u.Path, "/")
	return c, nil
}

func host(u *url.URL) string {
	if u.Port() == "" {
		return u.Host + ":3306"
	}
	return u.Host
}

// prepare sets what the connector relies on, and limits that the address does not set itself.
func prepare(c *mysql.Config) {
	c.InterpolateParams = true // one round trip, and works behind a proxy
	c.ParseTime, c.MultiStatements, c.AllowAllFiles = false, false, false
	c.Loc = time.UTC
	c.Logger = silent{}
	if c.Timeout == 0 {
		c.Timeout = dialTimeout
	}
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params["time_zone"] = "'+00:00'"
	// A value that does not fit is an error. The limit of a statement has another name in each kind of server, which the comments tell
	// apart.
	c.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION' /*M!100101 , max_statement_time=" + seconds(relational.ReadLimit) +
		" */ /*!80000 , max_execution_time=" + strconv.FormatInt(relational.ReadLimit.Milliseconds(), 10) + " */"
	for name, value := range map[string]string{
		"innodb_lock_wait_timeout": seconds(relational.LockTimeout), "lock_wait_timeout": seconds(relational.LockTimeout),
		"net_write_timeout": "600", // how long the server waits for who reads a stream
	} {
		if _, set := c.Params[name]; !set {
			c.Params[name] = value
		}
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// silent keeps the driver from writing to the standard error; every error is returned as well.
type silent struct{}

func (silent) Print(...any) {}
