package redis

import (
	"crypto/x509"
	"net/url"
	"os"
	"time"

	driver "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"habeas/models"
)

const (
	maxConns    = 4
	callTimeout = 30 * time.Second // longest answer to one command; timeout= in the address changes it
)

// parseAddress reads redis(s)://user:password@host:port/db?ca=FILE&timeout=30s, where s stands for a connection that is encrypted from the
// first byte. It fails with code bad_dsn, in words that hold nothing of the address.
func parseAddress(system, dsn string) (*driver.Options, error) {
	bad := func(what string) (*driver.Options, error) {
		return nil, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s %s.", system, what)
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Hostname() == "" || u.Scheme != "redis" && u.Scheme != "rediss" {
		return bad("is not of the form redis://user:password@host:port/0, or rediss:// for an encrypted connection")
	}
	query := u.Query()
	u.RawQuery = ""
	o, err := driver.ParseURL(u.String())
	if err != nil {
		return bad("names no database by its number")
	}
	timeout := callTimeout
	for name, values := range query {
		switch name {
		case "ca":
			if o.TLSConfig == nil {
				return bad("names certificate authorities for a connection that is not encrypted; write rediss://")
			}
			pem, err := os.ReadFile(values[0])
			o.TLSConfig.RootCAs = x509.NewCertPool()
			if err != nil || !o.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
				return bad("names a file of certificate authorities that cannot be read or holds none")
			}
		case "timeout":
			if timeout, err = time.ParseDuration(values[0]); err != nil || timeout <= 0 {
				return bad("has a timeout that is no duration such as 30s")
			}
		default:
			return bad("has a parameter other than ca and timeout")
		}
	}
	o.PoolSize, o.MaxActiveConns = maxConns, maxConns
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = min(timeout, 10*time.Second), timeout, timeout, timeout
	o.ContextTimeoutEnabled = true
	o.MaxRetries, o.DialerRetries = -1, 1 // a command that was sent again could count its own work as somebody else's
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o, nil
}
