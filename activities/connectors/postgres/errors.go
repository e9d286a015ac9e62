package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"habeas/activities/connectors"
	"habeas/models"
)

// wrap says what a failure means, in the words of the map. The server's own message is dropped, since it may quote a value.
func (s *System) wrap(err error, where string) error {
	var known *models.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	if where != "" {
		where = " at " + where
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return models.Errorf(models.Unavailable, connectors.CodeUnavailable, "The system %s does not answer%s.", s.name, where)
	}
	kind, code, text := meaning(pg.Code)
	names := ""
	for _, n := range []string{pg.TableName, pg.ColumnName, pg.ConstraintName} {
		if n != "" {
			names += " " + n
		}
	}
	return models.Errorf(kind, code, "The system %s %s%s.", s.name, text, where).Because(fmt.Errorf("SQLSTATE %s%s", pg.Code, names))
}

func meaning(state string) (models.Kind, string, string) {
	switch {
	case state == "25006":
		return models.Conflict, connectors.CodeReadOnly, "is read-only; nothing was changed"
	case state == "55P03", state == "57014", strings.HasPrefix(state, "40"):
		return models.Unavailable, connectors.CodeBusy, "is busy; nothing was changed"
	case strings.HasPrefix(state, "28"):
		return models.Forbidden, connectors.CodeCredentials, "does not accept the credentials"
	case state == "42501":
		return models.Forbidden, connectors.CodeRefused, "refuses the rights that are needed"
	case state == "3D000", state == "3F000", strings.HasPrefix(state, "42"), strings.HasPrefix(state, "22"), state == "23502":
		return models.Invalid, connectors.CodeMismatch, "does not fit the data map"
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57P"):
		return models.Unavailable, connectors.CodeUnavailable, "does not answer"
	default:
		return models.Unavailable, connectors.CodeFailed, "failed"
	}
}

// blocked is the code for an error that belongs to single rows, "" for any other.
func blocked(err error) (code, detail string) {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return "", ""
	}
	detail = strings.TrimSpace(pg.TableName + " " + pg.ConstraintName)
	switch pg.Code {
	case "23503", "23001":
		return connectors.BlockedReferenced, detail
	case "23505", "23P01":
		return connectors.BlockedUnique, detail
	case "23514", "P0001", "23000":
		return connectors.BlockedRefused, detail
	}
	return "", ""
}
