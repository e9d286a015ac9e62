package localfiles

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"habeas/activities/connectors"
	"habeas/models"
)

// wrap says what a failure means. The system's own message names a path, and is reduced to its reason.
func (s *Store) wrap(err error) error {
	var known *models.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	kind, code, text := models.Unavailable, connectors.CodeFailed, "failed"
	switch {
	case errors.Is(err, syscall.EROFS):
		kind, code, text = models.Conflict, connectors.CodeReadOnly, "is read-only; nothing was changed"
	case errors.Is(err, fs.ErrPermission):
		kind, code, text = models.Forbidden, connectors.CodeRefused, "refuses the rights that are needed"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		kind, code, text = models.Unavailable, connectors.CodeUnavailable, "has no room for the new file; nothing was changed"
	case errors.Is(err, errors.ErrUnsupported):
		kind, code, text = models.Unsupported, connectors.CodeUnsupported, "keeps no attributes of files"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EIO), errors.Is(err, syscall.ESTALE), notDirectory(err):
		kind, code, text = models.Unavailable, connectors.CodeUnavailable, "does not answer"
	}
	e := models.Errorf(kind, code, "The system %s %s.", s.name, text)
	if reason, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Because(reason)
	}
	return e
}

func notDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
