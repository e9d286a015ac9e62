package opendsr

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"habeas/activities/connectors"
	"habeas/activities/outbound"
	"habeas/activities/outbound/credentials"
	"habeas/models"
	"habeas/models/opendsr"
)

// Kind is the name under which the connector is registered.
const Kind = "opendsr"

// settings are those of one processor. Docs: docs/connectors/opendsr.md.
type settings struct {
	URL         string                     `json:"url"`
	Domain      string                     `json:"domain"`
	Protocol    string                     `json:"protocol"`
	Regulation  string                     `json:"regulation"`
	Auth        credentials.Settings       `json:"auth"`
	Private     []string                   `json:"private"`
	Timeout     string                     `json:"timeout"`
	CAFile      string                     `json:"ca_file"`
	Unsigned    bool                       `json:"unsigned"`
	Identities  map[string]identity        `json:"identities"`
	Extensions  map[string]json.RawMessage `json:"extensions"`
	Callback    *bool                      `json:"callback"`
	Callbacks   []string                   `json:"status_callback_urls"`
	ResultHosts []string                   `json:"result_hosts"`
	MaxResult   int64                      `json:"max_result_bytes"`
}

// identity says how a kind of the map's identities is given to the processor.
type identity struct {
	Type   string         `json:"type"`
	Format opendsr.Format `json:"format"`
}

// The protocols.
const (
	protocolDSR  = "2.0"
	protocolGDPR = "1.0"
)

// System is one processor. Whole requests are all that it takes: nothing in it is located or erased row by row.
type System struct {
	name        string
	set         settings
	base        *url.URL
	requests    string // path of requests below base
	callback    string // this installation's own address for callbacks; "": it is not called
	roots       *x509.CertPool
	guard       *outbound.Guard
	credentials *credentials.Credentials

	mu   sync.Mutex
	file []byte // the processor's certificate as it was published, once checked
}

var (
	_ connectors.System   = (*System)(nil)
	_ connectors.Delegate = (*System)(nil)
	_ connectors.Checker  = (*System)(nil)
	_ connectors.Opener   = Open
)

// Open reads the settings; the DSN is the secret that they name. It fails with code bad_settings, and connects to nothing.
func Open(_ context.Context, cfg connectors.Config) (connectors.System, error) {
	s := &System{name: cfg.Name, set: settings{Protocol: protocolDSR, Regulation: opendsr.GDPR, Timeout: "30s", MaxResult: 10 << 30}}
	if err := cfg.ReadSettings(&s.set); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if called := s.set.Callback; called == nil && strings.HasPrefix(cfg.Callback, "https://") || called != nil && *called {
		s.callback = cfg.Callback
	}
	timeout, err := time.ParseDuration(s.set.Timeout)
	if err != nil || timeout <= 0 {
		return nil, s.bad("timeout is a duration such as 30s")
	}
	s.guard = outbound.New(outbound.Options{Timeout: timeout, Private: s.set.Private, KeepAlive: true})
	if _, err := s.guard.Client(s.base); err != nil {
		return nil, s.bad("url must be https on the public Internet, or its host and port be listed as private")
	}
	s.credentials, err = credentials.New(s.set.Auth, cfg.DSN, s.guard)
	return s, err
}

func (s *System) check() error {
	var err error
	if s.base, err = url.Parse(strings.TrimSuffix(s.set.URL, "/")); err != nil || s.base.Host == "" || s.base.RawQuery != "" {
		return s.bad("url is the address before /discovery, with the version if it has one")
	}
	if s.set.Domain == "" {
		s.set.Domain = s.base.Hostname()
	}
	switch s.set.Protocol {
	case protocolDSR:
		s.requests = "/requests"
	case protocolGDPR:
		s.requests = "/opengdpr_requests"
	default:
		return s.bad("protocol is 2.0 or 1.0")
	}
	if s.set.Regulation != opendsr.GDPR && s.set.Regulation != opendsr.CCPA {
		return s.bad("regulation is gdpr or ccpa")
	}
	if len(s.set.Identities) == 0 {
		return s.bad("identities says as what the processor knows each kind of identity")
	}
	for kind, id := range s.set.Identities {
		if id.Format == "" {
			id.Format = opendsr.Raw
			s.set.Identities[kind] = id
		}
		if id.Type == "" || !slices.Contains(opendsr.Formats, id.Format) {
			return s.bad("identities: " + kind + " needs a type, and the format raw, sha1, md5 or sha256")
		}
	}
	return s.readRoots()
}

func (s *System) readRoots() error {
	if s.set.CAFile == "" {
		return nil
	}
	var err error
	if s.roots, err = outbound.Roots(s.set.CAFile); err != nil {
		return s.bad("ca_file cannot be read or holds no certificate")
	}
	return nil
}

func (s *System) bad(text string) error {
	return models.Errorf(models.Invalid, "bad_settings", "The settings of the system %s: %s.", s.name, text)
}

// Ping asks the processor what it supports.
func (s *System) Ping(ctx context.Context) error {
	_, err := s.discover(ctx)
	return err
}

// Close lets go of idle connections.
func (s *System) Close() error {
	s.guard.Close()
	return nil
}

// discover asks the processor what it supports.
func (s *System) discover(ctx context.Context) (*opendsr.Discovery, error) {
	a, err := s.call(ctx, http.MethodGet, "/discovery", nil)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, s.refused(a.status)
	}
	var d opendsr.Discovery
	return &d, s.read(a, &d)
}
