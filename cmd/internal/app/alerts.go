package app

import (
	"context"
	"strings"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// SendAlerts mails people what concerns the safety of their accounts until ctx ends. It needs no Temporal. A mail that was sent and not noted is sent
// again under the same Message-ID.
func (a *App) SendAlerts(ctx context.Context) error {
	claim := func(ctx context.Context) ([]store.MemberAlert, error) {
		return a.Store.ClaimMemberAlerts(ctx, linksAtOnce, linkLease)
	}
	failed := func(err error) { a.log.WarnContext(ctx, "Mails about accounts cannot be read", "code", codeOf(err)) }
	return eachClaimed(ctx, linkIdle, claim, failed, func(ctx context.Context, alert store.MemberAlert) {
		if err := a.sendAlert(ctx, alert); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "A mail about an account was not sent", "alert", alert.ID.String(), "code", codeOf(err))
		}
	})
}

// sendAlert sends one mail and notes the outcome; what the mail server refuses for good is not tried again.
func (a *App) sendAlert(ctx context.Context, alert store.MemberAlert) error {
	err := a.mailAlert(ctx, alert)
	if ctx.Err() != nil && err != nil {
		return nil // the lease runs out and another takes it
	}
	again := err != nil && models.KindOf(err) != models.Invalid
	if noted := a.Store.MemberAlerted(context.WithoutCancel(ctx), alert.ID, again); noted != nil {
		return noted
	}
	return err
}

func (a *App) mailAlert(ctx context.Context, alert store.MemberAlert) error {
	head, err := a.accountHead(ctx, alert.Member)
	if err != nil {
		return err
	}
	m, err := templates.AlertMail{
		MailHead: head, Kind: alert.Kind, At: alert.At, Times: alert.Times, Device: alert.Place.Device, Network: alert.Place.Network,
		Factor: alert.Facts["factor"], Codes: alert.Facts["kind"] == string(store.AttemptCode), Left: alert.Facts["left"], Key: alert.Key, Console: a.Config.BaseURL + "/staff",
		From: models.Role(alert.Facts["from"]), To: models.Role(alert.Facts["to"]), SSO: strings.HasPrefix(alert.Facts["method"], "sso"),
	}.Mail()
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, alert.Member.Email, m, "member-alert-"+alert.ID.String())
}
