package redis

import (
	"context"
	"errors"
	"net"
	"strings"

	driver "github.com/redis/go-redis/v9"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// failed maps an error of the system; the caller's own comes back as it is, and ErrStop as none.
func (s *System) failed(ctx context.Context, err error, node *datamap.Node) error {
	if errors.Is(err, connectors.ErrStop) {
		return nil
	}
	if y, ok := errors.AsType[connectors.YieldError](err); ok {
		return y.Err
	}
	return s.wrap(ctx, err, node.Address.String())
}

// wrap says what a failure means, in the words of the map. Of the server's own message only the first word is kept, since the rest may
// quote a key.
func (s *System) wrap(ctx context.Context, err error, where string) error {
	var known *models.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
		return cause
	}
	if where != "" {
		where = " at " + where
	}
	kind, code, text := models.Unavailable, connectors.CodeUnavailable, "does not answer"
	cause := errors.New("no answer")
	var timeout net.Error
	var reply driver.Error
	switch {
	case errors.Is(err, driver.TxFailedErr):
		code, text = connectors.CodeBusy, "changes a key faster than it can be written; nothing of it was changed"
	case errors.As(err, &reply):
		var word string
		kind, code, text, word = meaning(reply.Error())
		cause = errors.New(word)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrPoolTimeout):
		code, text = connectors.CodeBusy, "is too slow"
	case strings.Contains(err.Error(), "certificate"):
		text = "does not prove who it is by a certificate that is trusted"
	}
	return models.Errorf(kind, code, "The system %s %s%s.", s.name, text, where).Because(cause)
}

// meaning reads a reply's first word; what was wrong within a transaction stands behind another.
func meaning(reply string) (models.Kind, string, string, string) {
	reply = strings.TrimPrefix(reply, "EXECABORT Transaction discarded because of: ")
	word, _, _ := strings.Cut(reply, " ")
	switch word {
	case "WRONGPASS", "NOAUTH":
		return models.Forbidden, connectors.CodeCredentials, "does not accept the account or its password", word
	case "NOPERM":
		return models.Forbidden, connectors.CodeRefused, "refuses the rights that are needed", word
	case "READONLY":
		return models.Conflict, connectors.CodeReadOnly, "is read-only; nothing was changed", word
	case "OOM":
		return models.Unavailable, connectors.CodeBusy, "has no memory left to write", word
	case "LOADING":
		return models.Unavailable, connectors.CodeBusy, "is still loading its data", word
	case "BUSY", "TRYAGAIN", "NOREPLICAS":
		return models.Unavailable, connectors.CodeBusy, "is busy", word
	case "MASTERDOWN", "CLUSTERDOWN":
		return models.Unavailable, connectors.CodeUnavailable, "is cut off from its source", word
	case "MOVED", "ASK", "CROSSSLOT":
		return models.Unsupported, connectors.CodeUnsupported, "is a node of a cluster, which holds only a part of the keys", word
	case "WRONGTYPE":
		return models.Invalid, connectors.CodeMismatch, "has keys of another type than the data map expects", word
	}
	if strings.HasPrefix(reply, "ERR invalid password") || strings.HasPrefix(reply, "ERR AUTH") {
		return models.Forbidden, connectors.CodeCredentials, "does not accept the account or its password", word
	}
	return models.Unavailable, connectors.CodeFailed, "failed", word
}

func mismatch(format string, args ...any) error {
	return models.Errorf(models.Invalid, connectors.CodeMismatch, format, args...)
}
