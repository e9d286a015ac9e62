package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"time"

	"habeas/models"
)

// address is where the server is, and as whom to speak to it.
type address struct {
	host     string // with port
	tls      bool   // from the first byte
	startTLS bool
	config   *tls.Config
	user     string // DN; empty: anonymous
	password models.Personal
	timeout  time.Duration
}

// parseAddress reads ldap(s)://bindDN:password@host:port/?starttls=1&ca=FILE&timeout=60s. It fails with code bad_dsn, in words that hold
// nothing of the address.
func parseAddress(system, dsn string) (address, error) {
	bad := func(what string) (address, error) {
		return address{}, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s %s.", system, what)
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return bad("is not of the form ldaps://bindDN:password@host:port/, with signs that mean something in a URL written as %2C and the like")
	}
	if u.Path != "" && u.Path != "/" {
		return bad("has a path; base DNs stand in the data map")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldap": "389", "ldaps": "636"}[u.Scheme]
	}
	password, _ := u.User.Password()
	at := address{
		host: net.JoinHostPort(u.Hostname(), port), tls: u.Scheme == "ldaps", user: u.User.Username(), password: models.Personal(password),
		timeout: callTimeout, config: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()},
	}
	if at.user != "" && password == "" {
		return bad("has an account without a password, as which many servers would take anybody for nobody")
	}
	for name, values := range u.Query() {
		value := values[0]
		switch name {
		case "starttls":
			at.startTLS = value == "1" || value == "true"
			if at.startTLS && at.tls {
				return bad("asks for starttls on a connection that is encrypted already; write ldap:// or leave it out")
			}
		case "ca":
			pem, err := os.ReadFile(value) //nolint:gosec // the operator who writes the address names the file
			at.config.RootCAs = x509.NewCertPool()
			if err != nil || !at.config.RootCAs.AppendCertsFromPEM(pem) {
				return bad("names a file of certificate authorities that cannot be read or holds none")
			}
		case "timeout":
			if at.timeout, err = time.ParseDuration(value); err != nil || at.timeout <= 0 {
				return bad("has a timeout that is no duration such as 60s")
			}
		default:
			return bad("has a parameter other than starttls, ca and timeout")
		}
	}
	return at, nil
}

func (a address) dial(ctx context.Context) (net.Conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.host)
	if err != nil || !a.tls {
		return raw, err
	}
	secure := tls.Client(raw, a.config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = raw.Close() //nolint:errcheck // the handshake's error is the one that counts
		return nil, err
	}
	return secure, nil
}
