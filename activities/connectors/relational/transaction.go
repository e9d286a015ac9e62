package relational

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// splitError says that an error belongs to the transaction as a whole, in which the rows in the way can no longer be told from others.
type splitError struct{ error }

func (e splitError) Unwrap() error { return e.error }

// retries is how often a transaction that the database broke off to free another one is run again.
const retries = 5

// transaction runs fn in a transaction on one connection. When fn fails, nothing has been changed.
func (s *System) transaction(ctx context.Context, fn func(ctx context.Context, tx *sql.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, WriteLimit)
	defer cancel()
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() //nolint:errcheck // it goes back to the pool, or is closed already
	for attempt := 1; ; attempt++ {
		err = s.once(ctx, conn, fn)
		if err == nil || attempt == retries || !s.dialect.Failure(err).Again {
			return err
		}
	}
}

func (s *System) once(ctx context.Context, conn *sql.Conn, fn func(ctx context.Context, tx *sql.Conn) error) error {
	for _, statement := range s.dialect.Begin() {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
	}
	err := fn(ctx, conn)
	if err == nil {
		if _, err = conn.ExecContext(ctx, "COMMIT"); err == nil {
			return nil
		}
		err = splitError{fmt.Errorf("commit: %w", err)}
	}
	rollback(ctx, conn)
	return err
}

// rollback ends the transaction, and the connection where that fails, since it must not go back to the pool inside of one.
func rollback(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LockTimeout)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) //nolint:errcheck // this is how a connection is given up
	}
}

// nested runs fn so that the transaction goes on as if fn had not been called when it fails.
func (s *System) nested(ctx context.Context, tx *sql.Conn, fn func() error) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT habeas"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	err := fn()
	if err == nil {
		_, err = tx.ExecContext(ctx, "RELEASE SAVEPOINT habeas")
		return err
	}
	if _, lost := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT habeas"); lost != nil {
		return splitError{err} // a trigger may have ended the whole transaction
	}
	if _, lost := tx.ExecContext(ctx, "RELEASE SAVEPOINT habeas"); lost != nil {
		return errors.Join(err, lost)
	}
	return err
}

// session runs fn on a connection that is closed after it, so that what it sets is forgotten.
func (s *System) session(ctx context.Context, fn func(conn *sql.Conn) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) //nolint:errcheck // this is how a connection is given up
		_ = conn.Close()                                           //nolint:errcheck // it is given up
	}()
	for _, statement := range s.dialect.Unlimited() {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return fn(conn)
}

// limited bounds a statement that only reads.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, ReadLimit+30*time.Second)
}
