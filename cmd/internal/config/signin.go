package config

import (
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/member"
)

// SignIn says how people sign in to the console.
type SignIn struct {
	AccessKeys         bool          `yaml:"access_keys" env:"ACCESS_KEYS"`     // open the console too; for trying it out, and before the first account
	SecondFactor       []string      `yaml:"second_factor" env:"SECOND_FACTOR"` // roles that must have one, or none
	MinLength          int           `yaml:"min_length" env:"MIN_LENGTH"`       // of passwords
	Breached           string        `yaml:"breached_passwords" env:"BREACHED_PASSWORDS"`
	MaxAge             time.Duration `yaml:"password_max_age" env:"PASSWORD_MAX_AGE"` // zero asks nobody to change a good password
	Idle               time.Duration `yaml:"idle" env:"IDLE"`
	Lifetime           time.Duration `yaml:"lifetime" env:"LIFETIME"`
	FailuresPerAddress int           `yaml:"failures_per_address" env:"FAILURES_PER_ADDRESS"` // within a quarter of an hour, of one network at all accounts
	Confirm            []string      `yaml:"confirm" env:"CONFIRM"`                           // acts before which people show once more who they are, or none
	ConfirmWithin      time.Duration `yaml:"confirm_within" env:"CONFIRM_WITHIN"`             // unless they did within
	OIDC               OIDC          `yaml:"oidc" envPrefix:"OIDC_"`
}

// OIDC is an identity provider for single sign-on; without an issuer there is none.
type OIDC struct {
	Name         string          `yaml:"name" env:"NAME"` // on the button
	Issuer       string          `yaml:"issuer" env:"ISSUER"`
	ClientID     string          `yaml:"client_id" env:"CLIENT_ID"`
	ClientSecret models.Personal `yaml:"client_secret" env:"CLIENT_SECRET"`
	Scopes       []string        `yaml:"scopes" env:"SCOPES"`
	Claim        string          `yaml:"claim" env:"CLAIM"`                 // that holds the mail address
	TrustEmail   bool            `yaml:"trust_email" env:"TRUST_EMAIL"`     // the provider vouches for every address and does not say email_verified
	SecondFactor bool            `yaml:"second_factor" env:"SECOND_FACTOR"` // the provider asks for one
	ACR          []string        `yaml:"acr" env:"ACR"`                     // values of acr that are asked for, and that say that it did
	GroupsClaim  string          `yaml:"groups_claim" env:"GROUPS_CLAIM"`   // that lists the groups or roles of a person
	Roles        []string        `yaml:"roles" env:"ROLES"`                 // of staff by group, as group=role; the first that fits
	Logout       bool            `yaml:"logout" env:"LOGOUT"`               // offer to sign out there too
	CreateRole   string          `yaml:"create_role" env:"CREATE_ROLE"`     // of an account made for whoever has none
	Domains      []string        `yaml:"domains" env:"DOMAINS"`             // of mail addresses for which one is made
}

// defaultSignIn is the configuration before anything is loaded.
func defaultSignIn() SignIn {
	return SignIn{
		AccessKeys: true, SecondFactor: []string{string(models.RoleDPO), string(models.RoleOperator), string(models.RoleHandler)}, MinLength: 12,
		FailuresPerAddress: 50, Confirm: []string{"members", "keys", "webhooks", "contracts", "letters"}, ConfirmWithin: 10 * time.Minute,
		Idle: 30 * time.Minute, Lifetime: 12 * time.Hour, OIDC: OIDC{Name: "single sign-on", Scopes: []string{"profile", "email"}, Claim: "email", GroupsClaim: "groups", Logout: true},
	}
}

// Mandatory are the roles that must have a second factor; empty and not nil for none.
func (s SignIn) Mandatory() []models.Role {
	out := []models.Role{}
	for _, name := range s.SecondFactor {
		if name != "none" {
			out = append(out, models.Role(name))
		}
	}
	return out
}

// Confirmed are the acts before which people show once more who they are; empty and not nil for none.
func (s SignIn) Confirmed() []string {
	return slices.DeleteFunc(append([]string{}, s.Confirm...), func(act string) bool { return act == "none" })
}

func (s SignIn) validate(v *problems) {
	known := append(member.Staff(), member.Customers()...)
	for _, role := range s.Mandatory() {
		if !slices.Contains(known, role) {
			v.add("SIGNIN_SECOND_FACTOR", "holds %q, which is no role of people; use none for no role", role)
		}
	}
	if s.MinLength < 8 || s.MinLength > 64 {
		v.add("SIGNIN_MIN_LENGTH", "must be between 8 and 64")
	}
	v.file("SIGNIN_BREACHED_PASSWORDS", s.Breached)
	if s.MaxAge < 0 {
		v.add("SIGNIN_PASSWORD_MAX_AGE", "must be a length of time, or 0 for none")
	}
	if s.Idle < time.Minute || s.Lifetime < s.Idle {
		v.add("SIGNIN_IDLE", "must be a minute or more, and %sSIGNIN_LIFETIME not less", Prefix)
	}
	acts := []string{"members", "keys", "webhooks", "contracts", "letters", "decisions"}
	for _, act := range s.Confirmed() {
		if !slices.Contains(acts, act) {
			v.add("SIGNIN_CONFIRM", "holds %q; it may hold %s, or be none", act, strings.Join(acts, ", "))
		}
	}
	if s.FailuresPerAddress < 5 || s.FailuresPerAddress > 10_000 {
		v.add("SIGNIN_FAILURES_PER_ADDRESS", "must be between 5 and 10000")
	}
	if s.ConfirmWithin < time.Minute {
		v.add("SIGNIN_CONFIRM_WITHIN", "must be a minute or more")
	}
	s.OIDC.validate(v)
}

// CutRole takes group=role apart; a group may hold an equals sign, as names in a directory do.
func CutRole(s string) (group string, role models.Role, ok bool) {
	at := strings.LastIndex(s, "=")
	if at < 0 {
		return "", "", false
	}
	return strings.TrimSpace(s[:at]), models.Role(strings.TrimSpace(s[at+1:])), true
}

func (o OIDC) validate(v *problems) {
	if o.Issuer == "" {
		return
	}
	v.url("SIGNIN_OIDC_ISSUER", o.Issuer)
	v.required("SIGNIN_OIDC_CLIENT_ID", o.ClientID, "as the identity provider calls this service")
	for _, one := range o.Roles {
		if group, role, ok := CutRole(one); !ok || group == "" || !slices.Contains(member.Staff(), role) {
			v.add("SIGNIN_OIDC_ROLES", "holds %q; write group=role with a role of staff", one)
		}
	}
	if o.CreateRole == "" {
		return
	}
	if !slices.Contains(member.Staff(), models.Role(o.CreateRole)) {
		v.add("SIGNIN_OIDC_CREATE_ROLE", "must be a role of staff")
	}
	if len(o.Domains) == 0 {
		v.add("SIGNIN_OIDC_DOMAINS", "is missing: the mail domains for whose people accounts are made")
	}
}
