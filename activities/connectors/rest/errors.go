package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"habeas/activities/connectors"
	"habeas/activities/outbound"
	"habeas/activities/outbound/credentials"
	"habeas/models"
)

func mismatch(format string, args ...any) error {
	return models.Errorf(models.Invalid, connectors.CodeMismatch, format, args...)
}

func bad(format string, args ...any) error {
	return models.Errorf(models.Invalid, "bad_settings", format, args...)
}

func (s *System) busy(where string) error {
	return models.Errorf(models.Unavailable, connectors.CodeBusy, "The system %s wants to be asked later for %s.", s.name, where)
}

// unsent says why a call brought no answer. The client's own error quotes the address, and is dropped.
func (s *System) unsent(ctx context.Context, err error, where string) error {
	var known *models.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case outbound.Forbidden(err):
		return models.Errorf(models.Invalid, "address_forbidden", "The system %s lies inside the network; list its host and port under private, if it may be reached.", s.name)
	case errors.Is(err, credentials.ErrRefused):
		return models.Errorf(models.Forbidden, connectors.CodeCredentials, "The system %s got no token: its authorisation server does not accept the credentials.", s.name)
	case errors.Is(err, credentials.ErrUnavailable):
		return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The authorisation server of the system %s does not answer.", s.name)
	}
	return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system %s does not answer for %s.", s.name, where)
}

// refused says what a status means that the settings do not name. An answer's text is never shown: it may quote a value.
func (s *System) refused(status int, where string) error {
	kind, code, text := models.Invalid, connectors.CodeMismatch, "does not take the request"
	switch {
	case status == http.StatusUnauthorized:
		kind, code, text = models.Forbidden, connectors.CodeCredentials, "does not accept the credentials"
	case status == http.StatusForbidden:
		kind, code, text = models.Forbidden, connectors.CodeRefused, "refuses the rights that are needed"
	case waits(status), status == http.StatusRequestTimeout, status == http.StatusLocked, status == http.StatusTooEarly:
		kind, code, text = models.Unavailable, connectors.CodeBusy, "wants to be asked later"
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		kind, code, text = models.Unavailable, connectors.CodeUnavailable, "does not answer"
	case status >= 500:
		kind, code, text = models.Unavailable, connectors.CodeFailed, "failed"
	case status == http.StatusNotFound, status == http.StatusGone:
		text = "has no such collection or request"
	case status/100 == 3:
		text = "leads elsewhere by a redirect, which is not followed,"
	case status == http.StatusAccepted:
		kind, code, text = models.Unavailable, connectors.CodeBusy, "has only accepted the request; the settings do not say how to see that it is done,"
	}
	return models.Errorf(kind, code, "The system %s %s at %s (status %d).", s.name, text, where, status)
}

// waits reports whether a status asks to wait and try again.
func waits(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// blocked is the code for a status that is about one row, "" for any other.
func (a *action) blocked(status int) string {
	switch {
	case slices.Contains(a.Referenced, status):
		return connectors.BlockedReferenced
	case slices.Contains(a.NotUnique, status):
		return connectors.BlockedUnique
	case slices.Contains(a.Refused, status):
		return connectors.BlockedRefused
	}
	return ""
}
