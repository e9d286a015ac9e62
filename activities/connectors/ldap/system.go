package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"sync"
	"time"

	driver "github.com/go-ldap/ldap/v3"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/mask"
)

// Kind is the name under which the connector is registered.
const Kind = "ldap"

const (
	maxConns    = 4
	dialTimeout = 10 * time.Second
	callTimeout = 60 * time.Second // longest answer to one request; timeout= in the address changes it
)

// System is one directory server. It has every capability of the contract but Delegate.
type System struct {
	name  string
	at    address
	maker mask.Maker
	// ignoreReferrals takes what this server holds for all there is, as the settings say.
	ignoreReferrals bool

	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	closed bool
	idle   []*driver.Conn
	schema *schema // nil until it is first needed
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
	_ connectors.Opener     = Open
)

// settings is the system's settings: mapping.
type settings struct {
	Referrals string `json:"referrals"` // refuse (the default) or ignore
}

// Open reads the address; the server is asked at the first call, by at most four connections. It fails with code bad_dsn or
// bad_settings.
func Open(_ context.Context, cfg connectors.Config) (connectors.System, error) {
	at, err := parseAddress(cfg.Name, cfg.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	own := settings{Referrals: "refuse"}
	if err := cfg.ReadSettings(&own); err != nil {
		return nil, err
	}
	if own.Referrals != "refuse" && own.Referrals != "ignore" {
		return nil, models.Errorf(models.Invalid, "bad_settings", "The setting referrals of the system %s is neither refuse nor ignore.", cfg.Name)
	}
	return &System{
		name: cfg.Name, at: at, maker: mask.NewMaker(cfg.Secret), ignoreReferrals: own.Referrals == "ignore", slots: make(chan struct{}, maxConns),
	}, nil
}

// Ping binds, or asks a bound connection for the server's own entry.
func (s *System) Ping(ctx context.Context) error {
	_, err := s.root(ctx)
	return s.wrap(ctx, err, "")
}

// Close closes the idle connections, and each other one when its call has ended.
func (s *System) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, c := range s.idle {
		errs = append(errs, c.Close())
	}
	s.idle = nil
	return errors.Join(errs...)
}

// conn is a connection that one call has to itself.
type conn struct {
	*driver.Conn
	spoilt bool // in the middle of something, and not to be used again
}

// use lends a bound connection to fn, which must not keep it. The end of ctx cuts it.
func (s *System) use(ctx context.Context, fn func(*conn) error) error {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.slots }()
	raw := s.take()
	if raw == nil {
		var err error
		if raw, err = s.connect(ctx); err != nil {
			return err
		}
	}
	c := &conn{Conn: raw}
	stop := context.AfterFunc(ctx, func() { closeQuietly(raw) })
	err := fn(c)
	if !stop() {
		if err == nil { // fn was done before
			return nil
		}
		return ctx.Err()
	}
	s.put(c, err)
	return err
}

func (s *System) take() *driver.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		last := len(s.idle) - 1
		c := s.idle[last]
		s.idle = s.idle[:last]
		if !c.IsClosing() {
			return c
		}
	}
	return nil
}

func (s *System) put(c *conn, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.spoilt || s.closed || c.IsClosing() || driver.IsErrorWithCode(err, driver.ErrorNetwork) {
		closeQuietly(c.Conn)
		return
	}
	s.idle = append(s.idle, c.Conn)
}

// closeQuietly lets go of a connection of which nothing more is expected.
func closeQuietly(c *driver.Conn) {
	_ = c.Close() //nolint:errcheck // it is broken already, or about to be
}

// connect opens a connection and binds. A certificate is always verified.
func (s *System) connect(ctx context.Context) (*driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, min(dialTimeout, s.at.timeout))
	defer cancel()
	raw, err := s.at.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := driver.NewConn(raw, s.at.tls)
	c.SetTimeout(s.at.timeout)
	c.Start()
	stop := context.AfterFunc(ctx, func() { closeQuietly(c) })
	defer stop()
	if s.at.startTLS {
		err = c.StartTLS(s.at.config)
	}
	if err == nil && s.at.user != "" {
		err = c.Bind(s.at.user, s.at.password.Reveal())
	} else if err == nil {
		err = c.UnauthenticatedBind("")
	}
	if err != nil {
		closeQuietly(c)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	return c, nil
}

// untrusted reports whether the server has no certificate that is trusted.
func untrusted(err error) bool {
	var bad *tls.CertificateVerificationError
	// The driver keeps only the text of what went wrong after StartTLS.
	return errors.As(err, &bad) || driver.IsErrorWithCode(err, driver.ErrorNetwork) && strings.Contains(err.Error(), "failed to verify certificate")
}
