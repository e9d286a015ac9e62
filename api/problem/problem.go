package problem

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/models"
)

// Problem is an RFC 9457 problem with our extensions code and errors.
type Problem struct {
	Type     string  `json:"type"`
	Title    string  `json:"title"`
	Status   int     `json:"status"`
	Detail   string  `json:"detail,omitempty"`
	Code     string  `json:"code"`
	Instance string  `json:"instance"` // the identifier of the call
	Errors   []Fault `json:"errors,omitempty"`
}

// Fault is one thing that is wrong with what was sent.
type Fault struct {
	Pointer string `json:"pointer"` // JSON pointer, or the name of a parameter
	Code    string `json:"code"`
}

// Faults are several errors about one submission. The first one gives the problem its code and sentence.
type Faults []*models.Error

func (f Faults) Error() string {
	codes := make([]string, len(f))
	for i, e := range f {
		codes[i] = e.Code
	}
	return strings.Join(codes, ", ")
}

// Unwrap makes the first error the one that CodeOf and KindOf find.
func (f Faults) Unwrap() []error {
	out := make([]error, len(f))
	for i, e := range f {
		out[i] = e
	}
	return out
}

var statuses = map[models.Kind]int{
	models.Invalid:         http.StatusBadRequest,
	models.Unauthenticated: http.StatusUnauthorized,
	models.Forbidden:       http.StatusForbidden,
	models.NotFound:        http.StatusNotFound,
	models.Conflict:        http.StatusConflict,
	models.TooMany:         http.StatusTooManyRequests,
	models.Unavailable:     http.StatusServiceUnavailable,
	models.Unsupported:     http.StatusNotImplemented,
}

// byCode lists the codes whose status is not that of their kind.
var byCode = map[string]int{
	"idempotency_key_reused": http.StatusUnprocessableEntity,
	"body_too_large":         http.StatusRequestEntityTooLarge,
	"method_not_allowed":     http.StatusMethodNotAllowed,
	"unsupported_media_type": http.StatusUnsupportedMediaType,
}

var titles = map[models.Kind]string{
	models.Invalid:         "The request is not acceptable",
	models.Unauthenticated: "Who are you?",
	models.Forbidden:       "Not allowed",
	models.NotFound:        "Not found",
	models.Conflict:        "The state has changed",
	models.TooMany:         "Too many attempts",
	models.Unavailable:     "Not available just now",
	models.Unsupported:     "Not supported",
}

// Of tells an error as a problem; base is the installation's URL and instance the call's identifier. What is not a models.Error is an
// internal error, told without its text.
func Of(err error, base, instance string) Problem {
	e := known(err)
	status := statuses[e.Kind]
	if s, ok := byCode[e.Code]; ok {
		status = s
	}
	if status == 0 {
		return Problem{
			Type: base + "/problems/internal", Title: "Internal error", Status: http.StatusInternalServerError, Code: "internal", Instance: instance,
			Detail: "Something went wrong here. Quote the instance when you ask about it.",
		}
	}
	return Problem{
		Type: base + "/problems/" + e.Code, Title: titles[e.Kind], Status: status, Detail: e.Message, Code: e.Code, Instance: instance, Errors: faults(err, e),
	}
}

func faults(err error, first *models.Error) []Fault {
	list := []*models.Error{first}
	if many, ok := errors.AsType[Faults](err); ok {
		list = many
	}
	var out []Fault
	for _, e := range list {
		if e.Field != "" {
			out = append(out, Fault{Pointer: e.Field, Code: e.Code})
		}
	}
	return out
}

// known finds the error to tell; its zero value stands for an internal error.
func known(err error) *models.Error {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return e
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return TooLarge()
	}
	if h, ok := errors.AsType[*echo.HTTPError](err); ok {
		return ofStatus(h.Code)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return models.Errorf(models.Unavailable, "timeout", "That took too long; try again.")
	}
	return &models.Error{}
}

// ofStatus tells what the router and the binder refuse; their messages may quote what was sent and are not used.
func ofStatus(status int) *models.Error {
	switch status {
	case http.StatusNotFound:
		return models.Errorf(models.NotFound, "not_found", "There is nothing at this address.")
	case http.StatusMethodNotAllowed:
		return models.Errorf(models.Invalid, "method_not_allowed", "This address does not answer that method.")
	case http.StatusUnsupportedMediaType:
		return models.Errorf(models.Invalid, "unsupported_media_type", "Send the body as application/json.")
	case http.StatusRequestEntityTooLarge:
		return TooLarge()
	}
	if status >= 400 && status < 500 {
		return models.Errorf(models.Invalid, "bad_request", "The call cannot be read.")
	}
	return &models.Error{}
}

// TooLarge is the error for a body beyond the limit.
func TooLarge() *models.Error {
	return models.Errorf(models.Invalid, "body_too_large", "The body is too large; at most 64 KB are accepted.")
}

// Write sends a problem as JSON.
func (p Problem) Write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="habeas"`)
	}
	w.WriteHeader(p.Status)
	if _, err := w.Write(body); err != nil {
		return // the caller has gone; there is nobody left to tell
	}
}
