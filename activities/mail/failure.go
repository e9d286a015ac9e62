package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/textproto"
	"syscall"

	gomail "github.com/wneessen/go-mail"

	"habeas/models"
)

// failure sorts an error of the dialogue. Only a permanent answer (5xx) to the recipient or to the message itself is final; one to the sender or to
// anything else is a fault of the set-up, and the mail goes out when that is repaired. A passing answer (4xx) to the recipient or to the message is
// about this message, whatever its detail: servers put off one recipient and all of them with the same codes. 421 ends the connection.
func failure(err error) error {
	sent, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return unavailable(err)
	}
	code := sent.ErrorCode()
	about := fmt.Errorf("%s: answer %d %s", sent.Reason, code, sent.EnhancedStatusCode()) // numbers only: servers repeat the address
	if code == 0 {
		about = fmt.Errorf("%s: no answer", sent.Reason)
	}
	switch ofMessage := aboutMessage(sent.Reason); {
	case ofMessage && code >= 500 && code <= 599:
		return models.Errorf(models.Invalid, CodeRefused, "The mail server refuses this message for good.").Because(about)
	case ofMessage && code >= 400 && code != codeClosing:
		return models.Errorf(models.Unavailable, CodeDeferred, "The mail server puts this message off; it is tried again.").Because(about)
	case ofMessage && code == 0:
		return models.Errorf(models.Unavailable, CodeBroken, "The mail server broke off while it was given this message; it is tried again.").Because(about)
	}
	return models.Errorf(models.Unavailable, CodeUnavailable, "The mail server does not take the message now; it is tried again.").Because(about)
}

// codeClosing is the answer of a server that closes the connection (RFC 5321, 3.8).
const codeClosing = 421

// aboutMessage reports whether a step of the dialogue is about the recipient or the message.
func aboutMessage(step gomail.SendErrReason) bool {
	switch step {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrWriteContent, gomail.ErrSMTPDataClose:
		return true
	}
	return false
}

// unavailable keeps of an error what says nothing about a person or an account.
func unavailable(err error) error {
	e := models.Errorf(models.Unavailable, CodeUnavailable, "The mail server cannot be reached now; it is tried again.")
	var answer *textproto.Error
	var untrusted *x509.UnknownAuthorityError
	switch {
	case errors.As(err, &answer):
		return e.Because(fmt.Errorf("answer %d", answer.Code))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return e.Because(err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return e.Because(syscall.ECONNREFUSED)
	case errors.As(err, &untrusted):
		return e.Because(errors.New("the server's certificate is not trusted"))
	}
	return e.Because(fmt.Errorf("%T", errors.Unwrap(err)))
}
