package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"habeas/models"
)

// Call is what is known of one call. It is filled on the way in and read by the access log on the way out, by one goroutine.
type Call struct {
	ID        string
	Route     string // template, e.g. "/status/:token"; empty when no route matched
	Principal models.Principal
	Half      bool // the principal must set something up before they are signed in
}

// Known reports whether somebody has been authenticated.
func (c *Call) Known() bool { return c.Principal.Role != "" }

type callKey struct{}

// CallOf is the call that a context belongs to; an empty one outside of any.
func CallOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

// Identify gives each call an identifier of its own; one that a client sends is not taken, since it would get into the log.
func Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &Call{ID: uuid.NewString()}
		w.Header().Set("X-Request-Id", c.ID)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
	})
}

// Log writes one line a call: method, route template, status, duration and opaque identifiers; never the path, the query or an address.
func Log(log *slog.Logger, now func() time.Time) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := now()
			rec := &recorder{ResponseWriter: w}
			defer func(ctx context.Context) {
				c := CallOf(ctx)
				attrs := []slog.Attr{
					slog.String("call", c.ID), slog.String("method", method(r.Method)), slog.String("route", c.Route), slog.Int("status", rec.status()),
					slog.Int64("bytes", rec.bytes), slog.Float64("ms", float64(now().Sub(start).Microseconds())/1000),
				}
				if c.Known() {
					attrs = append(attrs, slog.String("role", string(c.Principal.Role)), slog.String("key", c.Principal.ID.String()))
				}
				log.LogAttrs(ctx, slog.LevelInfo, "call", attrs...)
			}(r.Context())
			next.ServeHTTP(rec, r)
		})
	}
}

// method keeps free text out of the log: a method can be any word.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// Recover turns a panic into an internal error through fail, and logs where it happened but not with which value.
func Recover(log *slog.Logger, fail func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func(ctx context.Context) {
				v := recover()
				if v == nil {
					return
				}
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				log.ErrorContext(ctx, "panic in a handler", "call", CallOf(ctx).ID, "route", CallOf(ctx).Route, "stack", string(debug.Stack()))
				fail(w, r, errPanic)
			}(r.Context())
			next.ServeHTTP(w, r)
		})
	}
}

type panicError struct{}

func (panicError) Error() string { return "panic" }

var errPanic error = panicError{}

// recorder notes the status and the size of an answer.
type recorder struct {
	http.ResponseWriter
	code  int
	bytes int64
}

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 {
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
