package activities

import (
	"context"

	"habeas/models"
)

// CodeMailUnavailable is the code of a MailSession when the server takes nothing now, or nothing more over this connection.
const CodeMailUnavailable = "mail_unavailable"

// line is a connection to the mail server that is opened again when it is worn out.
type line struct {
	open    func(context.Context) (MailSession, error)
	session MailSession // nil when there is none
	used    bool        // the server has decided about a message over it
}

// dial opens the connection unless it is open. What open gives beside an error is no session, whatever it looks like: it cannot be closed.
func (l *line) dial(ctx context.Context) error {
	if l.session != nil {
		return nil
	}
	session, err := l.open(ctx)
	if err == nil {
		l.session, l.used = session, false
	}
	return err
}

func (l *line) hangUp() {
	if l.session != nil {
		_ = l.session.Close() //nolint:errcheck // what was taken is taken
	}
	l.session = nil
}

// wornOut hangs up after a failure and reports whether another connection may do: servers end one after a number of messages or of errors. One over
// which nothing went is no better the next time.
func (l *line) wornOut(err error) bool {
	worn := l.session != nil && l.used && models.CodeOf(err) == CodeMailUnavailable
	l.hangUp()
	return worn
}
