package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"code.dny.dev/ssrf"
)

// Options says what a Guard lets through.
type Options struct {
	Timeout   time.Duration  // of one call, from the connection to the end of the answer; also of each of its steps
	Private   []string       // host:port that may lie inside the network, use any port and do without TLS
	KeepAlive bool           // keep connections for further calls
	Roots     *x509.CertPool // authorities for TLS; nil: the machine's
}

// Guard hands out HTTP clients by address; it is safe for concurrent use.
type Guard struct {
	guarded, open *http.Client
	private       []string
}

// Roots are the authorities in a PEM file; it fails when there is none.
func Roots(path string) (*x509.CertPool, error) {
	file, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(file) {
		return nil, errors.New("the file holds no certificate")
	}
	return pool, nil
}

// ErrForbidden is an address that may not be reached.
var ErrForbidden = errors.New("the address must be https on the public Internet, or be allowed by name")

// New makes a Guard. No client of it follows a redirect or uses a proxy.
func New(o Options) *Guard {
	guard := ssrf.New(ssrf.WithPorts(443))
	return &Guard{
		guarded: newClient(o, (&net.Dialer{Timeout: o.Timeout, Control: guard.Safe}).DialContext),
		open:    newClient(o, (&net.Dialer{Timeout: o.Timeout}).DialContext),
		private: o.Private,
	}
}

func newClient(o Options, dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots}, TLSHandshakeTimeout: o.Timeout,
			ResponseHeaderTimeout: o.Timeout, DisableKeepAlives: !o.KeepAlive, IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Client is the client for an address; it fails with ErrForbidden for one that is not https, holds credentials or has no host. Whether
// the host lies inside the network is seen when the connection is made: Forbidden tells.
func (g *Guard) Client(u *url.URL) (*http.Client, error) {
	switch {
	case u == nil || u.Host == "" || u.User != nil:
		return nil, ErrForbidden
	case slices.Contains(g.private, u.Host) && (u.Scheme == "http" || u.Scheme == "https"):
		return g.open, nil
	case u.Scheme != "https":
		return nil, ErrForbidden
	}
	return g.guarded, nil
}

// Close lets go of idle connections.
func (g *Guard) Close() {
	g.guarded.CloseIdleConnections()
	g.open.CloseIdleConnections()
}

// Forbidden reports whether a call failed because its address may not be reached.
func Forbidden(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) ||
		errors.Is(err, ssrf.ErrProhibitedNetwork)
}
