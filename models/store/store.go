package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"habeas/models"
	"habeas/models/store/vault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config is what a Store needs. Now and MaxConns may be left out.
type Config struct {
	DSN      string // PostgreSQL URL or keyword string
	Vault    *vault.Vault
	Now      func() time.Time // the clock; time.Now when nil
	MaxConns int32            // connections of the pool; 8 when zero
}

// Store is the way to the database. It is safe for concurrent use.
type Store struct {
	db    *gorm.DB
	sql   *sql.DB
	pool  *pgxpool.Pool // the pool under db, for streams and batches
	vault *vault.Vault
	clock func() time.Time

	controllers sync.Map // keptController by slug
}

// Open prepares a Store; it connects when first used, so that a database that is down does not keep the process from starting. It
// fails with code bad_database_url.
func Open(ctx context.Context, c Config) (*Store, error) {
	pc, err := pgxpool.ParseConfig(c.DSN)
	if err != nil {
		// The parser's error may quote the password.
		return nil, models.Errorf(models.Invalid, "bad_database_url", "The database URL cannot be read.")
	}
	pc.MaxConns = 8
	if c.MaxConns > 0 {
		pc.MaxConns = c.MaxConns
	}
	pc.MaxConnLifetime, pc.MaxConnLifetimeJitter, pc.MaxConnIdleTime = 30*time.Minute, 5*time.Minute, 5*time.Minute
	setDefaults(pc.ConnConfig.RuntimeParams, map[string]string{
		"application_name": "habeas", "timezone": "UTC", "statement_timeout": "15s", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "30s",
	})
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, err
	}
	sqldb := stdlib.OpenDBFromPool(pool)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: sqldb}), &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		TranslateError:         true,
		Logger:                 logger.Discard, // errors are returned; a logged statement could show a value
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	clock := c.Now
	if clock == nil {
		clock = time.Now
	}
	return &Store{db: db, sql: sqldb, pool: pool, vault: c.Vault, clock: clock}, nil
}

func setDefaults(params, defaults map[string]string) {
	for k, v := range defaults {
		if _, set := params[k]; !set {
			params[k] = v
		}
	}
}

// Pool is the pool of connections, for the store of the console's sessions only.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Close gives the connections back; it waits for those in use.
func (s *Store) Close() error {
	err := s.sql.Close()
	s.pool.Close()
	return err
}

// Migrate brings the schema up to date under a session lock, so that any number of processes may call it at once. log gets a line for
// each migration that ran.
func Migrate(ctx context.Context, dsn string, log func(string)) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return models.Errorf(models.Invalid, "bad_database_url", "The database URL cannot be read.")
	}
	defer func() { _ = db.Close() }() //nolint:errcheck // what it did is committed
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	provider, err := newProvider(db, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	for _, r := range results {
		log(fmt.Sprintf("migrated to %d in %s", r.Source.Version, r.Duration.Round(time.Millisecond)))
	}
	return unavailable(err)
}

func newProvider(db *sql.DB, opts ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, opts...)
}

// Ready reports whether the database answers and has the schema that this program was built for; it fails with database_unavailable or
// schema_outdated.
func (s *Store) Ready(ctx context.Context) error {
	provider, err := newProvider(s.sql)
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return unavailable(err)
	}
	if have < want {
		return models.Errorf(models.Unavailable, "schema_outdated",
			"The database schema is at version %d and version %d is needed; run `habeas migrate`.", have, want)
	}
	return nil
}

// now is the instant of what is being done, in UTC and no finer than PostgreSQL keeps.
func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// newID is a random identifier (UUIDv4): it tells nothing about when or in which order rows were made.
func newID() models.ID { return models.ID(uuid.New()) }

// triesOfTx bounds how often a transaction is run that PostgreSQL gives up for a deadlock or a serialization failure.
const triesOfTx = 5

// tx runs fn in one transaction, bound to the call's Idempotency key where it has one, and again when PostgreSQL says that trying again is right; fn must therefore change nothing else.
func (s *Store) tx(ctx context.Context, fn func(tx *gorm.DB) error) error {
	for try := 1; ; try++ {
		err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			if err := s.claimCall(ctx, tx); err != nil {
				return err
			}
			return fn(tx)
		})
		if err == nil {
			callClaimed(ctx)
		}
		if !again(err) || try == triesOfTx {
			return unavailable(err)
		}
		pause := time.Duration(1+rand.IntN(10*try)) * time.Millisecond //nolint:gosec // not a secret
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// read gives a handle for reading outside a transaction.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.db.WithContext(ctx) }

// scoped limits a query to the rows that the scope may see; the table must have a controller_id.
func scoped(tx *gorm.DB, scope models.Scope) *gorm.DB {
	if id, limited := scope.Controller(); limited {
		return tx.Where("controller_id = ?", id)
	}
	return tx
}
