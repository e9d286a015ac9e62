package app

import (
	"context"

	"habeas/activities"
	"habeas/activities/mail"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// codes mails the one-time codes of packages.
type codes struct{ app *App }

func (a *App) openMail(context.Context) error {
	c := a.Config.SMTP
	sender, err := mail.New(mail.Config{
		Host: c.Host, Port: c.Port, TLS: mail.TLS(c.TLS), User: c.User, Password: c.Password.Reveal(), From: c.From, Name: a.Config.OperatorName,
	})
	a.mail = sender
	return err
}

// SendPackageCode mails the one-time code of a package while its person waits on the page.
func (l codes) SendPackageCode(ctx context.Context, c store.PackageCode) error {
	req, err := l.app.Store.Request(ctx, models.ScopeOperator(), c.RequestID)
	if err != nil {
		return err
	}
	controller, err := l.app.Store.ControllerByID(ctx, models.ScopeOperator(), req.ControllerID)
	if err != nil {
		return err
	}
	zone, err := l.app.law.Zone(controller.Timezone)
	if err != nil {
		return err
	}
	head := templates.MailHead{Language: c.Language, Sender: c.Controller, Reference: c.Reference, Zone: zone}
	switch b, err := l.app.Store.BrandByID(ctx, controller.ID); {
	case err == nil:
		head.Look = activities.LookOf(b)
	case codeOf(err) != "not_found":
		return err
	}
	m, err := templates.PackageCodeMail{
		MailHead: head,
		Code:     c.Code[:4] + "-" + c.Code[4:], ExpiresAt: c.ExpiresAt,
	}.Mail()
	if err != nil {
		return err
	}
	return l.app.mail.Send(ctx, c.To, m, "package-code-"+c.RequestID.String()+"-"+c.ExpiresAt.Format("20060102150405"))
}
