package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"habeas/models"
)

// Need says which parts of the configuration a command uses.
type Need int

const (
	NeedDatabase Need = 1 << iota
	NeedKeys
	NeedPortal
	NeedWorker // Temporal, mail, data maps, systems, policy
)

// Validate names every problem at once, one a line, each with the variable to set; it never shows a secret.
func (c Config) Validate(need Need) error {
	v := &problems{}
	if need&NeedDatabase != 0 {
		v.required("DATABASE_URL", c.DatabaseURL.Reveal(), "the address of Habeas' PostgreSQL, like postgres://user@host/habeas")
	}
	if need&NeedKeys != 0 {
		v.required("MASTER_KEY", c.MasterKey.Reveal(), "make one with: habeas keys generate")
		v.required("SIGNING_KEY", c.SigningKey.Reveal(), "make one with: habeas keys generate")
	}
	if need&(NeedPortal|NeedWorker) != 0 {
		v.url("BASE_URL", c.BaseURL)
	}
	if need&NeedPortal != 0 {
		v.required("LISTEN", c.Listen, "the address to listen on, like 127.0.0.1:8080")
		if c.PostsPerMinute < 1 {
			v.add("POSTS_PER_MINUTE", "must be a number above zero")
		}
		if c.CallsPerMinute < 1 {
			v.add("CALLS_PER_MINUTE", "must be a number above zero")
		}
		for _, cidr := range c.TrustedProxies {
			if _, err := netip.ParsePrefix(cidr); err != nil {
				v.add("TRUSTED_PROXIES", "holds %q, which is not a CIDR range like 10.0.0.0/8", cidr)
			}
		}
	}
	if need&NeedPortal != 0 {
		c.SignIn.validate(v)
	}
	if need&NeedWorker != 0 {
		c.validateWorker(v)
	}
	v.oneOf("LOG_LEVEL", c.Log.Level, "debug", "info", "warn", "error")
	v.oneOf("LOG_FORMAT", c.Log.Format, "json", "text")
	return v.err()
}

func (c Config) validateWorker(v *problems) {
	v.required("TEMPORAL_ADDRESS", c.Temporal.Address, "host:port of the Temporal frontend")
	v.required("TEMPORAL_NAMESPACE", c.Temporal.Namespace, "the namespace for Habeas")
	if (c.Temporal.CertFile == "") != (c.Temporal.KeyFile == "") {
		v.add("TEMPORAL_CERT_FILE", "and %sTEMPORAL_KEY_FILE go together", Prefix)
	}
	v.file("TEMPORAL_CA_FILE", c.Temporal.CAFile)
	v.file("TEMPORAL_CERT_FILE", c.Temporal.CertFile)
	v.file("TEMPORAL_KEY_FILE", c.Temporal.KeyFile)
	v.required("SMTP_HOST", c.SMTP.Host, "the mail server")
	if c.SMTP.Port < 1 || c.SMTP.Port > 65535 {
		v.add("SMTP_PORT", "must be a port number")
	}
	v.oneOf("SMTP_TLS", c.SMTP.TLS, "starttls", "tls", "none")
	v.address("SMTP_FROM", c.SMTP.From)
	if c.SMTP.Grace < time.Second || c.SMTP.Grace > time.Hour {
		v.add("SMTP_GRACE", "must be between 1s and 1h")
	}
	v.address("DPO_EMAIL", c.DPOEmail.Reveal())
	for _, to := range c.Breach.OnCall {
		v.address("BREACH_ON_CALL", to.Reveal())
	}
	for _, to := range c.Breach.Management {
		v.address("BREACH_MANAGEMENT", to.Reveal())
	}
	v.required("OPERATOR_NAME", c.OperatorName, "the company's name, as letters show it")
	if len(c.DataMaps) == 0 {
		v.add("DATA_MAPS", "is missing: the files that describe where personal data lives")
	}
	for _, f := range c.DataMaps {
		v.file("DATA_MAPS", f)
	}
	v.required("SYSTEMS", c.Systems, "the file that says how to reach each system")
	v.file("SYSTEMS", c.Systems)
	v.file("RULES", c.Rules)
	v.file("HOLIDAYS", c.Holidays)
	c.Policy.validate(v)
	c.OpenDSR.validate(v)
	v.file("DRP", c.DRP)
}

func (c OpenDSR) validate(v *problems) {
	if (c.CertFile == "") != (c.KeyFile == "") {
		v.add("OPENDSR_CERT_FILE", "and %sOPENDSR_KEY_FILE go together", Prefix)
	}
	v.file("OPENDSR_CERT_FILE", c.CertFile)
	v.file("OPENDSR_KEY_FILE", c.KeyFile)
	if _, err := c.Kinds(); err != nil {
		v.add("OPENDSR_IDENTITIES", "%v", err)
	}
}

func (p Policy) validate(v *problems) {
	for name, d := range map[string]int64{
		"LAPSE_AFTER": int64(p.LapseAfter), "INSTRUCTION_REMINDER_EVERY": int64(p.InstructionEvery), "REVIEW_REMINDER_EVERY": int64(p.ReviewEvery),
		"OVERDUE_REMINDER_EVERY": int64(p.OverdueEvery), "PACKAGE_FOR": int64(p.PackageFor), "KEEP_KEYS_FOR": int64(p.KeepKeysFor),
		"DEFERRAL_SWEEP_EVERY": int64(p.SweepEvery),
	} {
		if d <= 0 {
			v.add("POLICY_"+name, "must be a length of time above zero, like 72h")
		}
	}
	for _, n := range p.RemindBefore {
		if n < 0 || n > 60 {
			v.add("POLICY_REMIND_BEFORE_DAYS", "must be days between 0 and 60")
		}
	}
}

// problems collects what is wrong, by environment variable.
type problems struct{ lines []string }

func (p *problems) add(name, format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf("%s%s %s", Prefix, name, fmt.Sprintf(format, args...)))
}

func (p *problems) required(name, value, what string) {
	if strings.TrimSpace(value) == "" {
		p.add(name, "is missing: %s", what)
	}
}

func (p *problems) oneOf(name, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.add(name, "must be one of %s", strings.Join(allowed, ", "))
	}
}

func (p *problems) address(name, value string) {
	if _, err := mail.ParseAddress(value); err != nil {
		p.add(name, "must be a mail address")
	}
}

func (p *problems) file(name, path string) {
	if path == "" {
		return
	}
	if _, err := os.Stat(path); err != nil {
		p.add(name, "names a file that cannot be read: %s", path)
	}
}

func (p *problems) url(name, value string) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.HasSuffix(value, "/") {
		p.add(name, "must be the portal's public address, like https://privacy.example.com, without a slash at its end")
	}
}

func (p *problems) err() error {
	if len(p.lines) == 0 {
		return nil
	}
	slices.Sort(p.lines)
	return models.Errorf(models.Invalid, "bad_configuration", "%s", strings.Join(slices.Compact(p.lines), "\n")).Because(errors.New("configuration"))
}
