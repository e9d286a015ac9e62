package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/labstack/echo/v4"
	"golang.org/x/oauth2"

	"habeas/models"
	"habeas/models/member"
	"habeas/models/store"
)

// SSO is an identity provider that speaks OpenID Connect.
type SSO struct {
	Name         string // on the button
	Issuer       string
	ClientID     string
	ClientSecret models.Personal
	Scopes       []string    // besides openid
	Claim        string      // that holds the mail address; "email" when empty
	TrustEmail   bool        // the provider vouches for every address, and does not say email_verified
	SecondFactor bool        // the provider asks for a second factor, and ours is not asked for
	ACR          []string    // values of acr that are asked for, and that say that a second factor was asked for
	Groups       string      // claim that lists groups or roles; "groups" when empty
	Roles        []GroupRole // roles of staff by group, the first that fits; none: roles are given here
	Logout       bool        // offer to sign out at the provider too
	CreateRole   models.Role // of an account that is made for whoever has none; empty makes none
	Domains      []string    // of mail addresses for which one is made
}

// GroupRole gives people of a group a role of staff.
type GroupRole struct {
	Group string
	Role  models.Role
}

// provider is the identity provider, found when it is first needed: the service starts without it.
type provider struct {
	SSO
	redirect string
	client   *http.Client

	mu    sync.Mutex
	found *oidc.Provider
}

func newProvider(s *SSO, base *url.URL) (*provider, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // no single sign-on is configured
	}
	p := &provider{SSO: *s, redirect: base.Scheme + "://" + base.Host + "/staff/login/sso/callback", client: &http.Client{Timeout: 10 * time.Second}}
	if p.Claim == "" {
		p.Claim = "email"
	}
	if p.Groups == "" {
		p.Groups = "groups"
	}
	for _, one := range p.Roles {
		if one.Group == "" || !slices.Contains(member.Staff(), one.Role) {
			return nil, models.Errorf(models.Invalid, "bad_sso", "Groups of the identity provider give roles of staff only.")
		}
	}
	if p.CreateRole != "" && (!slices.Contains(member.Staff(), p.CreateRole) || len(p.Domains) == 0) {
		return nil, models.Errorf(models.Invalid, "bad_sso", "Accounts are made for a role of staff and for named mail domains only.")
	}
	return p, nil
}

func (p *provider) discover() (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The provider keeps the context for its keys: it must outlive the call.
	found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.client), p.Issuer)
	if err != nil {
		return nil, models.Errorf(models.Unavailable, "sso_unavailable", "The identity provider does not answer; try again, or sign in with a password.").Because(err)
	}
	p.found = found
	return found, nil
}

func (p *provider) config(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(), Endpoint: found.Endpoint(), RedirectURL: p.redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
}

// visit is what the session remembers of a visit to the provider.
type visit struct{ State, Nonce, Verifier string }

func (a *Account) noSSO() error {
	if a.sso != nil {
		return nil
	}
	return models.Errorf(models.NotFound, "not_found", "There is no single sign-on here.")
}

// visitProvider sends somebody to the identity provider.
func (a *Account) visitProvider(c echo.Context) error {
	if err := a.noSSO(); err != nil {
		return err
	}
	found, err := a.sso.discover()
	if err != nil {
		return err
	}
	v := visit{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	a.sessions.Put(c.Request().Context(), keySSO, b)
	options := []oauth2.AuthCodeOption{oidc.Nonce(v.Nonce), oauth2.S256ChallengeOption(v.Verifier)}
	if len(a.sso.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(a.sso.ACR, " ")))
	}
	return c.Redirect(http.StatusSeeOther, a.sso.config(found).AuthCodeURL(v.State, options...))
}

