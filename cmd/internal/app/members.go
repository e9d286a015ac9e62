package app

import (
	"context"
	"time"

	"habeas/api/account"
	"habeas/cmd/internal/config"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// signIn is how people sign in to the console.
func (a *App) signIn() (account.Config, error) {
	c := a.Config.SignIn
	out := account.Config{
		KeysOff: !c.AccessKeys, SecondFactor: c.Mandatory(), MinLength: c.MinLength, MaxAge: c.MaxAge, Idle: c.Idle, Lifetime: c.Lifetime,
		FailuresPerAddress: c.FailuresPerAddress,
	}
	out.Confirm, out.ConfirmWithin = []account.Act{}, c.ConfirmWithin
	for _, act := range c.Confirmed() {
		out.Confirm = append(out.Confirm, account.Act(act))
	}
	if o := c.OIDC; o.Issuer != "" {
		out.SSO = &account.SSO{
			Name: o.Name, Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, Scopes: o.Scopes, Claim: o.Claim,
			TrustEmail: o.TrustEmail, SecondFactor: o.SecondFactor, ACR: o.ACR, Groups: o.GroupsClaim, Logout: o.Logout, CreateRole: models.Role(o.CreateRole), Domains: o.Domains,
		}
	}
	if out.SSO != nil {
		for _, one := range c.OIDC.Roles {
			group, role, _ := config.CutRole(one)
			out.SSO.Roles = append(out.SSO.Roles, account.GroupRole{Group: group, Role: role})
		}
	}
	if c.Breached == "" {
		return out, nil
	}
	var err error
	out.Breached, err = account.LoadBreached(c.Breached)
	return out, err
}

// How the one-time links of accounts are sent.
const (
	linksAtOnce = 8
	linkLease   = time.Minute
	linkIdle    = time.Second
)

// SendLinks mails invitations and links for new passwords until ctx ends. It needs no Temporal. That nobody waits for it on a page is what makes the
// answer there the same for every address.
func (a *App) SendLinks(ctx context.Context) error {
	claim := func(ctx context.Context) ([]store.LinkMail, error) {
		return a.Store.ClaimLinkMails(ctx, linksAtOnce, linkLease)
	}
	failed := func(err error) { a.log.WarnContext(ctx, "Links of accounts cannot be read", "code", codeOf(err)) }
	return eachClaimed(ctx, linkIdle, claim, failed, func(ctx context.Context, l store.LinkMail) {
		if err := a.sendLink(ctx, l); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "The link of an account was not sent", "link", l.ID.String(), "code", codeOf(err))
		}
	})
}

// sendLink sends one link and notes the outcome; what the mail server refuses for good is not tried again.
func (a *App) sendLink(ctx context.Context, l store.LinkMail) error {
	err := a.mailLink(ctx, l)
	if ctx.Err() != nil && err != nil {
		return nil // the lease runs out and another takes it
	}
	again := err != nil && models.KindOf(err) != models.Invalid
	if noted := a.Store.LinkMailed(context.WithoutCancel(ctx), l.ID, again); noted != nil {
		return noted
	}
	return err
}

func (a *App) mailLink(ctx context.Context, l store.LinkMail) error {
	head, err := a.accountHead(ctx, l.Member)
	if err != nil {
		return err
	}
	m, err := templates.AccountMail{
		MailHead: head, Invitation: l.Purpose == store.LinkInvitation, Link: a.Config.BaseURL + "/staff/link/" + l.Token,
		AskedAt: l.AskedAt, Device: l.Place.Device, Network: l.Place.Network, ExpiresAt: l.ExpiresAt,
	}.Mail()
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, l.Member.Email, m, "member-link-"+l.ID.String())
}

// accountHead begins a mail to somebody with an account, in the zone of their controller.
func (a *App) accountHead(ctx context.Context, m store.Member) (templates.MailHead, error) {
	controller, err := a.controllerOf(ctx, m)
	if err != nil {
		return templates.MailHead{}, err
	}
	zone, err := a.law.Zone(controller.Timezone)
	return templates.MailHead{Language: "en", Sender: a.Config.OperatorName, Zone: zone}, err
}

// controllerOf is the controller to whose people an account belongs.
func (a *App) controllerOf(ctx context.Context, m store.Member) (request.Controller, error) {
	if m.Role.Staff() {
		return a.Store.Operator(ctx)
	}
	return a.Store.ControllerByID(ctx, m.Scope(), m.ControllerID)
}
