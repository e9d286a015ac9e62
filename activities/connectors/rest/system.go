package rest

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"habeas/activities/connectors"
	"habeas/activities/outbound"
	"habeas/activities/outbound/credentials"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// Kind is the name under which the connector is registered.
const Kind = "rest"

// System is one API. It has every capability that works on rows but Scanner and Inspector: an API does not show what it does not
// describe.
type System struct {
	name        string
	set         settings
	base        *url.URL
	guard       *outbound.Guard
	credentials *credentials.Credentials
	limit       *rate.Limiter
	maker       mask.Maker

	mu        sync.Mutex
	notBefore time.Time // the API has said that it takes no call before
}

var (
	_ connectors.System     = (*System)(nil)
	_ connectors.Locator    = (*System)(nil)
	_ connectors.Exporter   = (*System)(nil)
	_ connectors.Eraser     = (*System)(nil)
	_ connectors.Restrictor = (*System)(nil)
	_ connectors.Rectifier  = (*System)(nil)
	_ connectors.Verifier   = (*System)(nil)
	_ connectors.Checker    = (*System)(nil)
	_ connectors.Opener     = Open
)

// Open reads the settings; the DSN is the secret that they name. It fails with code bad_settings, and connects to nothing.
func Open(_ context.Context, cfg connectors.Config) (connectors.System, error) {
	s := &System{name: cfg.Name, maker: mask.NewMaker(cfg.Secret)}
	if err := cfg.ReadSettings(&s.set); err != nil {
		return nil, err
	}
	s.set.complete()
	var err error
	s.base, err = url.Parse(s.set.URL)
	if err != nil || s.base.RawQuery != "" || s.base.Fragment != "" {
		return nil, bad("The url of the system %s is no address without a query.", s.name)
	}
	o := outbound.Options{Timeout: time.Duration(s.set.Timeout), Private: s.set.Private, KeepAlive: true}
	if s.set.CAFile != "" {
		if o.Roots, err = outbound.Roots(s.set.CAFile); err != nil {
			return nil, bad("The ca_file of the system %s cannot be read or holds no certificate.", s.name)
		}
	}
	s.guard = outbound.New(o)
	if _, err := s.guard.Client(s.base); err != nil {
		return nil, bad("The url of the system %s must be https on the public Internet, or its host and port be listed as private.", s.name)
	}
	if s.credentials, err = credentials.New(s.set.Auth, cfg.DSN, s.guard); err != nil {
		return nil, err
	}
	s.limit = rate.NewLimiter(rate.Inf, 1)
	if s.set.PerSecond > 0 {
		s.limit = rate.NewLimiter(rate.Limit(s.set.PerSecond), max(1, int(math.Ceil(s.set.PerSecond))))
	}
	return s, s.prepare()
}

// Close lets go of idle connections.
func (s *System) Close() error {
	s.guard.Close()
	return nil
}

// Ping sends the request that the settings name for it, else asks for the first collection's list. Without either it asks for the
// API's address, where any answer will do but one that refuses the credentials.
func (s *System) Ping(ctx context.Context) error {
	const where = "a sign of life"
	c, named := &call{method: "GET", path: "/"}, s.set.Ping
	if f := s.anyList(); named == nil && f != nil {
		named = &f.request
	}
	if named != nil {
		var err error
		if c, err = named.shape.fill(binding{}); err != nil {
			return mismatch("The request for a sign of the life of the system %s cannot be made.", s.name)
		}
	}
	a, err := s.send(ctx, c, true, where)
	switch {
	case err != nil:
		return err
	case a.status/100 == 2, named == nil && a.status < 500 && a.status != http.StatusUnauthorized:
		return nil
	}
	return s.refused(a.status, where)
}

func (s *System) anyList() *find {
	names := make([]string, 0, len(s.set.Collections))
	for name, c := range s.set.Collections {
		if c.List != nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return s.set.Collections[slices.Min(names)].List
}

// collection is what the settings say of a node; it fails with code map_mismatch when they say nothing.
func (s *System) collection(n *datamap.Node) (*collection, error) {
	if c := s.set.Collections[n.Table]; c != nil {
		return c, nil
	}
	return nil, mismatch("The settings of the system %s have no collection %s, which %s needs.", s.name, n.Table, n.Address)
}

// known fails with code map_mismatch when the settings do not say where one of the fields is.
func (c *collection) known(n *datamap.Node, fields ...[]string) error {
	for _, list := range fields {
		for _, name := range list {
			if c.Fields[name] == nil {
				return mismatch("The settings of the system do not say where the field %s.%s is.", n.Address, name)
			}
		}
	}
	return nil
}
