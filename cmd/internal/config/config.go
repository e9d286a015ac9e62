package config

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"habeas/models"
)

// Config is everything that the programs can be told. Environment variables carry the prefix HABEAS_; a file has the yaml names; the
// environment overrides the file, flags override both.
type Config struct {
	DatabaseURL models.Personal `yaml:"database_url" env:"DATABASE_URL"`
	MasterKey   models.Personal `yaml:"master_key" env:"MASTER_KEY"`   // 32 bytes, base64
	SigningKey  models.Personal `yaml:"signing_key" env:"SIGNING_KEY"` // Ed25519 seed, base64

	BaseURL        string   `yaml:"base_url" env:"BASE_URL"` // public address of the portal
	Listen         string   `yaml:"listen" env:"LISTEN"`
	TrustedProxies []string `yaml:"trusted_proxies" env:"TRUSTED_PROXIES"`   // CIDR ranges whose X-Forwarded-For is believed
	PostsPerMinute int      `yaml:"posts_per_minute" env:"POSTS_PER_MINUTE"` // that one client address may send; an office shares one
	CallsPerMinute int      `yaml:"calls_per_minute" env:"CALLS_PER_MINUTE"` // that one access key may make to the JSON interface

	OperatorName string          `yaml:"operator_name" env:"OPERATOR_NAME"`
	DPOEmail     models.Personal `yaml:"dpo_email" env:"DPO_EMAIL"`

	DataMaps []string `yaml:"data_maps" env:"DATA_MAPS"` // files
	Systems  string   `yaml:"systems" env:"SYSTEMS"`     // file: how to reach each system
	Rules    string   `yaml:"rules" env:"RULES"`         // file of the deployment's own retention rules
	Holidays string   `yaml:"holidays" env:"HOLIDAYS"`   // file of local days on which nobody works

	Temporal Temporal `yaml:"temporal" envPrefix:"TEMPORAL_"`
	SMTP     SMTP     `yaml:"smtp" envPrefix:"SMTP_"`
	Policy   Policy   `yaml:"policy" envPrefix:"POLICY_"`
	Breach   Breach   `yaml:"breach" envPrefix:"BREACH_"`
	OpenDSR  OpenDSR  `yaml:"opendsr" envPrefix:"OPENDSR_"`
	DRP      string   `yaml:"drp" env:"DRP"` // file: agents and businesses of the Data Rights Protocol; without it, it is not spoken
	SignIn   SignIn   `yaml:"signin" envPrefix:"SIGNIN_"`
	Log      Log      `yaml:"log" envPrefix:"LOG_"`
}

// Temporal says how to reach the Temporal service.
type Temporal struct {
	Address   string          `yaml:"address" env:"ADDRESS"`
	Namespace string          `yaml:"namespace" env:"NAMESPACE"`
	TLS       bool            `yaml:"tls" env:"TLS"`
	CAFile    string          `yaml:"ca_file" env:"CA_FILE"`
	CertFile  string          `yaml:"cert_file" env:"CERT_FILE"`
	KeyFile   string          `yaml:"key_file" env:"KEY_FILE"`
	APIKey    models.Personal `yaml:"api_key" env:"API_KEY"`
}

// SMTP says how to send mail.
type SMTP struct {
	Host     string          `yaml:"host" env:"HOST"`
	Port     int             `yaml:"port" env:"PORT"`
	TLS      string          `yaml:"tls" env:"TLS"` // starttls, tls, none
	User     string          `yaml:"user" env:"USER"`
	Password models.Personal `yaml:"password" env:"PASSWORD"`
	From     string          `yaml:"from" env:"FROM"`
	Log      string          `yaml:"log" env:"LOG"` // pattern of the mail server's log files, by which a crash loses and doubles no mail of many
	// Grace is after how long the messages that a worker has claimed and not reported are settled by that log: long enough for the server to
	// have written down what it has taken.
	Grace time.Duration `yaml:"grace" env:"GRACE"`
}

