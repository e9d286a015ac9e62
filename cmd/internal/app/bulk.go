package app

import (
	"context"

	"habeas/activities"
	"habeas/activities/mail"
)

// bulkMail opens connections for many messages, and knows the mail server's log where one is configured.
func (a *App) bulkMail() activities.BulkMail {
	out := activities.BulkMail{Grace: a.Config.SMTP.Grace, Open: func(ctx context.Context) (activities.MailSession, error) { return a.mail.Open(ctx) }}
	if a.Config.SMTP.Log != "" {
		out.Accepted = mail.Log{Paths: a.Config.SMTP.Log}.Accepted
	}
	return out
}