// fromProvider signs in whom the identity provider vouches for.
func (a *Account) fromProvider(c echo.Context) error {
	if err := a.noSSO(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	var v visit
	b := a.sessions.PopBytes(ctx, keySSO) // each visit ends with the first answer
	if b == nil || json.Unmarshal(b, &v) != nil || subtle.ConstantTimeCompare([]byte(v.State), []byte(c.QueryParam("state"))) != 1 || c.QueryParam("code") == "" {
		return c.Redirect(http.StatusSeeOther, "/staff/login?note=sso")
	}
	claims, err := a.sso.redeem(ctx, c.QueryParam("code"), v)
	if err != nil {
		if models.KindOf(err) == models.Unauthenticated {
			return c.Redirect(http.StatusSeeOther, "/staff/login?note=sso")
		}
		return err
	}
	m, err := a.memberOf(ctx, claims)
	if err == nil {
		m, err = a.withRole(ctx, m, claims.groups)
	}
	switch models.CodeOf(err) {
	case "not_found", "sso_bound", "member_inactive":
		return c.Redirect(http.StatusSeeOther, "/staff/login?note=stranger")
	case "sso_no_role":
		return c.Redirect(http.StatusSeeOther, "/staff/login?note=no_role")
	}
	if err != nil {
		return err
	}
	return a.passed(c, m, "sso", a.sso.strong(claims))
}

// strong reports whether the provider asked for a second factor: because it always does, or because it says so in amr or acr (OpenID Connect Core 2).
func (p *provider) strong(c claims) bool {
	return p.SecondFactor || slices.Contains(c.methods, "mfa") || (c.acr != "" && slices.Contains(p.ACR, c.acr))
}

// withRole gives a member of staff the role of their groups, where groups give roles: what they are at the provider counts at each sign-in. It fails with
// sso_no_role for whoever is in no such group. A customer's people are managed by their administrators.
func (a *Account) withRole(ctx context.Context, m store.Member, groups []string) (store.Member, error) {
	if len(a.sso.Roles) == 0 || !m.Role.Staff() {
		return m, nil
	}
	role := a.sso.roleOf(groups)
	if role == "" {
		return m, models.Errorf(models.Forbidden, "sso_no_role", "The identity provider names no group that may sign in here.")
	}
	if role == m.Role {
		return m, nil
	}
	if err := a.Store.ChangeMemberRole(ctx, models.ScopeOperator(), models.System(), m.ID, role); err != nil {
		return m, err
	}
	return a.Store.ActiveMember(ctx, m.ID)
}

// roleOf is the role of the first group of the table that somebody is in, or "".
func (p *provider) roleOf(groups []string) models.Role {
	for _, one := range p.Roles {
		if slices.Contains(groups, one.Group) {
			return one.Role
		}
	}
	return ""
}

// signOutThere is where somebody ends their session at the provider (RP-Initiated Logout 1.0), or "". The token that could be named there is not kept,
// since it holds personal data; the provider may ask the person.
func (a *Account) signOutThere() string {
	if a.sso == nil || !a.sso.Logout {
		return ""
	}
	found, err := a.sso.discover()
	if err != nil {
		return "" // a provider that is away cannot be signed out of
	}
	var says struct {
		End string `json:"end_session_endpoint"`
	}
	if found.Claims(&says) != nil || says.End == "" {
		return ""
	}
	to, err := url.Parse(says.End)
	if err != nil || (to.Scheme != "https" && to.Scheme != "http") {
		return ""
	}
	q := to.Query()
	q.Set("client_id", a.sso.ClientID)
	q.Set("post_logout_redirect_uri", a.Base.Scheme+"://"+a.Base.Host+"/staff/login")
	to.RawQuery = q.Encode()
	return to.String()
}

// claims are what the identity provider says of somebody.
type claims struct {
	issuer, subject string
	email           models.Personal // empty unless the provider vouches for it
	name            models.Personal
	methods         []string // RFC 8176
	acr             string
	groups          []string
}

// redeem exchanges a code for what the provider says. It fails with bad_sso_answer, and says nothing of what was wrong, since it may quote a token.
func (p *provider) redeem(ctx context.Context, code string, v visit) (claims, error) {
	bad := models.Errorf(models.Unauthenticated, "bad_sso_answer", "The identity provider's answer was not accepted.")
	found, err := p.discover() //nolint:contextcheck // what it finds outlives the call
	if err != nil {
		return claims{}, err
	}
	token, err := p.config(found).Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(v.Verifier))
	if err != nil {
		return claims{}, bad
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return claims{}, bad
	}
	// The provider's clock is the world's, whatever ours has been set to for a trial.
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(oidc.ClientContext(ctx, p.client), raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(v.Nonce)) != 1 || id.Subject == "" {
		return claims{}, bad
	}
	var all map[string]any
	if err := id.Claims(&all); err != nil {
		return claims{}, bad
	}
	return p.read(id, all), nil
}

func (p *provider) read(id *oidc.IDToken, all map[string]any) claims {
	out := claims{issuer: id.Issuer, subject: id.Subject}
	text := func(name string) string {
		s, ok := all[name].(string)
		if !ok {
			return ""
		}
		return s
	}
	if verified, ok := all["email_verified"].(bool); p.TrustEmail || (ok && verified) {
		out.email = member.Address(models.Personal(text(p.Claim)))
	}
	out.name = models.Personal(text("name"))
	out.methods, out.groups, out.acr = texts(all["amr"]), texts(all[p.Groups]), text("acr")
	return out
}

// texts are the texts of a claim: a list, or a single one.
func texts(claim any) (out []string) {
	if one, ok := claim.(string); ok {
		return []string{one}
	}
	list, ok := claim.([]any)
	if !ok {
		return nil
	}
	for _, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// memberOf is the account of whom the provider vouches for: the one bound to its subject, or else the one of the mail address, which is bound by it. It
// fails with not_found for a stranger.
func (a *Account) memberOf(ctx context.Context, who claims) (store.Member, error) {
	m, err := a.Store.MemberBySSO(ctx, who.issuer, who.subject)
	if err != nil || !m.ID.IsZero() {
		return m, err
	}
	stranger := models.Errorf(models.NotFound, "not_found", "There is no account for this person.")
	if who.email == "" {
		return store.Member{}, stranger
	}
	m, err = a.Store.BindSSO(ctx, who.issuer, who.subject, who.email)
	role := a.sso.newRole(who.groups)
	if models.CodeOf(err) != "not_found" || role == "" || !a.sso.mayCreate(who.email) {
		return m, err
	}
	name := who.name
	if name == "" {
		name = who.email
	}
	if _, _, err := a.Store.InviteFirst(ctx, store.MemberSpec{Role: role, Name: name, Email: who.email}); err != nil {
		return store.Member{}, err
	}
	return a.Store.BindSSO(ctx, who.issuer, who.subject, who.email)
}

// newRole is the role of an account that is made for somebody, or "" for none: that of their groups where groups give roles.
func (p *provider) newRole(groups []string) models.Role {
	if p.CreateRole == "" || len(p.Roles) == 0 {
		return p.CreateRole
	}
	return p.roleOf(groups)
}

func (p *provider) mayCreate(email models.Personal) bool {
	_, domain, _ := strings.Cut(email.Reveal(), "@")
	return slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}
