package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/mask"
)

// Kind is the name under which the connector is registered.
const Kind = "postgres"

const (
	maxConns    = 4
	lockTimeout = "5s"  // a batch waits no longer for others, and never makes others wait for longer behind it
	eraseLimit  = "60s" // longest statement of an erasure
	readLimit   = "300s"
)

// System is one PostgreSQL database. It has every capability of the contract but Delegate.
type System struct {
	name   string
	secret []byte
	maker  mask.Maker
	pool   *pgxpool.Pool

	mu     sync.Mutex
	tables map[string]*table // by the name as the map writes it
}

var (
	_ connectors.System     = (*System)(nil)
	_ connectors.Locator    = (*System)(nil)
	_ connectors.Exporter   = (*System)(nil)
	_ connectors.Eraser     = (*System)(nil)
	_ connectors.Restrictor = (*System)(nil)
	_ connectors.Rectifier  = (*System)(nil)
	_ connectors.Verifier   = (*System)(nil)
	_ connectors.Scanner    = (*System)(nil)
	_ connectors.Checker    = (*System)(nil)
	_ connectors.Inspector  = (*System)(nil)
	_ connectors.Reader     = (*System)(nil)
	_ connectors.Opener     = Open
)

// Open makes a pool of at most four connections, all opened when first needed. The DSN is a URL or key=value list; what it sets
// itself (application_name, statement_timeout) is left alone. It fails with code bad_dsn.
func Open(ctx context.Context, cfg connectors.Config) (connectors.System, error) {
	pc, err := pgxpool.ParseConfig(cfg.DSN.Reveal())
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s is not a PostgreSQL URL.", cfg.Name)
	}
	pc.MaxConns = maxConns
	pc.MaxConnIdleTime = time.Minute
	pc.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec // no prepared statements: works behind a pooler
	for name, value := range map[string]string{
		"application_name": "habeas", "statement_timeout": readLimit, "idle_in_transaction_session_timeout": eraseLimit,
		// Values are read and written as text, in forms that do not depend on the server's settings.
		"timezone": "UTC", "datestyle": "ISO, YMD", "intervalstyle": "iso_8601", "bytea_output": "hex", "extra_float_digits": "1",
		// A policy that hides rows must be an error: a hidden row would count as erased.
		"row_security": "off",
	} {
		if _, set := pc.ConnConfig.RuntimeParams[name]; !set {
			pc.ConnConfig.RuntimeParams[name] = value
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s cannot be used.", cfg.Name)
	}
	return &System{name: cfg.Name, secret: cfg.Secret, maker: mask.NewMaker(cfg.Secret), pool: pool, tables: map[string]*table{}}, nil
}

// Ping asks the server for an answer.
func (s *System) Ping(ctx context.Context) error { return s.wrap(s.pool.Ping(ctx), "") }

// Close closes the pool.
func (s *System) Close() error {
	s.pool.Close()
	return nil
}