// Policy is what the operator may choose within the law.
type Policy struct {
	ApproveUndecided bool          `yaml:"approve_undecided" env:"APPROVE_UNDECIDED"` // a plan with nothing to decide needs no click
	LapseAfter       time.Duration `yaml:"lapse_after" env:"LAPSE_AFTER"`
	RemindBefore     []int         `yaml:"remind_before_days" env:"REMIND_BEFORE_DAYS"`
	InstructionEvery time.Duration `yaml:"instruction_reminder_every" env:"INSTRUCTION_REMINDER_EVERY"`
	ReviewEvery      time.Duration `yaml:"review_reminder_every" env:"REVIEW_REMINDER_EVERY"`
	OverdueEvery     time.Duration `yaml:"overdue_reminder_every" env:"OVERDUE_REMINDER_EVERY"`
	PackageFor       time.Duration `yaml:"package_for" env:"PACKAGE_FOR"`
	KeepKeysFor      time.Duration `yaml:"keep_keys_for" env:"KEEP_KEYS_FOR"`
	SweepEvery       time.Duration `yaml:"deferral_sweep_every" env:"DEFERRAL_SWEEP_EVERY"`
	PrivateWebhooks  []string      `yaml:"private_webhook_hosts" env:"PRIVATE_WEBHOOK_HOSTS"` // host:port that may be inside the network
}

// Breach says who is told of breaches.
type Breach struct {
	OnCall     []models.Personal `yaml:"on_call" env:"ON_CALL"`       // mail addresses of who hears alarms first; the DPO when left out
	Management []models.Personal `yaml:"management" env:"MANAGEMENT"` // and of who hears those that nobody has heard
}

// OpenDSR says how the installation answers as an OpenDSR processor; without a key it does not.
type OpenDSR struct {
	KeyFile    string   `yaml:"key_file" env:"KEY_FILE"`     // RSA of 2048 bits or more, or ECDSA, in PEM
	CertFile   string   `yaml:"cert_file" env:"CERT_FILE"`   // issued to the domain by an authority that controllers trust, with the intermediate ones
	Domain     string   `yaml:"domain" env:"DOMAIN"`         // the host of the base URL when left out
	Identities []string `yaml:"identities" env:"IDENTITIES"` // type=kind: which of the data maps' kinds of identity a type of the protocol is
}

// DomainOf is the processor's domain, given the installation's base URL.
func (c OpenDSR) DomainOf(base string) string {
	if c.Domain != "" {
		return c.Domain
	}
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Kinds are the data maps' kinds of identity by the protocol's types. E-mail is always one.
func (c OpenDSR) Kinds() (map[string]string, error) {
	out := map[string]string{"email": "email"}
	for _, pair := range c.Identities {
		typ, kind, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || typ == "" || kind == "" {
			return nil, errors.New("must be like controller_customer_id=customer_number,android_id=device")
		}
		out[typ] = kind
	}
	return out, nil
}

// Log says what is written to standard error.
type Log struct {
	Level  string `yaml:"level" env:"LEVEL"`   // debug, info, warn, error
	Format string `yaml:"format" env:"FORMAT"` // json, text
}

// Default is the configuration before anything is loaded.
func Default() Config {
	day := 24 * time.Hour
	return Config{
		Listen: "127.0.0.1:8080", PostsPerMinute: 20, CallsPerMinute: 1200,
		Temporal: Temporal{Address: "127.0.0.1:7233", Namespace: "habeas"},
		SMTP:     SMTP{Port: 587, TLS: "starttls", Grace: 90 * time.Second},
		Policy: Policy{
			LapseAfter: 30 * day, RemindBefore: []int{14, 7, 3, 1, 0}, InstructionEvery: 5 * day, ReviewEvery: 3 * day, OverdueEvery: day,
			PackageFor: 14 * day, KeepKeysFor: 90 * day, SweepEvery: time.Hour,
		},
		SignIn: defaultSignIn(),
		Log:    Log{Level: "info", Format: "json"},
	}
}
