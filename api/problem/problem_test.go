package problem_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"habeas/api/problem"
	"habeas/models"
)

func TestErrorsAreToldWithAStatusAndACode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{models.Errorf(models.Invalid, "bad_email", "x"), 400, "bad_email"},
		{models.Errorf(models.Unauthenticated, "bad_key", "x"), 401, "bad_key"},
		{models.Errorf(models.Forbidden, "decision_forbidden", "x"), 403, "decision_forbidden"},
		{models.Errorf(models.NotFound, "not_found", "x"), 404, "not_found"},
		{models.Errorf(models.Conflict, "plan_changed", "x"), 409, "plan_changed"},
		{models.Errorf(models.TooMany, "too_many_attempts", "x"), 429, "too_many_attempts"},
		{models.Errorf(models.Unavailable, "database_unavailable", "x"), 503, "database_unavailable"},
		{models.Errorf(models.Unsupported, "unsupported", "x"), 501, "unsupported"},
		{models.Errorf(models.Invalid, "idempotency_key_reused", "x"), 422, "idempotency_key_reused"},
		{fmt.Errorf("wrapped: %w", models.Errorf(models.Conflict, "plan_changed", "x")), 409, "plan_changed"},
		{problem.Faults{models.Errorf(models.Invalid, "bad_email", "x").At("/email"), models.Errorf(models.Invalid, "too_long", "x").At("/name")}, 400, "bad_email"},
		{&http.MaxBytesError{Limit: 1}, 413, "body_too_large"},
		{echo.NewHTTPError(404, "no route for secret"), 404, "not_found"},
		{echo.NewHTTPError(400, "secret"), 400, "bad_request"},
		{echo.NewHTTPError(500, "secret"), 500, "internal"},
		{context.DeadlineExceeded, 503, "timeout"},
		{errors.New("secret"), 500, "internal"},
	} {
		p := problem.Of(c.err, "https://h.example", "call-1")
		require.Equal(t, c.status, p.Status, c.code)
		require.Equal(t, c.code, p.Code)
		require.Equal(t, "https://h.example/problems/"+c.code, p.Type)
		require.Equal(t, "call-1", p.Instance)
		require.NotEmpty(t, p.Title)
		require.NotEmpty(t, p.Detail)
		require.NotContains(t, p.Detail, "secret", "an inner error's text is never told")
	}
}

func TestEachFaultIsPointedAt(t *testing.T) {
	t.Parallel()
	p := problem.Of(problem.Faults{models.Errorf(models.Invalid, "bad_email", "x").At("/email"), models.Errorf(models.Invalid, "too_long", "x").At("/name")}, "", "")
	require.Equal(t, []problem.Fault{{Pointer: "/email", Code: "bad_email"}, {Pointer: "/name", Code: "too_long"}}, p.Errors)
}

func TestAProblemAsksForAKey(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	problem.Of(models.Errorf(models.Unauthenticated, "bad_key", "x"), "", "").Write(w)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
}
