package rest

import (
	"context"
	"math"
	"net/url"
	"slices"
	"strings"
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

// Ping sends the request that the settings name for it, else asks for the first collection's list, else for the API's address.
func (s *System) Ping(ctx context.Context) error {
	c := &call{method: "GET", path: "/"}
	if p := s.set.Ping; p != nil {
		var err error
		if c, err = p.shape.fill(binding{}); err != nil {
			return err
		}
	} else if f := s.anyList(); f != nil {
		var err error
		if c, err = f.shape.fill(binding{}); err != nil {
			return err
		}
	}
	a, err := s.send(ctx, c, true, "a sign of life")
	switch {
	case err != nil:
		return err
	case a.status/100 == 2, a.status == 404 && s.set.Ping == nil && s.anyList() == nil:
		return nil
	}
	return s.refused(a.status, "a sign of life")
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

// prepare reads all templates, and names the first thing that is wrong in the settings.
func (s *System) prepare() error {
	if s.set.Ping != nil {
		fill(&s.set.Ping.Method, "GET")
		if err := s.shape(s.set.Ping, "ping", nil, false); err != nil {
			return err
		}
	}
	for name, c := range s.set.Collections {
		if c == nil || len(c.Fields) == 0 {
			return bad("The collection %s of the system %s has no fields.", name, s.name)
		}
		for field, f := range c.Fields {
			if f == nil || f.Path == "" {
				return bad("The field %s.%s of the system %s has no path.", name, field, s.name)
			}
			if _, ok := kindOf[f.Type]; !ok {
				return bad("The field %s.%s of the system %s has the unknown type %s.", name, field, s.name, f.Type)
			}
		}
		for _, f := range c.finds() {
			if err := s.prepareFind(name, c, f); err != nil {
				return err
			}
		}
		for _, a := range append(slices.Clone(c.Delete), c.Update) {
			if a == nil {
				continue
			}
			if err := s.prepareAction(name, c, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *System) prepareFind(name string, c *collection, f *find) error {
	where := name + " find by " + listed(f.By)
	if f.list {
		where = name + " list"
	}
	switch {
	case slices.ContainsFunc(f.By, func(n string) bool { return c.Fields[n] == nil }):
		return bad("The request %s of the system %s searches by what is no field.", where, s.name)
	case f.list != (len(f.By) == 0):
		return bad("The request %s of the system %s: a find names its fields in by, a list has none.", where, s.name)
	case f.Case != "" && f.Case != "ignore" && f.Case != "exact":
		return bad("The request %s of the system %s: case is ignore or exact.", where, s.name)
	case f.Row != nil && (f.Rows != "" || f.Batch > 1 || f.list):
		return bad("The request %s of the system %s: one row has no list, batch or rows.", where, s.name)
	case !slices.Contains([]string{"", byPage, byOffset, byCursor, byLink}, f.Paging.Kind):
		return bad("The request %s of the system %s has an unknown kind of paging.", where, s.name)
	case f.Detail && c.detail(f) == nil:
		return bad("The request %s of the system %s wants details, but no find with row: serves its rows.", where, s.name)
	}
	if err := s.shape(&f.request, where, f.By, false); err != nil {
		return err
	}
	batched, lone := false, ""
	f.shape.parts(func(p part, _ place, repeated bool) {
		if batched = batched || p.all || repeated; !p.all && !repeated {
			lone = p.field
		}
	})
	if (f.Batch > 1) != batched || batched && lone != "" {
		return bad("The request %s of the system %s: a batch needs {field...} or $each for all its values, and these need batch.", where, s.name)
	}
	return nil
}

func (s *System) prepareAction(name string, c *collection, a *action) error {
	where := name + " " + strings.ToLower(a.Method)
	fields := make([]string, 0, len(c.Fields))
	for field := range c.Fields {
		fields = append(fields, field)
	}
	if err := s.shape(&a.request, where, fields, true); err != nil {
		return err
	}
	if p := a.Accepted; p != nil && p.Path != "" {
		poll := request{Method: "GET", Path: p.Path}
		if err := s.shape(&poll, where+" accepted", nil, true); err != nil {
			return err
		}
		p.shape = poll.shape
	}
	if p := a.Accepted; p != nil && (p.State == "" || len(p.Done) == 0 || p.Header == "" && p.URL == "" && p.Path == "") {
		return bad("The request %s of the system %s: accepted needs where to ask (header, url or path), state and done.", where, s.name)
	}
	return nil
}

// shape reads a request's template, in which only the given fields, and paths of the row if allowed, may stand.
func (s *System) shape(r *request, where string, fields []string, paths bool) error {
	var err error
	if r.shape, err = newShape(r); err != nil {
		return bad("The request %s of the system %s: %s.", where, s.name, err)
	}
	wrong := ""
	r.shape.parts(func(p part, _ place, _ bool) {
		if p.field != "" && !slices.Contains(fields, p.field) || p.path != "" && !paths {
			wrong = p.field + p.path
		}
	})
	if wrong != "" {
		return bad("The request %s of the system %s has no value for {%s}.", where, s.name, wrong)
	}
	return nil
}
