package app

import (
	"context"
	"time"

	"habeas/activities"
	"habeas/activities/mail"
)

// bulkGrace is how long a worker that says nothing may still be sending: longer than Temporal waits for its heartbeat.
const bulkGrace = 90 * time.Second

// bulkMail opens connections for many messages, and knows the mail server's log where one is configured.
func (a *App) bulkMail() activities.BulkMail {
	out := activities.BulkMail{Grace: bulkGrace, Open: func(ctx context.Context) (activities.MailSession, error) { return a.mail.Open(ctx) }}
	if a.Config.SMTP.Log != "" {
		out.Accepted = mail.Log{Paths: a.Config.SMTP.Log}.Accepted
	}
	return out
}
