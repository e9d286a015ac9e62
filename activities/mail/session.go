package mail

import (
	"context"
	"errors"
	"net"
	"slices"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"habeas/models"
	"habeas/templates"
)

// Session is an open connection over which many messages go. It is for one goroutine, and is worth nothing after an error of kind Unavailable other
// than CodeDeferred.
type Session struct {
	sender     *Sender
	client     *gomail.Client
	smtp       *smtp.Client
	connection net.Conn
}

// Open connects to the server. Its errors are those of Send.
func (s *Sender) Open(ctx context.Context) (*Session, error) {
	out := &Session{sender: s}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := s.dial(ctx, network, address)
		if err == nil {
			out.connection = c
		}
		return c, err
	}
	var err error
	out.client, err = gomail.NewClient(s.config.Host, append(slices.Clone(s.options), gomail.WithDialContextFunc(dial))...)
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_config", "The mail configuration is wrong.").Because(err)
	}
	out.smtp, err = out.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		if out.connection != nil {
			out.connection.Close() //nolint:errcheck // nothing was sent
		}
		return nil, unavailable(err)
	}
	return out, nil
}

// Send is Sender.Send over the session's connection. An Unavailable error may mean that the message was taken all the same, when the connection
// broke before the server's last word: uncertain says so.
func (o *Session) Send(ctx context.Context, to models.Personal, m templates.Mail, key string) (uncertain bool, err error) {
	message, err := o.sender.compose(to, m, key)
	if err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { o.connection.Close() }) //nolint:errcheck // ends a dialogue that nobody waits for
	defer stop()
	err = o.client.SendWithSMTPClient(o.smtp, message)
	if message.IsDelivered() {
		return false, nil
	}
	sent, ok := errors.AsType[*gomail.SendError](err)
	uncertain = ok && sent.Reason == gomail.ErrSMTPDataClose && sent.ErrorCode() == 0
	if ok && sent.Reason == gomail.ErrSMTPData && sent.ErrorCode() != 0 { // go-mail leaves the server with a sender and a recipient
		_ = o.client.ResetWithSMTPClient(o.smtp) //nolint:errcheck // if the connection has broken, the next message says so
	}
	return uncertain, failure(err)
}

// Close says goodbye.
func (o *Session) Close() error {
	_ = o.client.CloseWithSMTPClient(o.smtp) //nolint:errcheck // what was taken is taken
	_ = o.connection.Close()                 //nolint:errcheck // it may be closed already
	return nil
}
