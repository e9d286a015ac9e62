package relational

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// Limits of every kind. A batch waits no longer than LockTimeout for others, so that others never wait for longer behind it.
const (
	MaxConns    = 4
	LockTimeout = 5 * time.Second
	WriteLimit  = 10 * time.Minute // longest transaction: to find many rows that are in the way takes many statements
	ReadLimit   = 5 * time.Minute  // longest statement, where the database has such a limit
)

// System is one database. It has every capability of the contract but Delegate.
type System struct {
	name    string
	dialect Dialect
	db      *sql.DB
	maker   mask.Maker
	secret  bool

	mu     sync.Mutex
	tables map[string]*Table // by the name as the map writes it
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
)

// New makes a system of a pool that has not connected yet; it closes the pool when it is closed.
func New(cfg connectors.Config, dialect Dialect, db *sql.DB) *System {
	db.SetMaxOpenConns(MaxConns)
	db.SetConnMaxIdleTime(time.Minute)
	return &System{
		name: cfg.Name, dialect: dialect, db: db, maker: mask.NewMaker(cfg.Secret), secret: len(cfg.Secret) >= mask.MinSecret,
		tables: map[string]*Table{},
	}
}

// Ping asks the database for an answer.
func (s *System) Ping(ctx context.Context) error {
	var one any
	return s.wrap(s.db.QueryRowContext(ctx, "SELECT 1").Scan(&one), "")
}

// Close closes the pool.
func (s *System) Close() error { return s.db.Close() }

// table is the collection's table, looked up once; it fails with code map_mismatch when there is none.
func (s *System) table(ctx context.Context, node *datamap.Node) (*Table, error) {
	s.mu.Lock()
	t := s.tables[node.Table]
	s.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := s.dialect.Find(ctx, s.db, node.Table)
	if err != nil {
		return nil, s.wrap(err, node.Address.String())
	}
	if t == nil {
		return nil, mismatch("The collection %s names the table %s, which does not exist.", node.Address, node.Table)
	}
	s.mu.Lock()
	s.tables[node.Table] = t
	s.mu.Unlock()
	return t, nil
}

// resolve calls use with the node's table, and once more with a fresh one when the names that use looks for are not in it.
func (s *System) resolve(ctx context.Context, node *datamap.Node, use func(*Table) error) error {
	for fresh := false; ; fresh = true {
		t, err := s.table(ctx, node)
		if err != nil {
			return err
		}
		if err = use(t); fresh || models.CodeOf(err) != connectors.CodeMismatch {
			return err
		}
		s.forget(node)
	}
}

// forget makes the next use of the node's table ask the database again.
func (s *System) forget(node *datamap.Node) {
	s.mu.Lock()
	delete(s.tables, node.Table)
	s.mu.Unlock()
}

// wrap says what a failure means, in the words of the map. The database's own message is dropped, since it may quote a value.
func (s *System) wrap(err error, where string) error {
	var known *models.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	if where != "" {
		where = " at " + where
	}
	f := s.dialect.Failure(err)
	if errors.Is(err, context.DeadlineExceeded) {
		f = Failure{Kind: models.Unavailable, Code: connectors.CodeBusy, Text: "takes too long; nothing was changed"}
	}
	e := models.Errorf(f.Kind, f.Code, "The system %s %s%s.", s.name, f.Text, where)
	if f.Cause != nil {
		return e.Because(f.Cause)
	}
	return e
}

// failed maps an error of the system; the caller's own comes back as it is.
func (s *System) failed(err error, node *datamap.Node) error {
	if y, ok := errors.AsType[connectors.YieldError](err); ok {
		return y.Err
	}
	err = s.wrap(err, node.Address.String())
	s.forget(node) // the table may have changed since it was looked up
	return err
}
