package models

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an Error is; the API maps it to an HTTP status and an activity to a retry decision.
type Kind string

const (
	// Invalid is input that breaks a rule; trying again with the same input cannot help.
	Invalid Kind = "invalid"
	// Unauthenticated is a caller who has not shown who they are.
	Unauthenticated Kind = "unauthenticated"
	// Forbidden is a known caller who lacks the right.
	Forbidden Kind = "forbidden"
	// NotFound is something that does not exist or belongs to somebody else.
	NotFound Kind = "not_found"
	// Conflict is a state that changed since the caller looked.
	Conflict Kind = "conflict"
	// TooMany is a limit reached; trying again later may help.
	TooMany Kind = "too_many"
	// Unavailable is a system that does not answer now; trying again may help.
	Unavailable Kind = "unavailable"
	// Unsupported is something that no code here can do; a person must.
	Unsupported Kind = "unsupported"
)

// Error is a failure with a stable code and a sentence that is safe to show to anyone: it never holds personal data,
// the submitted value or an inner error's text. Err is for the log.
type Error struct {
	Kind    Kind
	Code    string // stable, snake_case, e.g. "plan_changed"
	Message string // one sentence that says what to do
	Field   string // JSON pointer or form field at fault; empty when there is none
	Err     error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error from its kind, its stable code and a safe sentence.
func Errorf(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns a copy of e that names the field at fault.
func (e *Error) At(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Because returns a copy of e that wraps err.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// CodeOf is the code of the first Error in err's chain, or "internal" when there is none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return "internal"
}

// MessageOf is the sentence of the first Error in err's chain, which says nothing of anyone; otherwise when there is none.
func MessageOf(err error, otherwise string) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return otherwise
}

// KindOf is the kind of the first Error in err's chain, or "" when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}
